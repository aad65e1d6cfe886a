//! Error codes of services counted in stretches of time, out of what is kept of quarters of an hour that are over: dashboards ask for the
//! same hour every few seconds, and compacted blocks reach over many.
//!
//! ```text
//! quarters   empty     --> next
//!            known     --> when each error of a code was: counted exactly, wherever the window begins and ends
//!            over      --> read, kept, and counted so
//!            changing  --> counted by a question of their own
//! ```
//! A quarter is kept as long as its rows are those of the same blocks, none of them in memory. What tells apart more than services is not
//! kept: it is asked for page by page, of one service.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch, new_null_array},
    compute::cast,
    datatypes::{DataType, Float64Type, Int32Type, Int64Type},
    error::ArrowError,
};
use schemas::{Table, UnixNanos, columns as c};
use storage::{Snapshot, stretches_within};

use super::{
    super::{Engine, EngineError, Question, Summary, kept::Kept},
    codes::{CodesBy, CodesQuestion},
    facts::{Facts, FactsQuestion},
    plan::TimeSpan,
};

const QUARTER_NS: i64 = 900_000_000_000;
/// All quarters together, at 8 bytes an error, or 16 where errors stand for several.
const BYTES_MAX: usize = 64 << 20;
/// Rows of quarters that are read at once, and all that are read for one answer. Quarters beyond that are counted like those that change.
const TOGETHER_MAX: u64 = 500_000;
const READ_MAX: u64 = 2_000_000;
/// Of a quarter with more rows they would take too much room.
const KEPT_ROWS_MAX: u64 = 1_000_000;
/// Guesses may be wrong: more rows than that are not held.
const ROWS_MAX: usize = 2_000_000;

/// Whose errors these are; what they are not told apart by is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct CodeKey {
    pub service: String,
    pub instance: String,
    pub operation: String,
    /// As in the table.
    pub span_kind: Option<i32>,
    /// The code, or the reason where there is none.
    pub code: String,
    /// The kind of record that tells of them.
    pub source: String,
}

/// By stretch: how many, and when the newest was.
pub(crate) type Counted = BTreeMap<i64, (f64, i64)>;
/// By whose they are.
pub(crate) type CodesCounted = HashMap<CodeKey, Counted>;

/// Errors of quarters of an hour, by when these begin.
#[derive(Debug)]
pub(in super::super) struct CodeTimes(Kept<i64, Vec<Times>>);

impl Default for CodeTimes {
    fn default() -> Self {
        Self(Kept::new(BYTES_MAX))
    }
}

/// Of each key and environment: when errors were, and how many each stands for.
type Errors = HashMap<(CodeKey, String), Vec<(i64, f64)>>;

/// By when a quarter begins.
type ByQuarter = BTreeMap<i64, Vec<Times>>;

/// When errors of one key were. Times rise.
#[derive(Debug)]
struct Times {
    key: CodeKey,
    environment: String,
    times: Vec<i64>,
    /// How many each stands for; empty: one.
    counts: Vec<f64>,
}

impl Times {
    fn new((key, environment): (CodeKey, String), mut errors: Vec<(i64, f64)>) -> Self {
        errors.sort_unstable_by_key(|(time, _)| *time);
        let are_single = errors.iter().all(|(_, count)| *count == 1.0);
        let counts = if are_single { Vec::new() } else { errors.iter().map(|(_, count)| *count).collect() };
        Self { key, environment, times: errors.into_iter().map(|(time, _)| time).collect(), counts }
    }

    fn bytes(&self) -> usize {
        let CodeKey { service, code, source, .. } = &self.key;
        let texts: usize = [service, code, source, &self.environment].map(String::len).iter().sum();
        size_of::<Self>() + texts + (self.times.len() + self.counts.len()) * 8
    }

    /// Those that `question` asks for, in its stretches.
    fn count(&self, question: &CodesQuestion, counted: &mut Counted) {
        let CodesQuestion { start, end, width_ns, .. } = *question;
        // Mostly all of them are before a time.
        let before = |time: i64| match self.times.last() {
            Some(last) if *last < time => self.times.len(),
            _ => self.times.partition_point(|own| *own < time),
        };
        let first = if self.times.first().is_some_and(|first| *first < start.0) { before(start.0) } else { 0 };
        let (mut next, last) = (first, before(end.0));
        while next < last {
            let stretch = (self.times[next] - start.0) / width_ns;
            let over = before(start.0.saturating_add((stretch + 1).saturating_mul(width_ns))).min(last);
            let many = if self.counts.is_empty() { (over - next) as f64 } else { self.counts[next..over].iter().sum() };
            let of_stretch = counted.entry(stretch).or_insert((0.0, i64::MIN));
            *of_stretch = (of_stretch.0 + many, of_stretch.1.max(self.times[over - 1]));
            next = over;
        }
    }
}

