//! Hours are read, or known, until there are too many facts.

use std::{collections::BTreeMap, sync::Arc};

use governance::{
    gather::{FoldFacts, Settled, Stretches},
    tables::RowError,
};
use schemas::{Table, UnixNanos};
use storage::Snapshot;

use super::{
    super::search::{Facts, TimeSpan},
    HOUR_NS, TABLES,
    hours::{Hour, Hours},
};

/// Facts of a breaker for one fold that are no samples; and rows of other questions about facts.
pub(crate) const FACTS_MAX: usize = 300_000;
/// Refused calls for one fold, at 100 bytes each.
pub(crate) const REFUSALS_MAX: usize = 1_000_000;
/// Samples of gauges and counters for one fold, without those that tell nothing.
pub(crate) const SAMPLES_MAX: usize = 1_000_000;
/// Samples of an hour in memory, at 48 bytes each.
const HOUR_SAMPLES_MAX: usize = 6_000_000;
/// Rows of several hours that are read at once.
const TOGETHER_MAX: u64 = FACTS_MAX as u64;

/// The question for the rows of a table.
pub(crate) fn what(table: Table, time: TimeSpan) -> Facts {
    match table {
        Table::Errors => Facts::RefusedSpans(time),
        table => Facts::Of(table, time),
    }
}

/// Where rows come from.
pub(crate) trait FactRows {
    type Error: From<RowError>;

    /// Gives the rows of `table` within `time` to `push`, until it says no. Answers whether none is missing of those that were there.
    fn read(&mut self, table: Table, time: TimeSpan, push: Push<'_>) -> impl Future<Output = Result<bool, Self::Error>> + Send;
}

/// What takes the rows of one table.
pub(crate) struct Push<'a> {
    rows: &'a mut Stretches,
    table: Table,
    /// Memory of what was there before.
    held: usize,
    full: &'a mut bool,
}

impl Push<'_> {
    /// False: there are too many; no more of them are wanted.
    ///
    /// # Errors
    /// When `batch` has no facts of the table.
    pub(crate) fn batch(&mut self, batch: &arrow::array::RecordBatch) -> Result<bool, RowError> {
        match self.table {
            Table::Rejections => self.rows.push_rejections(batch)?,
            Table::Errors => self.rows.push_refused_spans(batch)?,
            _ => self.rows.push_signals(batch)?,
        }
        let (refusals, signals) = self.rows.alone();
        *self.full = refusals > REFUSALS_MAX || signals > FACTS_MAX || self.rows.samples() > HOUR_SAMPLES_MAX;
        Ok(!*self.full)
    }

    /// Of all that is held for the fold.
    pub(crate) fn bytes(&self) -> usize {
        self.held + self.rows.bytes()
    }
}

/// What is left of the facts of `[start, end)`, and from when on they are there: `start`, or later when there are too many.
///
/// # Errors
/// What reading ended with.
pub(crate) async fn fold_facts<R: FactRows + Send>(
    rows: &mut R,
    (snapshot, kept): (&Snapshot, &Hours),
    (start, end): (UnixNanos, UnixNanos),
) -> Result<(FoldFacts, UnixNanos), R::Error> {
    let hours = Hour::of(snapshot, (start, end));
    let mut facts = FoldFacts::default();
    let mut together_max = TOGETHER_MAX;
    let mut next = 0;
    while let Some(&hour) = hours.get(next) {
        if hour.rows == 0 {
            next += 1;
            continue;
        }
        if let Some(settled) = kept.get(hour) {
            if !add(&mut facts, &settled) {
                break;
            }
            next += 1;
            continue;
        }
        let (mut sum, width) = (0_u64, hour.width);
        let small = |hour: &&Hour| {
            sum = sum.saturating_add(hour.rows);
            sum <= together_max && hour.width == width && kept.get(**hour).is_none()
        };
        let together = hours[next..].iter().take_while(small).count().max(1);
        let group = &hours[next..next + together];
        let Some((mut settled, whole)) = read(rows, &facts, group).await? else {
            if together == 1 {
                break;
            }
            // They are not as even as it was guessed.
            together_max = 0;
            continue;
        };
        for hour in group {
            if let Some(mut settled) = settled.remove(&hour.number()) {
                facts.share(&mut settled);
                let settled = Arc::new(settled);
                if whole {
                    kept.put(*hour, &settled);
                }
                if !add(&mut facts, &settled) {
                    return Ok((facts, since(&hours, next, end)));
                }
            }
            next += 1;
        }
    }
    Ok((facts, since(&hours, next, end)))
}

/// When the last of so many hours begins.
fn since(hours: &[Hour], count: usize, end: UnixNanos) -> UnixNanos {
    count.checked_sub(1).and_then(|last| hours.get(last)).map_or(end, |hour| UnixNanos(hour.start))
}

/// Hours or quarters next to each other, by number, and whether none of their rows is missing; `None` when there are too many.
async fn read<R: FactRows + Send>(
    rows: &mut R,
    facts: &FoldFacts,
    hours: &[Hour],
) -> Result<Option<(BTreeMap<i64, Settled>, bool)>, R::Error> {
    let (start, end) = (hours.last().map(|hour| UnixNanos(hour.start)), hours.first().map(|hour| UnixNanos(hour.end)));
    let width = hours.first().map_or(HOUR_NS, |hour| hour.width);
    let mut stretches = Stretches::new(width);
    let (held, mut full, mut whole) = (facts.bytes(), false, true);
    for table in TABLES {
        let push = Push { rows: &mut stretches, table, held, full: &mut full };
        whole &= rows.read(table, TimeSpan { start, end }, push).await?;
        if full {
            return Ok(None);
        }
    }
    let settled = stretches.settle().map(|(start, settled)| (start.div_euclid(width), settled));
    Ok(Some((settled.collect(), whole)))
}

/// False, and it is not added, when there would be too many.
fn add(facts: &mut FoldFacts, settled: &Arc<Settled>) -> bool {
    let (refusals, signals) = settled.rows();
    let is_full = |facts: &FoldFacts| {
        let of = facts.rows();
        of.0 + refusals > REFUSALS_MAX || of.1 + signals > SAMPLES_MAX
    };
    if is_full(facts) {
        facts.join();
        if is_full(facts) {
            return false;
        }
    }
    facts.add(settled);
    true
}
