//! Step 1: attributes that name a code, and what other steps need of the attributes, read in one pass.

use std::borrow::Cow;

use schemas::otlp::attributes_json::{Attributes, Value, read_attributes};

use super::{config::ExtractConfig, finding::Finding};
use crate::facts::CodeSource;

/// What the attributes of a record or of an event say.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    attributes: Attributes<'a>,
    /// `rpc.status_code` when an integer.
    pub rpc_status: Option<i64>,
    /// `grpc.status_code`.
    pub grpc_status: Option<i64>,
    pub http_status: Option<i64>,
}

impl<'a> Found<'a> {
    /// Reads the JSON of a column; damaged text says nothing.
    pub fn read(json: &'a str) -> Self {
        let attributes = if json.is_empty() { Vec::new() } else { read_attributes(json).unwrap_or_default() };
        let mut found = Self { attributes, ..Self::default() };
        found.rpc_status = found.integer("rpc.status_code");
        found.grpc_status = found.integer("grpc.status_code").or_else(|| found.integer("rpc.grpc.status_code"));
        found.http_status = found.integer("http.response.status_code").or_else(|| found.integer("http.status_code"));
        found
    }

    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// A scalar as text; `5001003.0` is the integer it stands for.
    pub fn text(&self, key: &str) -> Option<Cow<'_, str>> {
        match self.get(key)? {
            Value::String(text) => Some(Cow::Borrowed(text)),
            Value::Int(number) => Some(Cow::Owned(number.to_string())),
            Value::Double(number) => whole(*number).map(|number| Cow::Owned(number.to_string())),
            _ => None,
        }
    }

    pub fn integer(&self, key: &str) -> Option<i64> {
        match self.get(key)? {
            Value::Int(number) => Some(*number),
            Value::Double(number) => whole(*number),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub fn first_text(&self, keys: &[String]) -> Option<Cow<'_, str>> {
        keys.iter().find_map(|key| self.text(key)).filter(|text| !text.trim().is_empty())
    }
}

/// The integer that a double stands for.
pub(super) fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

/// Takes the explicit code, reason and texts. True when an explicit code or `error.reason` says that this is an error.
pub(super) fn take(finding: &mut Finding, found: &Found<'_>, config: &ExtractConfig, source: CodeSource) -> bool {
    let mut says_error = false;
    for key in &config.code_keys {
        // A key with a success code does not hide the next key.
        if let Some(code) = found.text(key)
            && finding.set_code(&code, config, (source, key, 95))
        {
            says_error = true;
            break;
        }
    }
    for key in &config.reason_keys {
        // Beside `code` it is Kratos', which knows what it means.
        if key == "reason" && found.has("code") {
            continue;
        }
        if let Some(reason) = found.text(key)
            && finding.set_reason(&reason, config, (source, key, 95))
        {
            // `reason` is also what Kubernetes calls why it started a pod.
            says_error |= key != "reason";
            break;
        }
    }
    if let Some(domain) = found.first_text(&config.domain_keys) {
        finding.set_domain(&domain);
    }
    if let Some(message) = found.first_text(&config.message_keys) {
        finding.set_message(&message);
    }
    if let Some(solution) = found.first_text(&config.solution_keys) {
        finding.set_solution(&solution);
    }
    says_error
}
