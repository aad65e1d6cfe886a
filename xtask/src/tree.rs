//! The files of the checkout: what git tracks or would track, read once.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::code::Code;

pub(crate) struct Tree {
    pub root: PathBuf,
    /// Sorted by path.
    pub files: Vec<File>,
}

pub(crate) struct File {
    /// From the root of the checkout, with `/`.
    pub path: String,
    /// Empty for files that are not UTF-8.
    pub text: String,
    /// For `.rs` files.
    pub code: Option<Code>,
}

impl Tree {
    pub fn load(root: &Path) -> Result<Self> {
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"])
            .current_dir(root)
            .output()
            .context("git ls-files")?;
        ensure!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr).trim());
        let mut files = Vec::new();
        for path in String::from_utf8(listed.stdout)?.split_terminator('\0') {
            let full = root.join(path);
            if full.is_file() {
                let bytes = fs::read(&full).with_context(|| format!("read {path}"))?;
                files.push(File::new(path, String::from_utf8(bytes).unwrap_or_default()));
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { root: root.to_owned(), files })
    }
}

impl File {
    pub fn new(path: &str, text: impl Into<String>) -> Self {
        let text = text.into();
        let code = path.ends_with(".rs").then(|| Code::read(&text));
        Self { path: path.to_owned(), text, code }
    }

    /// The room this file belongs to: its first folder.
    pub fn room(&self) -> &str {
        self.path.split('/').next().unwrap_or_default()
    }

    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Code that ships: in `src`, and not a `tests.rs` beside what it tests.
    pub fn is_production(&self) -> bool {
        self.code.is_some() && self.path.contains("/src/") && self.name() != "tests.rs" && !self.path.contains("/tests/")
    }

    /// Lines with their 1-based numbers.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn production_is_what_ships() {
        for (path, expected) in [
            ("storage/src/wal/writer.rs", true),
            ("storage/src/wal/tests.rs", false),
            ("storage/src/wal/tests/torn.rs", false),
            ("storage/tests/it/main.rs", false),
            ("storage/benches/wal.rs", false),
            ("storage/src/schema.sql", false),
        ] {
            assert_eq!(File::new(path, "").is_production(), expected, "{path}");
        }
    }
}
