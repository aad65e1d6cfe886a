//! `GET /api/v1/graph/retries`: what is sent again, and who gives up while the called one goes on.

use std::time::Instant;

use governance::analytics::{
    attempts::{Chain, Inversion, Retries, Waits, chains, inversions, retries, waits},
    policies::Policy,
};
use schemas::{Signal, TraceId};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Cost, Meta, Time, to_json, total},
        breakers::{Folds, internal},
        completeness::Completeness,
        problem::Problem,
        search::{Limits, Pairs, now, parse_limit},
        window::{Window, unknown_parameter},
    },
    actions, attempts,
    spans::Within,
};
use crate::analytics::graph::{Attempts, EdgeOf};

const LIMITS: Limits = Limits { default: 200, max: 2000 };
/// Inversions shown of one edge, and policies shown in all.
const INVERSIONS_MAX: usize = 20;
const POLICIES_MAX: usize = 500;
const KNOWN: &str = "this route knows `start`, `end`, `range`, `service`, `environment` and `limit`";

/// Retries and timeouts of a window, by edge; counts are adjusted by sampling weights. Calls that a breaker refused were not sent, and are not here.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RetriesAnswer {
    /// Of all edges that were looked at.
    totals: RetriesTotals,
    /// With retries, callers that gave up, or too short a timeout; those that waste most calls first.
    edges: Vec<RetriesEdge>,
    /// Of which `edges` are the first.
    edges_total: usize,
    /// Calls on several levels that are sent again, each made below the one before; those that multiply most first, at most twenty.
    chains: Vec<RetriesChain>,
    /// What libraries say that they did; most first.
    policies: Vec<RetriesPolicy>,
    completeness: Completeness,
    #[schema(value_type = Object)]
    meta: Meta,
}

#[derive(Debug, Serialize, ToSchema)]
struct RetriesTotals {
    edges: usize,
    calls: f64,
    retries: f64,
    /// Of calls, the part that was sent again; null when there was none.
    retry_share: Option<f64>,
    abandoned: f64,
    wasted_ns: i64,
}

