//! A text with codes, in one of the forms they are written in.

use std::path::Path;

use governance::codes::catalogue::{CodesFile, ImportError, read_csv, read_java, read_proto, read_toml};
use storage::io::Io;

use super::book::CodesError;
use crate::small_files::{self, TextError};

/// Bytes of one file.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// How codes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Toml,
    Csv,
    /// Kratos' `errors.proto`.
    Proto,
    /// Enums of Java.
    Java,
}

impl Format {
    pub(crate) const ALL: [(&'static str, Self); 4] =
        [("toml", Self::Toml), ("csv", Self::Csv), ("proto", Self::Proto), ("java", Self::Java)];

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(own, _)| *own == name).map(|(_, format)| format)
    }

    /// # Errors
    /// Names the line and what is wrong there.
    pub(crate) fn read(self, text: &str) -> Result<CodesFile, ImportError> {
        let codes = match self {
            Self::Toml => return read_toml(text),
            Self::Csv => read_csv(text)?,
            Self::Proto => read_proto(text)?,
            Self::Java => read_java(text)?,
        };
        Ok(CodesFile { codes, ..CodesFile::default() })
    }
}

/// Reads a file of the configuration; its ending says how.
pub(super) fn read(io: &dyn Io, path: &Path) -> Result<CodesFile, CodesError> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    let format = Format::from_name(&ending).ok_or_else(|| CodesError::Ending { path: path.to_owned() })?;
    parse(path, format, &text(io, path)?)
}

pub(super) fn parse(path: &Path, format: Format, text: &str) -> Result<CodesFile, CodesError> {
    format.read(text).map_err(|ImportError { line, what }| CodesError::Line { path: path.to_owned(), line, what })
}

/// All of a file, as text.
pub(super) fn text(io: &dyn Io, path: &Path) -> Result<String, CodesError> {
    small_files::text(io, path, FILE_BYTES_MAX).map_err(|error| {
        let path = path.to_owned();
        match error {
            TextError::Read(source) => CodesError::Read { path, source },
            TextError::Large { bytes } => CodesError::Large { path, bytes, max: FILE_BYTES_MAX },
            TextError::NotText { line } => CodesError::Line { path, line, what: "the text is not UTF-8".to_owned() },
        }
    })
}
