//! The steps in their order, and the row they make.

use super::{
    attributes::{self, Found},
    config::{ConfigError, ExtractConfig},
    finding::Finding,
    fingerprint,
    json::{self, Json},
    kratos, library,
    precheck::{Precheck, may_be_json},
    status, text,
};
use crate::{
    codes::record::{Record, SEVERITY_ERROR, SEVERITY_WARN, SpanStatus},
    facts::{Amount, CodeSource, Emitter, Error, Evidence},
};

/// Finds the error of a record. Made once from its configuration; cheap to ask.
#[derive(Debug, Clone)]
pub struct Extractor {
    config: ExtractConfig,
    precheck: Precheck,
}

/// Types that every error of a language has: they say nothing.
const MEANINGLESS_TYPES: [&str; 9] = [
    "_OTHER",
    "*errors.errorString",
    "*errors.joinError",
    "*fmt.wrapError",
    "*fmt.wrapErrors",
    "*errors.fundamental",
    "*errors.withStack",
    "*errors.Error",
    "*status.Error",
];

impl Default for Extractor {
    fn default() -> Self {
        Self::of(ExtractConfig::default())
    }
}

impl Extractor {
    /// # Errors
    /// Says what is wrong in the configuration.
    pub fn new(config: ExtractConfig) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self::of(config))
    }

    /// `config` was checked.
    pub(crate) fn of(config: ExtractConfig) -> Self {
        Self { precheck: Precheck::new(&config), config }
    }

    /// Asks a whole batch first: rows it does not mark need no [`Extractor::extract`].
    pub fn precheck(&self) -> &Precheck {
        &self.precheck
    }

    /// The error that the record carries, or `None`.
    ///
    /// The emitter, the ids and the weight of a sampled record are the caller's to fill in: `emitter` is empty, `evidence` has no
    /// ids, `amount` is one.
    pub fn extract(&self, record: &Record<'_>) -> Option<Error> {
        if !self.precheck.may_carry(record) {
            return None;
        }
        let config = &self.config;
        let mut finding = Finding::default();
        let found = Found::read(record.attributes);
        let mut says_error = attributes::take(&mut finding, &found, config, CodeSource::Attribute);
        let events: Vec<Found<'_>> = record.events.iter().map(|event| Found::read(event.attributes)).collect();
        for event in &events {
            says_error |= attributes::take(&mut finding, event, config, CodeSource::Event);
        }
        let is_metric = record.source.is_metric();
        let kratos_source = if is_metric { CodeSource::Metric } else { CodeSource::Kratos };
        says_error |= kratos::take_attributes(&mut finding, &found, config, kratos_source);
        // Of several exceptions of a span the last decided.
        let exception = events.iter().rev().find(|event| event.has("exception.type") || event.has("exception.message"));
        let exception_text = |key: &str| exception.and_then(|event| event.text(key)).or_else(|| found.text(key)).unwrap_or_default();
        let exception_type = or(record.exception_type, exception_text("exception.type"));
        let exception_message = or(record.exception_message, exception_text("exception.message"));
        let json = may_be_json(record.body).then(|| Json::read(record.body)).flatten();
        let severity = match (record.severity, &json) {
            (0, Some(json)) => json.severity(),
            (severity, _) => severity,
        };
        let alarming = record.failed() || severity >= SEVERITY_WARN;
        if let Some(json) = &json {
            says_error |= json::take(&mut finding, json, config, severity);
        }
        if !is_metric {
            let error_texts: Vec<_> = config.text_keys.iter().filter_map(|key| found.text(key)).collect();
            let plain_body = if json.is_none() { record.body } else { "" };
            let texts = [record.status_message, &exception_message, plain_body].into_iter().chain(error_texts.iter().map(AsRef::as_ref));
            for text in texts.filter(|text| !text.is_empty() && (alarming || exception.is_some())) {
                says_error |= self.take_text(&mut finding, text, alarming, severity);
            }
            says_error |= alarming && library::take(&mut finding, &exception_type);
            exception_message.trim().lines().next().into_iter().for_each(|message| finding.set_message(message));
            if alarming {
                let fallback = json.as_ref().and_then(|json| json.message(config)).unwrap_or(plain_body);
                let error_text = error_texts.first().map_or("", AsRef::as_ref);
                [record.status_message, error_text, fallback].into_iter().for_each(|text| finding.set_message(text));
            }
        }
        status::note(&mut finding, record, &found);
        let status_code = status::code(&finding).filter(|_| !is_metric || says_error);
        let raised = !exception_type.is_empty() && record.span_status != SpanStatus::Ok && (record.severity == 0 || alarming);
        let typed = !record.error_type.is_empty() && record.span_status != SpanStatus::Ok && (record.severity == 0 || alarming);
        let is_error =
            says_error || record.failed() || severity >= SEVERITY_ERROR || status_code.is_some() || (!is_metric && (raised || typed));
        is_error.then(|| name(record, finding, status_code, exception_type.into_owned()))
    }

    fn take_text(&self, finding: &mut Finding, text: &str, alarming: bool, severity: i32) -> bool {
        let config = &self.config;
        let mut says_error = kratos::take_text(finding, text, config);
        if alarming {
            if let Some(json) = may_be_json(text).then(|| Json::read(text)).flatten() {
                return says_error | json::take(finding, &json, config, severity);
            }
            says_error |= text::take(finding, text, config);
            says_error |= library::take(finding, text);
        }
        says_error
    }
}

