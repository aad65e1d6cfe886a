//! The list of a backup, one file a line, and at its end the checksum of itself:
//!
//! ```text
//! fusebox backup 1
//! 1c291ca3 53248 catalog.sqlite
//! 90bf0a6b 8192 data/1/spans/20261122T10-00000000000004d2.parquet
//! end 7d1f0e55
//! ```

use std::{
    io::ErrorKind,
    path::{Component, Path, PathBuf},
};

use super::{BackupError, copy::make_parents};
use crate::io::Io;

const FILE_NAME: &str = "fusebox-backup";
const FIRST_LINE: &str = "fusebox backup 1";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Relative.
    pub path: PathBuf,
    pub bytes: u64,
    pub crc: u32,
}

pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join(FILE_NAME)
}

/// Writes the list, durably. Nothing may be missing in `dir` by now.
pub(super) fn write(io: &dyn Io, dir: &Path, entries: &[Entry]) -> Result<(), BackupError> {
    let text = text(entries);
    make_parents(io, dir, Path::new(FILE_NAME))?;
    let write = || {
        let file = io.create(&path(dir))?;
        file.write_all_at(text.as_bytes(), 0)?;
        file.sync_data()?;
        io.sync_dir(dir)
    };
    write().map_err(|source| BackupError::Write { path: path(dir), source })
}

fn text(entries: &[Entry]) -> String {
    let mut text = format!("{FIRST_LINE}\n");
    for Entry { path, bytes, crc } in entries {
        text.push_str(&format!("{crc:08x} {bytes} {}\n", path.display()));
    }
    let crc = crc32fast::hash(text.as_bytes());
    text + &format!("end {crc:08x}\n")
}

pub(super) fn read(io: &dyn Io, dir: &Path) -> Result<Vec<Entry>, BackupError> {
    let path = path(dir);
    let load = || -> std::io::Result<Vec<u8>> {
        let file = io.open_read(&path)?;
        let mut bytes = vec![0; usize::try_from(file.len()?).map_err(std::io::Error::other)?];
        file.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    };
    let bytes = match load() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(BackupError::NoManifest { path }),
        loaded => loaded.map_err(|source| BackupError::Copy { path: path.clone(), source })?,
    };
    parse(&bytes).map_err(|reason| BackupError::Manifest { path, reason })
}

fn parse(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not text".to_owned())?;
    let body = text.rfind("end ").map(|at| text.split_at(at)).ok_or("its last line is missing")?;
    if body.1 != format!("end {:08x}\n", crc32fast::hash(body.0.as_bytes())) {
        return Err("it does not match its checksum".to_owned());
    }
    let mut lines = body.0.lines();
    if lines.next() != Some(FIRST_LINE) {
        return Err("it is of another version".to_owned());
    }
    lines.map(|line| entry(line).ok_or_else(|| format!("line {line:?}"))).collect()
}

fn entry(line: &str) -> Option<Entry> {
    let mut parts = line.splitn(3, ' ');
    let crc = u32::from_str_radix(parts.next()?, 16).ok()?;
    let bytes = parts.next()?.parse().ok()?;
    let path = PathBuf::from(parts.next()?);
    // A list from elsewhere must not lead out of the directory.
    let is_below = path.file_name().is_some() && path.components().all(|component| matches!(component, Component::Normal(_)));
    is_below.then_some(Entry { path, bytes, crc })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reads_as_it_was_written_and_a_changed_one_does_not() {
        let entries = vec![
            Entry { path: "catalog.sqlite".into(), bytes: 7, crc: 0xfeed },
            Entry { path: "data/1/logs/with a space.parquet".into(), bytes: 0, crc: 0 },
        ];
        let written = text(&entries);
        assert_eq!(parse(written.as_bytes()), Ok(entries));
        for at in 0..written.len() {
            let mut damaged = written.clone().into_bytes();
            damaged[at] ^= 1;
            assert!(parse(&damaged).is_err(), "byte {at}");
            assert!(parse(&written.as_bytes()[..at]).is_err(), "{at} bytes");
        }
    }

    #[test]
    fn no_path_leads_out_of_the_directory() {
        for path in ["../catalog.sqlite", "/etc/passwd", "data/../../x", ""] {
            assert_eq!(entry(&format!("00000000 1 {path}")), None, "{path}");
        }
    }
}
