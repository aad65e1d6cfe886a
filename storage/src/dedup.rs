//! Recognises the retry of a request: the same bytes of the same tenant within ten minutes are stored once.
//!
//! ```text
//!            begin                stored (durable and in the memtable)
//! unknown ---------> in flight ---------------------------------------> stored --> forgotten (window passed)
//!                     |     ^ retries join and wait for the same answer
//!                     | failed
//!                     v
//!                  unknown (the joined ones fail too, and are sent again)
//! ```
//! A hash counts as stored only after its request is: a crash or a failure before that leaves the retry free to store it.
//! On disk: the log holds the hashes of its own records; those of trimmed segments are in a small file (see [`save`]),
//! written before the segments go.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    io,
    path::{Path, PathBuf},
};

use schemas::{RequestHash, UnixNanos};

use crate::{
    io::Io,
    quarantine,
    self_metrics::DEDUP_HITS_TOTAL,
    wal::{Known, Lsn},
};

/// What to do with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// Nobody has it: store it, then call `stored` or `failed`.
    First,
    /// Its first attempt is under way; the waiter will be handed back with the answer.
    Joined,
    /// It is stored. The waiter was not kept.
    Stored,
}

/// The requests of the last while. `W` waits for an answer, for instance the sending half of a channel.
#[derive(Debug)]
pub struct DedupWindow<W> {
    window_ns: i64,
    requests_max: usize,
    in_flight: HashMap<RequestHash, Vec<W>>,
    stored: HashMap<RequestHash, Lsn>,
    by_age: VecDeque<Known>,
}

impl<W> DedupWindow<W> {
    pub const WINDOW_NS: i64 = 600_000_000_000;
    pub const REQUESTS_MAX: usize = 1_000_000;

    pub fn new(window_ns: i64, requests_max: usize) -> Self {
        Self { window_ns, requests_max, in_flight: HashMap::new(), stored: HashMap::new(), by_age: VecDeque::new() }
    }

    /// Announces a request. `waiter` is kept only by [`Begin::Joined`], else given back.
    pub fn begin(&mut self, hash: RequestHash, now: UnixNanos, waiter: W) -> (Begin, Option<W>) {
        self.forget_old(now);
        if self.stored.contains_key(&hash) {
            metrics::counter!(DEDUP_HITS_TOTAL).increment(1);
            return (Begin::Stored, Some(waiter));
        }
        match self.in_flight.entry(hash) {
            Entry::Occupied(mut first) => {
                metrics::counter!(DEDUP_HITS_TOTAL).increment(1);
                first.get_mut().push(waiter);
                (Begin::Joined, None)
            }
            Entry::Vacant(free) => {
                free.insert(Vec::new());
                (Begin::First, Some(waiter))
            }
        }
    }

    /// The first attempt is durable and visible. Returns those who joined it: answer them as duplicates.
    #[must_use = "who joined waits for an answer"]
    pub fn stored(&mut self, request: Known) -> Vec<W> {
        self.remember(request);
        self.in_flight.remove(&request.hash).unwrap_or_default()
    }

    /// The first attempt failed. Returns those who joined it: they fail too.
    #[must_use = "who joined waits for an answer"]
    pub fn failed(&mut self, hash: RequestHash) -> Vec<W> {
        self.in_flight.remove(&hash).unwrap_or_default()
    }

    /// For replay, where nobody waits: whether the request is the first of its hash in the window. It is known from now on.
    pub fn is_first(&mut self, request: Known) -> bool {
        self.forget_old(request.received_at);
        let is_first = !self.stored.contains_key(&request.hash);
        if is_first {
            self.remember(request);
        }
        is_first
    }

    /// Takes over what the file and the log know, oldest first, before the first request.
    pub fn restore(&mut self, known: impl IntoIterator<Item = Known>) {
        for request in known {
            self.remember(request);
        }
    }

    /// The stored requests that the log holds no longer once it is trimmed to `covered`: what [`save`] must write.
    pub fn covered_by(&self, covered: Lsn) -> Vec<Known> {
        self.by_age.iter().filter(|known| known.lsn <= covered && self.is_current(known)).copied().collect()
    }

    pub fn len(&self) -> usize {
        self.stored.len()
    }

    pub fn is_empty(&self) -> bool {
        self.stored.is_empty()
    }

    fn remember(&mut self, request: Known) {
        if self.stored.insert(request.hash, request.lsn) != Some(request.lsn) {
            self.by_age.push_back(request);
        }
        while self.stored.len() > self.requests_max {
            self.forget_oldest();
        }
    }

    fn forget_old(&mut self, now: UnixNanos) {
        while self.by_age.front().is_some_and(|oldest| now.0.saturating_sub(oldest.received_at.0) > self.window_ns) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some(oldest) = self.by_age.pop_front()
            && self.is_current(&oldest)
        {
            self.stored.remove(&oldest.hash);
        }
    }

    fn is_current(&self, known: &Known) -> bool {
        self.stored.get(&known.hash) == Some(&known.lsn)
    }
}

