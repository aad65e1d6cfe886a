//! What people ask of text, and the exact answer for one row.

use arrow::{array::BooleanArray, buffer::BooleanBuffer};
use memchr::{memchr2_iter, memmem};

use super::{
    RowTexts,
    needs::Needs,
    tokens::{Class, Run, begins_with, fold, is_token, length_of, runs},
};

/// A question about the texts of a row. Case does not matter, and neither does what separates words.
///
/// `Not` is missing on purpose: no index can answer it, so whoever has one asks for the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextQuery {
    /// What a person typed without spaces. When it is more than one word (`order-42`) it is a phrase.
    Word(String),
    /// Words that follow each other in one text, with anything but letters and digits between them. Characters of Chinese,
    /// Japanese or Korean that touch in the phrase touch in the text; where a phrase begins and ends they may be part of a
    /// longer run. Without any word it is in every text.
    Phrase(String),
    /// A phrase whose last word may go on: `time` is in `timeout`. Not when a separator follows it.
    Prefix(String),
    /// Every one; an empty list is always true.
    And(Vec<Self>),
    /// At least one; an empty list is never true.
    Or(Vec<Self>),
}

impl TextQuery {
    /// Whether `text` answers the query. To ask this of many texts, prepare a [`TextFilter`] once.
    pub fn matches(&self, text: &str) -> bool {
        TextFilter::new(self).matches(text)
    }
}

/// A [`TextQuery`], prepared for many rows and blocks.
///
/// ```
/// use storage::text::{TextFilter, TextQuery};
///
/// let filter = TextFilter::new(&TextQuery::Phrase("lock lost".to_owned()));
/// assert!(filter.matches("ERROR: Lock_Lost after 3 s"));
/// assert!(!filter.matches("the locks were lost"));
/// ```
#[derive(Debug, Clone)]
pub struct TextFilter {
    condition: Condition,
    needs: Needs,
}

/// A query whose words are tokens.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    Phrase(Phrase),
    And(Vec<Self>),
    Or(Vec<Self>),
}

/// Pieces that follow each other.
#[derive(Debug, Clone)]
pub(super) struct Phrase {
    pub pieces: Vec<Piece>,
    /// The last piece is the beginning of a word.
    pub open: bool,
    /// Finds the first piece when it is CJK.
    first_cjk: Option<Box<memmem::Finder<'static>>>,
}

#[derive(Debug, Clone)]
pub(super) enum Piece {
    /// A token.
    Word(String),
    /// Characters that touch.
    Cjk(String),
}

impl TextFilter {
    /// As deep as the query is nested, so deep this recurses: who builds queries of what people type limits that.
    pub fn new(query: &TextQuery) -> Self {
        let condition = Condition::new(query);
        let needs = Needs::new(&condition);
        Self { condition, needs }
    }

    /// Whether an index could rule out any row. Not so when every part is a single character of Chinese, Japanese or Korean, or
    /// has no whole word: then a person may want to know why it is slow.
    pub fn uses_index(&self) -> bool {
        !self.needs.is_nothing()
    }

    pub(super) fn needs(&self) -> &Needs {
        &self.needs
    }

    /// Whether `text` alone answers the query.
    pub fn matches(&self, text: &str) -> bool {
        self.condition.holds(&[text])
    }

    /// Whether a row with these texts answers the query. A phrase is in one of them, the parts of an `And` may be in different ones.
    pub fn matches_row(&self, texts: &[impl AsRef<str>]) -> bool {
        self.condition.holds(texts)
    }

    /// As [`Self::matches_row`] for every row; without nulls.
    pub fn matches_rows(&self, rows: &RowTexts<'_>) -> BooleanArray {
        let mut texts = Vec::new();
        let matches = BooleanBuffer::collect_bool(rows.len(), |row| {
            texts.clear();
            rows.of_row(row, &mut texts);
            self.matches_row(&texts)
        });
        BooleanArray::new(matches, None)
    }
}

impl Condition {
    fn new(query: &TextQuery) -> Self {
        match query {
            TextQuery::Word(text) | TextQuery::Phrase(text) => Self::Phrase(Phrase::new(text, false)),
            TextQuery::Prefix(text) => Self::Phrase(Phrase::new(text, true)),
            TextQuery::And(all) => Self::And(all.iter().map(Self::new).collect()),
            TextQuery::Or(any) => Self::Or(any.iter().map(Self::new).collect()),
        }
    }

    fn holds(&self, texts: &[impl AsRef<str>]) -> bool {
        match self {
            Self::Phrase(phrase) => phrase.pieces.is_empty() || texts.iter().any(|text| phrase.is_in(text.as_ref())),
            Self::And(all) => all.iter().all(|condition| condition.holds(texts)),
            Self::Or(any) => any.iter().any(|condition| condition.holds(texts)),
        }
    }
}

impl Phrase {
    fn new(text: &str, open: bool) -> Self {
        let mut scratch = String::new();
        let mut of_text = runs(text);
        let pieces: Vec<Piece> = of_text
            .by_ref()
            .map(|run| match run {
                Run::Word(word) => Piece::Word(fold(word, &mut scratch).to_owned()),
                Run::Cjk(run) => Piece::Cjk(run.to_owned()),
            })
            .collect();
        let ends_with_word = matches!(pieces.last(), Some(Piece::Word(_))) && of_text.rest().is_empty();
        let first_cjk = match pieces.first() {
            Some(Piece::Cjk(run)) => Some(Box::new(memmem::Finder::new(run).into_owned())),
            _ => None,
        };
        Self { pieces, open: open && ends_with_word, first_cjk }
    }

