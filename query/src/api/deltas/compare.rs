//! Asks for both groups and compares them.

use std::sync::Arc;

use arrow::{
    array::{Array, AsArray},
    datatypes::Int64Type,
};
use governance::arrived::Arrived;
use schemas::{Signal, Table, TenantId};
use serde::Serialize;
use storage::Snapshot;

use super::{
    super::{
        answer::{Meta, meta},
        completeness::Completeness,
        dropped::Losses,
        problem::Problem,
        router::Shared,
        sql::problem_in,
    },
    request::Request,
};
use crate::{
    analytics::deltas::{Deltas, Limits, Ranking, Side, columns},
    engine::{Answer, EngineError, GroupQuestion, Question, Records, Summary, Wanted},
};

/// What sets the selection apart.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Deltas)]
pub(crate) struct Comparison {
    selection: GroupSize,
    baseline: GroupSize,
    #[serde(flatten)]
    ranking: Ranking,
    /// Of the records of both groups. What sampling left out is not known of them.
    completeness: Completeness,
    #[schema(value_type = Object)]
    meta: Meta,
}

#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
pub(crate) struct GroupSize {
    /// Records of the group.
    records: u64,
    /// Records that were looked at: of larger groups about as many as `sample` says, the same each time.
    looked_at: u64,
    sampled: bool,
}

pub(super) async fn compare(shared: &Shared, request: Request) -> Result<Vec<u8>, Problem> {
    // Its mistakes would be found with those of the selection, and taken for them.
    shared.engine.check(request.table, &request.all, request.now).map_err(|error| problem_in("q", error))?;
    let mut deltas = Deltas::new(Limits::default());
    let rest = request.baseline.is_none().then(|| request.selection.clone());
    let baseline = request.baseline.clone().unwrap_or_default();
    let snapshot = Arc::new(shared.store.snapshot(TenantId::DEFAULT));
    let mut counted = Counted { shared, snapshot, request: &request, arrived: Arrived::default(), summary: None };
    let selection = counted.add(&mut deltas, Side::Selection, request.selection.clone(), None).await?;
    let baseline = counted.add(&mut deltas, Side::Baseline, baseline, rest).await?;
    let summary = counted.summary.take().expect("both groups were asked for");
    let signal = if request.table == Table::Logs { Signal::Logs } else { Signal::Traces };
    let dropped = Losses::of(shared).dropped(&[signal], None);
    let completeness = Completeness::of_arrived(counted.arrived, 0, dropped, &summary.partial);
    let ranking = deltas.rank(request.attributes_max, request.values_max);
    let comparison = Comparison { meta: meta(&summary, &warnings(selection, baseline)), selection, baseline, ranking, completeness };
    Ok(serde_json::to_vec(&comparison).expect("texts and finite numbers always serialize"))
}

fn warnings(selection: GroupSize, baseline: GroupSize) -> Vec<String> {
    let empty =
        |name, group: GroupSize| (group.records == 0).then(|| format!("no record is in the {name}, so there is nothing to compare"));
    empty("selection", selection).into_iter().chain(empty("baseline", baseline)).collect()
}

struct Counted<'a> {
    shared: &'a Shared,
    /// All questions see the same rows.
    snapshot: Arc<Snapshot>,
    request: &'a Request,
    /// Records that were counted.
    arrived: Arrived,
    /// Of everything asked so far.
    summary: Option<Summary>,
}

impl Counted<'_> {
    /// Counts the records of a group, or a sample of them.
    async fn add(&mut self, deltas: &mut Deltas, side: Side, group: Records, without: Option<Records>) -> Result<GroupSize, Problem> {
        let Request { table, all, now, sample_max, .. } = self.request;
        let question = |wanted| {
            let question =
                GroupQuestion { table: *table, all: all.clone(), group: group.clone(), without: without.clone(), wanted, now: *now };
            Question::Group(Box::new(question))
        };
        let problem = |error| {
            let param = if side == Side::Selection { "selection" } else { "baseline" };
            problem_in(param, error)
        };
        let mut answer = self.ask(question(Wanted::Count)).await.map_err(problem)?;
        let counted = answer.collect().await.map_err(problem)?;
        let measure = |place: usize| {
            let values = counted.first().map(|batch| batch.column(place).as_primitive::<Int64Type>());
            values.filter(|values| values.is_valid(0)).map(|values| values.value(0))
        };
        let records = measure(0).map_or(0, i64::unsigned_abs);
        self.arrived.merge(&Arrived { newest_ns: measure(2), late: measure(1).map_or(0, i64::unsigned_abs), sampled_out: 0.0 });
        self.spent(answer.summary());

        let below = below(records, *sample_max as u64);
        let mut answer = self.ask(question(Wanted::Sample { columns: columns(*table), below })).await.map_err(problem)?;
        let mut looked_at = 0;
        while let Some(batch) = answer.next().await {
            let batch = batch.map_err(problem)?;
            looked_at += batch.num_rows() as u64;
            deltas.add(side, *table, &batch).map_err(|error| problem(EngineError::Internal { message: error.to_string() }))?;
        }
        self.spent(answer.summary());
        Ok(GroupSize { records, looked_at, sampled: below.is_some() })
    }

    async fn ask(&self, question: Question) -> Result<Answer, EngineError> {
        self.shared.engine.ask_of(question, Some(Arc::clone(&self.snapshot))).await
    }

    fn spent(&mut self, summary: Summary) {
        self.summary = Some(match self.summary.take() {
            Some(before) => before.then(summary),
            None => summary,
        });
    }
}

/// Keys below this belong to about `sample_max` records; `None` when all records fit.
fn below(records: u64, sample_max: u64) -> Option<u32> {
    (records > sample_max).then(|| (sample_max as f64 / records as f64 * f64::from(u32::MAX)) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_too_much_is_sampled() {
        assert_eq!((below(0, 10), below(10, 10)), (None, None));
        assert_eq!(below(20, 10), Some(u32::MAX / 2));
        assert_eq!(below(u64::from(u32::MAX), 1), Some(1));
    }
}
