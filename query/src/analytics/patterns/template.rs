//! A template: what the tokens of its lines have in common.

use std::fmt;

use super::{
    ends::Ends,
    tokens::{ANYTHING, Kind, Part, Tokens},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    slots: Vec<Slot>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Slot {
    content: Content,
    spaced: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    /// The same in every line.
    Text {
        text: Box<str>,
        kind: Kind,
    },
    /// Words that start and end alike.
    Frame(Ends),
    Anything,
}

/// How much of a template a line has: in half words, because a frame is half a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Similarity {
    equal: u32,
    of: u32,
    /// The line changes nothing in the template.
    same: bool,
}

impl Similarity {
    pub(super) fn is_same(self) -> bool {
        self.same
    }

    pub(super) fn is_at_least(self, share: f64) -> bool {
        f64::from(self.equal) >= share * f64::from(self.of)
    }

    pub(super) fn is_more_than(self, other: Self) -> bool {
        let share = |one: Self, of: Self| u64::from(one.equal) * u64::from(of.of.max(1));
        let nothing_counts = |one: Self| Self { equal: one.equal.max(u32::from(one.of == 0)), ..one };
        share(nothing_counts(self), other) > share(nothing_counts(other), self)
    }
}

impl Template {
    pub(super) fn of(tokens: &Tokens) -> Self {
        let slot = |part: &Part| {
            let content = match (part.kind, tokens.text_of(part)) {
                (_, ANYTHING) => Content::Anything,
                (kind, text) => Content::Text { text: text.into(), kind },
            };
            Slot { content, spaced: part.spaced }
        };
        Self { slots: tokens.parts().iter().map(slot).collect() }
    }

    /// The template of lines that got none.
    pub(super) fn anything() -> Self {
        Self { slots: vec![Slot { content: Content::Anything, spaced: false }] }
    }

    /// `None` when the line has another shape.
    pub(super) fn compare(&self, tokens: &Tokens) -> Option<Similarity> {
        if self.slots.len() != tokens.parts().len() {
            return None;
        }
        let mut similarity = Similarity { equal: 0, of: 0, same: true };
        for (slot, part) in self.slots.iter().zip(tokens.parts()) {
            let word = tokens.text_of(part);
            match &slot.content {
                Content::Text { text, kind } if **text == *word => {
                    let counts = u32::from(*kind == Kind::Word);
                    similarity.equal += 2 * counts;
                    similarity.of += 2 * counts;
                }
                Content::Text { kind: Kind::Punctuation, .. } => return None,
                _ if part.kind == Kind::Punctuation => return None,
                Content::Text { text, kind: Kind::Variable } if wider(text, word).is_some() => {
                    similarity.same &= wider(text, word) == Some(&**text);
                }
                Content::Text { text, .. } => {
                    similarity.equal += u32::from(Ends::of(text).shared_with(word).is_some());
                    similarity.of += 2;
                    similarity.same = false;
                }
                Content::Frame(ends) => {
                    let fits = ends.fit(word);
                    similarity.equal += u32::from(fits || ends.shared_with(word).is_some());
                    similarity.of += 2;
                    similarity.same &= fits;
                }
                Content::Anything if word == ANYTHING => {}
                Content::Anything => similarity.of += 2,
            }
        }
        Some(similarity)
    }

    /// Gives up what the line does not have. The line must have the template's shape.
    pub(super) fn absorb(&mut self, tokens: &Tokens) {
        for (slot, part) in self.slots.iter_mut().zip(tokens.parts()) {
            let word = tokens.text_of(part);
            slot.content = match &slot.content {
                Content::Anything => continue,
                Content::Text { text, .. } if **text == *word => continue,
                Content::Frame(ends) if ends.fit(word) => continue,
                Content::Text { text, kind: Kind::Variable } => match wider(text, word) {
                    Some(text) => Content::Text { text: text.into(), kind: Kind::Variable },
                    None => Content::Anything,
                },
                Content::Text { text, .. } => framed(Ends::of(text).shared_with(word)),
                Content::Frame(ends) => framed(ends.shared_with(word)),
            };
        }
    }
}

fn framed(ends: Option<Ends<&str>>) -> Content {
    ends.map_or(Content::Anything, |ends| Content::Frame(ends.to_boxes()))
}

/// The placeholder for values of both types. An id in hex may have decimal digits only.
fn wider<'a>(one: &'a str, other: &'a str) -> Option<&'a str> {
    match (one, other) {
        ("<hex>", "<num>") => Some(one),
        ("<num>", "<hex>") => Some(other),
        _ => None,
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, slot) in self.slots.iter().enumerate() {
            if slot.spaced && index > 0 {
                f.write_str(" ")?;
            }
            match &slot.content {
                Content::Text { text, .. } => f.write_str(text)?,
                Content::Frame(ends) => write!(f, "{}{ANYTHING}{}", ends.start, ends.end)?,
                Content::Anything => f.write_str(ANYTHING)?,
            }
        }
        Ok(())
    }
}
