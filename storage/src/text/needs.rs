//! What an index can answer of a query: tokens that a matching row must have.

use xxhash_rust::xxh3::xxh3_64;

use super::{
    query::{Condition, Phrase, Piece},
    tokens::for_each_pair,
};

/// A row that matches has all of `words`, a word that begins with each of `prefixes`, and of each of `choices` one alternative.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    pub words: Vec<Token>,
    /// Of `words` those that follow each other, by their common hash.
    pub neighbours: Vec<u64>,
    pub prefixes: Vec<String>,
    pub choices: Vec<Vec<Self>>,
    /// A row that does not match may have them all the same.
    pub says_too_little: bool,
}

/// A token and its hash, as Bloom filters know it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Token {
    pub text: String,
    pub hash: u64,
}

/// The hash of a token in Bloom filters.
pub(super) fn hash(token: &str) -> u64 {
    xxh3_64(token.as_bytes())
}

/// What Bloom filters have of two words that follow each other in a text, by the hashes of both.
pub(super) fn neighbours(first: u64, second: u64) -> u64 {
    xxh3_64(&[first.to_le_bytes(), second.to_le_bytes()].concat())
}

impl Needs {
    pub(super) fn new(condition: &Condition) -> Self {
        let mut needs = Self::default();
        needs.add(condition);
        needs.words.sort_unstable();
        needs.words.dedup();
        needs
    }

    /// Whether every row has them.
    pub(crate) fn is_nothing(&self) -> bool {
        self.words.is_empty() && self.prefixes.is_empty() && self.choices.is_empty()
    }

    fn add(&mut self, condition: &Condition) {
        match condition {
            Condition::Phrase(phrase) => self.add_phrase(phrase),
            Condition::And(all) => all.iter().for_each(|condition| self.add(condition)),
            Condition::Or(any) => {
                let alternatives: Vec<Self> = any.iter().map(Self::new).collect();
                self.says_too_little |= alternatives.iter().any(|needs| needs.says_too_little);
                if !alternatives.iter().any(Self::is_nothing) {
                    self.choices.push(alternatives);
                }
            }
        }
    }

    fn add_phrase(&mut self, phrase: &Phrase) {
        let mut words = 0;
        let mut add_word = |needs: &mut Self, text: &str| {
            needs.words.push(Token { text: text.to_owned(), hash: hash(text) });
            words += 1;
        };
        let last = phrase.pieces.len().saturating_sub(1);
        // CJK may be part of a longer run of the text, so that it is not known what follows or goes before.
        let mut before: Option<u64> = None;
        for (index, piece) in phrase.pieces.iter().enumerate() {
            let first = before.take();
            match piece {
                Piece::Word(word) if phrase.open && index == last => self.prefixes.push(word.clone()),
                Piece::Word(word) => {
                    let second = hash(word);
                    self.neighbours.extend(first.map(|first| neighbours(first, second)));
                    before = Some(second);
                    add_word(self, word);
                }
                // In a text it may be inside of a run, whose tokens are pairs.
                Piece::Cjk(run) if run.chars().nth(1).is_none() => {}
                Piece::Cjk(run) => for_each_pair(run, |pair| add_word(self, pair)),
            }
        }
        self.says_too_little |= !phrase.pieces.is_empty() && (phrase.pieces.len() > 1 || words != 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{TextFilter, TextQuery};

    fn text_of(needs: &Needs) -> String {
        let words = needs.words.iter().map(|token| token.text.clone());
        let prefixes = needs.prefixes.iter().map(|prefix| format!("{prefix}*"));
        let choices = needs.choices.iter().map(|any| format!("({})", any.iter().map(text_of).collect::<Vec<_>>().join(" | ")));
        words.chain(prefixes).chain(choices).collect::<Vec<_>>().join(" ")
    }

    fn check(query: TextQuery, expected: &str, exact: bool) {
        let filter = TextFilter::new(&query);
        assert_eq!(text_of(filter.needs()), expected, "{query:?}");
        assert_eq!(!filter.needs().says_too_little, exact, "{query:?}");
        assert_eq!(filter.uses_index(), !expected.is_empty(), "{query:?}");
    }

    #[test]
    fn what_a_row_must_have() {
        let phrase = |text: &str| TextQuery::Phrase(text.to_owned());
        check(phrase("Timeout"), "timeout", true);
        check(phrase("lock lost"), "lock lost", false);
        check(phrase("用户登录"), "户登 用户 登录", false);
        check(phrase("失败"), "失败", true);
        check(phrase("库"), "", false);
        check(phrase("库 order"), "order", false);
        check(phrase("--"), "", true);
        check(TextQuery::Prefix("lock lo".to_owned()), "lock lo*", false);
        check(TextQuery::Prefix("lo".to_owned()), "lo*", false);
        check(TextQuery::Prefix("失败".to_owned()), "失败", true);
        check(TextQuery::And(vec![phrase("b"), phrase("a"), TextQuery::And(vec![phrase("b")])]), "a b", true);
        check(TextQuery::Or(vec![phrase("b"), phrase("a c")]), "(b | a c)", false);
        check(TextQuery::Or(vec![phrase("b"), phrase("库")]), "", false);
        check(TextQuery::And(vec![phrase("a"), TextQuery::Or(vec![phrase("b"), phrase("c")])]), "a (b | c)", true);
    }

    #[test]
    fn a_choice_of_nothing_is_never_met() {
        let filter = TextFilter::new(&TextQuery::Or(vec![]));
        assert_eq!((filter.needs().choices.len(), filter.uses_index()), (1, true));
    }
}
