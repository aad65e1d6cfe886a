//! Parameters as the clients of Jaeger and Zipkin really write them.

use schemas::{TraceId, UnixNanos};

use super::super::{
    problem::Problem,
    search::{Pairs, now, parse_time},
};
use crate::search::Readings;

/// The pairs of a query string, in their order.
#[derive(Debug, Clone, Default)]
pub(super) struct Query(Pairs);

impl Query {
    pub(super) fn new(pairs: Pairs) -> Self {
        Self(pairs)
    }

    /// What was said under a name that can be written in camel or snake case, and that is not empty.
    pub(super) fn text(&self, name: &'static str) -> Option<&str> {
        self.all(name).next()
    }

    /// As [`Self::text`], each time.
    pub(super) fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        let same = move |said: &str| said.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase()).eq(folded(name));
        self.0.iter().filter(move |(said, value)| !value.is_empty() && same(said)).map(|(_, value)| value.as_str())
    }

    /// RFC 3339, or Unix time in s, ms, µs or ns by its digits: clients mix the units up. A `+` that nobody encoded arrives as a space.
    pub(super) fn time(&self, name: &'static str) -> Result<Option<UnixNanos>, Problem> {
        self.text(name).map(|text| parse_time(name, &text.replace(' ', "+"), now())).transpose()
    }

    /// A duration as Go writes it, in ns.
    pub(super) fn go_duration(&self, name: &'static str) -> Result<Option<i64>, Problem> {
        let wrong = |text: &str| Problem::invalid_parameter(name, format!("{text:?} is not a duration"), "for instance 100ms or 1.5s");
        self.text(name).map(|text| Readings::of(text).duration_ns.ok_or_else(|| wrong(text))).transpose()
    }

    pub(super) fn number(&self, name: &'static str) -> Result<Option<i64>, Problem> {
        let wrong = |text: &str| Problem::invalid_parameter(name, format!("{text:?} is not a number"), "use whole numbers");
        self.text(name).map(|text| text.parse().map_err(|_| wrong(text))).transpose()
    }

    /// How many traces, at most `most`.
    pub(super) fn limit(&self, name: &'static str, default: usize, most: usize) -> Result<usize, Problem> {
        let said = self.number(name)?.filter(|limit| *limit > 0);
        Ok(said.map_or(default, |limit| usize::try_from(limit).unwrap_or(most)).min(most))
    }
}

fn folded(name: &'static str) -> impl Iterator<Item = u8> {
    name.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase())
}

/// An id of 64 or 128 bits, with or without leading zeros.
pub(super) fn trace_id(text: &str) -> Result<TraceId, Problem> {
    format!("{text:0>32}").parse().map_err(|error| {
        Problem::invalid_parameter(
            "traceID",
            format!("{text:?} is not a trace id: {error}"),
            "use up to 32 hex digits that are not all zero",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> Query {
        Query::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn camel_and_snake_case_are_one_name() {
        for said in ["query.serviceName", "query.service_name", "query.servicename"] {
            assert_eq!(query(&[(said, "pay")]).text("query.service_name"), Some("pay"), "{said}");
        }
        assert_eq!(query(&[("service", ""), ("service", "pay")]).text("service"), Some("pay"));
        assert_eq!(query(&[("services", "pay")]).text("service"), None);
    }

    #[test]
    fn times_are_what_they_look_like() {
        let check =
            |text: &str| assert_eq!(query(&[("start", text)]).time("start"), Ok(Some(UnixNanos(1_700_000_000_000_000_000))), "{text}");
        check("1700000000000");
        check("1700000000000000");
        check("1700000000000000000");
        check("2023-11-14T22:13:20Z");
        check("2023-11-14T22:13:20.000000000Z");
        check("2023-11-14T23:13:20 01:00");
        check("2023-11-14T23:13:20+01:00");
        assert!(query(&[("start", "noon")]).time("start").is_err());
    }

    #[test]
    fn ids_may_be_short() {
        assert_eq!(trace_id("7b").map(|id| id.to_string()).as_deref(), Ok("0000000000000000000000000000007b"));
        assert!(trace_id("").is_err() && trace_id("xyz").is_err() && trace_id(&"1".repeat(33)).is_err());
    }
}
