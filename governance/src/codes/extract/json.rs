//! Step 3: a JSON text: a log line of zap, a body of an answer, RFC 9457, `google.rpc.Status`.

use std::borrow::Cow;

use serde_json::Value;

use super::{
    attributes::whole,
    config::ExtractConfig,
    finding::Finding,
    kratos, library,
    status::{self, HTTP_ERROR_MIN},
    text,
};
use crate::{
    codes::record::{SEVERITY_ERROR, SEVERITY_WARN},
    facts::CodeSource,
};

/// Longer texts are not read as JSON.
const BYTES_MAX: usize = 64 << 10;
/// JSON in JSON in JSON is as deep as anybody means it.
const NESTED_MAX: usize = 3;
/// Members that hold the level of a log line.
const LEVELS: [&str; 6] = ["level", "L", "severity", "logLevel", "lvl", "severity_text"];

/// A JSON object found in a text.
pub(super) struct Json(Value);

impl Json {
    /// The object that `text` is, if it is one.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let looks_like = text.starts_with('{') && text.ends_with('}') && text.len() <= BYTES_MAX;
        looks_like.then(|| serde_json::from_str(text).ok().map(Self)).flatten()
    }

    /// The OTLP number of the level it names; 0 when it names none.
    pub fn severity(&self) -> i32 {
        let level = LEVELS.iter().find_map(|key| self.0.get(key)?.as_str()).unwrap_or_default();
        match level.get(..4).unwrap_or(level).to_ascii_lowercase().as_str() {
            "erro" | "err" | "fata" | "pani" | "dpan" | "crit" | "aler" | "emer" | "seve" => SEVERITY_ERROR,
            "warn" => SEVERITY_WARN,
            "info" | "noti" => 9,
            "debu" => 5,
            "trac" => 1,
            _ => 0,
        }
    }

    /// What a person reads of it: its message, else `None`.
    pub fn message(&self, config: &ExtractConfig) -> Option<&str> {
        first_text(&self.0, &config.json_message)
    }
}

/// Takes what the object says. `severity` is the record's, or that of the log line; below WARN only members that cannot mean
/// anything else count. True when it says an error.
pub(super) fn take(finding: &mut Finding, json: &Json, config: &ExtractConfig, severity: i32) -> bool {
    take_value(finding, &json.0, config, severity, NESTED_MAX)
}

fn take_value(finding: &mut Finding, value: &Value, config: &ExtractConfig, severity: i32, nested: usize) -> bool {
    if !value.is_object() {
        return false;
    }
    let quiet = severity != 0 && severity < SEVERITY_WARN;
    let mut says_error = !quiet && take_known_shape(finding, value, config);
    for pointer in &config.json_code {
        if let Some(code) = value.pointer(pointer).and_then(scalar)
            && !(quiet && is_vague(pointer))
            && take_code(finding, &code, pointer, config)
        {
            says_error = true;
            // The message beside the code says more than the one around it.
            let beside = pointer.rsplit_once('/').and_then(|(parent, _)| value.pointer(parent)).unwrap_or(value);
            take_texts(finding, beside, config);
            break;
        }
    }
    for key in &config.json_nested {
        match value.get(key) {
            Some(Value::String(inner)) => {
                if nested > 0
                    && let Some(Json(inner)) = Json::read(inner)
                {
                    says_error |= take_value(finding, &inner, config, severity, nested - 1);
                } else if !quiet {
                    says_error |= kratos::take_text(finding, inner, config);
                    if severity >= SEVERITY_WARN {
                        says_error |= text::take(finding, inner, config) | library::take(finding, inner);
                    }
                }
            }
            Some(inner @ Value::Object(_)) if says_error => take_texts(finding, inner, config),
            _ => {}
        }
    }
    if says_error || severity >= SEVERITY_WARN {
        take_texts(finding, value, config);
    }
    says_error
}

