//! Identifiers: fixed-size bytes in memory and in files, lowercase hex wherever a person or JSON sees them.

use std::{fmt, str::FromStr};

/// A text that is not the hex form of the id it was read as.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseIdError {
    #[error("expected {expected} hex digits, got {actual} characters")]
    Length { expected: usize, actual: usize },
    #[error("character {character:?} at position {position} is not a hex digit")]
    Digit { character: char, position: usize },
    #[error("all digits are zero, which the OpenTelemetry specification defines as no id")]
    Zero,
}

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl $name {
            /// Bytes in the binary form.
            pub const LEN: usize = $bytes;

            /// The id in `bytes`, or `None` when the length is wrong or every byte is zero (no valid id).
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                let id = <[u8; $bytes]>::try_from(bytes).ok()?;
                (id != [0; $bytes]).then_some(Self(id))
            }

            pub fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            /// Reads hex digits of either case.
            ///
            /// # Errors
            /// Names the length or the first character that is wrong; an all-zero id is refused.
            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let mut id = [0u8; $bytes];
                let actual = text.chars().count();
                if actual != $bytes * 2 {
                    return Err(ParseIdError::Length { expected: $bytes * 2, actual });
                }
                for (position, character) in text.chars().enumerate() {
                    let digit = character.to_digit(16).ok_or(ParseIdError::Digit { character, position })?;
                    id[position / 2] = id[position / 2] << 4 | digit as u8;
                }
                Self::from_slice(&id).ok_or(ParseIdError::Zero)
            }
        }
    };
}

hex_id!(
    /// A W3C trace id: 16 bytes, not all zero when made by [`TraceId::from_slice`] or parsed.
    TraceId,
    16
);
hex_id!(
    /// A W3C span id: 8 bytes, not all zero when made by [`SpanId::from_slice`] or parsed.
    SpanId,
    8
);

/// The internal number of a tenant. Paths and catalog rows are built from it, never from a name a client sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantId(pub u32);

impl TenantId {
    /// The tenant `default`, which owns everything until tenants are switched on.
    pub const DEFAULT: Self = Self(1);
}

/// xxh3-128 of tenant, signal and *decoded* body: recognises the retry of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestHash(pub u128);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_round_trips_and_ignores_case() {
        let id: TraceId = "4BF92f3577b34da6a3ce929d0e0e4736".parse().expect("valid");
        assert_eq!(id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
    }

    #[test]
    fn wrong_text_is_named() {
        let check = |text: &str, expected: ParseIdError| assert_eq!(text.parse::<SpanId>(), Err(expected), "{text}");
        check("00f067aa0ba902b", ParseIdError::Length { expected: 16, actual: 15 });
        check("00f067aa0ba902bx", ParseIdError::Digit { character: 'x', position: 15 });
        check("0000000000000000", ParseIdError::Zero);
        check("日本語日本語日本語日本語日本語日", ParseIdError::Digit { character: '日', position: 0 });
    }
}
