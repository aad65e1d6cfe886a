//! What all files together have to send next.
//!
//! 1. Say on disk what was stored since the last round.
//! 2. Find files; open those that have something to read.
//! 3. Take batches from open files, each in its turn, up to a limit of bytes.
//! 4. Say on disk what will be sent now. Only then it may be.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use bytes::Bytes;
use schemas::{
    UnixNanos,
    interop::lines::{LineFormat, Source, Written, write},
};

use super::{
    config::{FilesConfig, StartAt},
    cut::Limits,
    discover::{Found, Known, find, recognise},
    follower::{Follower, Look, Piece},
    identity::{FileId, Fingerprint},
    input::Input,
    positions::{Entry, EntryKey, Positions, PositionsError, Sending},
    report::{FileReport, FilesBook, short},
};
use crate::self_metrics;

/// Of one round.
const ROUND_BYTES_MAX: usize = 16 << 20;

/// Everything that is followed.
pub(crate) struct Files {
    sources: Vec<FilesConfig>,
    limits: Vec<Limits>,
    positions: Positions,
    followers: BTreeMap<FileId, Follower>,
    /// Files that are read to their end and were not changed since.
    settled: HashMap<FileId, (u64, Option<SystemTime>)>,
    book: Arc<FilesBook>,
    /// Nothing was looked for yet.
    is_first: bool,
    /// Whose turn it is first.
    turn: Option<FileId>,
}

/// A request of whole records of one file.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub key: EntryKey,
    /// Where the file is stored up to once this is.
    pub end: u64,
    pub records: u64,
    /// A logs request; empty when there is nothing but ends of lines.
    pub body: Bytes,
}

impl Files {
    /// `body_bytes_max`: of a request. A line must fit into one, also as OTLP.
    ///
    /// # Errors
    /// When positions of before cannot be read.
    pub(crate) fn open(
        sources: Vec<FilesConfig>,
        positions: &Path,
        body_bytes_max: u64,
        book: Arc<FilesBook>,
    ) -> Result<Self, PositionsError> {
        let fitting = |bytes: u64| usize::try_from(bytes.min(body_bytes_max / 8)).unwrap_or(usize::MAX);
        let limits = sources.iter().map(|config| Limits {
            joins: config.line_format().is_some_and(LineFormat::joins),
            line_bytes_max: fitting(config.line_bytes_max),
            batch_bytes_max: fitting(config.batch_bytes_max),
        });
        let limits = limits.collect();
        let positions = Positions::load(positions)?;
        let (followers, settled) = (BTreeMap::new(), HashMap::new());
        Ok(Self { sources, limits, positions, followers, settled, book, is_first: true, turn: None })
    }

    pub(crate) fn poll_interval(&self) -> Duration {
        Duration::from_millis(self.sources.iter().map(|config| config.poll_interval_ms).min().unwrap_or(1_000))
    }

    /// What to send now. Blocking.
    ///
    /// # Errors
    /// When positions cannot be written: nothing may be sent.
    pub(crate) fn round(&mut self, now: Instant, time: UnixNanos) -> io::Result<Vec<Batch>> {
        self.positions.save()?;
        self.discover(now, time);
        let batches = self.take(now, time);
        self.positions.save()?;
        let (lag_bytes, open) = self.book.lag();
        self_metrics::files_lag(lag_bytes, open);
        Ok(batches)
    }

    /// `batch` is stored, or finally refused.
    pub(crate) fn settle(&mut self, batch: &Batch) {
        self.positions.change(batch.key, |entry| (entry.position, entry.sending) = (batch.end, None));
        let position = batch.end;
        self.book.change(batch.key, |file| {
            file.lag_bytes = file.lag_bytes.map(|lag| lag.saturating_sub(position.saturating_sub(file.position_bytes)));
            file.position_bytes = position;
            file.records += batch.records;
        });
    }

    /// Writes down what is stored, at the end.
    pub(crate) fn save(&mut self) -> io::Result<()> {
        self.positions.save()
    }

