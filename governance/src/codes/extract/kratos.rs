//! Step 2: errors of Kratos, in text, in log and metric attributes. `code` there is a class of HTTP; the business code is in
//! the metadata, else the reason stands for it.
//!
//! ```text
//! get user: error: code = 503 reason = CIRCUITBREAKER message = … metadata = map[biz_code:5001003] cause = …
//! rpc error: code = Unavailable desc = request failed due to circuit breaker triggered      (came over gRPC: the reason is lost)
//! ```

use std::sync::LazyLock;

use regex::Regex;

use super::{
    attributes::Found,
    config::ExtractConfig,
    finding::Finding,
    status::{self, HTTP_ERROR_MIN},
};
use crate::facts::CodeSource;

const BREAKER_REASON: &str = "CIRCUITBREAKER";
const LIMITER_REASON: &str = "RATELIMIT";
/// Messages of Kratos whose reason gRPC lost on the way.
const LOST_REASONS: [(&str, &str); 2] = [
    ("request failed due to circuit breaker triggered", BREAKER_REASON),
    ("service unavailable due to rate limit exceeded", LIMITER_REASON),
];

/// The parts of `Error.Error()`, as far as the text was not cut.
#[derive(Debug, PartialEq, Eq)]
struct Parts<'a> {
    code: i64,
    /// `None` when the text was cut inside it.
    reason: Option<&'a str>,
    message: &'a str,
    metadata: &'a str,
}

/// A text that may hold an error of Kratos, wrapped or cut. True when it did.
pub(super) fn take_text(finding: &mut Finding, text: &str, config: &ExtractConfig) -> bool {
    if let Some(parts) = parse(text) {
        take_parts(finding, &parts, config);
        return true;
    }
    take_rpc_error(finding, text, config)
}

/// Attributes `code` and `reason` of a log record or data point: true when both are there and say an error.
pub(super) fn take_attributes(finding: &mut Finding, found: &Found<'_>, config: &ExtractConfig, source: CodeSource) -> bool {
    if !(found.has("code") && found.has("reason")) {
        return false;
    }
    let status = found.integer("code").unwrap_or_default();
    let reason = found.text("reason").unwrap_or_default();
    if config.is_success(&status.to_string()) {
        return false;
    }
    for key in &config.text_keys {
        if let Some(text) = found.text(key) {
            take_text(finding, &text, config);
        }
    }
    take_status(finding, status, config, source);
    take_reason(finding, &reason, config, source);
    finding.http_status.is_some_and(|status| status >= HTTP_ERROR_MIN) || !finding.reason.is_empty()
}

fn take_parts(finding: &mut Finding, parts: &Parts<'_>, config: &ExtractConfig) {
    if let Some(code) = metadata(parts.metadata, &config.metadata_code_keys) {
        finding.set_code(code, config, (CodeSource::Kratos, "kratos.metadata", 95));
    }
    if let Some(solution) = metadata(parts.metadata, &config.metadata_solution_keys) {
        finding.set_solution(solution);
    }
    take_status(finding, parts.code, config, CodeSource::Kratos);
    take_reason(finding, parts.reason.unwrap_or_default(), config, CodeSource::Kratos);
    finding.set_message(parts.message);
}

/// A class of HTTP; what is too long for one is a code of the business that somebody put there.
fn take_status(finding: &mut Finding, status: i64, config: &ExtractConfig, source: CodeSource) {
    finding.set_http(status);
    if status.abs() >= 1000 {
        finding.set_code(&status.to_string(), config, (source, "kratos.code", 95));
    }
}

fn take_reason(finding: &mut Finding, reason: &str, config: &ExtractConfig, source: CodeSource) {
    if finding.set_reason(reason, config, (source, "kratos.reason", 95)) {
        finding.is_rejection |= matches!(reason, BREAKER_REASON | LIMITER_REASON);
    }
}

