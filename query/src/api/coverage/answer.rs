//! `GET /api/v1/governance/coverage`: findings as they are told.

use std::{collections::BTreeMap, time::Instant};

use governance::{
    analytics::coverage::{Finding, FindingKind, findings},
    codes::catalogue::Language,
};
use schemas::Signal;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Meta, to_json},
        completeness::Completeness,
        problem::Problem,
        search::{Limits, Pairs, now, parse_limit},
        window::{Window, unknown_parameter},
    },
    load::{Asked, Loaded, load},
    routes::Room,
};

const LIMITS: Limits = Limits { default: 200, max: 2000 };
const KNOWN: &str = "this route knows `start`, `end`, `range`, `service`, `environment`, `kind` and `limit`";

/// What no breaker guards, and what hides from sight.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CoverageAnswer {
    /// Those that concern most calls first.
    findings: Vec<CoverageFinding>,
    /// Of which `findings` are the first.
    findings_total: usize,
    /// Services that sent spans, breakers or errors, by name; also those without a finding. `kind` does not matter for them.
    services: Vec<CoverageService>,
    completeness: Completeness,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// How many findings a service has.
#[derive(Debug, Serialize, ToSchema)]
struct CoverageService {
    service: String,
    findings: usize,
    /// By kind; those without one are left out.
    kinds: BTreeMap<&'static str, usize>,
}

/// Something to change in a service. Members that do not apply are absent.
#[derive(Debug, Serialize, ToSchema)]
struct CoverageFinding {
    /// `no_breaker`, `cannot_trip`, `tracing_inside`, `broken_context`, `errors_without_type` or `unknown_codes`.
    kind: &'static str,
    service: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    called: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    breaker: Option<String>,
    /// What was seen.
    text: String,
    /// What to change.
    advice: String,
    /// Calls or records that it is about.
    concerned: f64,
    /// Of so many.
    of: f64,
    /// Of the concerned calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    timed_out: Option<f64>,
    /// Most calls that one instance made within the window of an adaptive breaker, and calls below which it never opens.
    #[serde(skip_serializing_if = "Option::is_none")]
    calls_at_once: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calls_needed: Option<f64>,
    /// Most frequent first, at most twenty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    codes: Vec<CoverageCode>,
    /// That show it, the newest, at most three.
    traces: Vec<String>,
}

/// A code that no catalogue knows.
#[derive(Debug, Serialize, ToSchema)]
struct CoverageCode {
    code: String,
    count: f64,
}

pub(super) async fn answer(room: &Room, pairs: Pairs, language: Language) -> Result<Vec<u8>, Problem> {
    let started = Instant::now();
    let now = now();
    let (window, others) = Window::parse(pairs, now)?;
    let mut asked = Asked { window, now, environment: None };
    let (mut service, mut kind, mut limit) = (None, None, LIMITS.default);
    for (name, value) in others {
        match name.as_str() {
            "service" => service = Some(value),
            "environment" => asked.environment = Some(value),
            "kind" => kind = Some(parse_kind(&value)?),
            "limit" => limit = parse_limit(&value, LIMITS)?,
            _ => return Err(unknown_parameter(&name, KNOWN)),
        }
    }
    let Loaded { seen, services, completeness, mut cost } = load(room, asked).await?;
    let of_service = |name: &str| service.as_deref().is_none_or(|wanted| wanted == name);
    let mut found = findings(&seen);
    found.retain(|finding| of_service(&finding.service));
    let mut told: BTreeMap<String, BTreeMap<&'static str, usize>> =
        services.into_iter().filter(|service| of_service(service)).map(|service| (service, BTreeMap::new())).collect();
    for finding in &found {
        *told.entry(finding.service.clone()).or_default().entry(finding.kind.word()).or_default() += 1;
    }
    found.retain(|finding| kind.is_none_or(|kind| kind == finding.kind));
    let services = told.into_iter().map(|(service, kinds)| CoverageService { service, findings: kinds.values().sum(), kinds });
    let completeness = Completeness::of(completeness, room.folds.losses.dropped(&[Signal::Traces], service.as_deref()), &mut cost);
    let mut meta = cost.meta(started);
    if found.len() > limit {
        meta.truncated = true;
        meta.warnings.push(format!("{} more findings concern fewer calls than these", found.len() - limit));
    }
    Ok(to_json(&CoverageAnswer {
        findings: found.iter().take(limit).map(|finding| CoverageFinding::of(finding, language)).collect(),
        findings_total: found.len(),
        services: services.collect(),
        completeness,
        meta,
    }))
}

fn parse_kind(text: &str) -> Result<FindingKind, Problem> {
    FindingKind::ALL.into_iter().find(|kind| kind.word() == text).ok_or_else(|| {
        let known = FindingKind::ALL.map(FindingKind::word).join(", ");
        Problem::invalid_parameter("kind", format!("there are no findings {text:?}"), format!("use one of {known}"))
    })
}

impl CoverageFinding {
    fn of(finding: &Finding, language: Language) -> Self {
        let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let only = |kind: FindingKind, number: f64| (finding.kind == kind).then_some(number);
        Self {
            kind: finding.kind.word(),
            service: finding.service.clone(),
            called: text(&finding.called),
            operation: text(&finding.operation),
            breaker: text(&finding.breaker),
            text: finding.text(language),
            advice: finding.advice(language),
            concerned: finding.concerned,
            of: finding.of,
            timed_out: only(FindingKind::NoBreaker, finding.timed_out),
            calls_at_once: only(FindingKind::CannotTrip, finding.at_once),
            calls_needed: only(FindingKind::CannotTrip, finding.needed),
            codes: finding.codes.iter().map(|(code, count)| CoverageCode { code: code.clone(), count: *count }).collect(),
            traces: finding.seen_in.iter().map(ToString::to_string).collect(),
        }
    }
}
