//! What of an attribute is hashed. Values that some question takes for equal have the same hash.
//!
//! - `500`, `500.0` and `"500"` are one: a text that reads as a finite number is that number.
//! - Other texts count in lower case (of ASCII): `True` and `true` are one.
//! - Of a long text only the beginning counts.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Bytes of a text that count.
const TEXT_BYTES: usize = 256;
/// Tells a number from a text of the same eight bytes.
const OF_NUMBER: u64 = 0x9e37_79b9_7f4a_7c15;

/// What is hashed with the values under a key in the column with this field id.
pub(super) fn seed(field_id: i32, key: &str) -> u64 {
    xxh3_64_with_seed(key.as_bytes(), xxh3_64(&field_id.to_le_bytes()))
}

/// The hash of a value, as text, under the key of a [`seed`].
pub(super) fn hash(seed: u64, value: &str) -> u64 {
    if let Some(number) = number(value) {
        return xxh3_64_with_seed(&number.to_bits().to_le_bytes(), seed ^ OF_NUMBER);
    }
    let mut lower = [0; TEXT_BYTES];
    let bytes = &value.as_bytes()[..value.len().min(TEXT_BYTES)];
    let lower = &mut lower[..bytes.len()];
    lower.copy_from_slice(bytes);
    lower.make_ascii_lowercase();
    xxh3_64_with_seed(lower, seed)
}

/// Reads more than questions do: then both sides are numbers, or neither is.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let may_be = text.bytes().next().is_some_and(|first| first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.'));
    if !may_be {
        return None;
    }
    // Adding 0 makes one of both zeros.
    text.parse().ok().filter(|number: &f64| number.is_finite()).map(|number| number + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_questions_take_for_equal_is_one() {
        let seed = seed(17, "key");
        let same = |one: &str, other: &str, expected: bool| assert_eq!(hash(seed, one) == hash(seed, other), expected, "{one} {other}");
        same("500", "500.0", true);
        same("500", " +5e2 ", true);
        same("0", "-0.0", true);
        same(".5", "0.50", true);
        same("9007199254740993", "9007199254740992", true);
        same("TRUE", "true", true);
        same("NaN", "nan", true);
        same("1e999", "2e999", false);
        same("500", "501", false);
        same("o-1", "o-2", false);
        same("", " ", false);
        same("É", "é", false);
        let long = "x".repeat(TEXT_BYTES);
        same(&format!("{long}a"), &format!("{long}b"), true);
        assert_ne!(hash(seed, "v"), hash(super::seed(18, "key"), "v"));
        assert_ne!(hash(seed, "v"), hash(super::seed(17, "other"), "v"));
    }
}
