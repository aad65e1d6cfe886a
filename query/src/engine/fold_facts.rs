//! Reads what a fold needs of the two tables of facts, in stretches of time that fit into memory.
//!
//! ```text
//! the whole time at once --too many samples--> hour by hour, the last one first, as long as there is room
//! ```
//!
//! Blocks hold an hour each, so that of hours no row is read twice; what the first try read is.

use governance::{gather::FoldFacts, tables::RowError};
use schemas::{Table, UnixNanos};

use super::search::TimeSpan;

/// Facts of one table for one fold, but for samples of gauges.
pub(crate) const FACTS_MAX: usize = 300_000;
/// Samples of gauges and counters for one fold, without those that tell nothing.
pub(crate) const SAMPLES_MAX: usize = 1_000_000;
/// Samples in memory at once, at 40 bytes each: of any time, and of an hour.
const TOGETHER_MAX: usize = 1_000_000;
const HOUR_SAMPLES_MAX: usize = 6_000_000;
const HOUR_NS: i64 = 3_600_000_000_000;

/// Both tables.
const TABLES: [Table; 2] = [Table::Rejections, Table::BreakerSignals];

/// Where rows come from.
pub(crate) trait FactRows {
    type Error: From<RowError>;

    /// Gives the rows of `table` within `time` to `push`, until it says no.
    fn read(&mut self, table: Table, time: TimeSpan, push: Push<'_>) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// What takes the rows of one table.
pub(crate) struct Push<'a> {
    facts: &'a mut FoldFacts,
    table: Table,
    samples_max: usize,
    full: &'a mut bool,
}

impl Push<'_> {
    /// False: there are too many; no more of them are wanted.
    ///
    /// # Errors
    /// When `batch` has no facts of the table.
    pub(crate) fn batch(&mut self, batch: &arrow::array::RecordBatch) -> Result<bool, RowError> {
        match self.table {
            Table::Rejections => self.facts.push_rejections(batch)?,
            _ => self.facts.push_signals(batch)?,
        }
        let (rejections, signals) = self.facts.alone();
        *self.full = rejections > FACTS_MAX || signals > FACTS_MAX || self.facts.fresh() > self.samples_max;
        Ok(!*self.full)
    }

    /// Of all that is held for the fold.
    pub(crate) fn bytes(&self) -> usize {
        self.facts.bytes()
    }
}

/// Adds the facts of `[start, end)` to `facts`, which has those of a time that begins at `end`, or none. Answers from when on they are
/// there: `start`, or later when there are too many.
///
/// # Errors
/// What reading ended with.
pub(crate) async fn fold_facts<R: FactRows + Send>(
    rows: &mut R,
    facts: &mut FoldFacts,
    (start, end): (UnixNanos, UnixNanos),
) -> Result<UnixNanos, R::Error> {
    if stretch(rows, facts, (start.0, end.0), TOGETHER_MAX).await? {
        return Ok(start);
    }
    let mut since = end.0;
    while since > start.0 {
        let from = ((since - 1).div_euclid(HOUR_NS) * HOUR_NS).max(start.0);
        if !stretch(rows, facts, (from, since), HOUR_SAMPLES_MAX).await? {
            break;
        }
        since = from;
    }
    Ok(UnixNanos(since))
}

/// False, and nothing is added, when there are too many.
async fn stretch<R: FactRows + Send>(
    rows: &mut R,
    facts: &mut FoldFacts,
    (start, end): (i64, i64),
    samples_max: usize,
) -> Result<bool, R::Error> {
    let time = TimeSpan { start: Some(UnixNanos(start)), end: Some(UnixNanos(end)) };
    let mut full = false;
    for table in TABLES {
        rows.read(table, time, Push { facts: &mut *facts, table, samples_max, full: &mut full }).await?;
        if full {
            facts.undo();
            return Ok(false);
        }
    }
    facts.settle();
    if is_full(facts) {
        facts.join();
        return Ok(!is_full(facts));
    }
    Ok(true)
}

/// Samples of refusals become facts.
fn is_full(facts: &FoldFacts) -> bool {
    let (rejections, signals) = facts.rows();
    rejections > FACTS_MAX || signals > SAMPLES_MAX
}
