//! One code of a window, with what it means and how it does.

use governance::codes::{
    catalogue::{Class, Entry, Language},
    layout::Who,
    statistics::{CodeCount, Past as Usual, standing},
};
use schemas::{TraceId, UnixNanos};
use serde::Serialize;
use utoipa::ToSchema;

use super::{super::answer::Time, asked::Asked, decisions::Decisions, load::Told, past::Past, reading::ReadAs};
use crate::codes::Known;

/// A code of a window. Members that nothing is known of are absent.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ErrorCode)]
pub(super) struct CodeRow {
    pub code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the catalogue calls it, in the language asked for; else empty.
    pub title: String,
    /// Whether the catalogue knows it.
    pub catalogued: bool,
    /// `business`, `system`, `dependency` or `client`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runbook: Option<String>,
    /// Of the newest record that has one.
    pub message: String,
    /// Of the catalogue, else of the newest record that has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    solution: Option<String>,
    /// Errors, adjusted by sampling.
    pub count: f64,
    rate_per_s: f64,
    /// Of all errors of the window.
    share: f64,
    /// Records behind the count.
    records: u64,
    /// `new`, `regressed` (absent for a week before), `spiking`, `steady`, or `unknown` when nothing before the window is stored.
    status: &'static str,
    /// Records that a stretch as long usually has, by the thirty days before; absent when less than the window's length is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    usual: Option<f64>,
    /// Within the thirty days before, or the window.
    #[schema(value_type = String)]
    first_seen: Time,
    #[schema(value_type = String)]
    last_seen: Time,
    /// Services where it is born, most first.
    born: Vec<Born>,
    /// Services that carried the errors that are counted here, or what became of these.
    reaches: Vec<String>,
    traces: u64,
    /// Of the errors, those that a breaker or limiter made.
    rejections: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grpc_status: Option<String>,
    pub layout: ReadAs,
    /// Errors in equal stretches of the window; of an hour and more their edges are on whole ten seconds.
    trend: Vec<f64>,
    exemplars: Exemplars,
}

/// Where a code is born.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ErrorCodeBorn)]
struct Born {
    service: String,
    count: f64,
}

/// Traces to look at.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ErrorCodeExemplars)]
struct Exemplars {
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    newest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slowest: Option<String>,
}

/// All that a row is made from besides its code.
pub(super) struct Context<'a> {
    pub asked: &'a Asked,
    pub told: &'a Told,
    pub past: &'a Past,
    pub known: &'a Known,
    pub decisions: &'a Decisions,
    pub language: Language,
}

impl Context<'_> {
    pub(super) fn row(&self, code: &CodeCount) -> CodeRow {
        let Self { asked, told, past, known, language, .. } = *self;
        let entry = self.entry(code);
        let text = |of: fn(&Entry) -> &governance::codes::catalogue::Text| {
            entry.map(|entry| of(entry).get(language).0.to_owned()).filter(|text| !text.is_empty())
        };
        let before = past.of(&code.code, asked);
        let (usual, status) = self.against_the_past(code);
        let first = before.map_or(code.first_ns, |before| before.first.min(code.first_ns));
        CodeRow {
            reason: Some(code.reason.clone()).filter(|reason| !reason.is_empty() && *reason != code.code),
            title: text(|entry| &entry.title).unwrap_or_default(),
            catalogued: entry.is_some(),
            class: class(code, entry),
            owner: entry.map(|entry| entry.owner.clone()).filter(|owner| !owner.is_empty()),
            runbook: entry.map(|entry| entry.runbook.clone()).filter(|runbook| !runbook.is_empty()),
            message: code.message.clone(),
            solution: text(|entry| &entry.solution).or_else(|| Some(code.solution.clone()).filter(|text| !text.is_empty())),
            count: code.count,
            rate_per_s: code.count / asked.seconds(),
            share: if told.total > 0.0 { code.count / told.total } else { 0.0 },
            records: code.records,
            status,
            usual,
            first_seen: Time(UnixNanos(first)),
            last_seen: Time(UnixNanos(code.last_ns)),
            born: code.born.iter().map(|(service, count)| Born { service: service.clone(), count: *count }).collect(),
            reaches: code.reaches.iter().cloned().collect(),
            traces: code.traces,
            rejections: code.rejections,
            http_status: code.http_status,
            grpc_status: Some(code.grpc_status.clone()).filter(|status| !status.is_empty()),
            layout: self.read(code, known),
            trend: code.trend.clone(),
            exemplars: Exemplars { oldest: hex(code.oldest_trace), newest: hex(code.newest_trace), slowest: hex(code.slowest_trace) },
            code: code.code.clone(),
        }
    }

    pub(super) fn entry(&self, code: &CodeCount) -> Option<&Entry> {
        self.known.catalogue.get(&code.code, main_service(code))
    }

    pub(super) fn read(&self, code: &CodeCount, known: &Known) -> ReadAs {
        if is_made(&code.code) {
            return ReadAs { reading: "whole", ..ReadAs::default() };
        }
        let service = main_service(code);
        let who = Who { service, environment: &self.asked.environment };
        ReadAs::of(&code.code, who, self.decisions.get(service), known, self.language)
    }

    /// Records that are usual, and how it does. The past has rows whether they count or not, so that rows are compared with rows.
    fn against_the_past(&self, code: &CodeCount) -> (Option<f64>, &'static str) {
        if !self.past.is_known() {
            return (None, "unknown");
        }
        let rows = code.rows.max(1) as f64;
        let before = self.past.of(&code.code, self.asked);
        let usual = self.past.usual(before, self.asked);
        // As long as nobody knows what is usual, nothing is more than that.
        let past = Usual { last_ns: before.map(|before| before.last), usual: usual.unwrap_or(f64::INFINITY) };
        let standing = standing(rows, self.asked.window.start.0, past);
        (usual.map(|usual| usual * code.records as f64 / rows), standing.word())
    }
}

/// Whose code it is: the service where it is born most, else the first that carries it.
pub(in crate::api) fn main_service(code: &CodeCount) -> &str {
    code.born.first().map(|(service, _)| service.as_str()).or_else(|| code.reaches.first().map(String::as_str)).unwrap_or_default()
}

/// Whether Fusebox named the error itself, because the record has no code.
pub(in crate::api) fn is_made(code: &str) -> bool {
    kind_of_made(code).is_some()
}

/// `http`, `grpc`, `exc` or `msg`.
pub(in crate::api) fn kind_of_made(code: &str) -> Option<&str> {
    code.split_once(':').map(|(kind, _)| kind).filter(|kind| ["http", "grpc", "exc", "msg"].contains(kind))
}

pub(super) fn class(code: &CodeCount, entry: Option<&Entry>) -> Option<&'static str> {
    let of_status = || code.code.strip_prefix("http:").and_then(|status| Class::of_http(status.parse().ok()?));
    entry.and_then(|entry| entry.class).or_else(of_status).map(Class::word)
}

fn hex(trace: Option<TraceId>) -> Option<String> {
    trace.map(|trace| trace.to_string())
}
