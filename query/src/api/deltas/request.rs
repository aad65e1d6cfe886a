//! What is compared with what.

use schemas::{Table, UnixNanos};
use serde::Deserialize;
use serde_json::Value;

use super::super::{problem::Problem, search};
use crate::{
    engine::Records,
    search::{self as grammar, Readings},
};

const ATTRIBUTES: Bounds = Bounds { default: 30, max: 200 };
const VALUES: Bounds = Bounds { default: 10, max: 100 };
/// Records of either group that are looked at.
const SAMPLE: Bounds = Bounds { default: 10_000, max: 20_000 };

#[derive(Debug, Clone, Copy)]
struct Bounds {
    default: usize,
    max: usize,
}

/// The body of the request. Unknown members are refused.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    /// `spans`, which it is when absent, or `logs`.
    table: Option<String>,
    /// A search that both groups are part of.
    q: Option<String>,
    /// RFC 3339, Unix time, or relative to now; of both groups.
    #[schema(value_type = Option<String>)]
    start: Option<Value>,
    #[schema(value_type = Option<String>)]
    end: Option<Value>,
    /// Instead of `start`: so long before `end`, or before now.
    range: Option<String>,
    #[serde(default)]
    selection: Group,
    /// Everything that is not selected, when absent.
    baseline: Option<Group>,
    /// Attributes in the answer.
    limit: Option<usize>,
    /// Values of each.
    values: Option<usize>,
    /// Records of either group that are looked at.
    sample: Option<usize>,
}

/// A search, a box in time and duration, or both.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    q: Option<String>,
    #[schema(value_type = Option<String>)]
    start: Option<Value>,
    #[schema(value_type = Option<String>)]
    end: Option<Value>,
    /// Of spans, for instance `200ms`, or nanoseconds; included.
    #[schema(value_type = Option<String>)]
    duration_min: Option<Value>,
    /// So too; not included.
    #[schema(value_type = Option<String>)]
    duration_max: Option<Value>,
}

#[derive(Debug, Clone)]
pub(super) struct Request {
    pub table: Table,
    pub all: Records,
    pub selection: Records,
    pub baseline: Option<Records>,
    pub attributes_max: usize,
    pub values_max: usize,
    pub sample_max: usize,
    pub now: UnixNanos,
}

