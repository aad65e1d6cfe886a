//! Bytes of a file from a position on, plain or gzipped. Positions count without compression.

use std::{
    fs::{File, Metadata},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::FileExt,
    path::Path,
};

use flate2::read::MultiGzDecoder;

use super::identity::HEAD_BYTES_MAX;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// An open file.
pub(super) enum Input {
    Plain(File),
    Gzip(Box<Gzip>),
}

/// Bytes that stand one after the other.
pub(super) struct Chunk {
    pub bytes: Vec<u8>,
    /// Nothing comes behind them, now or later: only of gzip.
    pub is_last: bool,
}

impl Input {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let mut magic = [0; 2];
        let is_gzip = read_up_to(&file, &mut magic, 0)? == magic.len() && magic == GZIP_MAGIC;
        if !is_gzip {
            return Ok(Self::Plain(file));
        }
        let gzip = Gzip { file, decoder: None, from: 0, carried: Vec::new(), is_at_end: false };
        Ok(Self::Gzip(Box::new(gzip)))
    }

    pub(super) fn metadata(&self) -> io::Result<Metadata> {
        match self {
            Self::Plain(file) => file.metadata(),
            Self::Gzip(gzip) => gzip.file.metadata(),
        }
    }

    pub(super) fn is_gzip(&self) -> bool {
        matches!(self, Self::Gzip(_))
    }

    /// The first bytes, at most as many as a fingerprint is made of.
    pub(super) fn head(&mut self) -> io::Result<Vec<u8>> {
        match self {
            Self::Plain(file) => {
                let mut head = vec![0; HEAD_BYTES_MAX];
                let length = read_up_to(file, &mut head, 0)?;
                head.truncate(length);
                Ok(head)
            }
            Self::Gzip(gzip) => Ok(gzip.read(0, HEAD_BYTES_MAX)?.bytes),
        }
    }

    /// Up to `length` bytes from `position` on.
    ///
    /// # Errors
    /// Also when a gzipped file is damaged; one that is still being written has only less.
    pub(super) fn read(&mut self, position: u64, length: usize) -> io::Result<Chunk> {
        match self {
            Self::Plain(file) => {
                let mut bytes = vec![0; length];
                let length = read_up_to(file, &mut bytes, position)?;
                bytes.truncate(length);
                Ok(Chunk { bytes, is_last: false })
            }
            Self::Gzip(gzip) => gzip.read(position, length),
        }
    }
}

/// A gzipped file is read from its start to its end once; what was read ahead is kept.
pub(super) struct Gzip {
    file: File,
    decoder: Option<MultiGzDecoder<io::BufReader<File>>>,
    /// The position of the first byte that is kept.
    from: u64,
    carried: Vec<u8>,
    is_at_end: bool,
}

impl Gzip {
    fn read(&mut self, position: u64, length: usize) -> io::Result<Chunk> {
        if self.decoder.is_none() || position < self.from {
            self.start_over()?;
        }
        let read = self.fill(position, length);
        match read {
            Ok(()) => {}
            // It is still being written. The decoder cannot go on behind such an end.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => self.decoder = None,
            Err(error) => {
                self.decoder = None;
                return Err(error);
            }
        }
        let bytes = self.carried.get(..length.min(self.carried.len())).unwrap_or_default().to_vec();
        let has_reached = self.from == position;
        let is_last = self.is_at_end && bytes.len() == self.carried.len();
        Ok(Chunk { bytes: if has_reached { bytes } else { Vec::new() }, is_last })
    }

    fn start_over(&mut self) -> io::Result<()> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        self.decoder = Some(MultiGzDecoder::new(io::BufReader::new(file)));
        (self.from, self.is_at_end) = (0, false);
        self.carried.clear();
        Ok(())
    }

    fn fill(&mut self, position: u64, length: usize) -> io::Result<()> {
        let mut buffer = vec![0; 64 << 10];
        loop {
            let passed = usize::try_from(position - self.from).unwrap_or(usize::MAX).min(self.carried.len());
            self.carried.drain(..passed);
            self.from += passed as u64;
            if self.is_at_end || self.from == position && self.carried.len() >= length {
                return Ok(());
            }
            let Some(decoder) = &mut self.decoder else { return Ok(()) };
            match decoder.read(&mut buffer) {
                Ok(0) => self.is_at_end = true,
                Ok(read) => self.carried.extend_from_slice(buffer.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn read_up_to(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, position + done as u64) {
            Ok(0) => break,
            Ok(read) => done += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn gzip_is_read_like_plain_also_while_it_is_written() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let plain: Vec<u8> = (0..300_000u32).flat_map(|number| number.to_le_bytes()).collect();
        let mut gzip = Vec::new();
        for part in plain.chunks(500_000) {
            let mut encoder = flate2::write::GzEncoder::new(&mut gzip, flate2::Compression::fast());
            encoder.write_all(part).and_then(|()| encoder.finish().map(drop)).expect("in memory");
        }
        let path = dir.path().join("a.gz");
        std::fs::write(&path, &gzip[..gzip.len() / 2]).expect("written");
        let mut input = Input::open(&path).expect("there");
        assert_eq!(input.head().expect("readable"), plain[..1024]);
        let part = input.read(1000, 100).expect("readable");
        assert_eq!((part.bytes.as_slice(), part.is_last), (&plain[1000..1100], false));
        let most = input.read(0, plain.len()).expect("readable");
        assert!(!most.is_last && most.bytes.len() < plain.len() && plain.starts_with(&most.bytes));
        assert!(input.read(1_199_000, 10).expect("not yet").bytes.is_empty());
        std::fs::write(&path, &gzip).expect("written");
        let rest = input.read(1_199_000, 5000).expect("readable");
        assert_eq!((rest.bytes.as_slice(), rest.is_last), (&plain[1_199_000..], true));
        let again = input.read(0, plain.len() + 1).expect("readable");
        assert!(again.bytes == plain && again.is_last);
    }
}
