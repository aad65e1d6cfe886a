//! The file that the API writes.

use std::{io, path::Path};

use governance::codes::catalogue::{CodesFile, write_toml};
use storage::io::Io;

use super::{
    book::CodesError,
    source::{self, Format},
};
use crate::small_files;

/// Reads it; without a file there is nothing in it.
pub(super) fn load(io: &dyn Io, path: &Path) -> Result<CodesFile, CodesError> {
    match source::text(io, path) {
        Ok(text) => source::parse(path, Format::Toml, &text),
        Err(CodesError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(CodesFile::default()),
        Err(error) => Err(error),
    }
}

/// Replaces it: after a crash it is the old one or the new one, whole.
pub(super) fn save(io: &dyn Io, path: &Path, file: &CodesFile) -> Result<(), CodesError> {
    let text = write_toml(file.layouts.iter(), file.codes.iter().map(|code| &code.value), file.parts.iter());
    let text = format!("# Written by the API of error codes; files of the configuration win over it.\n{text}");
    small_files::replace(io, path, text.as_bytes()).map_err(|source| CodesError::Write { path: path.to_owned(), source })
}
