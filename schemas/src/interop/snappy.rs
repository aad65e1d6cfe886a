//! Snappy blocks, in which Prometheus and Loki's agents compress their protobuf.

#[derive(Debug, thiserror::Error)]
pub enum SnappyError {
    #[error("more than {limit} bytes when decompressed")]
    TooLarge { limit: usize },
    #[error("malformed snappy body: {reason}")]
    Malformed { reason: String },
}

/// The longest copy, 64 bytes, takes 3: a block cannot become larger than this many times its own size.
const RATIO_MAX: usize = 22;

/// The body as it was before compression.
///
/// A block announces its size. The announcement is believed only as far as the block is long enough to keep it.
///
/// # Errors
/// When the block is malformed or larger than `limit` bytes.
pub fn decompress(body: &[u8], limit: usize) -> Result<Vec<u8>, SnappyError> {
    let malformed = |error: snap::Error| SnappyError::Malformed { reason: error.to_string() };
    let announced = snap::raw::decompress_len(body).map_err(malformed)?;
    if announced > body.len().saturating_mul(RATIO_MAX) {
        return Err(SnappyError::Malformed { reason: format!("{} bytes cannot hold the {announced} they announce", body.len()) });
    }
    if announced > limit {
        return Err(SnappyError::TooLarge { limit });
    }
    snap::raw::Decoder::new().decompress_vec(body).map_err(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_back_whole_up_to_the_limit() {
        for plain in [vec![], b"some body, some body".to_vec(), vec![7; 1 << 20]] {
            let block = snap::raw::Encoder::new().compress_vec(&plain).expect("in memory");
            assert_eq!(decompress(&block, plain.len()).expect("valid"), plain);
            if !plain.is_empty() {
                let error = decompress(&block, plain.len() - 1).expect_err("too large");
                assert!(matches!(error, SnappyError::TooLarge { .. }), "{error}");
            }
        }
    }

    #[test]
    fn what_is_no_block_is_named() {
        let check = |body: &[u8]| assert!(matches!(decompress(body, 1 << 30), Err(SnappyError::Malformed { .. })), "{body:?}");
        check(b"");
        check(b"{\"streams\":[]}");
        // 256 MiB announced by four bytes.
        check(&[0x80, 0x80, 0x80, 0x80, 0x01]);
        let block = snap::raw::Encoder::new().compress_vec(&[7; 1000]).expect("in memory");
        (1..block.len()).for_each(|end| check(&block[..end]));
    }
}
