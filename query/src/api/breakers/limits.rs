//! `GET /api/v1/limits`: who was rejected by which limiter.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Instant,
};

use governance::{
    analytics::{
        headroom::cap_margin,
        ledger::{LetThrough, Rejected, Rule, ledger},
    },
    facts::{Amount, Rejection, RejectionKind},
    fold::{Refusal, Scope, gains},
};
use http::StatusCode;
use schemas::{SpanId, TraceId, UnixNanos};
use serde::Serialize;
use utoipa::ToSchema;
use xxhash_rust::xxh3::xxh3_64;

use super::{
    super::{
        answer::{Cost, Meta, Time, to_json, total},
        completeness::Completeness,
        problem::Problem,
        search::{Pairs, now},
        window::{Window, nothing_else, unknown_parameter},
    },
    admitted::Admitted,
    cost::{self, Callers},
    load::{Folds, Told},
    named::Named,
    patience::{self, Judged, RetryAfter},
};

/// Limiters in one answer.
const RULES_MAX: usize = 500;
const ROUTES_MAX: usize = 20;
const CLIENTS_MAX: usize = 200;
/// How busy a limiter is now is told of so long.
const NEWEST_NS: i64 = 60_000_000_000;

/// Limiters that rejected calls in a window.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LimitsAnswer {
    /// Most rejected first.
    limits: Vec<Limiter>,
    /// Of facts of all services, by whole minutes.
    completeness: Completeness,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// One limiter of one service.
#[derive(Debug, Serialize, ToSchema)]
struct Limiter {
    /// For `/limits/{rule}/clients`.
    id: String,
    service: String,
    rule: String,
    /// `rate_limit`, `load_shed`, `bulkhead`, `concurrency_cap`, …
    kind: &'static str,
    rejected: f64,
    #[schema(value_type = String)]
    first: Time,
    #[schema(value_type = String)]
    last: Time,
    routes: Vec<LimiterRoute>,
    /// Callers that are known.
    clients: usize,
    /// What it seems to let through; null when too few seconds with rejections are known, or requests have no spans.
    limit: Option<LearnedLimit>,
    /// Null: no refusal with a trace said when to come back, or none of these waits is over.
    retry_after: Option<RetryAfter>,
}

/// Learned from the seconds in which it rejected.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LimiterLearnedLimit)]
struct LearnedLimit {
    /// Requests let through a second, of all instances: the median.
    calls_per_s: f64,
    /// The most of a second in which it did not reject.
    calls_per_s_without_rejections: f64,
    /// Of the limit, what the newest minute of the window leaves: 1 is idle, 0 is full.
    headroom: Option<f64>,
    /// Seconds it is learned from.
    seconds: usize,
}

/// Rejected calls of one route.
#[derive(Debug, Serialize, ToSchema)]
struct LimiterRoute {
    route: String,
    rejected: f64,
}

/// Callers of one limiter.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClientsAnswer {
    limit: Limiter,
    /// Most rejected first.
    clients: Vec<LimiterClient>,
    /// Of facts of all services, by whole minutes.
    completeness: Completeness,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// One caller of a limiter.
#[derive(Debug, Serialize, ToSchema)]
struct LimiterClient {
    /// Null: nothing tells who called.
    caller: Option<String>,
    rejected: f64,
    /// Of all that the limiter rejected.
    rejected_share: f64,
    /// Let through, as far as spans tell.
    admitted: f64,
    /// Of all requests, let through or not; null when requests have no spans.
    traffic_share: Option<f64>,
    /// `rejected_share / traffic_share`: above 1 it is rejected more than its traffic.
    skew: Option<f64>,
    /// As of the limiter.
    retry_after: Option<RetryAfter>,
}

pub(super) async fn answer(folds: &Folds, pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let (started, now) = (Instant::now(), now());
    let (window, others) = Window::parse(pairs, now)?;
    let mut service = None;
    for (name, value) in others {
        match name.as_str() {
            "service" => service = Some(value),
            _ => return Err(unknown_parameter(&name, "this route knows `start`, `end`, `range` and `service`")),
        }
    }
    let told = folds.told(window, now).await?;
    let Rules { mut cost, mut rules, newest, judged } = rules(folds, &told, window, now).await?;
    rules.retain(|rule| service.as_ref().is_none_or(|service| *service == rule.service));
    if rules.len() > RULES_MAX {
        cost.warnings.push(format!("{} more limiters rejected less", rules.len() - RULES_MAX));
    }
    let limits = rules.iter().take(RULES_MAX).map(|rule| Limiter::of(rule, &newest, &judged)).collect();
    let completeness = folds.completeness(&told, window, service.as_deref(), &cost);
    Ok(to_json(&LimitsAnswer { limits, completeness, meta: cost.meta(started) }))
}

