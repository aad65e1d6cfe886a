//! What a file holds, by its beginning.

use schemas::Signal;

use super::input::BEGINNING_BYTES;
use crate::cli::ImportFormat;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Empty,
    /// Requests in protobuf, each after its length.
    Framed,
    /// One request in protobuf.
    Single,
    /// Requests in OTLP JSON, one or many.
    OtlpJson,
    Jaeger,
    Zipkin,
}

/// What `beginning` looks like among what `format` allows; `None` when it looks like nothing known.
pub(super) fn content(format: ImportFormat, beginning: &[u8]) -> Option<Content> {
    let text = beginning.trim_ascii_start();
    if text.is_empty() {
        return Some(Content::Empty);
    }
    match format {
        ImportFormat::JaegerJson => return Some(Content::Jaeger),
        ImportFormat::ZipkinJson => return Some(Content::Zipkin),
        ImportFormat::Auto | ImportFormat::Otlp => {}
    }
    let foreign = format == ImportFormat::Auto;
    match text {
        [b'{', ..] if signal_in_json(text).is_some() => Some(Content::OtlpJson),
        // A request without records is OTLP too.
        [b'{', rest @ ..] if rest.trim_ascii_start().starts_with(b"}") => Some(Content::OtlpJson),
        [b'{' | b'[', ..] if foreign && contains(text, b"\"traceID\"") => Some(Content::Jaeger),
        [b'{', ..] if foreign && contains(text, b"\"data\"") => Some(Content::Jaeger),
        [b'[', ..] if foreign => Some(Content::Zipkin),
        [b'{' | b'[', ..] => None,
        _ => protobuf(beginning),
    }
}

/// A request is a list of field 1, whose tag is 0x0a; as a length that would be 160 MiB.
fn protobuf(beginning: &[u8]) -> Option<Content> {
    const LIST: u8 = 0x0a;
    match beginning {
        [LIST, ..] => Some(Content::Single),
        [_, _, _, _, LIST, ..] | [0, 0, 0, 0, ..] => Some(Content::Framed),
        _ => None,
    }
}

/// The signal of a document in OTLP JSON, which names it first.
pub(super) fn signal_in_json(text: &[u8]) -> Option<Signal> {
    let keys: [(&[u8], Signal); 6] = [
        (b"\"resourceSpans\"", Signal::Traces),
        (b"\"resource_spans\"", Signal::Traces),
        (b"\"resourceLogs\"", Signal::Logs),
        (b"\"resource_logs\"", Signal::Logs),
        (b"\"resourceMetrics\"", Signal::Metrics),
        (b"\"resource_metrics\"", Signal::Metrics),
    ];
    let beginning = text.get(..BEGINNING_BYTES).unwrap_or(text);
    keys.into_iter().find(|(key, _)| contains(beginning, key)).map(|(_, signal)| signal)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_recognised() {
        let check = |beginning: &[u8], expected: Option<Content>| {
            assert_eq!(content(ImportFormat::Auto, beginning), expected, "{}", String::from_utf8_lossy(beginning));
        };
        check(b" \n", Some(Content::Empty));
        check(b"{\"resourceSpans\":[]}", Some(Content::OtlpJson));
        check(b"\n{ \"resource_logs\" : []}", Some(Content::OtlpJson));
        check(b"{}\n", Some(Content::OtlpJson));
        check(b"{\"data\":[{\"traceID\":\"1\"}]}", Some(Content::Jaeger));
        check(b"{\"data\":[]}", Some(Content::Jaeger));
        check(b"[{\"traceID\":\"1\"}]", Some(Content::Jaeger));
        check(b"[{\"traceId\":\"1\"}]", Some(Content::Zipkin));
        check(b"[[{\"traceId\":\"1\"}]]", Some(Content::Zipkin));
        check(b"[]", Some(Content::Zipkin));
        check(&[0x0a, 2, 0x12, 0], Some(Content::Single));
        check(&[0, 0, 0, 4, 0x0a, 2, 0x12, 0], Some(Content::Framed));
        check(b"{\"a\":1}", None);
        check(b"service,calls\n", None);
        assert_eq!(content(ImportFormat::Otlp, b"[{\"traceId\":\"1\"}]"), None);
        assert_eq!(content(ImportFormat::ZipkinJson, b"anything"), Some(Content::Zipkin));
    }
}
