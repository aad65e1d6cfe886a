//! Ids as Jaeger and Zipkin write them: hex, 64 bits where OpenTelemetry has 128, often without leading zeros.

use crate::{SpanId, TraceId, otlp::reject};

/// # Errors
/// Why such a span cannot be stored, in the words of [`reject`].
pub(super) fn trace_id(text: &str) -> Result<TraceId, &'static str> {
    let bytes: [u8; TraceId::LEN] = padded(text).ok_or(reject::TRACE_ID_LENGTH)?;
    TraceId::from_slice(&bytes).ok_or(reject::TRACE_ID_ZERO)
}

/// # Errors
/// Why such a span cannot be stored, in the words of [`reject`].
pub(super) fn span_id(text: &str) -> Result<SpanId, &'static str> {
    let bytes: [u8; SpanId::LEN] = padded(text).ok_or(reject::SPAN_ID_LENGTH)?;
    SpanId::from_slice(&bytes).ok_or(reject::SPAN_ID_ZERO)
}

/// The span above; none when the text is empty or zero, as some clients write for a root.
///
/// # Errors
/// Why such a span cannot be stored, in the words of [`reject`].
pub(super) fn parent_id(text: &str) -> Result<Option<SpanId>, &'static str> {
    let bytes: [u8; SpanId::LEN] = padded(text).ok_or(reject::PARENT_SPAN_ID_LENGTH)?;
    Ok(SpanId::from_slice(&bytes))
}

/// Hex digits as the end of `N` bytes.
fn padded<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    for (place, digit) in text.bytes().rev().enumerate() {
        let value = (digit as char).to_digit(16)? as u8;
        let byte = bytes.get_mut(N.checked_sub(1 + place / 2)?)?;
        *byte |= value << (4 * (place % 2));
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_ids_are_padded_on_the_left() {
        let check = |text: &str, expected: Result<&str, &'static str>| {
            assert_eq!(trace_id(text).map(|id| id.to_string()).as_deref(), expected.as_deref(), "{text}");
        };
        check("4bf92f3577b34da6a3ce929d0e0e4736", Ok("4bf92f3577b34da6a3ce929d0e0e4736"));
        check("A3CE929D0E0E4736", Ok("0000000000000000a3ce929d0e0e4736"));
        check("7b", Ok("0000000000000000000000000000007b"));
        check("abc", Ok("00000000000000000000000000000abc"));
        check("", Err(reject::TRACE_ID_ZERO));
        check("0000", Err(reject::TRACE_ID_ZERO));
        check("xyz", Err(reject::TRACE_ID_LENGTH));
        check("14bf92f3577b34da6a3ce929d0e0e4736", Err(reject::TRACE_ID_LENGTH));
        assert_eq!(parent_id("0"), Ok(None));
        assert_eq!(parent_id("1"), Ok(SpanId::from_slice(&[0, 0, 0, 0, 0, 0, 0, 1])));
    }
}
