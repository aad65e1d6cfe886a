//! What really happened, as a file beside the demo.

use std::{fs, path::Path};

use anyhow::Context;
use demo::Shop;

use crate::failure::Failure;

/// Writes the truth of `shop`, one JSON object a line. Whoever reads the file meanwhile reads the one before.
pub(super) fn write(path: &Path, shop: &Shop) -> Result<(), Failure> {
    let written = path.with_extension("part");
    fs::write(&written, shop.truth().governance.to_ndjson()).with_context(|| format!("write {}", written.display()))?;
    Ok(fs::rename(&written, path).with_context(|| format!("write {}", path.display()))?)
}
