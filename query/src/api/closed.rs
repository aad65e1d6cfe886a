//! Questions about time that is over: an answer that cannot change is not sent twice.
//!
//! A range is closed when it ended at least [`LATENESS`] ago, `q` does not speak of now, and every row that may be of it is in blocks: blocks
//! never change. Its tag names these blocks, so that late data, retention and compaction make another tag. Where a question looks at
//! whole traces, these are all blocks of spans. Tags are weak: `meta.took_ms` differs from answer to answer.

use std::{
    hash::{BuildHasher, RandomState},
    sync::OnceLock,
};

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use schemas::{Table, UnixNanos};
use storage::TimeRange;
use xxhash_rust::xxh3::Xxh3;

use super::{
    answer::{self, Meta},
    problem::Problem,
    search::{Asked, Pairs, now, pairs, parse_range, parse_time},
};
use crate::{
    engine::Engine,
    search::{self, Search, Target, Term},
};

/// Senders keep what they could not send for some minutes.
const LATENESS_NS: i64 = 10 * 60 * 1_000_000_000;

/// An answer, and whether it is all there is.
pub(crate) struct Answered {
    body: Vec<u8>,
    /// No row is missing: nothing in `meta.partial`, nothing cut off.
    whole: bool,
}

/// What a question to `table` is answered from, if that cannot change: a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Tag(HeaderValue);

impl Tag {
    /// Of a question to `route`; `now` is when it is asked.
    fn of(engine: &Engine, (route, table): (&str, Table), pairs: &Pairs, now: UnixNanos) -> Option<Self> {
        let time = time(pairs, now).filter(|time| time.last.0 < now.0.saturating_sub(LATENESS_NS))?;
        let version = match looks_at_traces(route, table, pairs)? {
            true => engine.version(Table::Spans, None)? ^ engine.version(table, Some(time))?.rotate_left(1),
            false => engine.version(table, Some(time))?,
        };
        let mut hash = Xxh3::new();
        let mut parts: Vec<&str> = pairs.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]).collect();
        parts.insert(0, route);
        parts.iter().for_each(|part| {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        });
        // `now-2h` is another time each time, and another process may have other data or say it otherwise.
        for number in [time.first.0, time.last.0, version.cast_signed(), of_process().cast_signed()] {
            hash.update(&number.to_le_bytes());
        }
        HeaderValue::from_str(&format!("W/\"{:016x}\"", hash.digest())).ok().map(Self)
    }

    /// Whether the client has the answer already.
    fn is_known(&self, headers: &HeaderMap) -> bool {
        let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let own = self.0.to_str().unwrap_or_default().trim_start_matches("W/");
        known.flat_map(|value| value.split(',')).map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == own)
    }
}

impl Answered {
    /// A body whose `meta` this is.
    pub(crate) fn new(body: Vec<u8>, meta: &Meta) -> Self {
        Self { body, whole: meta.partial.is_empty() && !meta.truncated }
    }
}

/// Answers what is asked of a route, or says that its answer is the one the client has.
pub(crate) async fn respond(
    engine: &Engine,
    of: (&str, Table),
    headers: &HeaderMap,
    asked: Asked,
    answer: impl AsyncFnOnce(Pairs) -> Result<Answered, Problem>,
) -> Response {
    match pairs(asked) {
        Ok(pairs) => {
            let tag = Tag::of(engine, of, &pairs, now());
            tagged_or_answered(tag, headers, answer(pairs)).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn tagged_or_answered(tag: Option<Tag>, headers: &HeaderMap, answer: impl Future<Output = Result<Answered, Problem>>) -> Response {
    if let Some(tag) = tag.as_ref().filter(|tag| tag.is_known(headers)) {
        return tagged(StatusCode::NOT_MODIFIED.into_response(), tag);
    }
    match (answer.await, tag) {
        (Ok(Answered { body, whole: true }), Some(tag)) => tagged(answer::json(body), &tag),
        (Ok(Answered { body, .. }), _) => answer::json(body),
        (Err(problem), _) => problem.into_response(),
    }
}

fn tagged(mut response: Response, tag: &Tag) -> Response {
    response.headers_mut().insert(header::ETAG, tag.0.clone());
    // It may be kept, and is asked for again each time.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// From when to when, both included; `None` when that is not said, or wrongly.
fn time(pairs: &Pairs, now: UnixNanos) -> Option<TimeRange> {
    let value = |wanted: &str| pairs.iter().rev().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let end = parse_time("end", value("end")?, now).ok()?;
    let start = match (value("start"), value("range")) {
        (Some(start), None) => parse_time("start", start, now).ok()?,
        (None, Some(range)) => UnixNanos(end.0.saturating_sub(parse_range(range).ok()?)),
        (None, None) => UnixNanos(i64::MIN),
        (Some(_), Some(_)) => return None,
    };
    Some(TimeRange { first: start, last: UnixNanos(end.0.checked_sub(1)?) })
}

/// `None` when the answer depends on when it is asked, or there is none.
fn looks_at_traces(route: &str, table: Table, pairs: &Pairs) -> Option<bool> {
    let text = pairs.iter().rev().find(|(name, _)| name == "q").map_or("", |(_, text)| text.as_str());
    if text.to_ascii_lowercase().contains("now") {
        return None;
    }
    let mut traces = route == "traces";
    match search::parse(text).ok()? {
        Search::Everything => {}
        Search::Structure(_) => traces = true,
        Search::Records(asked) => asked.for_each_term(&mut |term| {
            traces |= matches!(term, Term::Field(test) if matches!(search::resolve(&test.field, table), Target::Trace(_)));
        }),
    }
    Some(traces)
}

/// Tells this run of the server from others.
fn of_process() -> u64 {
    static OF_PROCESS: OnceLock<u64> = OnceLock::new();
    *OF_PROCESS.get_or_init(|| RandomState::new().hash_one(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixNanos = UnixNanos(1_793_959_200_000_000_000);

    fn pairs(pairs: &[(&str, &str)]) -> Pairs {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_range_has_an_end() {
        let check = |asked: &[(&str, &str)], expected: Option<(i64, i64)>| {
            let found = time(&pairs(asked), NOW).map(|time| (time.first.0, time.last.0));
            assert_eq!(found, expected, "{asked:?}");
        };
        check(&[], None);
        check(&[("start", "1793950000")], None);
        check(&[("start", "1793950000"), ("end", "1793950001")], Some((1_793_950_000_000_000_000, 1_793_950_000_999_999_999)));
        check(&[("end", "1793950001"), ("range", "1s")], Some((1_793_950_000_000_000_000, 1_793_950_000_999_999_999)));
        check(&[("end", "now-1h")], Some((i64::MIN, NOW.0 - 3_600_000_000_001)));
        check(&[("end", "soon")], None);
        check(&[("start", "1"), ("range", "1s"), ("end", "2")], None);
    }

    #[test]
    fn what_an_answer_depends_on() {
        let check = |route: &str, table: Table, q: &str, expected: Option<bool>| {
            assert_eq!(looks_at_traces(route, table, &pairs(&[("q", q)])), expected, "{q}");
        };
        check("spans", Table::Spans, "", Some(false));
        check("spans", Table::Spans, "service:pay", Some(false));
        check("traces", Table::Spans, "service:pay", Some(true));
        check("logs", Table::Logs, "trace.duration>1s", Some(true));
        check("spans", Table::Spans, "{a} >> {b}", Some(true));
        check("spans", Table::Spans, "start_time>now-1h", None);
        check("spans", Table::Spans, "service:", None);
    }
}