pub(super) async fn clients(folds: &Folds, id: &str, pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let (started, now) = (Instant::now(), now());
    let (window, others) = Window::parse(pairs, now)?;
    nothing_else(&others)?;
    let told = folds.told(window, now).await?;
    let Rules { cost, rules, newest, judged } = rules(folds, &told, window, now).await?;
    let rule = rules.iter().find(|rule| id_of(rule) == id).ok_or_else(|| {
        let detail = format!("no limiter {id:?} rejected a call in the window");
        Problem::new(StatusCode::NOT_FOUND, "limit_not_found", "There is no such limiter", detail).hint("GET /api/v1/limits lists them")
    })?;
    let clients = rule.callers.iter().take(CLIENTS_MAX).map(|client| LimiterClient {
        caller: Some(client.caller.clone()).filter(|caller| !caller.is_empty()),
        rejected: client.rejected,
        rejected_share: client.rejected_share,
        admitted: client.admitted,
        traffic_share: client.skew.map(|_| client.traffic_share),
        skew: client.skew,
        retry_after: judged.of_client(&rule.service, &rule.rule, rule.kind, &client.caller).and_then(RetryAfter::of),
    });
    let completeness = folds.completeness(&told, window, Some(&rule.service), &cost);
    let body =
        ClientsAnswer { limit: Limiter::of(rule, &newest, &judged), clients: clients.collect(), completeness, meta: cost.meta(started) };
    Ok(to_json(&body))
}

impl Limiter {
    /// `newest`: requests let through a second, in the newest minute, by limiter.
    fn of(rule: &Rule, newest: &HashMap<String, f64>, judged: &Judged) -> Self {
        let routes = rule.routes.iter().take(ROUTES_MAX);
        Self {
            id: id_of(rule),
            service: rule.service.clone(),
            rule: rule.rule.clone(),
            kind: rule.kind.word(),
            rejected: rule.rejected,
            first: Time(rule.first),
            last: Time(rule.last),
            routes: routes.map(|(route, rejected)| LimiterRoute { route: route.clone(), rejected: *rejected }).collect(),
            clients: rule.callers.iter().filter(|client| !client.caller.is_empty() && client.rejected > 0.0).count(),
            limit: rule.limit.map(|limit| LearnedLimit {
                calls_per_s: limit.calls_per_s,
                calls_per_s_without_rejections: limit.calls_per_s_without_rejections,
                headroom: newest.get(&id_of(rule)).map(|newest| cap_margin(*newest, limit.calls_per_s)),
                seconds: limit.seconds,
            }),
            retry_after: judged.of_rule(&rule.service, &rule.rule, rule.kind).and_then(RetryAfter::of),
        }
    }
}

fn id_of(rule: &Rule) -> String {
    format!("{:016x}", xxh3_64(format!("{}\0{}\0{}", rule.service, rule.rule, rule.kind.word()).as_bytes()))
}

/// Breakers have their own page; what is rejected below was rejected there.
pub(super) fn is_limit(kind: RejectionKind) -> bool {
    !matches!(kind, RejectionKind::BreakerOpen | RejectionKind::HalfOpenLimit | RejectionKind::NoHealthyHost | RejectionKind::Unknown503)
}

/// The ledger of a window.
struct Rules {
    cost: Cost,
    rules: Vec<Rule>,
    /// Requests let through a second, in the newest minute of the window, by limiter; of those whose requests have spans.
    newest: HashMap<String, f64>,
    judged: Judged,
}

/// Counted once: of single calls those that are no duplicates, of running totals what was added within the window.
async fn rules(folds: &Folds, told: &Told, window: Window, now: UnixNanos) -> Result<Rules, Problem> {
    let mut cost = told.cost.clone();
    let limits = limits(told, window);
    let nodes = single(&limits, window).filter_map(|rejection| rejection.trace_id.zip(rejection.span_id));
    let nodes: Vec<(TraceId, SpanId)> = nodes.collect();
    let callers = cost::callers(folds, &nodes, &mut cost).await?;
    let mut refusals: Vec<Refusal<'_>> = single(&limits, window).collect();
    refusals.sort_by_key(|rejection| rejection.time);
    let judged = patience::judge(folds, &refusals, &callers, now, &mut cost).await?;
    let rejected = rejected(&limits, window, &callers);
    let admitted = Admitted::read(folds, &rejected, window, &mut cost).await?;
    let through = admitted.let_through(&rejected, window);
    let rules = ledger(&rejected, &through);
    let since = UnixNanos(window.start.0.max(window.end.0 - NEWEST_NS));
    let mut newest: HashMap<String, f64> = HashMap::new();
    for rule in rules.iter().filter(|rule| rule.limit.is_some()) {
        let routes: HashSet<&str> = rule.routes.iter().map(|(route, _)| route.as_str()).collect();
        let of_rule = |call: &&LetThrough<'_>| call.service == rule.service && routes.contains(call.route) && call.time >= since;
        let calls = total(through.iter().filter(of_rule).map(|call| call.count));
        newest.insert(id_of(rule), calls * 1e9 / (window.end.0 - since.0) as f64);
    }
    Ok(Rules { cost, rules, newest, judged })
}