/// gRPC's own text. It has no code of the business; Kratos' two messages give their reason back.
fn take_rpc_error(finding: &mut Finding, text: &str, config: &ExtractConfig) -> bool {
    let Some((_, rest)) = text.split_once("rpc error: code = ") else { return false };
    let (name, message) = rest.split_once(" desc = ").unwrap_or((rest, ""));
    if let Some(name) = status::grpc_by_name(name.trim()) {
        finding.set_grpc(name);
    }
    if let Some((_, reason)) = LOST_REASONS.iter().find(|(lost, _)| message.starts_with(lost)) {
        take_reason(finding, reason, config, CodeSource::Kratos);
    }
    finding.set_message(message);
    true
}

fn parse(text: &str) -> Option<Parts<'_>> {
    let (_, rest) = text.split_once("error: code = ")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(rest.len());
    let code = rest[..digits].parse().ok()?;
    let rest = rest[digits..].strip_prefix(" reason = ")?;
    // An empty reason leaves two blanks: `reason =  message = …`.
    let Some((reason, rest)) = rest.split_once(" message = ") else {
        return Some(Parts { code, reason: None, message: "", metadata: "" });
    };
    if reason.contains(char::is_whitespace) {
        return None;
    }
    let (message, rest) = rest.split_once(" metadata = map[").unwrap_or((rest, ""));
    // Metadata may hold `] cause = ` itself: the last one ends it. Of a cut text all that is left counts.
    let metadata = rest.rsplit_once("] cause = ").map_or_else(|| rest.trim_end().trim_end_matches(']'), |(metadata, _)| metadata);
    Some(Parts { code, reason: Some(reason), message, metadata })
}

/// The value of the first of `keys` in Go's text of a map: `k1:v1 k2:v2`, where values may hold blanks.
fn metadata<'a>(text: &'a str, keys: &[String]) -> Option<&'a str> {
    static KEY: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?:^| )([A-Za-z_][A-Za-z0-9_.-]*):").expect("the pattern is constant and right"));
    let starts: Vec<_> = KEY.captures_iter(text).filter_map(|captures| Some((captures.get(0)?, captures.get(1)?))).collect();
    keys.iter().find_map(|key| {
        let at = starts.iter().position(|(_, name)| name.as_str() == key)?;
        let end = starts.get(at + 1).map_or(text.len(), |(whole, _)| whole.start());
        text.get(starts[at].0.end()..end).map(str::trim).filter(|value| !value.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_the_text() {
        let check = |text: &str, expected: Option<(i64, Option<&str>, &str, &str)>| {
            let expected = expected.map(|(code, reason, message, metadata)| Parts { code, reason, message, metadata });
            assert_eq!(parse(text), expected, "{text}");
        };
        let tail = "message = no stock metadata = map[biz_code:5001003 k:a b] cause = <nil>";
        check(&format!("error: code = 409 reason = OUT {tail}"), Some((409, Some("OUT"), "no stock", "biz_code:5001003 k:a b")));
        check(&format!("get user: error: code = 409 reason = OUT {tail}"), Some((409, Some("OUT"), "no stock", "biz_code:5001003 k:a b")));
        check("error: code = 500 reason =  message = m metadata = map[] cause = <nil>", Some((500, Some(""), "m", "")));
        check("error: code = 500 reason = R message = m metadata = map[]", Some((500, Some("R"), "m", "")));
        check("error: code = 503 reason = CIRCUITBRE", Some((503, None, "", "")));
        check("error: code = 503 reason = CIRCUITBREAKER message = request fai", Some((503, Some("CIRCUITBREAKER"), "request fai", "")));
        check(
            "error: code = 500 reason = R message = m metadata = map[a:x] cause = y] cause = z",
            Some((500, Some("R"), "m", "a:x] cause = y")),
        );
        check("error: code = -1 reason = R message = m", Some((-1, Some("R"), "m", "")));
        check("rpc error: code = Unavailable desc = x", None);
        check("error: code = 503", None);
        check("", None);
    }

    #[test]
    fn values_of_metadata() {
        let check = |text: &str, key: &str, expected: Option<&str>| assert_eq!(metadata(text, &[key.to_owned()]), expected, "{text}");
        check("biz_code:5001003 solution:call us later x:1", "solution", Some("call us later"));
        check("biz_code:5001003", "biz_code", Some("5001003"));
        check("my_biz_code:1", "biz_code", None);
        check("code: x:1", "code", None);
        check("", "code", None);
    }
}
