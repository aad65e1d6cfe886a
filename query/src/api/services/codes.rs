//! Error codes of services, as the records of the table `errors` have them.

use std::collections::BTreeMap;

use super::{
    super::{answer::Cost, problem::Problem, sql::problem_in},
    request::Request,
};
use crate::engine::{CodeKey, CodesBy, CodesCounted, CodesQuestion, Counted, Engine, TimeSpan, code_counts};

/// Whose codes they are; what they are not told apart by is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::api) struct Whose {
    pub service: String,
    pub instance: String,
    pub operation: String,
    /// Of spans, as in the table.
    pub span_kind: Option<i32>,
}

/// How often one of them had a code in one stretch of time.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::api) struct CodeCount {
    pub whose: Whose,
    /// The code, or the reason where there is none.
    pub code: String,
    /// 0 begins with the window.
    pub bucket: i64,
    pub count: f64,
    /// The newest, in nanoseconds since 1970.
    pub newest_ns: i64,
}

/// Of one service within the window of a request.
pub(super) async fn codes_within(
    engine: &Engine,
    request: &Request,
    service: &str,
    by: CodesBy,
    cost: &mut Cost,
) -> Result<Vec<CodeCount>, Problem> {
    let (start, end, width_ns) = (request.window.start, request.window.end, request.window.length_ns());
    let (service, environment) = (Some(service.to_owned()), request.environment.clone());
    codes(engine, CodesQuestion { start, end, within: TimeSpan::default(), width_ns, by, service, environment }, cost).await
}

/// In order of whose they are, code and bucket. Records of different kinds tell the same errors: the kind that tells most of a code counts.
pub(in crate::api) async fn codes(engine: &Engine, question: CodesQuestion, cost: &mut Cost) -> Result<Vec<CodeCount>, Problem> {
    let (counted, summary) = code_counts(engine, &question).await.map_err(|error| problem_in("start", error))?;
    if summary.truncated.is_some() {
        cost.partial.push("there are more error codes than can be counted".to_owned());
    }
    cost.add(&summary);
    Ok(chosen(by_kind(counted)))
}

/// By whose it is, code and kind of record: by bucket, count and newest.
type ByKind = BTreeMap<(Whose, String), BTreeMap<String, Counted>>;

fn by_kind(counted: CodesCounted) -> ByKind {
    let mut read = ByKind::new();
    for (CodeKey { service, instance, operation, span_kind, code, source }, buckets) in counted {
        read.entry((Whose { service, instance, operation, span_kind }, code)).or_default().insert(source, buckets);
    }
    read
}

fn chosen(read: ByKind) -> Vec<CodeCount> {
    let total = |buckets: &Counted| buckets.values().map(|(count, _)| count).sum::<f64>();
    let most = read.into_iter().filter_map(|(key, kinds)| {
        let buckets = kinds.into_values().max_by(|a, b| total(a).total_cmp(&total(b)))?;
        Some((key, buckets))
    });
    most.flat_map(|((whose, code), buckets)| {
        buckets.into_iter().map(move |(bucket, (count, newest_ns))| CodeCount {
            whose: whose.clone(),
            code: code.clone(),
            bucket,
            count,
            newest_ns,
        })
    })
    .collect()
}
