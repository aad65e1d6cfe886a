//! One layout as a file or the API gives it, and what can be wrong with it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An ordered reading of codes: a regular expression with named groups, and for whom it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LayoutEntry {
    pub id: String,
    /// With at least one of the groups `service`, `module`, `code`, `level`, `source`, `http`, `class`.
    pub pattern: String,
    /// Services it is bound to; `pay*` is a prefix. With this or `environments` it is an explicit binding.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environments: Vec<String>,
    /// Lengths of codes it reads; empty: any that the pattern takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lengths: Vec<usize>,
}

/// Names of parts that a pattern may have.
pub(super) const GROUPS: [&str; 7] = ["service", "module", "code", "level", "source", "http", "class"];
/// Bytes of a pattern; also the size of its compiled form is limited.
const PATTERN_BYTES_MAX: usize = 512;
pub(super) const COMPILED_BYTES_MAX: usize = 1 << 18;
pub(super) const LAYOUTS_MAX: usize = 256;

/// Why layouts cannot be used. Names the layout and the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    #[error("layout {index}: `id` is empty")]
    NoId { index: usize },
    #[error("layout {id:?}: `id` is used twice")]
    Twice { id: String },
    #[error("layout {id:?}: `pattern` is no regular expression: {why}")]
    Pattern { id: String, why: String },
    #[error("layout {id:?}: `pattern` has {bytes} bytes, {PATTERN_BYTES_MAX} at most")]
    Long { id: String, bytes: usize },
    #[error("layout {id:?}: `pattern` has a group {group:?}; parts are service, module, code, level, source, http and class")]
    Group { id: String, group: String },
    #[error("layout {id:?}: `pattern` names no part, such as (?P<service>…)")]
    NoParts { id: String },
    #[error("{count} layouts, {LAYOUTS_MAX} at most")]
    TooMany { count: usize },
}

impl LayoutError {
    /// Which layout is wrong, when one is and it has an id.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Twice { id } | Self::Pattern { id, .. } | Self::Long { id, .. } | Self::Group { id, .. } | Self::NoParts { id } => {
                Some(id)
            }
            Self::NoId { .. } | Self::TooMany { .. } => None,
        }
    }
}

impl LayoutEntry {
    pub(super) fn check(&self, index: usize) -> Result<(), LayoutError> {
        if self.id.trim().is_empty() {
            return Err(LayoutError::NoId { index });
        }
        match self.pattern.len() {
            bytes if bytes > PATTERN_BYTES_MAX => Err(LayoutError::Long { id: self.id.clone(), bytes }),
            _ => Ok(()),
        }
    }

    pub(super) fn is_bound(&self) -> bool {
        !(self.services.is_empty() && self.environments.is_empty())
    }
}

/// What holds without any configuration: none of them is bound to anybody.
pub fn default_layouts() -> Vec<LayoutEntry> {
    let layout = |id: &str, pattern: &str| LayoutEntry {
        id: id.to_owned(),
        pattern: pattern.to_owned(),
        services: vec![],
        environments: vec![],
        lengths: vec![],
    };
    vec![
        layout("1-3-3", r"^(?P<service>\d)(?P<module>\d{3})(?P<code>\d{3})$"),
        layout("2-2-3", r"^(?P<service>\d{2})(?P<module>\d{2})(?P<code>\d{3})$"),
        layout("http-1-3", r"^(?P<http>[45]\d{2})(?P<module>\d)(?P<code>\d{3})$"),
        layout("weibo-1-2-2", r"^(?P<level>[12])(?P<module>\d{2})(?P<code>\d{2})$"),
        layout("2-2-2", r"^(?P<service>\d{2})(?P<module>\d{2})(?P<code>\d{2})$"),
        layout("alibaba", r"^(?P<source>[ABC])(?P<code>\d{4})$"),
        layout("reason", r"^(?P<code>[A-Z][A-Z0-9_]{1,62})$"),
    ]
}
