//! What spans add up to in stretches of time: the one source of rates, errors and durations.
//!
//! ```text
//! parts       [--------- before ---------)[------ window ------)
//! minutes   |    |    |    |    |    |    |    |    |    |    |    |
//! read from   ^   \------ sums ------/   ^ ^   \---- sums ---/   ^
//!             spans of a minute that a part begins or ends in, unless its sums tell that they are all of one part
//! ```
//! Half hours that were added up before, and spans of minutes that were cut before, are not read again where their rows are still the same:
//! see [`super::stretches`] and [`super::cut_spans`].
//!
//! INVARIANT: all of it is of the snapshot, and every span of a part is counted there once.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use arrow::{
    array::{AsArray, BooleanArray, RecordBatch, StringArray},
    compute::{cast, filter_record_batch, kernels::cmp::eq, max},
    datatypes::{DataType, TimestampNanosecondType},
    error::ArrowError,
};
use schemas::{Table, UnixNanos, columns as c};
use storage::{
    Snapshot,
    rollup::{OperationMinutes, RollupError, SPAN_COLUMNS, minute_of},
};

use super::{
    Found, Narrow, TimeSpan,
    cut_spans::{Of, cut_spans},
    stretches::{STRETCH_NS, StretchKey},
};
use crate::{
    analytics::{
        minutes::{COLUMNS, Completeness, MINUTE_NS, MinuteRow, Minutes, OPERATION_COLUMNS},
        red::Grid,
    },
    engine::{Engine, EngineError, Question, Summary},
    search::Search,
    trace::UnexpectedType,
};

/// Of one question: a month.
const STRETCHES_MAX: i64 = 31 * 48;

/// Which spans are added up.
#[derive(Debug, Clone, Default)]
pub(crate) struct MinutesQuestion {
    /// Each begins where the one before ends.
    pub parts: Vec<MinutesPart>,
    pub service: Option<String>,
    pub environment: Option<String>,
    /// Whether operations are told apart, with traces that show what the numbers mean.
    pub operations: bool,
}

/// Half-open, by the start of spans, in nanoseconds since 1970; `grid` is of its rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MinutesPart {
    pub start_ns: i64,
    pub end_ns: i64,
    pub grid: Grid,
}

/// The rows of a part in order of their keys: no two have the same.
pub(crate) type MinutesFound = (Vec<MinuteRow>, Completeness);

/// One answer for each part.
///
/// # Errors
/// What ended the question.
pub(crate) async fn minutes(
    engine: &Engine,
    snapshot: Arc<Snapshot>,
    question: MinutesQuestion,
) -> Result<(Vec<MinutesFound>, Summary), EngineError> {
    let asked = Asked { engine, snapshot, question: &question };
    let plan = asked.plan();
    let mut sums = Sums::new(&question.parts, question.operations, &plan.missing);
    plan.known.iter().for_each(|(part, found)| sums.parts[*part].1.add_rows(&found.0, &found.1));
    // What is known is of the same snapshot.
    let mut summary = Summary { watermark: asked.snapshot.watermark(), ..Summary::default() };
    for range in plan.to_read {
        let (read, of_range) = asked.sums(range, sums).await?;
        (sums, summary) = (read, summary.then(of_range));
    }
    for (key, stretch) in std::mem::take(&mut sums.stretches) {
        let (missing, found) = (&plan.missing[&key], Arc::new(stretch.into_rows()));
        sums.parts[missing.part].1.add_rows(&found.0, &found.1);
        // What could not be read may be back later.
        if summary.partial.is_empty() && summary.truncated.is_none() {
            engine.stretches().put(asked.key(key), missing.version, found);
        }
    }
    for (minute, rows) in std::mem::take(&mut sums.cut) {
        let whole = sums.parts.iter().position(|(part, _)| part.has_all_of(minute, &rows));
        if let Some(part) = whole {
            let minutes = &mut sums.parts[part].1;
            rows.iter().try_for_each(|rows| minutes.add(rows, |_| true)).map_err(internal)?;
            continue;
        }
        let (spans, of_spans) = asked.spans_of(minute).await?;
        summary = summary.then(of_spans);
        for ((_, minutes), mut spans) in sums.parts.iter_mut().zip(spans) {
            asked.snapshot.limit_minutes(&mut spans);
            let rows = asked.asked_for(&spans.finish().map_err(internal)?).map_err(internal)?;
            minutes.add(&rows, |_| true).map_err(internal)?;
        }
    }
    Ok((sums.parts.into_iter().map(|(_, minutes)| minutes.into_rows()).collect(), summary))
}

