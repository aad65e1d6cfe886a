//! Small files of text: read whole, and replaced whole.

use std::{io, path::Path};

use storage::io::{Io, create_dirs_durable};

/// Why a file is no text that can be used.
#[derive(Debug)]
pub(crate) enum TextError {
    Read(io::Error),
    Large {
        bytes: u64,
    },
    /// In the line where it stops being UTF-8, from 1.
    NotText {
        line: usize,
    },
}

/// All of a file of at most `bytes_max` bytes.
pub(crate) fn text(io: &dyn Io, path: &Path, bytes_max: u64) -> Result<String, TextError> {
    let file = io.open_read(path).map_err(TextError::Read)?;
    let len = file.len().map_err(TextError::Read)?;
    if len > bytes_max {
        return Err(TextError::Large { bytes: len });
    }
    let mut bytes = vec![0; len as usize];
    file.read_exact_at(&mut bytes, 0).map_err(TextError::Read)?;
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        TextError::NotText { line: 1 + before.iter().filter(|byte| **byte == b'\n').count() }
    })
}

/// Replaces it durably: after a crash it is the old one or the new one, whole.
pub(crate) fn replace(io: &dyn Io, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("/"));
    if let Some(base) = dir.parent() {
        create_dirs_durable(io, base, dir)?;
    }
    let temporary = path.with_extension("tmp");
    match io.remove(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = io.create(&temporary)?;
    file.write_all_at(bytes, 0)?;
    file.sync_data()?;
    io.rename(&temporary, path)?;
    io.sync_dir(dir)
}
