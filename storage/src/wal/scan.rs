//! Walks the records of one segment file, whatever happened to it.
//!
//! 1. A header whose checksum, epoch and order fit is trusted: its length leads to the next record, also over a damaged body.
//! 2. Anything else is searched, byte by byte, for the next whole record (magic, both checksums, epoch, order).
//! 3. When there is none, the segment ends here.
//!
//! Small records are read many at a time: a restart reads up to a million headers before it takes new data.
#![deny(clippy::indexing_slicing)]

use std::io;

use bytes::Bytes;

use super::{
    Lsn,
    format::{END_MARK, HEADER_BYTES, RECORD_MAGIC, RecordHeader},
};
use crate::io::IoFile;

const HEADER: u64 = HEADER_BYTES as u64;
const SEARCH_BYTES: u64 = 256 << 10;
/// Read at once where records are small,
const AHEAD_BYTES: u64 = 256 << 10;
/// which is below this. Larger ones are stepped over: what is read of a segment whose bodies are not wanted is at most a few
/// reads per `AHEAD_BYTES` of it.
const SMALL_BYTES: u64 = 64 << 10;

pub(super) enum Step {
    /// The body was read and checked when it was asked for, and is empty otherwise.
    Record(RecordHeader, Bytes),
    /// So many bytes held a record or several, and cannot be read.
    Corrupt { bytes: u64 },
    /// `torn`: the last record was being written when the writer died.
    End { torn: bool },
}

pub(super) struct Scanner {
    file: Box<dyn IoFile>,
    epoch: u64,
    /// Where the file, or what of it was acknowledged, ends.
    end: u64,
    /// Whether `end` is known to be the end of a record.
    exact: bool,
    position: u64,
    last: Lsn,
    ahead: Ahead,
}

/// A piece of the file in memory.
#[derive(Default)]
struct Ahead {
    bytes: Vec<u8>,
    start: u64,
    /// The record before was large: the next one may be too.
    is_wasted: bool,
    /// A read of many records failed: up to here each is read by itself, so that a bad sector costs no more than its record.
    single_until: u64,
}

impl Ahead {
    fn get(&self, position: u64, len: usize) -> Option<&[u8]> {
        let from = usize::try_from(position.checked_sub(self.start)?).ok()?;
        self.bytes.get(from..from.checked_add(len)?)
    }
}

impl Scanner {
    /// `acknowledged_end`: where the next segment says that this one ends. Only records after `last` exist.
    pub fn new(file: Box<dyn IoFile>, epoch: u64, acknowledged_end: Option<u64>, last: Lsn) -> io::Result<Self> {
        let len = file.len()?;
        let end = acknowledged_end.unwrap_or(len);
        Ok(Self { file, epoch, end, exact: acknowledged_end.is_some(), position: HEADER, last, ahead: Ahead::default() })
    }

    pub fn position(&self) -> u64 {
        self.position
    }

    /// The next step; bodies of records after `bodies_after` are read and checked. After [`Step::End`] it stays there.
    pub fn step(&mut self, bodies_after: Lsn) -> io::Result<Step> {
        let Some(header) = self.header_at(self.position)? else {
            return self.resynchronise(self.position + 1);
        };
        let body = if header.lsn > bodies_after { self.body_at(self.position, &header)? } else { Some(Bytes::new()) };
        let next = self.position + header.record_bytes();
        self.last = header.lsn;
        self.ahead.is_wasted = header.record_bytes() >= SMALL_BYTES;
        match body {
            Some(body) => {
                self.position = next;
                Ok(Step::Record(header, body))
            }
            None if self.header_at(next)?.is_some() => {
                self.position = next;
                Ok(Step::Corrupt { bytes: header.record_bytes() })
            }
            None => self.resynchronise(next),
        }
    }

    /// Skips from the current position to the first whole record at or after `from`.
    fn resynchronise(&mut self, from: u64) -> io::Result<Step> {
        let position = self.position;
        if let Some(found) = self.search(from)? {
            self.position = found;
            return Ok(Step::Corrupt { bytes: found - position });
        }
        if self.exact && position < self.end {
            self.position = self.end;
            return Ok(Step::Corrupt { bytes: self.end - position });
        }
        Ok(Step::End { torn: !self.exact && !self.end_mark_at(position)? })
    }

