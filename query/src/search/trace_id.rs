//! A trace id among words: people paste one and expect the trace.

use schemas::TraceId;

/// The trace id that `word` is: 32 hex digits, or the W3C header `traceparent`.
pub fn as_trace_id(word: &str) -> Option<TraceId> {
    let hex = match word.split('-').collect::<Vec<_>>().as_slice() {
        [trace_id] => *trace_id,
        [version, trace_id, span_id, flags] => {
            let is_hex = |text: &str, digits| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            (is_hex(version, 2) && is_hex(span_id, 16) && is_hex(flags, 2)).then_some(*trace_id)?
        }
        _ => return None,
    };
    hex.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_headers() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        let check =
            |word: &str, expected: Option<&str>| assert_eq!(as_trace_id(word).map(|id| id.to_string()).as_deref(), expected, "{word}");
        check(id, Some(id));
        check(&id.to_uppercase(), Some(id));
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Some(id));
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", None);
        check("zz-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", None);
        check("4bf92f3577b34da6a3ce929d0e0e473", None);
        check("00000000000000000000000000000000", None);
        check("lock", None);
        check("", None);
    }
}
