//! Segments of the log, or the records of one.

use std::path::Path;

use schemas::otlp::{ContentEncoding, Format};

use super::{InspectError, List, Report, Value, places};
use crate::{
    io::Io,
    wal::look::{LookedAt, Record, look, segments},
};

const SEGMENT_COLUMNS: &[&str] = &[
    "file",
    "ordinal",
    "first_lsn",
    "last_lsn",
    "records",
    "end_bytes",
    "file_bytes",
    "acknowledged_lsn",
    "damaged",
    "torn",
    "oldest_received",
    "newest_received",
];

const RECORD_COLUMNS: &[&str] =
    &["lsn", "offset_bytes", "record_bytes", "signal", "format", "encoding", "tenant", "received_at", "request_hash"];

/// `place`: a data directory, the directory of a log, or one of its segments, whose records are listed then.
///
/// # Errors
/// When a file cannot be read, or `place` is no such thing. Damage inside of segments is part of the report.
pub fn wal(io: &dyn Io, place: &Path) -> Result<Report, InspectError> {
    if !place.is_dir() {
        return one(io, place);
    }
    let inside = place.join("wal");
    let dir = if inside.is_dir() { inside } else { place.to_owned() };
    let listed = io.list(&dir).map_err(|source| InspectError::List { path: dir.clone(), source })?;
    let (found, spares) = segments(io, &listed);
    let mut rows = Vec::with_capacity(found.len());
    let (mut records, mut bytes) = (0, 0);
    for (path, acknowledged_end) in found {
        let looked = look(io, &path, acknowledged_end, &mut |_| {}).map_err(|source| InspectError::Read { path: path.clone(), source })?;
        records += looked.records;
        bytes += looked.end_bytes;
        rows.push(segment(&looked, places::shown(&path, &dir)));
    }
    let facts = vec![
        ("segments", rows.len().into()),
        ("records", records.into()),
        ("record_bytes", bytes.into()),
        ("spare_segments", spares.into()),
    ];
    Ok(Report { facts, lists: vec![List { name: "segments", columns: SEGMENT_COLUMNS, rows }] })
}

fn one(io: &dyn Io, path: &Path) -> Result<Report, InspectError> {
    let mut rows = Vec::new();
    let looked = look(io, path, None, &mut |record| rows.push(row(record)))
        .map_err(|source| InspectError::Read { path: path.to_owned(), source })?;
    if looked.header.is_none() && looked.records == 0 {
        let reason = "it has neither a header nor records that can be read".to_owned();
        return Err(InspectError::Other { path: path.to_owned(), kind: "segment of a log", reason });
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let facts = SEGMENT_COLUMNS.iter().copied().zip(segment(&looked, name)).collect();
    Ok(Report { facts, lists: vec![List { name: "records", columns: RECORD_COLUMNS, rows }] })
}

fn segment(looked: &LookedAt, file: String) -> Vec<Value> {
    let header = looked.header.as_ref();
    vec![
        file.into(),
        header.map(|header| header.ordinal).into(),
        header.map(|header| header.first_lsn.0).into(),
        looked.last_lsn.map(|lsn| lsn.0).into(),
        looked.records.into(),
        looked.end_bytes.into(),
        looked.file_bytes.into(),
        header.map(|header| header.acknowledged.0).into(),
        looked.damaged.into(),
        looked.torn.into(),
        looked.oldest_received.into(),
        looked.newest_received.into(),
    ]
}

fn row(record: &Record) -> Vec<Value> {
    let request = record.request.as_ref();
    let format = |format| match format {
        Format::Protobuf => "protobuf",
        Format::Json => "json",
    };
    let encoding = |encoding| match encoding {
        ContentEncoding::Identity => "identity",
        ContentEncoding::Gzip => "gzip",
        ContentEncoding::Zstd => "zstd",
    };
    vec![
        record.lsn.0.into(),
        record.offset_bytes.into(),
        record.record_bytes.into(),
        request.map(|request| request.signal.name()).into(),
        request.map(|request| format(request.format)).into(),
        request.map(|request| encoding(request.encoding)).into(),
        u64::from(record.tenant.0).into(),
        record.received_at.into(),
        format!("{:032x}", record.hash.0).into(),
    ]
}
