//! One shape for all that can be said of files.

use std::{io, path::PathBuf};

use schemas::UnixNanos;

use crate::catalog::CatalogError;

/// Facts about the whole, and lists of its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub facts: Vec<(&'static str, Value)>,
    pub lists: Vec<List>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    pub name: &'static str,
    /// In snake case, with units.
    pub columns: &'static [&'static str],
    /// Each as long as `columns`.
    pub rows: Vec<Vec<Value>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    None,
    Flag(bool),
    Number(u64),
    Text(String),
    Time(UnixNanos),
}

#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    #[error("{path} is missing: not a data directory")]
    NoCatalog { path: PathBuf },
    #[error("open the catalog")]
    Catalog(#[from] CatalogError),
    #[error("list {path}")]
    List { path: PathBuf, source: io::Error },
    #[error("read {path}")]
    Read { path: PathBuf, source: io::Error },
    #[error("{path} is no {kind}: {reason}")]
    Other { path: PathBuf, kind: &'static str, reason: String },
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Number(number as u64)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<UnixNanos> for Value {
    fn from(time: UnixNanos) -> Self {
        Self::Time(time)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::None, Into::into)
    }
}
