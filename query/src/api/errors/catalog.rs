//! `GET /api/v1/error-catalog`: what codes mean. One code comes in the reader's language, for front ends that show it to people.

use std::time::Instant;

use axum::response::{IntoResponse, Response};
use governance::codes::catalogue::{Entry, Language, Text};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;
use xxhash_rust::xxh3::xxh3_64;

use super::super::{
    answer::{Cost, Meta, to_json},
    problem::Problem,
    search::{Limits, Pairs, parse_limit},
    window::unknown_parameter,
};
use crate::codes::Known;

const LIMITS: Limits = Limits { default: 200, max: 10_000 };
/// How long a reader need not ask again. Entries change when people write them.
const GOOD_FOR: &str = "private, max-age=60";

/// Codes that are written down.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErrorCatalog)]
pub(super) struct CatalogAnswer {
    /// In the order of codes.
    codes: Vec<CatalogEntry>,
    /// That the filters leave.
    codes_total: usize,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// A code that is written down, in all languages. Members that nobody wrote are absent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErrorCatalogEntry)]
struct CatalogEntry {
    code: String,
    #[serde(flatten)]
    owned: Owned,
    title: Texts,
    message: Texts,
    solution: Texts,
}

/// A text in the languages that it is written in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErrorCatalogTexts)]
struct Texts {
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    en: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    zh: String,
}

/// What is no text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErrorCatalogFacts)]
struct Owned {
    /// Who owns it; absent: any service.
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    layout: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// `info`, `warning`, `error` or `critical`.
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<String>,
    /// `business`, `system`, `dependency` or `client`.
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runbook: Option<String>,
}

/// What one code means, in one language.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErrorCatalogCode)]
pub(super) struct CodeAnswer {
    code: String,
    /// `en` or `zh`: that of the title. A text that is not written in it comes in the other.
    language: &'static str,
    title: String,
    message: String,
    solution: String,
    #[serde(flatten)]
    owned: Owned,
    #[schema(value_type = Object)]
    meta: Meta,
}

pub(super) fn list(known: &Known, pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let started = Instant::now();
    let (mut q, mut service, mut limit) = (String::new(), None, LIMITS.default);
    for (name, value) in pairs {
        match name.as_str() {
            "q" => q = value.to_lowercase(),
            "service" => service = Some(value),
            "limit" => limit = parse_limit(&value, LIMITS)?,
            _ => return Err(unknown_parameter(&name, "this route knows `q`, `service` and `limit`")),
        }
    }
    let is_found = |entry: &&Entry| {
        let texts = [&entry.code, &entry.reason, &entry.title.en, &entry.title.zh, &entry.message.en, &entry.message.zh];
        service.as_ref().is_none_or(|service| *service == entry.service) && texts.iter().any(|text| text.to_lowercase().contains(&q))
    };
    let found: Vec<&Entry> = known.catalogue.entries().filter(is_found).collect();
    let mut meta = Cost::default().meta(started);
    if found.len() > limit {
        meta.truncated = true;
        meta.warnings.push(format!("{} more codes are not shown", found.len() - limit));
    }
    let codes = found.iter().take(limit).map(|entry| CatalogEntry::of(entry)).collect();
    Ok(to_json(&CatalogAnswer { codes, codes_total: found.len(), meta }))
}

pub(super) fn one(known: &Known, code: &str, pairs: Pairs, language: Language, headers: &HeaderMap) -> Result<Response, Problem> {
    let started = Instant::now();
    let mut service = String::new();
    for (name, value) in pairs {
        match name.as_str() {
            "service" => service = value,
            _ => return Err(unknown_parameter(&name, "this route knows `service`")),
        }
    }
    let entry = known.catalogue.get(code, &service).ok_or_else(|| missing(known, code, &service))?;
    let (title, shown) = entry.title.get(language);
    let mut answer = CodeAnswer {
        code: entry.code.clone(),
        language: shown.tag(),
        title: title.to_owned(),
        message: entry.message.get(language).0.to_owned(),
        solution: entry.solution.get(language).0.to_owned(),
        owned: Owned::of(entry),
        meta: Meta::default(),
    };
    // Weak: what is said is the same, `meta` differs.
    let tag = format!("W/\"{:016x}\"", xxh3_64(&to_json(&answer)));
    answer.meta = Cost::default().meta(started);
    let mut response = match is_known(headers, &tag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => {
            ([(header::CONTENT_TYPE, "application/json"), (header::CONTENT_LANGUAGE, answer.language)], to_json(&answer)).into_response()
        }
    };
    let set = response.headers_mut();
    set.insert(header::ETAG, HeaderValue::try_from(tag).expect("hex digits in quotes"));
    set.insert(header::CACHE_CONTROL, HeaderValue::from_static(GOOD_FOR));
    set.insert(header::VARY, HeaderValue::from_static("accept-language"));
    Ok(response)
}

/// Nobody wrote it down, or several services did and nobody says whose it is.
fn missing(known: &Known, code: &str, service: &str) -> Problem {
    let owners: Vec<&str> = known.catalogue.of_code(code).map(|entry| entry.service.as_str()).collect();
    if owners.is_empty() {
        let detail = format!("the catalogue does not know {code:?}");
        return Problem::new(StatusCode::NOT_FOUND, "code_not_found", "There is no such error code", detail)
            .hint("GET /api/v1/error-catalog lists all codes; POST /api/v1/error-catalog:import adds some");
    }
    let detail = format!("{code:?} is a code of {}, not of {service:?}", owners.join(", "));
    Problem::new(StatusCode::NOT_FOUND, "code_of_several_services", "Several services have this error code", detail)
        .hint("say whose it is: ?service=…")
}

fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let own = tag.trim_start_matches("W/");
    known.flat_map(|value| value.split(',')).map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == own)
}

impl CatalogEntry {
    fn of(entry: &Entry) -> Self {
        let texts = |text: &Text| Texts { en: text.en.clone(), zh: text.zh.clone() };
        let (title, message, solution) = (texts(&entry.title), texts(&entry.message), texts(&entry.solution));
        Self { code: entry.code.clone(), owned: Owned::of(entry), title, message, solution }
    }
}

impl Owned {
    fn of(entry: &Entry) -> Self {
        let said = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Self {
            service: said(&entry.service),
            module: said(&entry.module),
            layout: said(&entry.layout),
            reason: said(&entry.reason),
            severity: entry.severity.map(|severity| format!("{severity:?}").to_lowercase()),
            class: entry.class.map(governance::codes::catalogue::Class::word),
            http_status: entry.http_status,
            owner: said(&entry.owner),
            runbook: said(&entry.runbook),
        }
    }
}
