//! Requests in a file, one after the other:
//!
//! ```text
//! length u32 | crc32 u32 | signal u8, format u8, encoding u8 | body      length and crc of what is behind them, little endian
//! ```
#![deny(clippy::indexing_slicing)]

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use bytes::Bytes;
use schemas::{
    Signal,
    otlp::{ContentEncoding, Format},
};

pub(super) const HEADER_BYTES: usize = 8;
const KIND_BYTES: usize = 3;
/// A body is smaller wherever it comes from.
const FRAME_BYTES_MAX: u32 = 256 << 20;

/// A request as it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub signal: Signal,
    pub format: Format,
    pub encoding: ContentEncoding,
    pub body: Bytes,
}

const FORMATS: [Format; 2] = [Format::Protobuf, Format::Json];
const ENCODINGS: [ContentEncoding; 3] = [ContentEncoding::Identity, ContentEncoding::Gzip, ContentEncoding::Zstd];

impl Frame {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let place = |found: Option<usize>| found.and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX);
        let kind = [
            place(Signal::ALL.iter().position(|signal| *signal == self.signal)),
            place(FORMATS.iter().position(|format| *format == self.format)),
            place(ENCODINGS.iter().position(|encoding| *encoding == self.encoding)),
        ];
        let mut crc = flate2::Crc::new();
        crc.update(&kind);
        crc.update(&self.body);
        let length = (KIND_BYTES + self.body.len()) as u32;
        let mut bytes = Vec::with_capacity(HEADER_BYTES + KIND_BYTES + self.body.len());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&crc.sum().to_le_bytes());
        bytes.extend_from_slice(&kind);
        bytes.extend_from_slice(&self.body);
        bytes
    }

    fn of_bytes(bytes: Vec<u8>) -> Option<Self> {
        let [signal, format, encoding] = *bytes.first_chunk::<KIND_BYTES>()?;
        Some(Self {
            signal: *Signal::ALL.get(usize::from(signal))?,
            format: *FORMATS.get(usize::from(format))?,
            encoding: *ENCODINGS.get(usize::from(encoding))?,
            body: Bytes::from(bytes).slice(KIND_BYTES..),
        })
    }
}

/// Reads frames of a segment from a place on.
pub(super) struct Frames {
    file: io::BufReader<File>,
    /// Where the next one begins.
    pub offset: u64,
}

impl Frames {
    pub(super) fn open(path: &Path, offset: u64) -> io::Result<Self> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(Self { file: io::BufReader::new(file), offset })
    }

    /// `None` at the end, and at what is not whole: a segment that was being written when the process ended is read up to there.
    pub(super) fn next(&mut self) -> io::Result<Option<Frame>> {
        let mut header = [0; HEADER_BYTES];
        if !read_whole(&mut self.file, &mut header)? {
            return Ok(None);
        }
        let (length, crc) = header.split_at(4);
        let number = |bytes: &[u8]| bytes.try_into().map_or(0, u32::from_le_bytes);
        let (length, crc) = (number(length), number(crc));
        if !(KIND_BYTES as u32..=FRAME_BYTES_MAX).contains(&length) {
            return Ok(None);
        }
        let mut bytes = vec![0; length as usize];
        if !read_whole(&mut self.file, &mut bytes)? {
            return Ok(None);
        }
        let mut found = flate2::Crc::new();
        found.update(&bytes);
        if found.sum() != crc {
            return Ok(None);
        }
        self.offset += HEADER_BYTES as u64 + u64::from(length);
        Ok(Frame::of_bytes(bytes))
    }
}

fn read_whole(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
