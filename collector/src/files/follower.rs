//! One open file.

use std::{
    io,
    os::unix::fs::MetadataExt,
    path::PathBuf,
    time::{Duration, Instant},
};

use super::{
    cut::{Behind, Cut, Limits, cut},
    identity::Fingerprint,
    input::{Chunk, Input},
    positions::{Entry, EntryKey, Positions},
};

/// A file whose name leads elsewhere is written to no more when nothing came for so long: rotation renames first, and writers follow.
const ROTATED_WAIT: Duration = Duration::from_secs(5);
/// A file to which nothing comes is closed, and opened again when it grows.
const IDLE_MAX: Duration = Duration::from_secs(300);

pub(super) struct Follower {
    pub source: usize,
    /// As it is called now.
    pub path: PathBuf,
    pub key: EntryKey,
    input: Input,
    size: u64,
    /// Since when nothing came.
    quiet_since: Instant,
    /// A glob led to it when files were looked for last.
    pub is_found: bool,
    /// The size at which nothing whole was there, and what was taken to come behind it.
    tried: Option<(u64, Behind)>,
}

/// What to send.
pub(super) struct Piece {
    pub bytes: Vec<u8>,
    pub cut: Cut,
    pub position: u64,
}

/// What a look at a file says.
pub(super) enum Look {
    /// Nothing whole is there.
    Nothing,
    Piece(Piece),
    /// It is read to its end, and nothing comes any more.
    Done {
        is_gone: bool,
    },
}

impl Follower {
    pub(super) fn new(source: usize, path: PathBuf, key: EntryKey, input: Input, now: Instant) -> Self {
        Self { source, path, key, input, size: 0, quiet_since: now, is_found: true, tried: None }
    }

    /// Bytes of the file, which of gzip are the compressed ones.
    pub(super) fn size(&self) -> Option<u64> {
        (!self.input.is_gzip()).then_some(self.size)
    }

    /// The next whole records, if there are any.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn look(&mut self, positions: &mut Positions, limits: Limits, record_wait: Duration, now: Instant) -> io::Result<Look> {
        let metadata = self.input.metadata()?;
        if metadata.len() != self.size {
            (self.size, self.quiet_since) = (metadata.len(), now);
        }
        let quiet = now.duration_since(self.quiet_since);
        let is_unlinked = metadata.nlink() == 0;
        let Some(mut entry) = positions.get(self.key).cloned() else { return Ok(Look::Done { is_gone: true }) };
        if !self.input.is_gzip() && self.size == entry.position && entry.sending.is_none() {
            let is_done = is_unlinked || quiet >= IDLE_MAX;
            return Ok(if is_done { Look::Done { is_gone: is_unlinked } } else { Look::Nothing });
        }
        let at_end = match () {
            () if self.is_rotated(&entry, is_unlinked, quiet) => Behind::Nothing,
            () if quiet >= record_wait => Behind::Silence,
            () => Behind::More,
        };
        if self.tried == Some((self.size, at_end)) {
            let is_done = self.input.is_gzip() && quiet >= IDLE_MAX;
            return Ok(if is_done { Look::Done { is_gone: is_unlinked } } else { Look::Nothing });
        }
        if !self.input.is_gzip() {
            entry = self.check_identity(positions, entry)?;
        }
        if let Some(piece) = self.repeat(&entry, limits)? {
            return Ok(Look::Piece(piece));
        }
        let most = limits.line_bytes_max + limits.batch_bytes_max;
        let there = usize::try_from(self.size.saturating_sub(entry.position)).unwrap_or(usize::MAX);
        let wanted = if self.input.is_gzip() { most } else { most.min(there) };
        let Chunk { bytes, is_last } = self.input.read(entry.position, wanted)?;
        let behind = match () {
            () if is_last => Behind::Nothing,
            // Of gzip nobody knows what is to come.
            () if self.input.is_gzip() || entry.position + (bytes.len() as u64) < self.size => Behind::More,
            () => at_end,
        };
        let cut = cut(&bytes, limits, behind);
        if cut.end == 0 {
            self.tried = Some((self.size, at_end));
            return Ok(if is_last { Look::Done { is_gone: is_unlinked } } else { Look::Nothing });
        }
        self.tried = None;
        Ok(Look::Piece(Piece { bytes, cut, position: entry.position }))
    }

    /// Whether all that will ever be written is written.
    fn is_rotated(&self, entry: &Entry, is_unlinked: bool, quiet: Duration) -> bool {
        is_unlinked && quiet > Duration::ZERO || quiet >= ROTATED_WAIT && (!self.is_found || self.path != entry.path)
    }

    /// What was being sent when the last process ended, byte for byte.
    fn repeat(&mut self, entry: &Entry, limits: Limits) -> io::Result<Option<Piece>> {
        let Some(length) = entry.sending.and_then(|sending| usize::try_from(sending.end.checked_sub(entry.position)?).ok()) else {
            return Ok(None);
        };
        if length > limits.line_bytes_max + limits.batch_bytes_max {
            return Ok(None);
        }
        let bytes = self.input.read(entry.position, length)?.bytes;
        if bytes.len() < length {
            return Ok(None);
        }
        let whole = Limits { batch_bytes_max: usize::MAX, ..limits };
        let cut = cut(&bytes, whole, Behind::Nothing);
        Ok(Some(Piece { bytes, cut, position: entry.position }))
    }

    /// The entry of what the file is now: another one after a truncation. The old one waits for a copy of what was there.
    fn check_identity(&mut self, positions: &mut Positions, entry: Entry) -> io::Result<Entry> {
        let head = self.input.head()?;
        if self.size >= entry.position && entry.fingerprint.fits(&head) {
            let grown = Fingerprint::of(&head);
            if grown.bytes > entry.fingerprint.bytes {
                positions.change(self.key, |entry| entry.fingerprint = grown);
            }
            return Ok(entry);
        }
        positions.change(self.key, |entry| (entry.id, entry.sending) = (None, None));
        let fresh = Entry { fingerprint: Fingerprint::of(&head), position: 0, sending: None, ..entry };
        self.key = positions.add(fresh.clone());
        Ok(fresh)
    }
}
