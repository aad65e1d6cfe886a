//! Finds out what the last run left, before anything is written.
//!
//! 1. Read the header of each file; stop here, with nothing touched, if one has a newer format.
//! 2. Newest segment first: where does it end, which records (by their headers) does it hold? How far an older segment was acknowledged
//!    stands in the header after it. The newest is read whole, bodies included: its tail may be torn.
//! 3. Older than the de-duplication window, a segment is known by its headers' numbers alone.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Damage, Known, Lsn, WalConfig, WalError,
    format::{FORMAT, HEADER_BYTES, PreviousEnd, ReadHeader, SEGMENT_SUFFIX, SPARE_SUFFIX, SegmentHeader, SegmentId},
    scan::{Scanner, Step},
    segments::Sealed,
};
use crate::{dedup::DedupWindow, io::Io, quarantine};

/// A segment of an earlier run.
#[derive(Debug, Clone)]
pub(super) struct OldSegment {
    pub id: SegmentId,
    pub path: PathBuf,
    pub last: Lsn,
    pub end_bytes: u64,
    /// No segment after it says where its acknowledged records end.
    pub newest: bool,
}

#[derive(Debug, Default)]
pub(super) struct Recovered {
    /// Oldest first; so are the others.
    pub old: Vec<OldSegment>,
    pub sealed: Vec<Sealed>,
    pub known: Vec<Known>,
    pub spares: Vec<(PathBuf, u64)>,
    /// Newest segments, without any record: to be removed once a fresh segment tells where the ones before them end.
    pub empty: Vec<PathBuf>,
    pub last_ordinal: u64,
    /// No record here is newer.
    pub last_lsn: Lsn,
    /// The newest record that was acknowledged for certain.
    pub acknowledged: Lsn,
    /// Set when acknowledged records up to this one are neither here nor covered by the catalog, and nobody set them aside.
    pub missing: Option<Lsn>,
    /// For the header of the fresh segment.
    pub newest: PreviousEnd,
    pub damage: Damage,
}

struct Found {
    id: SegmentId,
    path: PathBuf,
    header: Option<SegmentHeader>,
    /// Nothing but zeros where the header should be: a power cut came before the header did.
    blank: bool,
    len: u64,
}

/// The records of one segment by their headers.
#[derive(Default)]
struct Scanned {
    known: Vec<Known>,
    end_bytes: u64,
    torn: bool,
}

/// `committed`: the newest record that the catalog covers.
pub(super) fn recover(io: &Arc<dyn Io>, config: &WalConfig, committed: Lsn) -> Result<Recovered, WalError> {
    let mut recovered = Recovered::default();
    let (mut segments, unreadable) = find(io, config, &mut recovered)?;
    for path in unreadable {
        set_aside(&**io, config, &path, &mut recovered.damage);
    }
    segments.sort_by_key(|segment| segment.id);
    let mut acknowledged_ends = BTreeMap::<u64, u64>::new();
    for SegmentHeader { previous, .. } in segments.iter().filter_map(|segment| segment.header) {
        acknowledged_ends.entry(previous.ordinal).and_modify(|end| *end = previous.end_bytes.min(*end)).or_insert(previous.end_bytes);
    }

    let mut known_newest_first = Vec::new();
    let mut before: Option<Lsn> = None;
    let mut oldest: Option<SegmentHeader> = None;
    let mut window = Window::default();
    for segment in segments.into_iter().rev() {
        let acknowledged_end = acknowledged_ends.get(&segment.id.ordinal).copied();
        let mut scanned = Scanned { end_bytes: acknowledged_end.unwrap_or(segment.len), ..Scanned::default() };
        if acknowledged_end.is_none() || before.is_none() || window.wants_more() {
            match scan(&**io, &segment, acknowledged_end) {
                Ok(whole) => scanned = whole,
                Err(error) => {
                    tracing::error!(path = %segment.path.display(), %error, "segment cannot be read");
                    recovered.damage.lost_bytes += segment.len;
                    set_aside(&**io, config, &segment.path, &mut recovered.damage);
                    continue;
                }
            }
            window.add(&scanned.known);
        }
        let is_segment = segment.header.is_some() || !scanned.known.is_empty() || before.is_some_and(|_| segment.len > 0);
        if !is_segment && !segment.blank && segment.len > HEADER_BYTES as u64 {
            recovered.damage.lost_bytes += segment.len;
            set_aside(&**io, config, &segment.path, &mut recovered.damage);
            continue;
        }
        recovered.damage.torn_tails += u64::from(scanned.torn);
        oldest = segment.header;
        let acknowledged = [segment.header.map(|header| header.acknowledged), scanned.known.last().map(|known| known.lsn)];
        recovered.acknowledged = acknowledged.into_iter().flatten().fold(recovered.acknowledged, Lsn::max);
        let first = segment.header.map(|header| header.first_lsn).or(scanned.known.first().map(|known| known.lsn));
        let before_first = first.map(|first| Lsn(first.0.saturating_sub(1)));
        let last = scanned.known.last().map(|known| known.lsn).max(before).max(before_first).unwrap_or_default();
        recovered.last_lsn = recovered.last_lsn.max(last);
        before = before_first.or(before);
        let Found { id, path, header, len, .. } = segment;
        if recovered.newest == PreviousEnd::default() && scanned.known.is_empty() && !scanned.torn {
            recovered.empty.push(path.clone());
        } else {
            if recovered.newest == PreviousEnd::default() {
                recovered.newest = PreviousEnd { ordinal: id.ordinal, end_bytes: scanned.end_bytes };
            }
            let newest = acknowledged_end.is_none();
            recovered.old.push(OldSegment { id, path: path.clone(), last, end_bytes: scanned.end_bytes, newest });
        }
        recovered.sealed.push(Sealed {
            id,
            path,
            last,
            end_bytes: scanned.end_bytes,
            file_bytes: len,
            damaged: header.is_none() && len > 0,
        });
        known_newest_first.push(scanned.known);
    }
    recovered.old.reverse();
    recovered.sealed.reverse();
    recovered.known = known_newest_first.into_iter().rev().flatten().collect();
    let surplus = recovered.known.len().saturating_sub(DedupWindow::<()>::REQUESTS_MAX);
    recovered.known.drain(..surplus);
    let is_missing = |header: &SegmentHeader| header.acknowledged > committed && recovered.damage.quarantined_files == 0;
    if let Some(header) = oldest.filter(is_missing)
        && !was_set_aside(&**io, config, header.previous.ordinal)
    {
        recovered.missing = Some(header.acknowledged);
    }
    Ok(recovered)
}

