//! HTTP and gRPC statuses under the names and types that libraries give them.

use schemas::grpc;

/// The canonical name of a gRPC code.
pub(super) fn grpc_of_number(number: i64) -> Option<&'static str> {
    grpc::STATUS.get(usize::try_from(number).ok()?).copied()
}

/// The canonical name of a gRPC code that is written as a number, as Go writes it (`Unavailable`) or canonical.
pub(super) fn grpc_of_text(text: &str) -> Option<&'static str> {
    let text = text.trim();
    if let Ok(number) = text.parse() {
        return grpc_of_number(number);
    }
    let letters = |name: &str| -> Vec<u8> { name.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_uppercase()).collect() };
    let wanted = if text == "Canceled" { letters("CANCELLED") } else { letters(text) };
    grpc::STATUS.into_iter().find(|name| letters(name) == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grpc_codes_in_any_spelling() {
        for (text, expected) in [
            ("14", Some("UNAVAILABLE")),
            ("Unavailable", Some("UNAVAILABLE")),
            ("RESOURCE_EXHAUSTED", Some("RESOURCE_EXHAUSTED")),
            ("ResourceExhausted", Some("RESOURCE_EXHAUSTED")),
            ("Canceled", Some("CANCELLED")),
            ("503", None),
            ("", None),
            ("-1", None),
        ] {
            assert_eq!(grpc_of_text(text), expected, "{text}");
        }
    }
}