/// Who calls whom with which operation.
#[derive(Debug, Serialize, ToSchema)]
struct RetriesEdge {
    #[serde(flatten)]
    of: RetriesPlace,
    /// Sent, retries included.
    calls: f64,
    /// Meant. A retry follows a failed call of the same parent within a minute, and asks the same.
    logical_calls: f64,
    /// `calls` for each of `logical_calls`; null when no call began within the window.
    amplification: Option<f64>,
    retries: f64,
    /// Of `calls`.
    retry_share: Option<f64>,
    /// Logical calls that were sent more than once, and of these, those that went well in the end.
    retried_calls: f64,
    rescued_calls: f64,
    /// Of one logical call.
    attempts_max: u32,
    /// Retries whose own span says so (`http.request.resend_count`).
    retries_said: f64,
    /// Calls that follow a failed one, of which nothing tells whether they ask the same: they are made in a loop, and count as no retries.
    retries_unsure: f64,
    /// With most attempts first, at most three.
    retry_traces: Vec<String>,
    /// Callers that did not wait any longer: they say that time ran out, and no answer came before.
    gave_up: f64,
    /// Calls that failed for the caller while the called one went on.
    abandoned: f64,
    /// How long called ones went on for nobody, in all and at most.
    wasted_ns: i64,
    wasted_max_ns: i64,
    /// How long the caller waits, learned from calls that gave up; null when too few did, or after different times.
    timeout_ns: Option<i64>,
    /// That wasted most first, at most three.
    wasted_traces: Vec<String>,
    /// Calls made below these that are waited for longer than the caller here waits.
    inversions: Vec<TimeoutInversion>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct RetriesPlace {
    caller: String,
    called: String,
    operation: String,
}

/// A call that outlives whom it is made for.
#[derive(Debug, Serialize, ToSchema)]
struct TimeoutInversion {
    #[serde(flatten)]
    of: RetriesPlace,
    /// How long it is waited for; null when that is not known: then `longest_ns` is more than the caller above waits.
    timeout_ns: Option<i64>,
    longest_ns: i64,
}

/// Retries multiply.
#[derive(Debug, Serialize, ToSchema)]
struct RetriesChain {
    /// From the top.
    calls: Vec<RetriesChainCall>,
    /// Sent at the bottom for each call at the top: the product of averages.
    amplification: f64,
    /// When every level sends as often as it ever did.
    attempts_max: u64,
}

#[derive(Debug, Serialize, ToSchema)]
struct RetriesChainCall {
    #[serde(flatten)]
    of: RetriesPlace,
    amplification: Option<f64>,
    attempts_max: u32,
}

/// What one policy of a library did.
#[derive(Debug, Serialize, ToSchema)]
struct RetriesPolicy {
    service: String,
    /// As far as records say; so too the other texts.
    framework: Option<String>,
    name: Option<String>,
    operation: Option<String>,
    target: Option<String>,
    /// `retry`, `timeout`, `fallback`, `hedge`, `eject` or `uneject`.
    action: &'static str,
    count: f64,
    /// That records name, most first.
    outcomes: Vec<RetriesOutcome>,
    #[schema(value_type = String)]
    first: Time,
    #[schema(value_type = String)]
    last: Time,
}

#[derive(Debug, Serialize, ToSchema)]
struct RetriesOutcome {
    outcome: String,
    count: f64,
}

/// Numbers of edges are places in all of these.
struct Told {
    edges: Vec<EdgeOf>,
    retries: Vec<Retries>,
    waits: Vec<Waits>,
    inversions: Vec<Inversion>,
    chains: Vec<Chain>,
}

pub(super) async fn answer(folds: &Folds, pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let started = Instant::now();
    let now = now();
    let (window, others) = Window::parse(pairs, now)?;
    let (mut service, mut environment, mut limit) = (None, None, LIMITS.default);
    for (name, value) in others {
        match name.as_str() {
            "service" => service = Some(value),
            "environment" => environment = Some(value),
            "limit" => limit = parse_limit(&value, LIMITS)?,
            _ => return Err(unknown_parameter(&name, KNOWN)),
        }
    }
    let mut cost = Cost::default();
    let within = Within { window, now, environment };
    let mut policies = actions::load(folds, &within, &mut cost).await?;
    let (attempts, completeness) = attempts::load(folds, within, &mut cost).await?;
    let told = tokio::task::spawn_blocking(move || Told::of(attempts)).await.map_err(|_| internal("a bug ended the look at retries"))?;

    let of_service =
        |edge: usize| service.as_ref().is_none_or(|service| told.edges[edge].caller == *service || told.edges[edge].called == *service);
    let mut places: Vec<usize> = (0..told.edges.len()).filter(|edge| of_service(*edge) && told.is_told(*edge)).collect();
    places.sort_by(|a, b| told.waste(*b).total_cmp(&told.waste(*a)).then(a.cmp(b)));
    policies.retain(|policy| service.as_ref().is_none_or(|service| *service == policy.service));
    let completeness = Completeness::of(completeness, folds.losses.dropped(&[Signal::Traces], service.as_deref()), &mut cost);
    let mut meta = cost.meta(started);
    if policies.len() > POLICIES_MAX {
        meta.warnings.push(format!("{} more policies did less than these", policies.len() - POLICIES_MAX));
    }
    if places.len() > limit {
        meta.truncated = true;
        meta.warnings.push(format!("{} more edges waste fewer calls than these", places.len() - limit));
    }
    let chains = told.chains.iter().filter(|chain| chain.edges.iter().any(|edge| of_service(*edge)));
    Ok(to_json(&RetriesAnswer {
        totals: told.totals(of_service),
        edges: places.iter().take(limit).map(|edge| told.edge(*edge)).collect(),
        edges_total: places.len(),
        chains: chains.map(|chain| told.chain(chain)).collect(),
        policies: policies.into_iter().take(POLICIES_MAX).map(RetriesPolicy::of).collect(),
        completeness,
        meta,
    }))
}

impl Told {
    fn of(attempts: Attempts) -> Self {
        let Attempts { edges, attempts, links, .. } = attempts;
        let waits = waits(&attempts, edges.len());
        let retries = retries(attempts, edges.len());
        Self { inversions: inversions(&waits, &links), chains: chains(&retries, &links), edges, retries, waits }
    }