/// Whether the segment is in quarantine: then it is known why its records are not here.
fn was_set_aside(io: &dyn Io, config: &WalConfig, ordinal: u64) -> bool {
    let names = io.list(&config.quarantine_dir).unwrap_or_default().into_iter();
    let mut names = names.filter_map(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()));
    names.any(|name| SegmentId::parse(&name).is_some_and(|(id, _)| id.ordinal == ordinal))
}

/// Segments in no order, and the paths of those that cannot be opened. Touches nothing.
fn find(io: &Arc<dyn Io>, config: &WalConfig, recovered: &mut Recovered) -> Result<(Vec<Found>, Vec<PathBuf>), WalError> {
    let paths = match io.list(&config.dir) {
        Ok(paths) => paths,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Default::default()),
        Err(source) => return Err(WalError::List { path: config.dir.clone(), source }),
    };
    let (mut segments, mut unreadable) = (Vec::new(), Vec::new());
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some((named, suffix @ (SEGMENT_SUFFIX | SPARE_SUFFIX))) = SegmentId::parse(&name) else {
            tracing::warn!(path = %path.display(), "not a file of the write-ahead log, left alone");
            continue;
        };
        recovered.last_ordinal = recovered.last_ordinal.max(named.ordinal);
        let is_spare = suffix == SPARE_SUFFIX;
        match read_header(&**io, &path) {
            Ok((ReadHeader::Newer(found), _)) => return Err(WalError::NewerFormat { path, found, supported: FORMAT }),
            Ok((_, len)) if is_spare => recovered.spares.push((path, len)),
            Ok((ReadHeader::Whole(header), len)) => {
                recovered.last_ordinal = recovered.last_ordinal.max(header.id.ordinal);
                segments.push(Found { id: header.id, path, header: Some(header), blank: false, len });
            }
            Ok((ReadHeader::Blank, len)) => segments.push(Found { id: named, path, header: None, blank: true, len }),
            Ok((ReadHeader::Damaged, len)) => segments.push(Found { id: named, path, header: None, blank: false, len }),
            Err(error) => {
                tracing::error!(path = %path.display(), %error, "file of the write-ahead log cannot be read");
                unreadable.push(path);
            }
        }
    }
    Ok((segments, unreadable))
}

pub(super) fn read_header(io: &dyn Io, path: &Path) -> io::Result<(ReadHeader, u64)> {
    let file = io.open_read(path)?;
    let len = file.len()?;
    if len < HEADER_BYTES as u64 {
        return Ok((ReadHeader::Damaged, len));
    }
    let mut bytes = [0; HEADER_BYTES];
    file.read_exact_at(&mut bytes, 0)?;
    Ok((SegmentHeader::decode(&bytes), len))
}

fn scan(io: &dyn Io, segment: &Found, acknowledged_end: Option<u64>) -> io::Result<Scanned> {
    let mut scanner = Scanner::new(io.open_read(&segment.path)?, segment.id.epoch, acknowledged_end, Lsn::ZERO)?;
    let bodies_after = if acknowledged_end.is_some() { Lsn(u64::MAX) } else { Lsn::ZERO };
    let mut known = Vec::new();
    loop {
        match scanner.step(bodies_after)? {
            Step::Record(header, _) => known.push(header.known()),
            Step::Corrupt { .. } => {}
            Step::End { torn } => return Ok(Scanned { known, end_bytes: scanner.position(), torn }),
        }
    }
}

fn set_aside(io: &dyn Io, config: &WalConfig, path: &Path, damage: &mut Damage) {
    damage.quarantined_files += 1;
    if let Err(error) = quarantine::set_aside(io, &config.quarantine_dir, path) {
        tracing::error!(path = %path.display(), %error, "unreadable segment cannot be set aside");
    }
}

/// Whether the records seen so far, newest first, fill the de-duplication window.
#[derive(Default)]
struct Window {
    requests: usize,
    newest: Option<i64>,
    oldest_segment: Option<i64>,
}

impl Window {
    fn add(&mut self, known: &[Known]) {
        self.requests += known.len();
        let newest_here = known.iter().map(|known| known.received_at.0).max();
        self.newest = self.newest.max(newest_here);
        self.oldest_segment = newest_here.or(self.oldest_segment);
    }

    fn wants_more(&self) -> bool {
        let (Some(newest), Some(oldest)) = (self.newest, self.oldest_segment) else { return true };
        self.requests < DedupWindow::<()>::REQUESTS_MAX && newest.saturating_sub(oldest) <= DedupWindow::<()>::WINDOW_NS
    }
}