struct Asked<'a> {
    engine: &'a Engine,
    snapshot: Arc<Snapshot>,
    question: &'a MinutesQuestion,
}

impl Asked<'_> {
    fn key(&self, start_ns: i64) -> StretchKey {
        let MinutesQuestion { service, environment, operations, .. } = self.question;
        StretchKey { service: service.clone(), environment: environment.clone(), operations: *operations, start_ns }
    }

    /// What is known of the parts, and what is to be read.
    fn plan(&self) -> Plan {
        let parts = &self.question.parts;
        let mut plan = Plan::default();
        let begin = parts.first().map_or(0, |part| minute_of(part.start_ns));
        let end = parts.last().map_or(0, |part| part.end_ns);
        let of_part =
            |(index, part): (usize, &MinutesPart)| part.stretches().into_iter().map(move |start| (index, start)).collect::<Vec<_>>();
        let stretches: Vec<(usize, i64)> = parts.iter().enumerate().flat_map(of_part).collect();
        let starts: Vec<i64> = stretches.iter().map(|(_, start)| *start).collect();
        // Before this all is read or known.
        let mut done = begin;
        for ((part, start), version) in stretches.into_iter().zip(self.snapshot.versions_of_minutes(&starts, STRETCH_NS)) {
            let Some(version) = version else { continue };
            let Some(found) = self.engine.stretches().get(&self.key(start), version) else {
                plan.missing.insert(start, Missing { part, version });
                continue;
            };
            plan.known.push((part, found));
            if done < start {
                plan.to_read.push(done..start);
            }
            done = start + STRETCH_NS;
        }
        if done < end {
            plan.to_read.push(done..end);
        }
        plan
    }

    /// Of whole minutes; rows of the others beside them.
    async fn sums(&self, range: Range<i64>, sums: Sums) -> Result<(Sums, Summary), EngineError> {
        let of_operations: &[&str] = if self.question.operations { &OPERATION_COLUMNS } else { &[] };
        let columns = COLUMNS.iter().chain(of_operations).copied().collect();
        self.gather(Table::OperationMinutes, columns, (Some(range.start), Some(range.end)), sums, Sums::add).await
    }

    /// What the spans of one minute add up to, for each part; those of others are among them.
    async fn spans_of(&self, minute: i64) -> Result<(Vec<OperationMinutes>, Summary), EngineError> {
        let parts = self.question.parts.clone();
        let sums: Vec<OperationMinutes> = parts.iter().map(|_| OperationMinutes::default()).collect();
        let (start, over) = (parts.first().map(|part| part.start_ns.max(minute)), minute.saturating_add(MINUTE_NS));
        let end = parts.last().map(|part| part.end_ns.min(over));
        let add = move |sums: &mut Vec<OperationMinutes>, spans: &RecordBatch| {
            parts.iter().zip(sums).try_for_each(|(part, sums)| sums.add_spans(&part.spans(spans)?))
        };
        let Some((spans, read)) = cut_spans(self.engine, &self.snapshot, (Of::Sums, minute)).await? else {
            return self.gather(Table::Spans, SPAN_COLUMNS.to_vec(), (start, end), sums, add).await;
        };
        let add_all = move || {
            let mut sums = sums;
            spans.spans().iter().try_for_each(|spans| add(&mut sums, spans)).map(|()| sums)
        };
        Ok((self.engine.compute(add_all).await?.map_err(internal)?, read))
    }

    /// Of rows of sums those that the question asks for.
    fn asked_for(&self, rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let MinutesQuestion { service, environment, .. } = self.question;
        let mut rows = rows.clone();
        for (column, value) in [(c::SERVICE_NAME, service), (c::DEPLOYMENT_ENVIRONMENT, environment)] {
            let Some(value) = value else { continue };
            let own = rows.column_by_name(column).ok_or_else(|| ArrowError::SchemaError(format!("no column {column}")))?;
            let is_it = eq(&cast(own, &DataType::Utf8)?, &StringArray::new_scalar(value.as_str()))?;
            rows = filter_record_batch(&rows, &is_it)?;
        }
        Ok(rows)
    }

    async fn gather<T: Send + 'static, E: std::fmt::Display + Send>(
        &self,
        table: Table,
        columns: Vec<&'static str>,
        (start, end): (Option<i64>, Option<i64>),
        into: T,
        add: impl Fn(&mut T, &RecordBatch) -> Result<(), E> + Send + Sync + 'static,
    ) -> Result<(T, Summary), EngineError> {
        let MinutesQuestion { service, environment, .. } = self.question;
        let time = TimeSpan { start: start.map(UnixNanos), end: end.map(UnixNanos) };
        let found = Found { table, text: String::new(), search: Search::Everything, time, now: UnixNanos(0) };
        let equal = [(c::SERVICE_NAME, service), (c::DEPLOYMENT_ENVIRONMENT, environment)];
        let equal = equal.into_iter().filter_map(|(column, value)| value.clone().map(|value| (column, value))).collect();
        let question = Question::Narrow(Narrow { found, columns, equal });
        self.engine.gather_of(question, Some(Arc::clone(&self.snapshot)), into, add).await
    }
}