/// Kratos' body, a problem document, a status of Google: shapes in which `code` and `status` are classes, not codes.
fn take_known_shape(finding: &mut Finding, value: &Value, config: &ExtractConfig) -> bool {
    let mut says_error = false;
    let number = |pointer: &str| value.pointer(pointer).and_then(scalar).and_then(|text| text.parse::<i64>().ok());
    let is_class = |status: &i64| (HTTP_ERROR_MIN..600).contains(status);
    if let Some(status) = number("/code").filter(is_class).or_else(|| number("/status").filter(is_class)) {
        let metadata = value.get("metadata").filter(|metadata| metadata.is_object());
        let code = config.metadata_code_keys.iter().find_map(|key| metadata?.get(key).and_then(scalar));
        if let Some(code) = code {
            says_error |= finding.set_code(&code, config, (CodeSource::Json, "kratos.body", 90));
        }
        if let Some(reason) = value.get("reason").and_then(Value::as_str).filter(|reason| !reason.is_empty()) {
            says_error |= finding.set_reason(reason, config, (CodeSource::Json, "kratos.body", 90));
            finding.is_rejection |= matches!(reason, "CIRCUITBREAKER" | "RATELIMIT");
        }
        finding.set_http(status);
    }
    let problem = value.get("type").and_then(Value::as_str).filter(|_| value.get("title").is_some() || value.get("status").is_some());
    if let Some(reason) = problem.and_then(last_segment) {
        says_error |= finding.set_reason(reason, config, (CodeSource::Json, "problem.type", 85));
    }
    for details in ["/details", "/error/details"].iter().filter_map(|pointer| value.pointer(pointer)?.as_array()) {
        let is_info =
            |detail: &&Value| detail.get("@type").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("google.rpc.ErrorInfo"));
        if let Some(info) = details.iter().find(is_info) {
            let text = |key: &str| info.get(key).and_then(Value::as_str).unwrap_or_default();
            says_error |= finding.set_reason(text("reason"), config, (CodeSource::Json, "google.rpc.ErrorInfo", 95));
            finding.set_domain(text("domain"));
        }
    }
    if let Some(name) = ["/status", "/error/status"].iter().find_map(|pointer| status::grpc_by_name(value.pointer(pointer)?.as_str()?)) {
        finding.set_grpc(name);
    }
    says_error
}

/// A code at a pointer. Three digits are a class of HTTP, up to 16 one of gRPC: those are noted, and are no code of the business.
fn take_code(finding: &mut Finding, code: &str, pointer: &str, config: &ExtractConfig) -> bool {
    if config.is_success(code) {
        return false;
    }
    match code.parse::<i64>() {
        Ok(status @ 1..=16) => {
            status::grpc_by_number(status).into_iter().for_each(|name| finding.set_grpc(name));
            true
        }
        Ok(status @ 100..=599) => {
            finding.set_http(status);
            status >= HTTP_ERROR_MIN
        }
        // `status` is a word of many meanings: only a number long enough to be a code is one.
        Err(_) if pointer == "/status" => false,
        _ => finding.set_code(code, config, (CodeSource::Json, &format!("json {pointer}"), 90)),
    }
}

/// Whether this member is also used for things that are no errors: `{"code":"SUMMER24"}`.
pub(super) fn is_vague(pointer: &str) -> bool {
    matches!(pointer, "/code" | "/data/code" | "/status")
}

fn take_texts(finding: &mut Finding, value: &Value, config: &ExtractConfig) {
    first_text(value, &config.json_message).into_iter().for_each(|text| finding.set_message(text));
    first_text(value, &config.json_solution).into_iter().for_each(|text| finding.set_solution(text));
}

/// The first text that is not an object written down once more.
fn first_text<'a>(value: &'a Value, pointers: &[String]) -> Option<&'a str> {
    pointers
        .iter()
        .filter_map(|pointer| value.pointer(pointer)?.as_str())
        .find(|text| !text.is_empty() && !text.trim_start().starts_with('{'))
}

fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(Cow::Borrowed(text.trim())),
        Value::Number(number) => Some(Cow::Owned(match number.as_f64().and_then(whole) {
            Some(whole) if !number.is_i64() && !number.is_u64() => whole.to_string(),
            _ => number.to_string(),
        })),
        _ => None,
    }
}

/// `https://example.com/problems/out-of-stock` -> `out-of-stock`; `about:blank` says nothing.
fn last_segment(uri: &str) -> Option<&str> {
    let segment = uri.trim_end_matches('/').rsplit(['/', '#', ':']).next()?;
    (!segment.is_empty() && uri != "about:blank" && uri.contains([':', '/'])).then_some(segment)
}
