//! What the machine checks: who may import whom, the house rules, licences and sources of dependencies.
//!
//! ```text
//! cargo xtask check [--skip-deny]   everything below
//! cargo xtask layers                the table of rooms against manifests, the dependency graph and paths in the code
//! cargo xtask tidy                  the house rules a compiler cannot see
//! cargo xtask deny                  cargo-deny: bans, licences, sources; advisories where a database is at hand
//! ```

mod code;
mod deny;
mod finding;
mod layers;
mod tidy;
mod tree;

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use crate::{finding::Finding, tree::Tree};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "What the machine checks")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Layers, tidy and deny.
    Check {
        /// Leave out cargo-deny.
        #[arg(long)]
        skip_deny: bool,
    },
    /// Who may import whom.
    Layers,
    /// The house rules.
    Tidy,
    /// Licences, bans and sources of dependencies.
    Deny,
}

fn main() -> Result<ExitCode> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lives in a workspace")?;
    let tree = Tree::load(root)?;
    let mut findings = Vec::new();
    match Arguments::parse().task {
        Task::Check { skip_deny } => {
            findings.extend(layers::check(&tree)?);
            findings.extend(tidy::check(&tree));
            if !skip_deny {
                findings.extend(deny::check(&tree)?);
            }
        }
        Task::Layers => findings.extend(layers::check(&tree)?),
        Task::Tidy => findings.extend(tidy::check(&tree)),
        Task::Deny => findings.extend(deny::check(&tree)?),
    }
    report(&findings, tree.files.len())
}

fn report(findings: &[Finding], files: usize) -> Result<ExitCode> {
    let mut out = io::stdout().lock();
    for finding in findings {
        writeln!(out, "{finding}")?;
    }
    if findings.is_empty() {
        writeln!(out, "xtask: {files} files, nothing to complain about")?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "xtask: {} findings", findings.len())?;
    Ok(ExitCode::FAILURE)
}
