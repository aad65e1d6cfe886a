//! Failed calls before trips, quarter by quarter of an hour. A quarter whose rows are those of the same blocks is read once.

use std::{collections::BTreeMap, sync::Arc};

use governance::analytics::failures::Failures;
use schemas::{Table, UnixNanos};
use storage::{Snapshot, Stretch};

use super::{
    super::{answer::Cost, problem::Problem, sql::problem_in},
    load::Folds,
};
use crate::engine::{EngineError, Facts, FactsQuestion, Kept, Question, TimeSpan};

const QUARTER_NS: i64 = 900_000_000_000;
/// Rows of several quarters that are read at once.
const TOGETHER_MAX: u64 = 200_000;
/// Rows that are read for one answer, of quarters that are not kept; the newest first.
const READ_MAX: u64 = 2_000_000;
/// Rows of one question.
const ROWS_MAX: usize = 1_000_000;
/// All quarters together, at 16 bytes a call: of a day with two million failed ones.
const BYTES_MAX: usize = 48 << 20;

/// By number of the quarter.
pub(super) type Quarters = BTreeMap<i64, Arc<Failures>>;

/// Quarters that are over.
#[derive(Debug)]
pub(super) struct KeptFailures(Kept<i64, Failures>);

impl Default for KeptFailures {
    fn default() -> Self {
        Self(Kept::new(BYTES_MAX))
    }
}

/// The quarters that `times` (both ends in) touch; what was not read is said in `cost`.
pub(super) async fn quarters(folds: &Folds, times: &[(UnixNanos, UnixNanos)], cost: &mut Cost) -> Result<Quarters, Problem> {
    let snapshot = Arc::new(folds.engine.snapshot());
    let wanted = wanted(&snapshot, times);
    let mut found = Quarters::new();
    let mut missing: Vec<(i64, Stretch)> = Vec::new();
    for (number, stretch) in wanted.into_iter().filter(|(_, stretch)| stretch.rows > 0) {
        match stretch.version.and_then(|version| folds.failures.0.get(&number, version)) {
            Some(known) => drop(found.insert(number, known)),
            None => missing.push((number, stretch)),
        }
    }
    let mut read = 0_u64;
    while let Some((newest, first)) = missing.first() {
        let mut rows = first.rows;
        let mut next = *newest - 1;
        let beside = missing[1..].iter().take_while(|(number, stretch)| {
            rows = rows.saturating_add(stretch.rows);
            let is_beside = *number == next && rows <= TOGETHER_MAX;
            next -= 1;
            is_beside
        });
        let group: Vec<(i64, Stretch)> = [missing[0]].into_iter().chain(beside.copied()).collect();
        read = group.iter().fold(read, |sum, (_, stretch)| sum.saturating_add(stretch.rows));
        if read > READ_MAX && !found.is_empty() {
            cost.warnings.push("codes before trips long ago are not told: there are too many errors; ask again".to_owned());
            break;
        }
        read_group(folds, &snapshot, &group, &mut found, cost).await?;
        missing.drain(..group.len());
    }
    Ok(found)
}

/// Numbers of quarters, the newest first.
fn wanted(snapshot: &Snapshot, times: &[(UnixNanos, UnixNanos)]) -> Vec<(i64, Stretch)> {
    let number = |time: UnixNanos| time.0.div_euclid(QUARTER_NS);
    let mut numbers: Vec<i64> = times.iter().flat_map(|(from, to)| number(*from)..=number(*to)).collect();
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    numbers.dedup();
    let starts: Vec<i64> = numbers.iter().map(|number| number.saturating_mul(QUARTER_NS)).collect();
    numbers.into_iter().zip(snapshot.stretches(Table::Errors, &starts, QUARTER_NS, 0)).collect()
}

/// Quarters next to each other, the newest first.
async fn read_group(
    folds: &Folds,
    snapshot: &Arc<Snapshot>,
    group: &[(i64, Stretch)],
    found: &mut Quarters,
    cost: &mut Cost,
) -> Result<(), Problem> {
    let edge = |number: i64| Some(UnixNanos(number.saturating_mul(QUARTER_NS)));
    let time =
        TimeSpan { start: group.last().and_then(|(first, _)| edge(*first)), end: group.first().and_then(|(last, _)| edge(*last + 1)) };
    let question = Question::Facts(FactsQuestion { which: Facts::Failed(time), limit: ROWS_MAX });
    let failed = |error: EngineError| problem_in("start", error);
    let mut answer = folds.engine.ask_of(question, Some(Arc::clone(snapshot))).await.map_err(failed)?;
    let mut of: BTreeMap<i64, Failures> = group.iter().map(|(number, _)| (*number, Failures::default())).collect();
    while let Some(batch) = answer.next().await {
        Failures::push(&mut of, QUARTER_NS, &batch.map_err(failed)?)?;
    }
    let summary = answer.summary();
    cost.add(&summary);
    if summary.truncated.is_some() {
        cost.warnings.push(format!("codes before trips are told of {ROWS_MAX} errors"));
    }
    let is_whole = summary.truncated.is_none() && summary.partial.is_empty();
    for (number, stretch) in group {
        let failures = Arc::new(of.remove(number).unwrap_or_default().settle());
        if let Some(version) = stretch.version.filter(|_| is_whole) {
            folds.failures.0.put(*number, version, Arc::clone(&failures), failures.bytes());
        }
        found.insert(*number, failures);
    }
    Ok(())
}

/// Those of `quarters` that `[from, to]` touches.
pub(super) fn within(quarters: &Quarters, from: UnixNanos, to: UnixNanos) -> impl Iterator<Item = &Failures> {
    quarters.range(from.0.div_euclid(QUARTER_NS)..=to.0.div_euclid(QUARTER_NS)).map(|(_, failures)| &**failures)
}
