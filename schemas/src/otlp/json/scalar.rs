//! How a JSON string or number is read as a protobuf scalar (proto3 JSON mapping, with OTLP's hex ids).

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::descriptor::Kind;
use crate::otlp::encoder::Encoder;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true),
);

/// Stands for an id that is not hex. No id has this length, so exactly the record that carries it is refused.
const NOT_AN_ID: &[u8] = &[0xff];

/// The integers a kind can hold, ends included; `None` for kinds that are no integer.
pub(super) fn integer_range(kind: Kind) -> Option<(i128, i128)> {
    match kind {
        Kind::Int32 | Kind::Sint32 | Kind::Enum(_) => Some((i32::MIN.into(), i32::MAX.into())),
        Kind::Uint32 | Kind::Fixed32 => Some((0, u32::MAX.into())),
        Kind::Int64 | Kind::Sfixed64 => Some((i64::MIN.into(), i64::MAX.into())),
        Kind::Uint64 | Kind::Fixed64 => Some((0, u64::MAX.into())),
        Kind::String | Kind::Bytes | Kind::Id | Kind::Bool | Kind::Double | Kind::Message(_) => None,
    }
}

/// Writes `value`, which [`integer_range`] admits.
pub(super) fn write_integer(out: &mut Encoder, number: u32, kind: Kind, value: i128) {
    match kind {
        Kind::Sint32 => out.sint32(number, value as i32),
        Kind::Fixed32 => out.fixed32(number, value as u32),
        Kind::Fixed64 | Kind::Sfixed64 => out.fixed64(number, value as u64),
        _ => out.uint64(number, value as u64),
    }
}

/// The integer a JSON number with fraction or exponent stands for: `1e3` is one, `1.5` is not.
///
/// A number that is out of range can be rounded into it on its way through a double: -9223372036854775809 becomes -2^63.
/// So -2^63 itself, which nobody needs to write with an exponent, is none.
pub(super) fn integer_of_double(value: f64) -> Option<i128> {
    let in_range = value > i64::MIN as f64 && value < u64::MAX as f64;
    (in_range && value.fract() == 0.0).then_some(value as i128)
}

/// The integer in a JSON string, in the notations of a JSON number.
pub(super) fn integer_of_text(text: &str) -> Option<i128> {
    if !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) || text.starts_with('+') {
        return None;
    }
    text.parse().ok().or_else(|| integer_of_double(text.parse().ok()?))
}

/// The double in a JSON string: a number, or a value that JSON has no number for.
pub(super) fn double_of_text(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ if text.starts_with(|first: char| first.is_ascii_digit() || first == '-') => {
            text.parse().ok().filter(|value: &f64| value.is_finite())
        }
        _ => None,
    }
}

/// The bytes of a hex id of whatever length; text that is not hex becomes bytes that no id can be.
pub(super) fn id_bytes(text: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let (pairs, odd) = text.as_chunks::<2>();
    let bytes: Option<Vec<u8>> = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    bytes.filter(|_| odd.is_empty()).unwrap_or_else(|| NOT_AN_ID.to_vec())
}

/// Base64 of the standard or the URL-safe alphabet, padded or not.
pub(super) fn base64_bytes(text: &[u8]) -> Option<Vec<u8>> {
    let standard: Vec<u8> = text
        .iter()
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
        .collect();
    BASE64.decode(standard).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_in_strings() {
        let check = |text: &str, expected: Option<i128>| assert_eq!(integer_of_text(text), expected, "{text:?}");
        check("123", Some(123));
        check("-1", Some(-1));
        check("18446744073709551615", Some(u64::MAX.into()));
        check("1e3", Some(1000));
        check("1.0", Some(1));
        check("1.5", None);
        check("1e400", None);
        check("-9223372036854775808", Some(i64::MIN.into()));
        check("-9223372036854775809", Some(i128::from(i64::MIN) - 1));
        check("-9223372036854775809.0", None);
        check("9223372036854775808.0", Some(1 << 63));
        check("18446744073709551615.0", None);
        check("", None);
        check(" 1", None);
        check("+1", None);
        check("0x10", None);
        check("inf", None);
        check("1_000", None);
    }

    #[test]
    fn doubles_in_strings() {
        let check = |text: &str, expected: Option<f64>| {
            assert_eq!(double_of_text(text).map(f64::to_bits), expected.map(f64::to_bits), "{text:?}");
        };
        check("1.5", Some(1.5));
        check("-0", Some(-0.0));
        check("Infinity", Some(f64::INFINITY));
        check("-Infinity", Some(f64::NEG_INFINITY));
        check("NaN", Some(f64::NAN));
        check("nan", None);
        check("inf", None);
        check("-inf", None);
        check("1e999", None);
        check("", None);
    }

    #[test]
    fn ids_are_hex_of_either_case_and_never_guessed() {
        let check = |text: &str, expected: &[u8]| assert_eq!(id_bytes(text.as_bytes()), expected, "{text:?}");
        check("00fF", &[0, 0xff]);
        check("", &[]);
        check("00f", NOT_AN_ID);
        check("gg", NOT_AN_ID);
        check("AAECAwQFBgcICQoLDA0ODw==", NOT_AN_ID);
    }

    #[test]
    fn base64_of_every_dialect() {
        let check = |text: &str, expected: Option<&[u8]>| assert_eq!(base64_bytes(text.as_bytes()).as_deref(), expected, "{text:?}");
        check("+/8=", Some(&[0xfb, 0xff]));
        check("-_8=", Some(&[0xfb, 0xff]));
        check("-_8", Some(&[0xfb, 0xff]));
        check("", Some(&[]));
        check("!", None);
        check("A", None);
    }
}