    fn is_in(&self, text: &str) -> bool {
        match (self.pieces.first(), &self.first_cjk) {
            (None, _) => true,
            (Some(Piece::Cjk(run)), Some(finder)) => self.is_in_from_cjk(text, run, finder),
            (Some(Piece::Word(word)), _) if text.is_ascii() => self.is_in_ascii(text, word),
            _ => {
                let mut places = runs(text);
                while let Some(run) = places.next() {
                    let Run::Word(word) = run else { continue };
                    if self.is_at(text, text.len() - places.rest().len() - word.len()) {
                        return true;
                    }
                }
                false
            }
        }
    }

    /// Looks where the first character of the first word is, in either case, at the beginning of a word.
    fn is_in_ascii(&self, text: &str, word: &str) -> bool {
        let bytes = text.as_bytes();
        let Some(first) = word.bytes().next().filter(u8::is_ascii) else { return false };
        memchr2_iter(first, first.to_ascii_uppercase(), bytes)
            .any(|at| (at == 0 || !bytes[at - 1].is_ascii_alphanumeric()) && self.is_at(text, at))
    }

    /// CJK has no case: looks for the bytes. Occurrences may overlap.
    fn is_in_from_cjk(&self, text: &str, run: &str, finder: &memmem::Finder<'_>) -> bool {
        let step = run.chars().next().map_or(1, char::len_utf8);
        let mut from = 0;
        while let Some(found) = finder.find(&text.as_bytes()[from..]) {
            if self.is_at(text, from + found) {
                return true;
            }
            from += found + step;
        }
        false
    }

    /// Whether the pieces follow each other from byte `at`, where a word or a character of CJK begins.
    fn is_at(&self, text: &str, mut at: usize) -> bool {
        let last = self.pieces.len() - 1;
        self.pieces.iter().enumerate().all(|(index, piece)| {
            at += length_of(&text[at..], Class::Separator);
            match piece {
                Piece::Cjk(run) => {
                    let found = text[at..].starts_with(run);
                    at += if found { run.len() } else { 0 };
                    found
                }
                Piece::Word(token) => {
                    let word = &text[at..at + length_of(&text[at..], Class::Word)];
                    at += word.len();
                    if self.open && index == last { begins_with(word, token) } else { is_token(word, token) }
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &TextQuery, text: &str, expected: bool) {
        assert_eq!(query.matches(text), expected, "{query:?} in {text:?}");
    }

    #[test]
    fn words_and_phrases() {
        let check = |phrase: &str, text: &str, expected: bool| {
            check(&TextQuery::Phrase(phrase.to_owned()), text, expected);
            check(&TextQuery::Word(phrase.to_owned()), text, expected);
        };
        check("timeout", "connection TIMEOUT!", true);
        check("timeout", "timeouts", false);
        check("timeout", "xtimeout", false);
        check("out", "time-out", true);
        check("lock lost", "the lock: LOST", true);
        check("lock lost", "lock was lost", false);
        check("lock lost", "lock lock lost", true);
        check("order-42", "order 42 failed", true);
        check("order-42", "order 421", false);
        check("42", "订单42创建", true);
        check("ошибка сети", "ОШИБКА  СЕТИ 5", true);
        check("straße", "STRASSE", false);
        check("k8s", "\u{212a}8S", true);
        check("naïve", "naive", false);
        check("", "anything", true);
        check(" -- ", "", true);
    }

    #[test]
    fn cjk_is_found_inside_of_runs() {
        let check = |phrase: &str, text: &str, expected: bool| check(&TextQuery::Phrase(phrase.to_owned()), text, expected);
        check("登录", "用户登录失败", true);
        check("登录失败", "登录 失败", false);
        check("登录 失败", "用户登录失败了", true);
        check("登录 失败", "登录，失败", true);
        check("库", "库存不足", true);
        check("失败", "订单order-42创建失败", true);
        check("订单order", "订单 Order-42", true);
        check("订单order", "订单了order", false);
        check("单order 42创", "订单order-42创建失败", true);
        check("人人x", "人人人x", true);
        check("打开", "熔断器已关闭", false);
    }

    #[test]
    fn prefixes() {
        let check = |prefix: &str, text: &str, expected: bool| check(&TextQuery::Prefix(prefix.to_owned()), text, expected);
        check("time", "a Timeout", true);
        check("time", "a time", true);
        check("time", "overtime", false);
        check("lock lo", "lock LOST", true);
        check("lock lo", "locks lost", false);
        check("order-", "orders", false);
        check("order-", "order 7", true);
        check("库", "缺库存", true);
        check("ОШ", "нет ошибки", true);
        check("", "anything", true);
    }

    #[test]
    fn lists() {
        let word = |word: &str| TextQuery::Word(word.to_owned());
        let check = |query: TextQuery, expected: bool| check(&query, "cache miss for key", expected);
        check(TextQuery::And(vec![word("miss"), word("cache")]), true);
        check(TextQuery::And(vec![word("miss"), word("hit")]), false);
        check(TextQuery::Or(vec![word("hit"), word("miss")]), true);
        check(TextQuery::And(vec![]), true);
        check(TextQuery::Or(vec![]), false);
    }

    #[test]
    fn parts_may_be_in_different_texts_but_phrases_may_not() {
        let row = ["payment failed", "lock lost"];
        let check = |query: TextQuery, expected: bool| assert_eq!(TextFilter::new(&query).matches_row(&row), expected, "{query:?}");
        check(TextQuery::And(vec![TextQuery::Word("failed".to_owned()), TextQuery::Word("lost".to_owned())]), true);
        check(TextQuery::Phrase("failed lock".to_owned()), false);
        assert!(TextFilter::new(&TextQuery::Word("!".to_owned())).matches_row(&[] as &[&str]));
    }
}
