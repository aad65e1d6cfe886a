//! What a search request may say, and what is wrong with it when it says something else.

use jiff::Timestamp;
use schemas::UnixNanos;
use utoipa::{
    IntoParams,
    openapi::path::{Parameter, ParameterIn},
};

use super::{
    super::{openapi::query_texts, problem::Problem},
    routes::Pairs,
};
use crate::{
    engine::{Position, TimeSpan},
    search::{self, Readings, Search, SearchError},
};
use http::StatusCode;

/// What records are asked for.
#[derive(Debug, Clone)]
pub(crate) struct Parameters {
    pub text: String,
    pub search: Search,
    pub time: TimeSpan,
    pub sort: Option<String>,
    pub limit: usize,
    /// When it is asked: all of `q`, `start`, `end` and `range` mean this moment by now.
    pub now: UnixNanos,
    /// What was probably meant otherwise.
    pub warnings: Vec<String>,
}

/// `q`, `start`, `end` and `range`, which all searches know, as the description of a route lists them.
pub(crate) struct QueryAndTime;

impl IntoParams for QueryAndTime {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        query_texts(&[
            ("q", "The search, for instance `service:pay AND duration>200ms`; everything when left out"),
            ("start", "Records from this time on: RFC 3339, Unix time in s, ms, µs or ns, or `now-15m`"),
            ("end", "Records before this time"),
            ("range", "Instead of `start`: so long before `end`, or before now, for instance `1h`"),
        ])
    }
}

/// Limits of a route.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub default: usize,
    pub max: usize,
}

pub(crate) fn now() -> UnixNanos {
    UnixNanos(i64::try_from(Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX))
}

impl Parameters {
    pub(crate) fn parse(pairs: Pairs, limits: Limits, now: UnixNanos) -> Result<Self, Problem> {
        let (mut text, mut sort, mut limit, mut time, mut range) = (String::new(), None, limits.default, TimeSpan::default(), None);
        for (name, value) in pairs {
            match name.as_str() {
                "q" => text = value,
                "start" => time.start = Some(parse_time("start", &value, now)?),
                "end" => time.end = Some(parse_time("end", &value, now)?),
                "range" => range = Some(parse_range(&value)?),
                "sort" => sort = Some(value),
                "limit" => limit = parse_limit(&value, limits)?,
                _ => {
                    let hint = "this route knows `q`, `start`, `end`, `range`, `sort`, `limit`, and where it has pages `page_token`";
                    return Err(Problem::invalid_parameter("query", format!("unknown parameter {name:?}"), hint));
                }
            }
        }
        if let Some(range) = range {
            if time.start.is_some() {
                return Err(Problem::invalid_parameter("range", "`start` says the same otherwise", "leave out `start` or `range`"));
            }
            time.start = Some(UnixNanos(time.end.unwrap_or(now).0.saturating_sub(range)));
        }
        if let (Some(start), Some(end)) = (time.start, time.end)
            && start > end
        {
            return Err(Problem::invalid_parameter("end", "it is before `start`", "swap them; `end` itself is left out"));
        }
        let (search, warnings) = parse_search(&text)?;
        Ok(Self { warnings, search, text, time, sort, limit, now })
    }
}

/// What `q` says, and what was probably meant otherwise.
pub(crate) fn parse_search(text: &str) -> Result<(Search, Vec<String>), Problem> {
    let search = search::parse(text).map_err(|error| mistake(text, &error))?;
    let advice = search::advise(&search).map(|advice| format!("{advice}; {}", advice.hint()));
    Ok((search, advice.into_iter().collect()))
}

/// What is wrong with `q`, and where.
pub(crate) fn mistake(text: &str, error: &SearchError) -> Problem {
    mistake_in("q", text, error)
}

/// As [`mistake`], of a search that came in this parameter.
pub(crate) fn mistake_in(param: &'static str, text: &str, error: &SearchError) -> Problem {
    let search::Position { line, column } = error.position(text);
    let at = Position { line: line as u64, column: column as u64 };
    Problem::new(StatusCode::BAD_REQUEST, "invalid_query", "The query cannot be answered", error.to_string()).query_error(
        param,
        error.to_string(),
        Some(at),
        Some(error.hint()),
    )
}

