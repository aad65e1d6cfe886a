//! One complaint: where, which rule, what to do.

use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub path: String,
    /// 1-based; 0 when the whole file is meant.
    pub line: usize,
    pub rule: &'static str,
    pub text: String,
}

impl Finding {
    pub fn at(path: &str, line: usize, rule: &'static str, text: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, rule, text: text.into() }
    }

    pub fn whole(path: &str, rule: &'static str, text: impl Into<String>) -> Self {
        Self::at(path, 0, rule, text)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {} [{}]", self.path, self.text, self.rule),
            line => write!(f, "{}:{line}: {} [{}]", self.path, self.text, self.rule),
        }
    }
}