/// Gives the error its name: its code, else its reason, its status, its type, its message.
fn name(record: &Record<'_>, mut finding: Finding, status_code: Option<String>, exception_type: String) -> Error {
    let kind = [record.error_type, &exception_type].into_iter().find(|kind| is_telling(kind));
    let of_message = [&finding.message, record.operation].into_iter().find(|text| !text.is_empty()).unwrap_or_default();
    let fingerprint = fingerprint(of_message);
    if finding.code.is_empty() {
        let (code, fallback) = if !finding.reason.is_empty() {
            (finding.reason.clone(), None)
        } else if let Some(code) = status_code {
            (code, Some((CodeSource::Status, "status", 70)))
        } else if let Some(kind) = kind {
            (format!("exc:{kind}"), Some((CodeSource::ExceptionType, "exception type", 60)))
        } else {
            (format!("msg:{fingerprint:016x}"), Some((CodeSource::ExceptionType, "message", 40)))
        };
        finding.code = code;
        if let Some((source, rule, confidence)) = fallback {
            finding.found = Some((source, rule.to_owned(), confidence));
        }
    }
    let (code_source, rule, confidence) = finding.found.unwrap_or((CodeSource::ExceptionType, String::new(), 40));
    Error {
        time: record.time,
        emitter: Emitter::default(),
        operation: record.operation.to_owned(),
        span_kind: record.span_kind,
        code: finding.code,
        reason: finding.reason,
        domain: finding.domain,
        message: finding.message,
        solution: finding.solution,
        http_status: finding.http_status,
        grpc_status: finding.grpc_status.to_owned(),
        exception_type: if exception_type.is_empty() { record.error_type.to_owned() } else { exception_type },
        framework: if record.scope == "kratos" { "kratos".to_owned() } else { String::new() },
        is_rejection: finding.is_rejection,
        fingerprint,
        amount: Amount::Count(1.0),
        code_source,
        span_failed: record.failed(),
        duration_ns: record.duration_ns,
        evidence: Evidence { source: record.source, rule, confidence, trace_id: None, span_id: None, parent_span_id: None },
    }
}

/// Whether a type is more than the language's word for error, and more than a status.
fn is_telling(kind: &str) -> bool {
    !kind.is_empty() && !MEANINGLESS_TYPES.contains(&kind) && kind.parse::<u32>().is_err()
}

fn or<'a>(column: &'a str, other: std::borrow::Cow<'a, str>) -> std::borrow::Cow<'a, str> {
    if column.is_empty() { other } else { std::borrow::Cow::Borrowed(column) }
}
