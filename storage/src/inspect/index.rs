//! The files beside blocks.

use std::path::Path;

use super::{InspectError, List, Report, Value, places};
use crate::{
    block::{Sums, TraceIndex},
    io::Io,
    text::{self, IndexKind},
};

const EXTENSIONS: &[&str] = &["tix", "bloom", "text", "attr", "sum"];
const COLUMNS: &[&str] = &["file", "kind", "version", "bytes", "rows", "entries", "is_whole", "problem"];

/// `place`: one index or table of checksums, or a directory of them, or a data directory.
///
/// # Errors
/// When a file cannot be read, or its name says that it is no such thing. Damage is part of the report.
pub fn index(io: &dyn Io, place: &Path) -> Result<Report, InspectError> {
    let files = places::files(io, place, EXTENSIONS)?;
    let mut rows = files.iter().map(|path| row(io, path, place)).collect::<Result<Vec<_>, _>>()?;
    if place.is_dir() {
        return Ok(Report { facts: vec![("files", rows.len().into())], lists: vec![List { name: "indexes", columns: COLUMNS, rows }] });
    }
    let facts = rows.pop().into_iter().flat_map(|row| COLUMNS.iter().copied().zip(row)).collect();
    Ok(Report { facts, lists: Vec::new() })
}

/// What a file says of itself.
#[derive(Default)]
struct Described {
    version: Option<u64>,
    rows: Option<u64>,
    entries: Option<u64>,
    problem: Option<String>,
}

fn row(io: &dyn Io, path: &Path, place: &Path) -> Result<Vec<Value>, InspectError> {
    let extension = path.extension().map(|end| end.to_string_lossy().into_owned()).unwrap_or_default();
    let bytes = places::length(io, path)?;
    let described = match extension.as_str() {
        "tix" => trace_index(io, path, bytes)?,
        "bloom" => sealed_index(io, path, IndexKind::Bloom)?,
        "text" => sealed_index(io, path, IndexKind::Inverted)?,
        "attr" => sealed_index(io, path, IndexKind::Attributes)?,
        "sum" => match Sums::decode(&places::read(io, path)?) {
            Ok(sums) => Described { version: Some(u64::from(Sums::VERSION)), entries: Some(sums.chunks()), ..Described::default() },
            Err(error) => Described { problem: Some(error.to_string()), ..Described::default() },
        },
        _ => {
            let reason = "its name ends in none of .tix, .bloom, .text, .attr and .sum".to_owned();
            return Err(InspectError::Other { path: path.to_owned(), kind: "index", reason });
        }
    };
    let kind = match extension.as_str() {
        "tix" => "traces",
        "bloom" => "words of pages",
        "text" => "words of rows",
        "attr" => "attributes of pages",
        _ => "checksums",
    };
    let Described { version, rows, entries, problem } = described;
    let is_whole = problem.is_none();
    let file = places::shown(path, place);
    Ok(vec![file.into(), kind.into(), version.into(), bytes.into(), rows.into(), entries.into(), is_whole.into(), problem.into()])
}

fn sealed_index(io: &dyn Io, path: &Path, kind: IndexKind) -> Result<Described, InspectError> {
    let text::Described { version, rows, problem } = text::describe(&places::read(io, path)?, kind);
    Ok(Described { version: version.map(u64::from), rows: rows.map(u64::from), problem, ..Described::default() })
}

/// The part that is kept in memory; `verify` looks at the pages.
fn trace_index(io: &dyn Io, path: &Path, bytes: u64) -> Result<Described, InspectError> {
    let file = io.open_read(path).map_err(|source| InspectError::Read { path: path.to_owned(), source })?;
    let header = TraceIndex::describe(&*file).map_err(|error| InspectError::Other {
        path: path.to_owned(),
        kind: "index",
        reason: error.to_string(),
    })?;
    let problem = TraceIndex::load(&*file, bytes).err().map(|error| error.to_string());
    let (version, entries, rows) = header;
    Ok(Described { version: Some(version.into()), rows: Some(rows.into()), entries: Some(entries.into()), problem })
}
