//! Which stretch of time is asked for.

use schemas::UnixNanos;

use utoipa::{
    IntoParams,
    openapi::path::{Parameter, ParameterIn},
};

use super::{
    openapi::query_texts,
    problem::Problem,
    search::{Pairs, parse_range, parse_time},
};

const HOUR: i64 = 3_600_000_000_000;
/// Of a window that is asked for.
const LONGEST: i64 = 7 * 24 * HOUR;

/// `[start, end)`, not after now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Window {
    pub start: UnixNanos,
    pub end: UnixNanos,
}

impl Window {
    /// From `start`, `end` and `range`; the last hour when nothing is said. Other parameters are handed back.
    pub(super) fn parse(pairs: Pairs, now: UnixNanos) -> Result<(Self, Pairs), Problem> {
        let (mut start, mut end, mut range, mut others) = (None, None, None, Vec::new());
        for (name, value) in pairs {
            match name.as_str() {
                "start" => start = Some(parse_time("start", &value, now)?),
                "end" => end = Some(parse_time("end", &value, now)?),
                "range" => range = Some(parse_range(&value)?),
                _ => others.push((name, value)),
            }
        }
        if start.is_some() && range.is_some() {
            return Err(Problem::invalid_parameter("range", "`start` says the same otherwise", "leave out `start` or `range`"));
        }
        let end = end.unwrap_or(now).min(now);
        let start = start.unwrap_or(UnixNanos(end.0.saturating_sub(range.unwrap_or(HOUR))));
        if start >= end {
            return Err(Problem::invalid_parameter("end", "it is not after `start`", "`end` itself is left out; it is now at most"));
        }
        if end.0.saturating_sub(start.0) > LONGEST {
            return Err(Problem::invalid_parameter("range", "it is more than seven days", "ask for a part of it"));
        }
        Ok((Self { start, end }, others))
    }

    pub(super) fn length_ns(&self) -> i64 {
        self.end.0 - self.start.0
    }
}

/// `start`, `end` and `range`, as the description of a route lists them.
impl IntoParams for Window {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        query_texts(&[
            ("start", "inclusive; an hour before `end` when left out"),
            ("end", "exclusive; now when left out, and at most"),
            ("range", "instead of `start`: a duration up to `end`, at most 7d"),
        ])
    }
}

/// A parameter that this route does not know.
pub(super) fn unknown_parameter(name: &str, known: &'static str) -> Problem {
    Problem::invalid_parameter("query", format!("unknown parameter {name:?}"), known)
}

/// None of `others` is left.
pub(super) fn nothing_else(others: &Pairs) -> Result<(), Problem> {
    match others.first() {
        Some((name, _)) => Err(unknown_parameter(name, "this route knows `start`, `end` and `range`")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixNanos = UnixNanos(1_793_959_200_000_000_000);

    fn parse(pairs: &[(&str, &str)]) -> Result<(Window, Pairs), Problem> {
        Window::parse(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(), NOW)
    }

    #[test]
    fn windows() {
        let (window, others) = parse(&[("state", "open")]).expect("right");
        assert_eq!((window.length_ns(), window.end, others.len()), (HOUR, NOW, 1));
        let (window, _) = parse(&[("range", "15m"), ("end", "now-15m")]).expect("right");
        assert_eq!((window.length_ns(), window.end), (HOUR / 4, UnixNanos(NOW.0 - HOUR / 4)));
        assert_eq!(parse(&[("end", "2050-01-01T00:00:00Z")]).expect("right").0.end, NOW, "the future has not been");
        for wrong in
            [&[("range", "8d")][..], &[("start", "now"), ("end", "now-1h")], &[("start", "now-1h"), ("range", "1h")], &[("range", "x")]]
        {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
