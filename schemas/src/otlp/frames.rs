//! The framing of the OpenTelemetry Collector's file exporter: requests one after the other in a file (`*.otlp.zst` after zstd).
//!
//! ```text
//! file = (length: 4 bytes, big-endian; a serialized Export…ServiceRequest)*
//! ```

#![deny(clippy::indexing_slicing)]

/// The requests in `bytes`.
pub fn frames(bytes: &[u8]) -> Frames<'_> {
    Frames { rest: bytes, offset: 0 }
}

/// Yields request bodies; after an error nothing more.
#[derive(Debug, Clone)]
pub struct Frames<'a> {
    rest: &'a [u8],
    offset: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the file ends inside the frame that begins at byte {offset}")]
pub struct TruncatedFrame {
    pub offset: usize,
}

impl<'a> Iterator for Frames<'a> {
    type Item = Result<&'a [u8], TruncatedFrame>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let frame = self.rest.split_first_chunk().and_then(|(length, rest)| rest.split_at_checked(u32::from_be_bytes(*length) as usize));
        let Some((frame, rest)) = frame else {
            self.rest = &[];
            return Some(Err(TruncatedFrame { offset: self.offset }));
        };
        self.rest = rest;
        self.offset += size_of::<u32>() + frame.len();
        Some(Ok(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_told_apart_and_a_torn_one_is_named() {
        let check = |bytes: &[u8], expected: &[Result<&[u8], TruncatedFrame>]| {
            assert_eq!(frames(bytes).collect::<Vec<_>>(), expected, "{bytes:?}");
        };
        check(&[], &[]);
        check(&[0, 0, 0, 2, 7, 8, 0, 0, 0, 0], &[Ok(&[7, 8]), Ok(&[])]);
        check(&[0, 0, 0, 1, 7, 0, 0], &[Ok(&[7]), Err(TruncatedFrame { offset: 5 })]);
        check(&[0, 0, 0, 9, 7], &[Err(TruncatedFrame { offset: 0 })]);
    }
}
