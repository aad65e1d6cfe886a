//! Which spans of a large trace one answer holds.
//!
//! Level by level from the top until the page is full, so a page is an overview with whole upper levels. Spans that are shown
//! but whose children are not, or not all, say how many spans are hidden below them; asking with such a span as `root` shows them.
//! When not even the children of the root fit, the rest of them is the next page, after a [`Cursor`].
//!
//! ```text
//! limit 4:  root              page of root      then ?root=b      then the page after cursor b
//!           |- a              root              b                 root
//!           |- b              |- a              |- b1             |- c
//!           |  `- b1          |- b (1 hidden)
//!           `- c              (1 remaining)
//! ```

use std::{collections::VecDeque, fmt, str::FromStr};

use schemas::SpanId;

use super::shape::TraceShape;

/// The spans of one page. Indexes are into [`TraceShape::spans`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Ascending, so in tree order; every span but the first level comes after its parent.
    pub spans: Vec<u32>,
    /// Position in `spans`, and how many spans below it are not on this page. The root of the page is not among them.
    pub hidden: Vec<(u32, u32)>,
    /// Spans of the next pages: further children of the root, and what is below those.
    pub remaining: usize,
    pub next: Option<Cursor>,
}

/// The last child of the root that was shown. Stays right when spans arrive in between: order depends on time and id alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    start_ns: i64,
    span_id: SpanId,
    /// How many children with this very start and id were shown.
    shown: u32,
}

/// One page of what lies below `root` (the whole trace without one), from the first child after `after`, with at most `spans_max`
/// spans, `root` included. At least 2, or no page would get anywhere.
pub fn page(shape: &TraceShape, root: Option<usize>, after: Option<Cursor>, spans_max: usize) -> Page {
    let spans_max = spans_max.max(2);
    let mut taken = vec![false; shape.spans.len()];
    let mut count = 0;
    let mut take = |index: usize| {
        let fits = count < spans_max;
        count += usize::from(fits);
        taken[index] |= fits;
        fits
    };
    if let Some(root) = root {
        take(root);
    }
    let mut levels = VecDeque::new();
    let mut remaining = 0;
    let mut last = None;
    for child in unseen_children(shape, root, after) {
        if remaining == 0 && take(child) {
            levels.push_back(child);
            last = Some(child);
        } else {
            remaining += 1 + shape.descendants(child);
        }
    }
    'full: while let Some(parent) = levels.pop_front() {
        for child in shape.children(Some(parent)) {
            if !take(child) {
                break 'full;
            }
            levels.push_back(child);
        }
    }
    let spans: Vec<u32> = (0..).zip(&taken).filter(|(_, taken)| **taken).map(|(index, _)| index).collect();
    let next = last.filter(|_| remaining > 0).map(|last| Cursor::at(shape, root, last));
    Page { hidden: hidden(shape, root, &spans, &taken), spans, remaining, next }
}

/// The children of `root` that no earlier page has shown.
fn unseen_children(shape: &TraceShape, root: Option<usize>, after: Option<Cursor>) -> impl Iterator<Item = usize> + '_ {
    let mut namesakes = 0;
    shape.children(root).skip_while(move |child| {
        let Some(cursor) = after else { return false };
        let span = &shape.spans[*child];
        match (span.start_ns, span.span_id).cmp(&(cursor.start_ns, cursor.span_id)) {
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Equal => {
                namesakes += 1;
                namesakes <= cursor.shown
            }
            std::cmp::Ordering::Greater => false,
        }
    })
}

/// Of each span but `root` whose subtree is not all taken: how much is missing that no span below it accounts for.
fn hidden(shape: &TraceShape, root: Option<usize>, spans: &[u32], taken: &[bool]) -> Vec<(u32, u32)> {
    let missing = |(position, index): (u32, &u32)| {
        let index = *index as usize;
        if Some(index) == root {
            return None;
        }
        let missing = shape.children(Some(index)).filter(|child| !taken[*child]).map(|child| 1 + shape.descendants(child));
        Some((position, missing.sum::<usize>() as u32)).filter(|(_, missing)| *missing > 0)
    };
    (0..).zip(spans).filter_map(missing).collect()
}

impl Cursor {
    fn at(shape: &TraceShape, root: Option<usize>, last: usize) -> Self {
        let key = |index: usize| (shape.spans[index].start_ns, shape.spans[index].span_id);
        let (start_ns, span_id) = key(last);
        let shown = shape.children(root).take_while(|child| *child <= last).filter(|child| key(*child) == key(last)).count() as u32;
        Self { start_ns, span_id, shown }
    }
}

/// The page token: hex digits, which callers hand back as they are.
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{}{:x}", self.start_ns.cast_unsigned(), self.span_id, self.shown)
    }
}

/// A text that is no page token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a page token of this server")]
pub struct ParseCursorError;

impl FromStr for Cursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, ParseCursorError> {
        if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(ParseCursorError);
        }
        let part = |range| text.get(range).ok_or(ParseCursorError);
        let start_ns = u64::from_str_radix(part(0..16)?, 16).map_err(|_| ParseCursorError)?.cast_signed();
        let span_id = part(16..32)?.parse().map_err(|_| ParseCursorError)?;
        let shown = u32::from_str_radix(part(32..text.len())?, 16).map_err(|_| ParseCursorError)?;
        Ok(Self { start_ns, span_id, shown })
    }
}

#[cfg(test)]
mod tests;
