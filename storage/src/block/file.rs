//! Parquet's view of our file layer: sequential writes and positioned reads through [`Io`](crate::io::Io).

use std::{
    io::{self, BufReader, Read, Write},
    sync::Arc,
};

use bytes::Bytes;
use parquet::{
    errors::{ParquetError, Result},
    file::reader::{ChunkReader, Length},
};

use super::Sums;
use crate::io::IoFile;

const WRITE_BUFFER_BYTES: usize = 1 << 20;

/// Appends to a new file in large writes.
pub(super) struct FileWriter {
    file: Box<dyn IoFile>,
    buffer: Vec<u8>,
    written: u64,
}

impl FileWriter {
    pub(super) fn new(file: Box<dyn IoFile>) -> Self {
        Self { file, buffer: Vec::with_capacity(WRITE_BUFFER_BYTES), written: 0 }
    }

    /// Writes what is buffered and makes the file durable; returns its length.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        self.write_out()?;
        self.file.sync_data()?;
        Ok(self.written)
    }

    fn write_out(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.file.write_all_at(&self.buffer, self.written)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

impl Write for FileWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= WRITE_BUFFER_BYTES {
            self.write_out()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An open block; clones share the file. What is read is checked where there are checksums.
#[derive(Clone)]
pub(super) struct BlockFile {
    file: Arc<dyn IoFile>,
    bytes: u64,
    sums: Option<Arc<Sums>>,
}

impl BlockFile {
    pub(super) fn new(file: Box<dyn IoFile>, sums: Option<Arc<Sums>>) -> io::Result<Self> {
        let bytes = file.len()?;
        if let Some(written) = sums.as_ref().map(|sums| sums.bytes()).filter(|written| *written != bytes) {
            return Err(io::Error::other(format!("the file has {bytes} bytes, {written} were written")));
        }
        Ok(Self { file: file.into(), bytes, sums })
    }

    /// `length` bytes from `start` on, which the file has.
    fn read(&self, start: u64, length: usize) -> io::Result<Bytes> {
        let Some(sums) = self.sums.as_ref().filter(|_| length > 0) else {
            let mut bytes = vec![0; length];
            self.file.read_exact_at(&mut bytes, start)?;
            return Ok(bytes.into());
        };
        let around = sums.around(start..start + length as u64);
        let mut bytes = vec![0; usize::try_from(around.end - around.start).map_err(io::Error::other)?];
        self.file.read_exact_at(&mut bytes, around.start)?;
        if !sums.match_at(around.start, &bytes) {
            return Err(io::Error::other(format!("bytes {} to {} do not match their checksums", around.start, around.end)));
        }
        let skipped = usize::try_from(start - around.start).map_err(io::Error::other)?;
        Ok(Bytes::from(bytes).slice(skipped..skipped + length))
    }
}

impl Length for BlockFile {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for BlockFile {
    type T = BufReader<ReadFrom>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(BufReader::new(ReadFrom { file: self.clone(), position: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.bytes) {
            return Err(ParquetError::EOF(format!("{length} bytes at {start} of a file of {} bytes", self.bytes)));
        }
        Ok(self.read(start, length)?)
    }
}

/// Reads on from a position.
pub(super) struct ReadFrom {
    file: BlockFile,
    position: u64,
}

impl Read for ReadFrom {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.file.bytes.saturating_sub(self.position);
        let count = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let (target, _) = buffer.split_at_mut(count);
        target.copy_from_slice(&self.file.read(self.position, count)?);
        self.position += count as u64;
        Ok(count)
    }
}