    fn search(&mut self, from: u64) -> io::Result<Option<u64>> {
        let mut from = from;
        let mut window = Vec::new();
        while from + HEADER <= self.end {
            let len = (self.end - from).min(SEARCH_BYTES);
            window.resize(usize::try_from(len).expect("at most SEARCH_BYTES"), 0);
            self.read(&mut window, from)?;
            for offset in memchr::memmem::find_iter(&window, &RECORD_MAGIC) {
                let candidate = from + offset as u64;
                let header = match window.get(offset..).and_then(<[u8]>::first_chunk) {
                    Some(bytes) => self.fitting(bytes, candidate),
                    None => self.header_at(candidate)?,
                };
                if let Some(header) = header
                    && self.body_at(candidate, &header)?.is_some()
                {
                    return Ok(Some(candidate));
                }
            }
            from += len - (RECORD_MAGIC.len() as u64 - 1);
        }
        Ok(None)
    }

    /// The record header at `position`, if a record can begin there.
    fn header_at(&mut self, position: u64) -> io::Result<Option<RecordHeader>> {
        if position + HEADER > self.end {
            return Ok(None);
        }
        let mut bytes = [0; HEADER_BYTES];
        self.read(&mut bytes, position)?;
        Ok(self.fitting(&bytes, position))
    }

    fn fitting(&self, bytes: &[u8; HEADER_BYTES], position: u64) -> Option<RecordHeader> {
        RecordHeader::decode(bytes)
            .filter(|header| header.epoch == self.epoch && header.lsn > self.last && header.record_bytes() <= self.end - position)
    }

    /// The body of the record at `position`, or `None` when it is damaged.
    fn body_at(&mut self, position: u64, header: &RecordHeader) -> io::Result<Option<Bytes>> {
        let len = usize::try_from(header.body_len).map_err(io::Error::other)?;
        let mut body = vec![0; len];
        self.read(&mut body, position + HEADER)?;
        Ok(header.fits(&body).then(|| Bytes::from(body)))
    }

    fn end_mark_at(&mut self, position: u64) -> io::Result<bool> {
        let mut mark = END_MARK;
        let len = usize::try_from(self.end.saturating_sub(position)).map_or(END_MARK.len(), |left| left.min(END_MARK.len()));
        if let Some(mark) = mark.get_mut(..len) {
            self.read(mark, position)?;
        }
        Ok(mark == END_MARK)
    }

    /// Copies from what was read ahead, reads on ahead, or reads just this.
    fn read(&mut self, bytes: &mut [u8], position: u64) -> io::Result<()> {
        if let Some(ahead) = self.ahead.get(position, bytes.len()) {
            bytes.copy_from_slice(ahead);
            return Ok(());
        }
        let wanted = bytes.len() as u64;
        let ahead_bytes = AHEAD_BYTES.min(self.end.saturating_sub(position));
        if self.ahead.is_wasted || position < self.ahead.single_until || wanted >= SMALL_BYTES || wanted > ahead_bytes {
            return self.read_file(bytes, position);
        }
        let mut ahead = std::mem::take(&mut self.ahead.bytes);
        ahead.resize(usize::try_from(ahead_bytes).expect("at most AHEAD_BYTES"), 0);
        if self.read_file(&mut ahead, position).is_err() {
            self.ahead.single_until = position + ahead_bytes;
            return self.read_file(bytes, position);
        }
        if let Some(first) = ahead.get(..bytes.len()) {
            bytes.copy_from_slice(first);
        }
        (self.ahead.bytes, self.ahead.start) = (ahead, position);
        Ok(())
    }

    /// Reads what the file has; beyond its end (it may be shorter than `end` says) there are zeros.
    fn read_file(&self, bytes: &mut [u8], position: u64) -> io::Result<()> {
        match self.file.read_exact_at(bytes, position) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                bytes.fill(0);
                let available = self.file.len()?.saturating_sub(position);
                let available = usize::try_from(available).map_or(bytes.len(), |available| available.min(bytes.len()));
                match bytes.get_mut(..available) {
                    Some(bytes) if available > 0 => self.file.read_exact_at(bytes, position),
                    _ => Ok(()),
                }
            }
            outcome => outcome,
        }
    }
}