/// How many calls the limiters of each service rejected within a window, and within a part of it.
pub(super) fn by_service(told: &Told, [window, part]: [Window; 2]) -> [BTreeMap<String, f64>; 2] {
    let limits = limits(told, window);
    [window, part].map(|window| {
        let mut by_service = BTreeMap::new();
        for call in rejected(&limits, window, &Callers::new()) {
            *by_service.entry(call.service.to_owned()).or_default() += call.count;
        }
        by_service
    })
}

/// What limiters rejected themselves, as far as it counts within the window.
fn limits(told: &Told, window: Window) -> Vec<Refusal<'_>> {
    // What a total gained within it, totals before it tell.
    let counts = |refusal: &Refusal<'_>| within(window, refusal) || !matches!(refusal.amount, Amount::Count(_));
    let refusals = told.refusals().filter(|(refusal, _)| counts(refusal));
    let local = refusals.filter(|(_, verdict)| verdict.scope != Scope::Propagated && !verdict.duplicate);
    // Of one that did not say who it was, a half open breaker turned out to be.
    let of_limiter = local.filter(|(rejection, verdict)| rejection.kind != RejectionKind::Unknown429 || verdict.breaker.is_none());
    let named = Named::of(told, window);
    let of_limiter = of_limiter.filter(move |(rejection, _)| !named.tell_of(rejection));
    of_limiter.map(|(rejection, _)| rejection).filter(|rejection| is_limit(rejection.kind)).collect()
}

fn within(window: Window, refusal: &Refusal<'_>) -> bool {
    (window.start..window.end).contains(&refusal.time)
}

/// Those that are one call each.
fn single<'a>(limits: &[Refusal<'a>], window: Window) -> impl Iterator<Item = Refusal<'a>> {
    limits
        .iter()
        .copied()
        .filter(move |rejection| within(window, rejection))
        .filter(|rejection| matches!(rejection.amount, Amount::Count(_)))
}

fn rejected<'a>(limits: &[Refusal<'a>], window: Window, callers: &'a Callers) -> Vec<Rejected<'a>> {
    let mut rejected: Vec<Rejected<'a>> = totals(limits, window);
    // Totals count what spans show: spans then only tell who called.
    let counted: HashSet<(&str, &str, RejectionKind)> = rejected.iter().map(|call| (call.service, call.rule, call.kind)).collect();
    for rejection in single(limits, window) {
        let Amount::Count(count) = rejection.amount else { continue };
        let of = rejection.of;
        let key = (of.emitter.service.as_str(), of.name.as_str(), of.kind);
        let is_point = !matches!(
            rejection.evidence.source,
            governance::facts::Source::Sum | governance::facts::Source::Histogram | governance::facts::Source::Gauge
        );
        if !(is_point && counted.contains(&key)) {
            rejected.push(one(rejection.of, rejection.time, count, caller_of(&rejection, callers)));
        }
    }
    rejected
}

fn one<'a>(rejection: &'a Rejection, time: UnixNanos, count: f64, caller: &'a str) -> Rejected<'a> {
    let Rejection { kind, name, operation, emitter, .. } = rejection;
    Rejected { time, count, kind: *kind, rule: name, service: &emitter.service, route: operation, caller }
}

pub(super) fn caller_of<'a>(rejection: &Refusal<'_>, callers: &'a Callers) -> &'a str {
    let node = rejection.trace_id.zip(rejection.span_id);
    node.and_then(|node| callers.get(&node)).map_or("", String::as_str)
}

/// What running totals gained within the window, by series.
fn totals<'a>(limits: &[Refusal<'a>], window: Window) -> Vec<Rejected<'a>> {
    /// A fact of the series, and its points: when, the total then, since when.
    type Series<'a> = (&'a Rejection, Vec<(UnixNanos, f64, Option<UnixNanos>)>);
    let mut series: BTreeMap<(&str, u64), Series<'_>> = BTreeMap::new();
    for rejection in limits {
        if let Amount::Cumulative { value, series: id, start_time } = rejection.amount {
            let (_, points) = series.entry((&rejection.of.emitter.instance, id)).or_insert_with(|| (rejection.of, Vec::new()));
            points.push((rejection.time, value, start_time));
        }
    }
    let gained = series.into_values().filter_map(|(rejection, points)| {
        let within = gains(points).into_iter().filter(|(time, more)| *more > 0.0 && (window.start..window.end).contains(time));
        let (time, count) = within.fold((None, 0.0), |(_, sum), (time, more)| (Some(time), sum + more));
        Some(one(rejection, time?, count, ""))
    });
    gained.collect()
}