/// A quarter of an hour that the window touches.
struct Quarter {
    begin: i64,
    state: State,
}

enum State {
    Empty,
    Known(Arc<Vec<Times>>),
    Over {
        version: u64,
        /// A guess.
        rows: u64,
    },
    Changing,
}

impl Quarter {
    fn over(&self) -> i64 {
        self.begin.saturating_add(QUARTER_NS)
    }

    fn rows(&self) -> u64 {
        if let State::Over { rows, .. } = self.state { rows } else { 0 }
    }

    /// In order; what is newer is rather kept.
    fn of(snapshot: &Snapshot, kept: &CodeTimes, (start, end): (i64, i64)) -> Vec<Self> {
        let starts: Vec<i64> = stretches_within(start, end, QUARTER_NS).rev().collect();
        let stretches = snapshot.stretches(Table::Errors, &starts, QUARTER_NS, 0);
        let mut read = 0_u64;
        let of = |(begin, stretch): (i64, storage::Stretch)| {
            let state = match (stretch.rows, stretch.version) {
                (0, _) => State::Empty,
                (_, None) => State::Changing,
                (rows, Some(version)) => match kept.0.get(&begin, version) {
                    Some(known) => State::Known(known),
                    None => {
                        read = read.saturating_add(rows);
                        let is_kept = rows <= KEPT_ROWS_MAX && read <= READ_MAX;
                        if is_kept { State::Over { version, rows } } else { State::Changing }
                    }
                },
            };
            Self { begin, state }
        };
        let mut quarters: Vec<Self> = starts.into_iter().zip(stretches).map(of).collect();
        quarters.reverse();
        quarters
    }
}

/// Errors by code.
///
/// # Errors
/// What ended a question.
pub(crate) async fn code_counts(engine: &Engine, question: &CodesQuestion) -> Result<(CodesCounted, Summary), EngineError> {
    let snapshot = Arc::new(engine.snapshot());
    // Also where all is known, and nothing is asked.
    let summary = Summary { watermark: snapshot.watermark(), partial: snapshot.partial().to_vec(), ..Summary::default() };
    let (start, end) = (question.start.0, question.end.0);
    let mut asked = Asked { engine, snapshot, question, counted: HashMap::new(), summary };
    if question.by != CodesBy::Service {
        asked.count(start, end).await?;
        return Ok((asked.counted, asked.summary));
    }
    let quarters = Quarter::of(&asked.snapshot, engine.code_times(), (start, end));
    for alike in quarters.chunk_by(|one, other| std::mem::discriminant(&one.state) == std::mem::discriminant(&other.state)) {
        let [first, ..] = alike else { continue };
        match first.state {
            State::Empty => {}
            State::Known(_) => alike.iter().for_each(|quarter| {
                if let State::Known(known) = &quarter.state {
                    asked.add(known);
                }
            }),
            State::Over { .. } => asked.keep(alike).await?,
            State::Changing => {
                let over = alike.last().map_or(end, Quarter::over);
                asked.count(first.begin.max(start), over.min(end)).await?;
            }
        }
    }
    Ok((asked.counted, asked.summary))
}

/// All of one snapshot, so that none is missed between two quarters.
struct Asked<'a> {
    engine: &'a Engine,
    snapshot: Arc<Snapshot>,
    question: &'a CodesQuestion,
    counted: CodesCounted,
    summary: Summary,
}

