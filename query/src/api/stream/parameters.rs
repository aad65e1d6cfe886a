//! What a stream is asked for.

use http::HeaderMap;
use schemas::UnixNanos;
use storage::Place;

use super::{
    super::{problem::Problem, search},
    cursor::parse_cursor,
    open::LAST_EVENT_ID,
};
use crate::search::{self as grammar, Search};

/// Records before the first new one.
const BACKLOG_MAX: usize = 1000;

#[derive(Debug, Clone)]
pub(super) struct Parameters {
    pub text: String,
    pub search: Search,
    pub start: Start,
    pub now: UnixNanos,
}

/// Where a stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// With so many of the newest records, then with what arrives.
    Now { backlog: usize },
    /// Where another ended.
    After(Place),
}

impl Parameters {
    pub(super) fn parse(pairs: Vec<(String, String)>, headers: &HeaderMap, now: UnixNanos) -> Result<Self, Problem> {
        let (mut text, mut backlog, mut after) = (String::new(), 0, None);
        for (name, value) in pairs {
            match name.as_str() {
                "q" => text = value,
                "backlog" => backlog = parse_backlog(&value)?,
                "after" => after = Some(parse_place("after", &value)?),
                _ => {
                    let hint = "this route knows `q`, `backlog` and `after`";
                    return Err(Problem::invalid_parameter("query", format!("unknown parameter {name:?}"), hint));
                }
            }
        }
        // A browser connects again with the address it knows, and says in the header how far it came since.
        let last = headers.get(LAST_EVENT_ID).filter(|last| !last.is_empty());
        if let Some(last) = last {
            after = Some(parse_place("Last-Event-ID", last.to_str().unwrap_or_default())?);
        }
        let search = grammar::parse(&text).map_err(|error| search::mistake(&text, &error))?;
        Ok(Self { search, text, start: after.map_or(Start::Now { backlog }, Start::After), now })
    }
}

fn parse_backlog(text: &str) -> Result<usize, Problem> {
    text.parse().ok().filter(|backlog| *backlog <= BACKLOG_MAX).ok_or_else(|| {
        let hint = format!("use a number from 0 to {BACKLOG_MAX}; GET /api/v1/spans and /api/v1/logs find more");
        Problem::invalid_parameter("backlog", format!("{text:?} is not a number of records to begin with"), hint)
    })
}

fn parse_place(param: &'static str, text: &str) -> Result<Place, Problem> {
    parse_cursor(text).ok_or_else(|| {
        Problem::invalid_parameter(param, format!("{text:?} is not the id of an event"), "use the last `id:` of a stream, or leave it out")
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use storage::wal::Lsn;

    use super::*;

    fn parse(pairs: &[(&str, &str)], last: Option<&'static str>) -> Result<Parameters, Problem> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let headers = last.map(|last| (http::HeaderName::from_static(LAST_EVENT_ID), HeaderValue::from_static(last)));
        Parameters::parse(pairs, &headers.into_iter().collect(), UnixNanos(1))
    }

    #[test]
    fn where_a_stream_begins() {
        let check = |pairs: &[(&str, &str)], last: Option<&'static str>, expected: Start| {
            assert_eq!(parse(pairs, last).expect("right").start, expected, "{pairs:?} {last:?}");
        };
        let after = |lsn, row| Start::After(Place { lsn: Lsn(lsn), row });
        check(&[], None, Start::Now { backlog: 0 });
        check(&[("backlog", "20"), ("q", "service:pay")], Some(""), Start::Now { backlog: 20 });
        check(&[("after", "a-1"), ("backlog", "20")], None, after(10, 1));
        check(&[("after", "a-1")], Some("b-0"), after(11, 0));
    }

    #[test]
    fn mistakes() {
        let check = |pairs: &[(&str, &str)], last: Option<&'static str>, expected: &str| {
            let problem = format!("{:?}", parse(pairs, last).expect_err("wrong"));
            assert!(problem.contains(expected), "{pairs:?} {last:?}: {problem}");
        };
        check(&[("backlog", "1001")], None, "from 0 to 1000");
        check(&[("after", "7")], None, "the last `id:`");
        check(&[], Some("x"), "Last-Event-ID");
        check(&[("limit", "7")], None, "unknown parameter");
        check(&[("q", "service:")], None, "column: 1");
    }
}
