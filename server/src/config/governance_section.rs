//! The section `[governance]`: rules of the user, laid over the shipped ones.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Governance {
    /// Files of rules, each laid over those before it and the shipped ones.
    pub(crate) rules: Vec<PathBuf>,
}