impl Asked<'_> {
    fn add(&mut self, quarter: &[Times]) {
        // What says nothing has no value: an empty one is not asked for by asking for nothing.
        let is_asked = |wanted: &Option<String>, own: &str| wanted.as_deref().is_none_or(|wanted| wanted == own && !own.is_empty());
        let CodesQuestion { service, environment, .. } = self.question;
        for times in quarter.iter().filter(|times| is_asked(service, &times.key.service) && is_asked(environment, &times.environment)) {
            match self.counted.get_mut(&times.key) {
                Some(counted) => times.count(self.question, counted),
                None => {
                    let mut counted = Counted::new();
                    times.count(self.question, &mut counted);
                    self.counted.insert(times.key.clone(), counted);
                }
            }
        }
    }

    /// Quarters next to each other that are over: reads as many at once as are small.
    async fn keep(&mut self, mut quarters: &[Quarter]) -> Result<(), EngineError> {
        while let [first, ..] = quarters {
            let mut rows = 0_u64;
            let is_small = |quarter: &&Quarter| {
                rows = rows.saturating_add(quarter.rows());
                rows <= TOGETHER_MAX
            };
            let together = quarters.iter().take_while(is_small).count().max(1);
            let (group, rest) = quarters.split_at(together);
            let (begin, over) = (first.begin, group.last().map_or(first.begin, Quarter::over));
            match self.read(begin, over).await? {
                Some(by_quarter) => self.put(group, by_quarter),
                None => self.count(begin.max(self.question.start.0), over.min(self.question.end.0)).await?,
            }
            quarters = rest;
        }
        Ok(())
    }

    /// All errors of a time by the quarters in which they were; `None` when there are too many to be held.
    async fn read(&mut self, begin: i64, over: i64) -> Result<Option<ByQuarter>, EngineError> {
        let time = TimeSpan { start: Some(UnixNanos(begin)), end: Some(UnixNanos(over)) };
        let question = Question::Facts(FactsQuestion { which: Facts::Coded(time), limit: ROWS_MAX });
        let snapshot = Some(Arc::clone(&self.snapshot));
        let (errors, read) = self.engine.gather_of(question, snapshot, Errors::new(), add_rows).await?;
        let is_all = read.truncated.is_none();
        self.summary = std::mem::take(&mut self.summary).then(Summary { truncated: None, ..read });
        if is_all { self.engine.compute(move || by_quarter(errors)).await.map(Some) } else { Ok(None) }
    }

    /// Counts errors of quarters, and keeps them.
    fn put(&mut self, quarters: &[Quarter], mut by_quarter: ByQuarter) {
        // What could not be read may be back later.
        let is_whole = self.summary.partial.is_empty();
        for quarter in quarters {
            let times = Arc::new(by_quarter.remove(&quarter.begin).unwrap_or_default());
            self.add(&times);
            if let State::Over { version, .. } = quarter.state
                && is_whole
            {
                let bytes = times.iter().map(Times::bytes).sum();
                self.engine.code_times().0.put(quarter.begin, version, times, bytes);
            }
        }
    }

    /// Errors of a time that are not kept.
    async fn count(&mut self, begin: i64, over: i64) -> Result<(), EngineError> {
        let within = TimeSpan { start: Some(UnixNanos(begin)), end: Some(UnixNanos(over)) };
        let question = Question::Codes(CodesQuestion { within, ..self.question.clone() });
        let counted = std::mem::take(&mut self.counted);
        let (counted, read) = self.engine.gather_of(question, Some(Arc::clone(&self.snapshot)), counted, add_counts).await?;
        self.counted = counted;
        self.summary = std::mem::take(&mut self.summary).then(read);
        Ok(())
    }
}

/// Sorts: takes its time.
fn by_quarter(errors: Errors) -> ByQuarter {
    let mut by_quarter = ByQuarter::new();
    for (whose, errors) in errors {
        let mut parts: BTreeMap<i64, Vec<(i64, f64)>> = BTreeMap::new();
        for error in errors {
            parts.entry(error.0.div_euclid(QUARTER_NS).saturating_mul(QUARTER_NS)).or_default().push(error);
        }
        for (begin, part) in parts {
            by_quarter.entry(begin).or_default().push(Times::new(whose.clone(), part));
        }
    }
    by_quarter
}

/// Texts of a row; empty where there is none, or no such column.
struct Texts<const N: usize>([ArrayRef; N]);

impl<const N: usize> Texts<N> {
    fn of(batch: &RecordBatch, names: [&str; N]) -> Result<Self, ArrowError> {
        let text = |name: &&str| match batch.column_by_name(name) {
            Some(column) => cast(column, &DataType::Utf8),
            None => Ok(new_null_array(&DataType::Utf8, batch.num_rows())),
        };
        let texts: Vec<ArrayRef> = names.iter().map(text).collect::<Result<_, _>>()?;
        texts.try_into().map(Self).map_err(|_| ArrowError::SchemaError("columns are missing".to_owned()))
    }

