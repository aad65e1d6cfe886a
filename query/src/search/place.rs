//! Where in the text a part of a search stands.

use std::ops::Range;

/// A byte range of the text that a search was parsed from; `0..0` in a search that was put together otherwise.
///
/// Every place equals every other, so that two searches are equal when they ask the same.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place {
    pub start: usize,
    pub end: usize,
}

impl Place {
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }

    /// From the start of `self` to the end of `other`.
    pub(super) fn to(self, other: Self) -> Self {
        Self { start: self.start, end: other.end }
    }
}

impl From<Range<usize>> for Place {
    fn from(range: Range<usize>) -> Self {
        Self { start: range.start, end: range.end }
    }
}

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Place {}
