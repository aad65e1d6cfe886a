//! Which of the errors that records carry count as errors of their service: a rule, applied when a question is asked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{layout::matches, statistics::Reported};
use crate::facts::{CodeSource, Source};

/// A rule for some services. The first rule whose `services` fit holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CountRule {
    /// `order`, `pay*`, `*`.
    pub services: Vec<String>,
    /// From this status on an answer is an error, even when its span says nothing.
    pub http_min: i64,
    /// gRPC statuses that are errors, even when the span says nothing.
    pub grpc: Vec<String>,
    /// Whether a code of the business in an answer that is not failed counts.
    pub codes: bool,
    /// Whether what breakers and limiters refused counts.
    pub rejections: bool,
    /// Codes, reasons and statuses that never count: `USER_NOT_FOUND`, `http:404`, `4*`.
    pub ignore: Vec<String>,
}

impl Default for CountRule {
    fn default() -> Self {
        let grpc =
            ["UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "RESOURCE_EXHAUSTED", "ABORTED"];
        Self {
            services: vec!["*".to_owned()],
            http_min: 500,
            grpc: grpc.map(str::to_owned).to_vec(),
            codes: true,
            rejections: true,
            ignore: vec![],
        }
    }
}

impl CountRule {
    pub fn counts(&self, error: &Reported<'_>) -> bool {
        let ignored = |text: &str| !text.is_empty() && self.ignore.iter().any(|pattern| matches(pattern, text));
        if ignored(error.hop.code) || ignored(error.hop.reason) || (error.is_rejection && !self.rejections) {
            return false;
        }
        let says_so = !matches!(error.hop.code_source, CodeSource::Status | CodeSource::ExceptionType);
        error.span_failed
            || matches!(error.source, Source::Log | Source::AccessLog)
            || (says_so && self.codes)
            || error.http_status.is_some_and(|status| status >= self.http_min)
            || self.grpc.iter().any(|status| status == error.grpc_status)
    }
}

/// The rule that holds for a service; the last resort is the default.
pub fn rule_for<'a>(rules: &'a [CountRule], service: &str, fallback: &'a CountRule) -> &'a CountRule {
    rules.iter().find(|rule| rule.services.iter().any(|pattern| matches(pattern, service))).unwrap_or(fallback)
}

#[cfg(test)]
mod tests {
    use schemas::UnixNanos;

    use super::*;
    use crate::{
        codes::{Extractor, Record, SpanStatus},
        facts::Error,
    };

    fn error(set: impl Fn(&mut Record<'_>)) -> Error {
        let mut record = Record::empty(Source::Span, UnixNanos(0));
        set(&mut record);
        Extractor::default().extract(&record).expect("an error")
    }

    #[test]
    fn what_counts() {
        let rule = CountRule::default();
        let check = |expected: bool, rule: &CountRule, set: &dyn Fn(&mut Record<'_>)| {
            assert_eq!(rule.counts(&Reported::of(&error(set), 0)), expected)
        };
        check(false, &rule, &|record| record.http_status = Some(404));
        check(true, &rule, &|record| record.http_status = Some(503));
        check(true, &CountRule { http_min: 400, ..rule.clone() }, &|record| record.http_status = Some(404));
        check(false, &rule, &|record| record.rpc_grpc_status = Some(5));
        check(true, &rule, &|record| record.rpc_grpc_status = Some(14));
        check(true, &rule, &|record| record.attributes = r#"{"biz.code":5001003}"#);
        check(false, &CountRule { codes: false, ..rule.clone() }, &|record| record.attributes = r#"{"biz.code":5001003}"#);
        check(true, &rule, &|record| (record.span_status, record.http_status) = (SpanStatus::Error, Some(404)));
        check(false, &rule, &|record| record.exception_type = "java.io.IOException");
        let ignore = CountRule { ignore: vec!["http:404".into(), "500*".into()], ..rule.clone() };
        check(false, &ignore, &|record| (record.span_status, record.http_status) = (SpanStatus::Error, Some(404)));
        check(false, &ignore, &|record| record.attributes = r#"{"biz.code":5001003}"#);
        let refused =
            |record: &mut Record<'_>| (record.span_status, record.status_message) = (SpanStatus::Error, "circuit breaker is open");
        check(true, &rule, &refused);
        check(false, &CountRule { rejections: false, ..rule.clone() }, &refused);
        check(true, &rule, &|record| (record.source, record.severity, record.body) = (Source::Log, 17, "boom"));
    }

    #[test]
    fn the_first_rule_that_fits() {
        let fallback = CountRule::default();
        let rules = [
            CountRule { services: vec!["pay*".into()], http_min: 400, ..fallback.clone() },
            CountRule { http_min: 501, ..fallback.clone() },
        ];
        assert_eq!(rule_for(&rules, "payment", &fallback).http_min, 400);
        assert_eq!(rule_for(&rules, "order", &fallback).http_min, 501);
        assert_eq!(rule_for(&rules[..1], "order", &fallback).http_min, 500);
    }
}
