//! The real captures beside the checkout (`../shared/data`). They are not part of the repository, so a test that wants one
//! must be able to go without it, and says so.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use bytes::Bytes;

/// Where capture `name` (for instance `otel-demo/traces.otlp.zst`) is, or `None`, said on standard error, when it is absent.
pub fn path(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    #[expect(clippy::print_stderr, reason = "a skipped test must be seen to be skipped")]
    {
        eprintln!("SKIPPED: capture {name} is not at {}", path.display());
    }
    None
}

/// The request bodies of an `.otlp.zst` capture, in order.
///
/// # Panics
/// When the capture is there and cannot be read.
pub fn requests(name: &str) -> Option<Vec<Bytes>> {
    let compressed = fs::read(path(name)?).expect("a capture that exists can be read");
    Some(split(&compressed).expect("a capture is a zstd stream of length-prefixed requests"))
}

fn split(compressed: &[u8]) -> io::Result<Vec<Bytes>> {
    let mut rest = Bytes::from(zstd::decode_all(compressed)?);
    let mut requests = Vec::new();
    while !rest.is_empty() {
        let (length, _) = rest.split_first_chunk::<4>().ok_or(io::ErrorKind::UnexpectedEof)?;
        let end = 4 + u32::from_be_bytes(*length) as usize;
        if rest.len() < end {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        requests.push(rest.split_to(end).slice(4..));
    }
    Ok(requests)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_split_and_a_cut_one_is_an_error() {
        let compressed = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
        let frames = [&[0, 0, 0, 2, 7, 8, 0, 0, 0, 0, 0, 0, 0, 1, 9][..]].concat();
        assert_eq!(split(&compressed(&frames)).unwrap(), [&[7, 8][..], &[], &[9]]);
        assert!(split(&compressed(&frames[..frames.len() - 1])).is_err());
        assert!(split(&compressed(&frames[..8])).is_err());
    }
}