/// How a question is answered.
#[derive(Default)]
struct Plan {
    /// Of which part, and what its spans add up to.
    known: Vec<(usize, Arc<MinutesFound>)>,
    /// Stretches that are to be kept, by their begin.
    missing: BTreeMap<i64, Missing>,
    /// In order, without what is known.
    to_read: Vec<Range<i64>>,
}

struct Missing {
    part: usize,
    version: u64,
}

impl MinutesPart {
    /// Starts of those that are whole within the part, and within a bucket of its grid.
    fn stretches(&self) -> Vec<i64> {
        if self.grid.count > 1 && (self.grid.width_ns % STRETCH_NS != 0 || self.grid.t0_ns % STRETCH_NS != 0) {
            return Vec::new();
        }
        let first = self.start_ns.saturating_add(STRETCH_NS - 1).div_euclid(STRETCH_NS);
        let end = self.end_ns.div_euclid(STRETCH_NS);
        (first..end.min(first.saturating_add(STRETCHES_MAX))).map(|stretch| stretch * STRETCH_NS).collect()
    }

    fn has_whole(&self, minute: i64) -> bool {
        self.start_ns <= minute && minute.saturating_add(MINUTE_NS) <= self.end_ns
    }

    fn touches(&self, minute: i64) -> bool {
        self.start_ns < minute.saturating_add(MINUTE_NS) && minute < self.end_ns
    }

    /// Whether all spans of a minute began in this part, by what its sums say of the newest.
    fn has_all_of(&self, minute: i64, rows: &[RecordBatch]) -> bool {
        let newest = |rows: &RecordBatch| {
            let times = rows.column_by_name(c::NEWEST_TIME)?.as_primitive_opt::<TimestampNanosecondType>()?;
            max(times)
        };
        self.start_ns <= minute && rows.iter().all(|rows| newest(rows).is_some_and(|newest| newest < self.end_ns))
    }

    /// Those that began in this part.
    fn spans(&self, spans: &RecordBatch) -> Result<RecordBatch, RollupError> {
        let column = c::START_TIME;
        let starts = spans.column_by_name(column).and_then(|starts| starts.as_primitive_opt::<TimestampNanosecondType>());
        let own = starts.ok_or(RollupError::Column { column })?.iter();
        let own: BooleanArray = own.map(|start| start.map(|start| (self.start_ns..self.end_ns).contains(&start))).collect();
        Ok(filter_record_batch(spans, &own)?)
    }
}