    fn discover(&mut self, now: Instant, time: UnixNanos) {
        let (found, errors) = find(&self.sources);
        errors.iter().for_each(|error| self.book.failed(time, error));
        let mut present: HashMap<FileId, PathBuf> = found.iter().map(|file| (file.id, file.path.clone())).collect();
        for (id, follower) in &mut self.followers {
            follower.is_found = present.contains_key(id);
            match present.get(id) {
                Some(path) => follower.path.clone_from(path),
                None => drop(present.insert(*id, follower.path.clone())),
            }
        }
        self.settled.retain(|id, _| present.contains_key(id));
        let now_s = u64::try_from(time.0 / 1_000_000_000).unwrap_or(0);
        let is_first = std::mem::take(&mut self.is_first) && self.positions.is_new;
        let mut waiting = 0;
        for file in &found {
            if let Some(follower) = self.followers.get(&file.id) {
                self.positions.seen(follower.key, now_s);
                continue;
            }
            if file.size == 0 || self.settled.get(&file.id) == Some(&(file.size, file.modified)) {
                continue;
            }
            let open_max = self.sources.get(file.source).map_or(0, |config| config.open_files_max);
            if self.followers.len() >= open_max {
                waiting += 1;
                continue;
            }
            match self.open_file(file, &present, is_first, now, now_s) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => self.book.failed(time, &format!("{}: {error}", file.path.display())),
            }
        }
        self.book.waiting(waiting);
    }

    fn open_file(&mut self, file: &Found, present: &HashMap<FileId, PathBuf>, is_first: bool, now: Instant, now_s: u64) -> io::Result<()> {
        let mut input = Input::open(&file.path)?;
        if FileId::of(&input.metadata()?) != file.id {
            return Ok(());
        }
        let head = input.head()?;
        if head.is_empty() {
            return Ok(());
        }
        let key = match recognise(file, &head, input.is_gzip(), &self.positions, present) {
            Known::CopyInTheMaking => return Ok(()),
            Known::As(key) => {
                self.positions.change(key, |entry| entry.id = Some(file.id));
                self.positions.seen(key, now_s);
                key
            }
            Known::New => {
                self.release(file.id);
                let from_end = is_first && self.sources.get(file.source).is_some_and(|config| config.start_at == StartAt::End);
                let position = if from_end && !input.is_gzip() { file.size } else { 0 };
                self.positions.add(Entry {
                    id: Some(file.id),
                    fingerprint: Fingerprint::of(&head),
                    path: file.path.clone(),
                    position,
                    sending: None,
                    seen_s: now_s,
                })
            }
        };
        let is_read = self.positions.get(key).is_some_and(|entry| entry.position == file.size && entry.sending.is_none());
        if is_read && !input.is_gzip() {
            self.settled.insert(file.id, (file.size, file.modified));
            return Ok(());
        }
        self.settled.remove(&file.id);
        self.followers.insert(file.id, Follower::new(file.source, file.path.clone(), key, input, now));
        Ok(())
    }

    /// The system gave the inode of a file that is gone to another one.
    fn release(&mut self, id: FileId) {
        let before: Vec<EntryKey> = self.positions.iter().filter(|(_, entry)| entry.id == Some(id)).map(|(key, _)| key).collect();
        for key in before {
            self.positions.change(key, |entry| (entry.id, entry.sending) = (None, None));
        }
    }

    fn take(&mut self, now: Instant, time: UnixNanos) -> Vec<Batch> {
        let order: Vec<FileId> = match self.turn {
            Some(turn) => self.followers.range(turn..).chain(self.followers.range(..turn)).map(|(id, _)| *id).collect(),
            None => self.followers.keys().copied().collect(),
        };
        let (mut batches, mut bytes) = (Vec::new(), 0);
        for id in order {
            if bytes >= ROUND_BYTES_MAX {
                self.turn = Some(id);
                break;
            }
            if let Some(batch) = self.look(id, now, time) {
                bytes += batch.body.len();
                batches.push(batch);
            }
        }
        batches
    }

    fn look(&mut self, id: FileId, now: Instant, time: UnixNanos) -> Option<Batch> {
        let follower = self.followers.get_mut(&id)?;
        let config = self.sources.get(follower.source)?;
        let limits = *self.limits.get(follower.source)?;
        let before = follower.key;
        let looked = follower.look(&mut self.positions, limits, Duration::from_millis(config.record_wait_ms), now);
        let (key, size) = (follower.key, follower.size());
        if key != before {
            self.book.forget(before);
        }
        let entry = self.positions.get(key)?;
        let report = || FileReport {
            path: entry.path.clone(),
            service: config.service_of(&entry.path),
            is_open: true,
            position_bytes: entry.position,
            lag_bytes: None,
            records: 0,
            last_read: None,
            last_error: None,
        };
        self.book.file(key, report, |file| {
            file.is_open = true;
            file.lag_bytes = size.map(|size| size.saturating_sub(entry.position));
            match &looked {
                Ok(Look::Piece(_)) => (file.last_read, file.last_error) = (Some(time), None),
                Ok(_) => {}
                Err(error) => file.last_error = Some((time, short(&error.to_string()))),
            }
        });
        match looked {
            Ok(Look::Piece(piece)) => self.batch(key, id, piece, time),
            Ok(Look::Nothing) => None,
            Ok(Look::Done { is_gone }) => {
                self.close(id, is_gone);
                None
            }
            Err(_) => {
                self.close(id, false);
                None
            }
        }
    }

    /// What is read to its end, or cannot be read, until it changes.
    fn close(&mut self, id: FileId, is_gone: bool) {
        let Some(follower) = self.followers.remove(&id) else { return };
        if is_gone {
            self.positions.change(follower.key, |entry| entry.id = None);
            self.book.forget(follower.key);
            return;
        }
        if let Ok(metadata) = std::fs::metadata(&follower.path) {
            self.settled.insert(id, (metadata.len(), metadata.modified().ok()));
        }
        self.book.change(follower.key, |file| file.is_open = false);
    }

    fn batch(&mut self, key: EntryKey, id: FileId, Piece { bytes, cut, position }: Piece, time: UnixNanos) -> Option<Batch> {
        let config = self.sources.get(self.followers.get(&id)?.source)?;
        let entry = self.positions.get(key)?;
        let end = position + cut.end as u64;
        let observed_ns = match entry.sending {
            Some(sending) if sending.end == end => sending.observed_ns,
            _ => u64::try_from(time.0).unwrap_or(0),
        };
        let source = source(config, &entry.path);
        let records = cut.records.iter().filter_map(|record| bytes.get(record.clone()));
        let offset = config.offset();
        let Written { protobuf, records, repaired } = match offset {
            Some(offset) => write(&source, records, observed_ns, &move |_| offset),
            None => write(&source, records, observed_ns, &local_offset()),
        };
        self_metrics::files_read(cut.split, repaired);
        self.positions.change(key, |entry| entry.sending = Some(Sending { end, observed_ns }));
        let body = if records == 0 { Bytes::new() } else { protobuf.into() };
        Some(Batch { key, end, records, body })
    }
}

fn source(config: &FilesConfig, path: &Path) -> Source {
    let mut resource = vec![("service.name".to_owned(), config.service_of(path))];
    resource.extend(config.attributes.iter().map(|(key, value)| (key.clone(), value.clone())));
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let record = vec![("log.file.name".to_owned(), name), ("log.file.path".to_owned(), path.display().to_string())];
    Source { format: config.line_format().unwrap_or_default(), resource, record }
}

/// Seconds that the machine's wall clock is ahead of UTC when it shows so many seconds.
fn local_offset() -> impl Fn(i64) -> i64 {
    let zone = jiff::tz::TimeZone::system();
    move |wall| {
        let at = |seconds: i64| jiff::Timestamp::from_second(seconds).map_or(0, |time| i64::from(zone.to_offset(time).seconds()));
        at(wall - at(wall))
    }
}