impl Request {
    pub(super) fn parse(body: &[u8], now: UnixNanos) -> Result<Self, Problem> {
        let body: Body = serde_json::from_slice(body).map_err(|error| {
            Problem::new(http::StatusCode::BAD_REQUEST, "invalid_body", "The request cannot be read", error.to_string())
                .hint(r#"send {"q": "service:pay", "range": "1h", "selection": {"duration_min": "500ms"}}"#)
        })?;
        let table = match body.table.as_deref() {
            None | Some("spans") => Table::Spans,
            Some("logs") => Table::Logs,
            Some(other) => return Err(Problem::invalid_parameter("table", format!("{other:?} cannot be compared"), "use spans or logs")),
        };
        if body.selection.is_everything() {
            let hint =
                "say what is selected: {\"selection\": {\"q\": \"status:error\"}}, or a box of start, end, duration_min, duration_max";
            return Err(Problem::invalid_parameter("selection", "it is everything", hint));
        }
        let mut all = group(table, "q", Group { q: body.q, start: body.start, end: body.end, ..Group::default() }, now)?;
        if let Some(range) = body.range {
            if all.time.start.is_some() {
                return Err(Problem::invalid_parameter("range", "`start` says the same otherwise", "leave out `start` or `range`"));
            }
            let range = search::parse_range(&range)?;
            all.time.start = Some(UnixNanos(all.time.end.unwrap_or(now).0.saturating_sub(range)));
        }
        Ok(Self {
            table,
            all,
            selection: group(table, "selection.q", body.selection, now)?,
            baseline: body.baseline.map(|baseline| group(table, "baseline.q", baseline, now)).transpose()?,
            attributes_max: bounded("limit", body.limit, ATTRIBUTES)?,
            values_max: bounded("values", body.values, VALUES)?,
            sample_max: bounded("sample", body.sample, SAMPLE)?,
            now,
        })
    }
}

impl Group {
    fn is_everything(&self) -> bool {
        let Self { q, start, end, duration_min, duration_max } = self;
        let asked = q.as_deref().is_some_and(|q| !matches!(q.trim(), "" | "*"));
        !asked && [start, end, duration_min, duration_max].into_iter().all(Option::is_none)
    }
}

fn group(table: Table, param: &'static str, group: Group, now: UnixNanos) -> Result<Records, Problem> {
    let text = group.q.unwrap_or_default();
    let search = grammar::parse(&text).map_err(|error| search::mistake_in(param, &text, &error))?;
    let mut records = Records { text, search, ..Records::default() };
    let moment = |name, value: Option<Value>| value.map(|value| search::parse_time(name, &plain(value), now)).transpose();
    records.time.start = moment("start", group.start)?;
    records.time.end = moment("end", group.end)?;
    if let (Some(start), Some(end)) = (records.time.start, records.time.end)
        && start > end
    {
        return Err(Problem::invalid_parameter("end", "it is before `start`", "swap them; `end` itself is left out"));
    }
    let duration = |name, value: Option<Value>| value.map(|value| parse_duration(name, value, table)).transpose();
    records.duration_min_ns = duration("duration_min", group.duration_min)?;
    records.duration_max_ns = duration("duration_max", group.duration_max)?;
    Ok(records)
}

/// A number as people would write it.
fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn parse_duration(name: &'static str, value: Value, table: Table) -> Result<i64, Problem> {
    if table != Table::Spans {
        return Err(Problem::invalid_parameter(name, format!("{table} have no duration"), "leave it out, or compare spans"));
    }
    let duration = match &value {
        Value::Number(nanoseconds) => nanoseconds.as_i64(),
        Value::String(text) => Readings::of(text).duration_ns,
        _ => None,
    };
    duration.filter(|duration| *duration >= 0).ok_or_else(|| {
        Problem::invalid_parameter(name, format!("{value} is not a duration"), "for instance \"200ms\", \"1.5s\", or nanoseconds")
    })
}

fn bounded(name: &'static str, value: Option<usize>, bounds: Bounds) -> Result<usize, Problem> {
    let value = value.unwrap_or(bounds.default);
    if (1..=bounds.max).contains(&value) {
        return Ok(value);
    }
    let hint = format!("use a number from 1 to {}; the default is {}", bounds.max, bounds.default);
    Err(Problem::invalid_parameter(name, format!("{value} is too much or nothing"), hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixNanos = UnixNanos(1_793_959_200_000_000_000);

    #[test]
    fn boxes_and_searches() {
        let body = br#"{"q": "service:pay", "range": "1h", "selection": {"start": 1793959100, "duration_min": "200ms", "duration_max": 1000000000},
            "baseline": {"q": "status:ok", "end": "now-1m"}, "limit": 3}"#;
        let request = Request::parse(body, NOW).expect("right");
        assert_eq!(request.all.time.start, Some(UnixNanos(NOW.0 - 3_600_000_000_000)));
        assert_eq!(request.selection.time.start, Some(UnixNanos(NOW.0 - 100_000_000_000)));
        assert_eq!((request.selection.duration_min_ns, request.selection.duration_max_ns), (Some(200_000_000), Some(1_000_000_000)));
        let baseline = request.baseline.expect("asked for");
        assert_eq!((baseline.text.as_str(), baseline.time.end), ("status:ok", Some(UnixNanos(NOW.0 - 60_000_000_000))));
        assert_eq!((request.attributes_max, request.values_max, request.sample_max), (3, 10, 10_000));
    }

    #[test]
    fn mistakes() {
        let check = |body: &str, expected: &str| {
            let problem = format!("{:?}", Request::parse(body.as_bytes(), NOW).expect_err("wrong"));
            assert!(problem.contains(expected), "{body}: {problem}");
        };
        check("", "invalid_body");
        check("{}", "it is everything");
        check(r#"{"selection": {"q": " * "}}"#, "it is everything");
        check(r#"{"selection": {"q": "status:"}}"#, "selection.q");
        check(r#"{"selection": {"query": "x"}}"#, "unknown field");
        check(r#"{"table": "metrics", "selection": {"q": "x"}}"#, "use spans or logs");
        check(r#"{"table": "logs", "selection": {"duration_min": "1s"}}"#, "logs have no duration");
        check(r#"{"selection": {"duration_min": "soon"}}"#, "is not a duration");
        check(r#"{"selection": {"start": "now", "end": "now-1h"}}"#, "before `start`");
        check(r#"{"selection": {"q": "x"}, "limit": 0}"#, "from 1 to 200");
        check(r#"{"selection": {"q": "x"}, "start": "now-1h", "range": "1h"}"#, "leave out");
    }
}
