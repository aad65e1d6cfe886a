//! `GET /api/v1/services`: every service of a window.

use std::{cmp::Reverse, time::Instant};

use schemas::{Signal, UnixNanos};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Meta, Time, to_json},
        breakers::{Folds, Guards},
        completeness::Completeness,
        page_token::PageToken,
        problem::Problem,
        search::{Limits, Pairs},
    },
    load::{Loaded, Whose},
    request::Request,
    shapes::{Buckets, Code, Durations, ServiceBreakers, ServiceVersion, Trend, codes_of, per_second},
    with_guards::{WithGuards, with_guards},
};
use crate::analytics::services::{self, Health, Service};

const LIMITS: Limits = Limits { default: 200, max: 2000 };
const CODES_MAX: usize = 5;
const KNOWN: &str =
    "this route knows `start`, `end`, `range`, `environment`, `namespace`, `q`, `sort`, `buckets`, `limit` and `page_token`";

/// Services of a window.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ServicesAnswer {
    buckets: Buckets,
    /// All that the filters leave, also those beyond `limit`.
    total: usize,
    services: Vec<Row>,
    /// Pass it as `page_token`, with the same other parameters, for the services after these; null at the end.
    next_page_token: Option<String>,
    completeness: Completeness,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// A service of the list. Calls are spans of calls that came in; of a service where none came in, all its spans (`basis`).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceRow)]
pub(super) struct Row {
    name: String,
    namespaces: Vec<String>,
    environments: Vec<String>,
    versions: Vec<ServiceVersion>,
    /// `ok`, `warn` (1 % of calls failed) or `error` (5 %); less than five failed calls are `ok`.
    health: &'static str,
    spans: f64,
    spans_per_s: f64,
    /// `entry` or `all`.
    basis: &'static str,
    calls: f64,
    calls_per_s: f64,
    errors: f64,
    error_share: f64,
    #[serde(flatten)]
    durations: Durations,
    trend: Trend,
    /// The commonest error codes of its records, at most five.
    top_codes: Vec<Code>,
    breakers: ServiceBreakers,
    /// Calls that its own breakers and limiters refused.
    rejected: f64,
    /// The minute of its last span.
    #[schema(value_type = String)]
    last_seen: Time,
}

impl Row {
    pub(super) fn of(service: &Service, seconds: f64, codes: &[Code], guards: &Guards) -> Self {
        let Service { name, namespaces, environments, versions, spans, basis, calls, trend, last_minute_ns } = service;
        Self {
            name: name.clone(),
            namespaces: namespaces.clone(),
            environments: environments.clone(),
            versions: versions.iter().map(ServiceVersion::of).collect(),
            health: Health::of(calls).word(),
            spans: *spans,
            spans_per_s: per_second(*spans, seconds),
            basis: basis.word(),
            calls: calls.count,
            calls_per_s: per_second(calls.count, seconds),
            errors: calls.errors,
            error_share: calls.error_share(),
            durations: Durations::of(calls),
            trend: Trend::of(trend),
            top_codes: codes.iter().take(CODES_MAX).cloned().collect(),
            breakers: ServiceBreakers::of(name, &guards.breakers),
            rejected: guards.rejected.get(name).copied().unwrap_or_default(),
            last_seen: Time(UnixNanos(*last_minute_ns)),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Sort {
    /// The sick ones first, then those with most calls.
    Health,
    Calls,
    Errors,
    Slowest,
    Name,
}

impl Sort {
    fn parse(text: Option<&str>) -> Result<Self, Problem> {
        match text {
            None | Some("health") => Ok(Self::Health),
            Some("calls") => Ok(Self::Calls),
            Some("errors") => Ok(Self::Errors),
            Some("slowest") => Ok(Self::Slowest),
            Some("name") => Ok(Self::Name),
            Some(other) => {
                Err(Problem::invalid_parameter("sort", format!("unknown order {other:?}"), "use health, calls, errors, slowest, name"))
            }
        }
    }

    fn apply(self, services: &mut [Service]) {
        services.sort_by(|a, b| {
            let calls = || b.calls.count.total_cmp(&a.calls.count);
            let share = || b.calls.error_share().total_cmp(&a.calls.error_share());
            let p95 = |service: &Service| Reverse(service.calls.durations.quantile_ns(0.95));
            let first = match self {
                Self::Health => {
                    let health = |service: &Service| Reverse(Health::of(&service.calls));
                    let sick = health(a).0 > Health::Ok;
                    health(a).cmp(&health(b)).then_with(|| if sick { share() } else { calls() })
                }
                Self::Calls => calls(),
                Self::Errors => b.calls.errors.total_cmp(&a.calls.errors).then_with(share),
                Self::Slowest => p95(a).cmp(&p95(b)),
                Self::Name => std::cmp::Ordering::Equal,
            };
            first.then_with(|| a.name.cmp(&b.name))
        });
    }
}

pub(super) async fn answer(folds: &Folds, pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let started = Instant::now();
    let mut request = Request::parse(pairs, LIMITS, &["namespace", "q", "sort", "page_token"], KNOWN)?;
    let after = request.own("page_token").map(PageToken::parse).transpose()?;
    if let Some(after) = &after {
        request.window = after.window;
    }
    let sort = Sort::parse(request.own("sort"))?;
    let grid = services::grid(request.window.start.0, request.window.end.0, request.buckets);
    let whose = Whose { environment: request.environment.as_deref(), ..Whose::default() };
    let WithGuards { loaded: Loaded { rows, completeness, mut cost }, codes, guards } = with_guards(folds, &request, grid, whose).await?;
    let mut services = services::services(&rows, grid);
    let text = request.own("q").map(str::to_lowercase);
    services.retain(|service| {
        let has = |wanted: &str| service.namespaces.iter().any(|namespace| namespace == wanted);
        request.own("namespace").is_none_or(has) && text.as_ref().is_none_or(|text| service.name.to_lowercase().contains(text))
    });
    sort.apply(&mut services);
    let total = services.len();
    // Who is gone since then, with all that the token tells: the pages are over.
    let place = |after: &PageToken| services.iter().position(|service| service.name == after.id).map_or(total, |place| place + 1);
    let mut services = services.split_off(after.as_ref().map_or(0, place));
    let more = services.len() > request.limit;
    services.truncate(request.limit);
    let last = services.last().filter(|_| more);
    let next_page_token = last.map(|last| PageToken { window: request.window, id: last.name.clone() }.text());

    let codes = codes_of(&codes, |count| &*count.whose.service);
    let of = |service: &Service| Row::of(service, request.seconds(), codes.get(&*service.name).map_or(&[], Vec::as_slice), &guards);
    let completeness = Completeness::of(completeness, folds.losses.dropped(&[Signal::Traces], None), &mut cost);
    let body = ServicesAnswer {
        buckets: Buckets::of(grid),
        total,
        services: services.iter().map(of).collect(),
        next_page_token,
        completeness,
        meta: cost.meta(started),
    };
    Ok(to_json(&body))
}