    fn row(&self, row: usize) -> [&str; N] {
        self.0.each_ref().map(|texts| if texts.is_valid(row) { texts.as_string::<i32>().value(row) } else { "" })
    }
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef, ArrowError> {
    batch.column_by_name(name).ok_or_else(|| ArrowError::SchemaError(format!("no column {name}")))
}

/// Rows of [`Facts::Coded`]; those of one key mostly follow one another.
fn add_rows(errors: &mut Errors, batch: &RecordBatch) -> Result<(), ArrowError> {
    let texts = Texts::of(batch, [c::SERVICE_NAME, c::DEPLOYMENT_ENVIRONMENT, c::CODE, c::REASON, c::SOURCE])?;
    let (times, counts) = (cast(column(batch, c::TIME)?, &DataType::Int64)?, cast(column(batch, c::COUNT)?, &DataType::Float64)?);
    let (times, counts) = (times.as_primitive::<Int64Type>(), counts.as_primitive::<Float64Type>());
    let mut row = 0;
    while row < batch.num_rows() {
        let own = texts.row(row);
        let over = (row + 1..batch.num_rows()).find(|next| texts.row(*next) != own).unwrap_or(batch.num_rows());
        let [service, environment, code, reason, source] = own;
        let (service, code, source) = (service.to_owned(), first_of(code, reason).to_owned(), source.to_owned());
        let key = CodeKey { service, code, source, ..CodeKey::default() };
        let of_key = errors.entry((key, environment.to_owned())).or_default();
        of_key.extend((row..over).map(|row| (times.value(row), counts.value(row))));
        row = over;
    }
    Ok(())
}

/// Rows of [`Question::Codes`].
fn add_counts(counted: &mut CodesCounted, batch: &RecordBatch) -> Result<(), ArrowError> {
    let texts = Texts::of(batch, [c::SERVICE_NAME, c::SERVICE_INSTANCE_ID, c::OPERATION, c::CODE, c::REASON, c::SOURCE])?;
    let span_kinds = batch.column_by_name(c::SPAN_KIND).and_then(|kinds| kinds.as_primitive_opt::<Int32Type>());
    let [bucket, newest] = ["bucket", "newest"].map(|name| cast(column(batch, name)?, &DataType::Int64));
    let (bucket, newest, counts) = (bucket?, newest?, cast(column(batch, c::COUNT)?, &DataType::Float64)?);
    let [bucket, newest] = [&bucket, &newest].map(|numbers| numbers.as_primitive::<Int64Type>());
    let counts = counts.as_primitive::<Float64Type>();
    for row in 0..batch.num_rows() {
        let [service, instance, operation, code, reason, source] = texts.row(row);
        let key = CodeKey {
            service: service.to_owned(),
            instance: instance.to_owned(),
            operation: operation.to_owned(),
            span_kind: span_kinds.filter(|kinds| kinds.is_valid(row)).map(|kinds| kinds.value(row)),
            code: first_of(code, reason).to_owned(),
            source: source.to_owned(),
        };
        let of = counted.entry(key).or_default().entry(bucket.value(row)).or_insert((0.0, i64::MIN));
        *of = (of.0 + counts.value(row), of.1.max(newest.value(row)));
    }
    Ok(())
}

fn first_of<'a>(code: &'a str, reason: &'a str) -> &'a str {
    if code.is_empty() { reason } else { code }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(errors: &[(i64, f64)]) -> Times {
        let key = CodeKey { service: "pay".to_owned(), code: "a".to_owned(), source: "span".to_owned(), ..CodeKey::default() };
        Times::new((key, String::new()), errors.to_vec())
    }

    #[test]
    fn counted_exactly_wherever_a_window_begins() {
        let check = |errors: &[(i64, f64)], (start, end, width_ns): (i64, i64, i64), expected: &[(i64, f64, i64)]| {
            let within = TimeSpan::default();
            let (start, end, by) = (UnixNanos(start), UnixNanos(end), CodesBy::Service);
            let mut counted = Counted::new();
            let question = CodesQuestion { start, end, within, width_ns, by, service: None, environment: None };
            times(errors).count(&question, &mut counted);
            let counted: Vec<(i64, f64, i64)> = counted.into_iter().map(|(stretch, (count, newest))| (stretch, count, newest)).collect();
            assert_eq!(counted, expected, "{errors:?} from {start:?} to {end:?} by {width_ns}");
        };
        let one = |times: &[i64]| times.iter().map(|time| (*time, 1.0)).collect::<Vec<_>>();
        check(&[], (0, 10, 10), &[]);
        check(&one(&[9, 3, 5, 10]), (3, 10, 7), &[(0, 3.0, 9)]);
        check(&one(&[2, 3, 5, 9, 10, 21]), (3, 21, 4), &[(0, 2.0, 5), (1, 2.0, 10)]);
        check(&one(&[2, 3, 5, 9, 10, 21]), (0, 30, 20), &[(0, 5.0, 10), (1, 1.0, 21)]);
        check(&[(4, 2.5), (1, 1.0), (8, 4.0)], (2, 9, 5), &[(0, 2.5, 4), (1, 4.0, 8)]);
        check(&one(&[5]), (6, 9, 3), &[]);
        check(&one(&[-4, -1, 0]), (-4, 1, 3), &[(0, 1.0, -4), (1, 2.0, 0)]);
    }
}