impl<W> Default for DedupWindow<W> {
    fn default() -> Self {
        Self::new(Self::WINDOW_NS, Self::REQUESTS_MAX)
    }
}

const MAGIC: [u8; 8] = *b"FBXDEDUP";
const FORMAT: u32 = 1;
const HEADER_BYTES: usize = 24;
const ENTRY_BYTES: usize = 32;

#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("{path} has format {found}, this build reads up to {FORMAT}: start the version that wrote it")]
    NewerFormat { path: PathBuf, found: u32 },
}

/// Replaces the file at `path` by one that holds `known`: after a crash it is the old one or the new one, whole.
///
/// ```text
/// magic 8 | format u32 | crc32 of all else u32 | count u64 | count x ( hash u128 | received_at i64 | lsn u64 )     little endian
/// ```
///
/// # Errors
/// The first failure; the old file stands.
pub fn save(io: &dyn Io, path: &Path, known: &[Known]) -> io::Result<()> {
    let mut entries = Vec::with_capacity(8 + known.len() * ENTRY_BYTES);
    entries.extend_from_slice(&(known.len() as u64).to_le_bytes());
    for request in known {
        entries.extend_from_slice(&request.hash.0.to_le_bytes());
        entries.extend_from_slice(&request.received_at.0.to_le_bytes());
        entries.extend_from_slice(&request.lsn.0.to_le_bytes());
    }
    let mut bytes = Vec::with_capacity(HEADER_BYTES + entries.len());
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&FORMAT.to_le_bytes());
    bytes.extend_from_slice(&crc_of(FORMAT, &entries).to_le_bytes());
    bytes.extend_from_slice(&entries);

    let temporary = path.with_extension("tmp");
    match io.remove(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = io.create(&temporary)?;
    file.write_all_at(&bytes, 0)?;
    file.sync_data()?;
    io.step("dedup.rename.before")?;
    io.rename(&temporary, path)?;
    path.parent().map_or(Ok(()), |dir| io.sync_dir(dir))
}

/// Reads what [`save`] wrote. A missing file is empty; a damaged one is set aside and empty: retries across this restart may then
/// be stored twice, which is better than not starting.
///
/// # Errors
/// When a newer version wrote the file.
pub fn load(io: &dyn Io, path: &Path, quarantine_dir: &Path) -> Result<Vec<Known>, LoadError> {
    let bytes = match read(io, path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            tracing::error!(path = %path.display(), %error, "request hashes cannot be read");
            Vec::new()
        }
    };
    match parse(&bytes) {
        Parsed::Whole(known) => Ok(known),
        Parsed::Newer(found) => Err(LoadError::NewerFormat { path: path.to_path_buf(), found }),
        Parsed::Damaged => {
            if let Err(error) = quarantine::set_aside(io, quarantine_dir, path) {
                tracing::error!(path = %path.display(), %error, "damaged request hashes cannot be set aside");
            }
            Ok(Vec::new())
        }
    }
}

fn read(io: &dyn Io, path: &Path) -> io::Result<Vec<u8>> {
    let file = io.open_read(path)?;
    let len = usize::try_from(file.len()?).map_err(io::Error::other)?;
    if len > HEADER_BYTES + 4 * DedupWindow::<()>::REQUESTS_MAX * ENTRY_BYTES {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge));
    }
    let mut bytes = vec![0; len];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

enum Parsed {
    Whole(Vec<Known>),
    Newer(u32),
    Damaged,
}

fn parse(bytes: &[u8]) -> Parsed {
    let Some((magic, rest)) = bytes.split_first_chunk::<8>() else { return Parsed::Damaged };
    let Some((format, rest)) = rest.split_first_chunk::<4>() else { return Parsed::Damaged };
    let Some((crc, entries)) = rest.split_first_chunk::<4>() else { return Parsed::Damaged };
    let format = u32::from_le_bytes(*format);
    if *magic != MAGIC || u32::from_le_bytes(*crc) != crc_of(format, entries) {
        return Parsed::Damaged;
    }
    if format > FORMAT {
        return Parsed::Newer(format);
    }
    let Some((count, entries)) = entries.split_first_chunk::<8>() else { return Parsed::Damaged };
    let (entries, []) = entries.as_chunks::<ENTRY_BYTES>() else { return Parsed::Damaged };
    if u64::from_le_bytes(*count) != entries.len() as u64 {
        return Parsed::Damaged;
    }
    Parsed::Whole(entries.iter().filter_map(|entry| entry_of(entry)).collect())
}

fn crc_of(format: u32, entries: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&MAGIC);
    crc.update(&format.to_le_bytes());
    crc.update(entries);
    crc.finalize()
}

fn entry_of(entry: &[u8]) -> Option<Known> {
    let (hash, rest) = entry.split_first_chunk::<16>()?;
    let (received_at, rest) = rest.split_first_chunk::<8>()?;
    let (lsn, _) = rest.split_first_chunk::<8>()?;
    Some(Known {
        hash: RequestHash(u128::from_le_bytes(*hash)),
        received_at: UnixNanos(i64::from_le_bytes(*received_at)),
        lsn: Lsn(u64::from_le_bytes(*lsn)),
    })
}