    /// Whether there is anything to tell.
    fn is_told(&self, edge: usize) -> bool {
        let (retries, waits) = (&self.retries[edge], &self.waits[edge]);
        retries.retries() + retries.unsure + waits.gave_up + waits.abandoned > 0.0 || self.inversions.iter().any(|one| one.above == edge)
    }

    /// Calls that were sent in vain or once more.
    fn waste(&self, edge: usize) -> f64 {
        self.retries[edge].retries() + self.waits[edge].abandoned
    }

    fn totals(&self, is_asked: impl Fn(usize) -> bool) -> RetriesTotals {
        let asked: Vec<usize> = (0..self.edges.len()).filter(|edge| is_asked(*edge)).collect();
        let sum = |of: fn(&Retries) -> f64| total(asked.iter().map(|edge| of(&self.retries[*edge])));
        let (calls, retries) = (sum(|of| of.sent), sum(Retries::retries));
        RetriesTotals {
            edges: asked.len(),
            calls,
            retries,
            retry_share: (calls > 0.0).then(|| retries / calls),
            abandoned: total(asked.iter().map(|edge| self.waits[*edge].abandoned)),
            wasted_ns: asked.iter().fold(0_i64, |all, edge| all.saturating_add(self.waits[*edge].wasted_ns)),
        }
    }

    fn place(&self, edge: usize) -> RetriesPlace {
        let EdgeOf { caller, called, operation } = self.edges[edge].clone();
        RetriesPlace { caller, called, operation }
    }

    fn edge(&self, edge: usize) -> RetriesEdge {
        let (retries, waits) = (&self.retries[edge], &self.waits[edge]);
        let texts = |traces: &[TraceId]| traces.iter().map(ToString::to_string).collect();
        let inversions = self.inversions.iter().filter(|one| one.above == edge).take(INVERSIONS_MAX);
        RetriesEdge {
            of: self.place(edge),
            calls: retries.sent,
            logical_calls: retries.logical,
            amplification: retries.amplification(),
            retries: retries.retries(),
            retry_share: retries.share(),
            retried_calls: retries.retried,
            rescued_calls: retries.rescued,
            attempts_max: retries.attempts_max,
            retries_said: retries.said,
            retries_unsure: retries.unsure,
            retry_traces: texts(&retries.traces),
            gave_up: waits.gave_up,
            abandoned: waits.abandoned,
            wasted_ns: waits.wasted_ns,
            wasted_max_ns: waits.wasted_max_ns,
            timeout_ns: waits.timeout_ns,
            wasted_traces: texts(&waits.traces),
            inversions: inversions
                .map(|one| TimeoutInversion {
                    of: self.place(one.below),
                    timeout_ns: one.below_timeout_ns,
                    longest_ns: one.below_longest_ns,
                })
                .collect(),
        }
    }

    fn chain(&self, chain: &Chain) -> RetriesChain {
        let call = |edge: &usize| RetriesChainCall {
            of: self.place(*edge),
            amplification: self.retries[*edge].amplification(),
            attempts_max: self.retries[*edge].attempts_max,
        };
        RetriesChain { calls: chain.edges.iter().map(call).collect(), amplification: chain.amplification, attempts_max: chain.attempts_max }
    }
}

impl RetriesPolicy {
    fn of(policy: Policy) -> Self {
        let text = |text: String| Some(text).filter(|text| !text.is_empty());
        let outcome = |(outcome, count)| RetriesOutcome { outcome, count };
        Self {
            service: policy.service,
            framework: text(policy.framework),
            name: text(policy.name),
            operation: text(policy.operation),
            target: text(policy.target),
            action: policy.action.word(),
            count: policy.count,
            outcomes: policy.outcomes.into_iter().map(outcome).collect(),
            first: Time(policy.first),
            last: Time(policy.last),
        }
    }
}
