//! How request bodies are compressed on the way out.

use std::io::{self, Write};

use bytes::Bytes;
use clap::ValueEnum;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    /// The value of `Content-Encoding` and `grpc-encoding`.
    pub(crate) fn encoding(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }

    pub(crate) fn apply(self, body: Bytes) -> Bytes {
        match self {
            Self::None => body,
            Self::Gzip => gzip(&body).expect("writing to memory cannot fail").into(),
            Self::Zstd => zstd::encode_all(body.as_ref(), 1).expect("writing to memory cannot fail").into(),
        }
    }
}

fn gzip(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}
