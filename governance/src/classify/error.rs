//! What is wrong with a rule file, for the person who wrote it.

use std::{fmt, ops::Range};

/// One mistake in a rule file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {place}: {why}")]
pub struct RuleError {
    pub file: String,
    /// From 1.
    pub line: usize,
    /// The rule and its field: ``rule `my.rule`, `when[0].regex` ``.
    pub place: String,
    pub why: String,
}

/// Everything that is wrong with a rule file; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleErrors(pub Vec<RuleError>);

impl fmt::Display for RuleErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for RuleErrors {}

/// Collects mistakes of one file.
pub(super) struct Mistakes<'a> {
    file: &'a str,
    text: &'a str,
    found: Vec<RuleError>,
}

impl<'a> Mistakes<'a> {
    pub fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, found: Vec::new() }
    }

    pub fn add(&mut self, span: Range<usize>, place: impl Into<String>, why: impl Into<String>) {
        let before = self.text.as_bytes().get(..span.start).unwrap_or_default();
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        self.found.push(RuleError { file: self.file.to_owned(), line, place: place.into(), why: why.into() });
    }

    pub fn file(&self) -> &'a str {
        self.file
    }

    pub fn count(&self) -> usize {
        self.found.len()
    }

    pub fn finish(mut self) -> Result<(), RuleErrors> {
        self.found.sort_by_key(|mistake| mistake.line);
        if self.found.is_empty() { Ok(()) } else { Err(RuleErrors(self.found)) }
    }
}