/// Sums while they are gathered.
struct Sums {
    parts: Vec<(MinutesPart, Minutes)>,
    /// Those that are to be kept, by their begin: their minutes are in none of `parts`.
    stretches: BTreeMap<i64, Minutes>,
    /// Rows of minutes that no part has whole.
    cut: BTreeMap<i64, Vec<RecordBatch>>,
    cut_minutes: BTreeSet<i64>,
}

impl Sums {
    fn new(parts: &[MinutesPart], operations: bool, missing: &BTreeMap<i64, Missing>) -> Self {
        let ends = parts.iter().flat_map(|part| [part.start_ns, part.end_ns.saturating_sub(1)]).map(minute_of);
        let is_cut = |minute: &i64| {
            let mut touched = parts.iter().filter(|part| part.touches(*minute));
            touched.any(|part| !part.has_whole(*minute))
        };
        let cut_minutes = ends.filter(is_cut).collect();
        let parts = parts.iter().map(|part| (*part, Minutes::new(part.grid, operations))).collect();
        let stretch = |start: &i64| (*start, Minutes::new(Grid { t0_ns: *start, width_ns: STRETCH_NS, count: 1 }, operations));
        Self { parts, stretches: missing.keys().map(stretch).collect(), cut: BTreeMap::new(), cut_minutes }
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<(), AddError> {
        let times = batch.column_by_name(c::TIME).and_then(|times| times.as_primitive_opt::<TimestampNanosecondType>());
        let mut found: BTreeSet<i64> = times.iter().flat_map(|times| times.values().iter().map(|time| stretch_of(*time))).collect();
        found.retain(|stretch| self.stretches.contains_key(stretch));
        for (part, minutes) in &mut self.parts {
            minutes.add(batch, |minute| part.has_whole(minute) && !found.contains(&stretch_of(minute)))?;
        }
        for stretch in found {
            if let Some(minutes) = self.stretches.get_mut(&stretch) {
                minutes.add(batch, |minute| stretch_of(minute) == stretch)?;
            }
        }
        let Some(times) = times.filter(|times| times.values().iter().any(|time| self.cut_minutes.contains(time))) else { return Ok(()) };
        for minute in &self.cut_minutes {
            let own: BooleanArray = times.values().iter().map(|time| Some(time == minute)).collect();
            let rows = filter_record_batch(batch, &own)?;
            if rows.num_rows() > 0 {
                self.cut.entry(*minute).or_default().push(rows);
            }
        }
        Ok(())
    }
}

fn stretch_of(time_ns: i64) -> i64 {
    time_ns.div_euclid(STRETCH_NS).saturating_mul(STRETCH_NS)
}

#[derive(Debug, thiserror::Error)]
enum AddError {
    #[error(transparent)]
    Type(#[from] UnexpectedType),
    #[error(transparent)]
    Arrow(#[from] ArrowError),
}

fn internal(error: impl std::fmt::Display) -> EngineError {
    EngineError::Internal { message: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const M: i64 = MINUTE_NS;

    #[test]
    fn minutes_that_no_part_has_whole() {
        let check = |cuts: &[i64], expected: &[i64]| {
            let grid = Grid { t0_ns: 0, width_ns: M, count: 1 };
            let parts: Vec<MinutesPart> = cuts.windows(2).map(|cut| MinutesPart { start_ns: cut[0], end_ns: cut[1], grid }).collect();
            let found: Vec<i64> = Sums::new(&parts, false, &BTreeMap::new()).cut_minutes.into_iter().collect();
            assert_eq!(found, expected, "{cuts:?}");
        };
        check(&[0, M], &[]);
        check(&[0, 5 * M], &[]);
        check(&[1, 5 * M], &[0]);
        check(&[0, 5 * M + 1], &[5 * M]);
        check(&[7, 5 * M - 1], &[0, 4 * M]);
        check(&[7, 9], &[0]);
        check(&[-1, 1], &[-M, 0]);
        check(&[0, 3 * M, 5 * M], &[]);
        check(&[0, 3 * M + 1, 5 * M], &[3 * M]);
        check(&[3, M - 3, M], &[0]);
        check(&[i64::MIN, 0], &[]);
    }
}