pub(crate) fn parse_time(param: &'static str, text: &str, now: UnixNanos) -> Result<UnixNanos, Problem> {
    Readings::of(text).time.map(|moment| moment.resolve(now)).ok_or_else(|| {
        let hint = "use RFC 3339 (2026-11-06T10:00:00Z), Unix time in s, ms, µs or ns, or a time before now (now-15m)";
        Problem::invalid_parameter(param, format!("{text:?} is not a time"), hint)
    })
}

pub(crate) fn parse_range(text: &str) -> Result<i64, Problem> {
    Readings::of(text).duration_ns.filter(|duration| *duration > 0).ok_or_else(|| {
        Problem::invalid_parameter("range", format!("{text:?} is not a duration"), "for instance 15m, 1h or 7d, up to `end` or now")
    })
}

pub(crate) fn parse_limit(text: &str, limits: Limits) -> Result<usize, Problem> {
    text.parse().ok().filter(|limit| (1..=limits.max).contains(limit)).ok_or_else(|| {
        let hint = format!("use a number from 1 to {}; the default is {}", limits.max, limits.default);
        Problem::invalid_parameter("limit", format!("{text:?} is not a number of rows that can be asked for"), hint)
    })
}

/// The order named by `sort`, or the first.
pub(super) fn parse_sort<T: Copy>(sort: Option<&str>, orders: &[(&str, T)]) -> Result<T, Problem> {
    let Some(sort) = sort else { return Ok(orders[0].1) };
    orders.iter().find(|(name, _)| *name == sort).map(|(_, order)| *order).ok_or_else(|| {
        let names: Vec<&str> = orders.iter().map(|(name, _)| *name).collect();
        Problem::invalid_parameter("sort", format!("unknown order {sort:?}"), format!("use {}", names.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixNanos = UnixNanos(1_793_959_200_000_000_000);
    const LIMITS: Limits = Limits { default: 20, max: 100 };

    fn parse(pairs: &[(&str, &str)]) -> Result<Parameters, Problem> {
        Parameters::parse(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(), LIMITS, NOW)
    }

    #[test]
    fn times() {
        let check = |pairs: &[(&str, &str)], start: Option<i64>, end: Option<i64>| {
            let time = parse(pairs).expect("right").time;
            assert_eq!((time.start.map(|time| time.0 - NOW.0), time.end.map(|time| time.0 - NOW.0)), (start, end), "{pairs:?}");
        };
        check(&[], None, None);
        check(&[("start", "now-15m")], Some(-900_000_000_000), None);
        check(&[("start", "2026-11-06T09:59:59Z"), ("end", "1793959200")], Some(-1_000_000_000), Some(0));
        check(&[("range", "1h")], Some(-3_600_000_000_000), None);
        check(&[("range", "1s"), ("end", "now-1s")], Some(-2_000_000_000), Some(-1_000_000_000));
    }

    #[test]
    fn mistakes() {
        let check = |pairs: &[(&str, &str)], expected: &str| {
            let problem = format!("{:?}", parse(pairs).expect_err("wrong"));
            assert!(problem.contains(expected), "{pairs:?}: {problem}");
        };
        check(&[("start", "yesterday")], "is not a time");
        check(&[("start", "now"), ("end", "now-1h")], "before `start`");
        check(&[("start", "now-1h"), ("range", "1h")], "leave out `start` or `range`");
        check(&[("range", "-1h")], "is not a duration");
        check(&[("limit", "0")], "from 1 to 100");
        check(&[("limit", "101")], "from 1 to 100");
        check(&[("query", "x")], "unknown parameter");
        check(&[("q", "service:")], "column: 1");
        assert!(
            parse_sort(Some("x"), &[("newest", ()), ("oldest", ())])
                .is_err_and(|problem| format!("{problem:?}").contains("newest, oldest"))
        );
    }

    #[test]
    fn what_was_probably_meant_otherwise_is_said() {
        let warnings = parse(&[("q", "lock or timeout")]).expect("right").warnings;
        assert!(warnings[0].contains("`or` in lower case"), "{warnings:?}");
    }
}
