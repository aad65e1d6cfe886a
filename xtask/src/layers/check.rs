//! Runs the three checks over the real workspace.

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

use super::{graph, manifests, paths};
use crate::{finding::Finding, tree::Tree};

pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let metadata = MetadataCommand::new()
        .manifest_path(tree.root.join("Cargo.toml"))
        .other_options(vec!["--locked".into()])
        .exec()
        .context("cargo metadata")?;
    let mut findings = manifests::check(&manifests::declared(&metadata));
    findings.extend(graph::check(&graph::reachable(&metadata)?));
    findings.extend(tree.files.iter().flat_map(paths::check));
    findings.extend(paths::unused(&manifests::declared(&metadata), &tree.files));
    Ok(findings)
}
