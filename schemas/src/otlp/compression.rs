//! Compressed bodies, decompressed no further than asked.

use std::{borrow::Cow, io::Read};

use super::ContentEncoding;

/// 8 MiB, what RFC 9659 lets a zstd sender use; a larger window would only cost memory.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

#[derive(Debug, thiserror::Error)]
pub enum DecompressError {
    #[error("more than {limit} bytes when decompressed")]
    TooLarge { limit: usize },
    #[error("malformed {encoding:?} body: {reason}")]
    Malformed { encoding: ContentEncoding, reason: String },
}

/// The body as it was before compression; borrowed when it was not compressed. Gzip may have several members, zstd several frames.
///
/// Memory stays below `limit` and what was really decompressed: announced sizes are not believed.
///
/// # Errors
/// When the body is malformed, ends early or is larger than `limit` bytes.
pub fn decompress(encoding: ContentEncoding, body: &[u8], limit: usize) -> Result<Cow<'_, [u8]>, DecompressError> {
    let malformed = |error: std::io::Error| DecompressError::Malformed { encoding, reason: error.to_string() };
    match encoding {
        ContentEncoding::Identity if body.len() > limit => Err(DecompressError::TooLarge { limit }),
        ContentEncoding::Identity => Ok(Cow::Borrowed(body)),
        ContentEncoding::Gzip => read(flate2::bufread::MultiGzDecoder::new(body), body.len(), limit, malformed),
        ContentEncoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(body).map_err(malformed)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(malformed)?;
            read(decoder, body.len(), limit, malformed)
        }
    }
}

fn read<'a>(
    reader: impl Read,
    compressed_bytes: usize,
    limit: usize,
    malformed: impl Fn(std::io::Error) -> DecompressError,
) -> Result<Cow<'a, [u8]>, DecompressError> {
    const TYPICAL_RATIO: usize = 4;
    let mut body = Vec::with_capacity((compressed_bytes.saturating_mul(TYPICAL_RATIO)).min(limit));
    reader.take((limit as u64).saturating_add(1)).read_to_end(&mut body).map_err(malformed)?;
    if body.len() > limit { Err(DecompressError::TooLarge { limit }) } else { Ok(Cow::Owned(body)) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
        encoder.write_all(bytes).expect("in memory");
        encoder.finish().expect("in memory")
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::bulk::compress(bytes, 1).expect("in memory")
    }

    #[test]
    fn without_a_limit_bodies_come_back_whole() {
        for (encoding, body) in [(ContentEncoding::Gzip, gzip(b"some body")), (ContentEncoding::Zstd, zstd(b"some body"))] {
            assert_eq!(decompress(encoding, &body, usize::MAX).expect("valid").as_ref(), b"some body", "{encoding:?}");
        }
    }

    #[test]
    fn bodies_come_back_whole() {
        let text = b"some body, some body, some body".as_slice();
        let check = |encoding, body: &[u8], expected: &[u8]| {
            assert_eq!(decompress(encoding, body, 1000).expect("valid").as_ref(), expected, "{encoding:?}");
        };
        check(ContentEncoding::Identity, text, text);
        check(ContentEncoding::Gzip, &gzip(text), text);
        check(ContentEncoding::Zstd, &zstd(text), text);
        check(ContentEncoding::Gzip, &[gzip(text), gzip(b"!")].concat(), &[text, b"!"].concat());
        check(ContentEncoding::Zstd, &[zstd(text), zstd(b"!")].concat(), &[text, b"!"].concat());
    }

    #[test]
    fn the_limit_is_the_last_size_that_passes() {
        let body = vec![0; 1 << 20];
        for (encoding, bytes) in
            [(ContentEncoding::Identity, body.clone()), (ContentEncoding::Gzip, gzip(&body)), (ContentEncoding::Zstd, zstd(&body))]
        {
            assert_eq!(decompress(encoding, &bytes, body.len()).expect("fits").len(), body.len());
            let error = decompress(encoding, &bytes, body.len() - 1).expect_err("too large");
            assert!(matches!(error, DecompressError::TooLarge { limit: 1_048_575 }), "{error}");
        }
    }

    #[test]
    fn every_truncation_is_an_error() {
        let text = b"some body, some body, some body".as_slice();
        for (encoding, bytes) in [(ContentEncoding::Gzip, gzip(text)), (ContentEncoding::Zstd, zstd(text))] {
            for end in 1..bytes.len() {
                assert!(matches!(decompress(encoding, &bytes[..end], 1000), Err(DecompressError::Malformed { .. })), "{encoding:?} {end}");
            }
        }
    }

    #[test]
    fn a_zstd_frame_with_a_huge_window_is_refused() {
        let mut encoder = zstd::stream::Encoder::new(vec![], 1).expect("in memory");
        encoder.window_log(27).expect("valid");
        encoder.write_all(b"x").expect("in memory");
        let frame = encoder.finish().expect("in memory");
        assert!(matches!(decompress(ContentEncoding::Zstd, &frame, 1000), Err(DecompressError::Malformed { .. })));
    }
}
