//! Reads segments for people: nothing is written, moved or set aside.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use schemas::{RequestHash, TenantId, UnixNanos};

use super::{
    Lsn,
    format::{ReadHeader, SEGMENT_SUFFIX, SPARE_SUFFIX, SegmentHeader, SegmentId},
    recover::read_header,
    scan::{Scanner, Step},
};
use crate::{RawRequest, io::Io};

pub(crate) struct LookedAt {
    /// `None` where it cannot be read.
    pub header: Option<Header>,
    pub records: u64,
    pub last_lsn: Option<Lsn>,
    pub end_bytes: u64,
    pub file_bytes: u64,
    /// Records, or runs of them, that cannot be read.
    pub damaged: u64,
    /// The last record is incomplete.
    pub torn: bool,
    pub oldest_received: Option<UnixNanos>,
    pub newest_received: Option<UnixNanos>,
}

pub(crate) struct Header {
    pub ordinal: u64,
    pub first_lsn: Lsn,
    pub acknowledged: Lsn,
}

pub(crate) struct Record {
    pub lsn: Lsn,
    pub offset_bytes: u64,
    pub record_bytes: u64,
    pub tenant: TenantId,
    pub received_at: UnixNanos,
    pub hash: RequestHash,
    /// `None` when this build does not know its kind.
    pub request: Option<RawRequest>,
}

/// The segments among `files`, oldest first, each with where its acknowledged records end when a later one says so; and how many spare
/// ones there are.
pub(crate) fn segments(io: &dyn Io, files: &[PathBuf]) -> (Vec<(PathBuf, Option<u64>)>, usize) {
    let mut found: Vec<(SegmentId, PathBuf)> = Vec::new();
    let mut ends: BTreeMap<u64, u64> = BTreeMap::new();
    let mut spares = 0;
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match SegmentId::parse(&name) {
            Some((id, SEGMENT_SUFFIX)) => {
                found.push((id, path.clone()));
                if let Ok((ReadHeader::Whole(SegmentHeader { previous, .. }), _)) = read_header(io, path) {
                    ends.entry(previous.ordinal).and_modify(|end| *end = previous.end_bytes.min(*end)).or_insert(previous.end_bytes);
                }
            }
            Some((_, SPARE_SUFFIX)) => spares += 1,
            _ => {}
        }
    }
    found.sort_unstable();
    (found.into_iter().map(|(id, path)| (path, ends.get(&id.ordinal).copied())).collect(), spares)
}

/// Walks one segment, bodies included.
pub(crate) fn look(io: &dyn Io, path: &Path, acknowledged_end: Option<u64>, each: &mut dyn FnMut(&Record)) -> io::Result<LookedAt> {
    let (header, file_bytes) = match read_header(io, path)? {
        (ReadHeader::Whole(header), len) => (Some(header), len),
        (ReadHeader::Newer(found), _) => return Err(io::Error::other(format!("format {found} is newer than this build"))),
        (ReadHeader::Blank | ReadHeader::Damaged, len) => (None, len),
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let epoch = header.map(|header| header.id.epoch).or(SegmentId::parse(&name).map(|(id, _)| id.epoch)).unwrap_or_default();
    let mut looked = LookedAt {
        header: header.map(|SegmentHeader { id, first_lsn, acknowledged, .. }| Header { ordinal: id.ordinal, first_lsn, acknowledged }),
        records: 0,
        last_lsn: None,
        end_bytes: 0,
        file_bytes,
        damaged: 0,
        torn: false,
        oldest_received: None,
        newest_received: None,
    };
    let mut scanner = Scanner::new(io.open_read(path)?, epoch, acknowledged_end, Lsn::ZERO)?;
    loop {
        let offset_bytes = scanner.position();
        match scanner.step(Lsn::ZERO)? {
            Step::Record(header, body) => {
                looked.records += 1;
                looked.last_lsn = Some(header.lsn);
                looked.oldest_received = Some(looked.oldest_received.map_or(header.received_at, |oldest| oldest.min(header.received_at)));
                looked.newest_received = looked.newest_received.max(Some(header.received_at));
                each(&Record {
                    lsn: header.lsn,
                    offset_bytes,
                    record_bytes: header.record_bytes(),
                    tenant: header.tenant,
                    received_at: header.received_at,
                    hash: header.hash,
                    request: header.request(body),
                });
            }
            Step::Corrupt { .. } => looked.damaged += 1,
            Step::End { torn } => {
                looked.torn = torn;
                looked.end_bytes = scanner.position();
                return Ok(looked);
            }
        }
    }
}
