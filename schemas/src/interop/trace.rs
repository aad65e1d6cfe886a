//! The trace that a line names: `trace_id=…`, `"traceId":"…"`, `"trace.id":"…"`, in JSON, logfmt or plain text.

use memchr::memmem;

use crate::{SpanId, TraceId};

/// Names of the id in metadata.
pub(super) fn is_trace_id(key: &str) -> bool {
    is_id(key, "trace")
}

pub(super) fn is_span_id(key: &str) -> bool {
    is_id(key, "span")
}

fn is_id(key: &str, of: &str) -> bool {
    let Some((start, rest)) = key.split_at_checked(of.len()) else { return false };
    start.eq_ignore_ascii_case(of) && ["id", "_id", ".id", "-id"].iter().any(|end| rest.eq_ignore_ascii_case(end))
}

/// The first trace id that `line` names, and the span id that it names.
pub(super) fn named(line: &str) -> Option<(TraceId, Option<SpanId>)> {
    let trace = find::<{ TraceId::LEN * 2 }>(line, ["trace", "Trace", "TRACE"])?.parse().ok()?;
    let span = find::<{ SpanId::LEN * 2 }>(line, ["span", "Span", "SPAN"]).and_then(|id| id.parse().ok());
    Some((trace, span))
}

/// Hex digits of exactly this length behind `word`, `id` and at most a few quotes, colons and the like.
fn find<'a, const DIGITS: usize>(line: &'a str, words: [&str; 3]) -> Option<&'a str> {
    const BETWEEN_MAX: usize = 5;
    for word in words {
        for at in memmem::find_iter(line.as_bytes(), word) {
            let Some(rest) = line.get(at + word.len()..) else { continue };
            let rest = rest.strip_prefix(['_', '.', '-']).unwrap_or(rest);
            let Some((id, rest)) = rest.split_at_checked(2) else { continue };
            if !id.eq_ignore_ascii_case("id") {
                continue;
            }
            let value = rest.trim_start_matches(['"', '\\', '\'', ':', '=', ' ', '[']);
            if rest.len() - value.len() == 0 || rest.len() - value.len() > BETWEEN_MAX {
                continue;
            }
            let digits = value.bytes().take_while(u8::is_ascii_hexdigit).count();
            let ends = value.as_bytes().get(digits).is_none_or(|next| !next.is_ascii_alphanumeric());
            if digits == DIGITS && ends {
                return value.get(..digits);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_name_traces() {
        const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
        const SPAN: &str = "00f067aa0ba902b7";
        let check = |line: &str, expected: Option<Option<&str>>| {
            let found = named(&line.replace("T#", TRACE).replace("S#", SPAN));
            let expected = expected.map(|span| (TRACE.parse().expect("id"), span.map(|span| span.parse().expect("id"))));
            assert_eq!(found, expected, "{line}");
        };
        check("level=info trace_id=T# span_id=S# msg=x", Some(Some(SPAN)));
        check(r#"{"msg":"x","traceId":"T#","spanId":"S#"}"#, Some(Some(SPAN)));
        check(r#"{"trace.id": "T#"}"#, Some(None));
        check(r#"escaped {\"trace_id\":\"T#\"}"#, Some(None));
        check("[TraceID: T#] the trace was long", Some(None));
        check("tracing of the trace: trace id unknown", None);
        check("trace_id=T#0", None);
        check("trace_id=4bf92f3577b34da6", None);
        check("trace_id=00000000000000000000000000000000", None);
        check("", None);
    }
}
