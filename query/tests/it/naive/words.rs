//! Words without a field.

use query::search::{FreeTextKind, Wildcard, WildcardPart};
use regex::Regex;

use super::{Record, values::text_of};
use crate::records::{Any, Attributes};

/// Log bodies, exception messages, span names, status messages, and what events say.
fn texts(record: Record<'_>) -> Vec<String> {
    let message = |attributes: &Attributes| Some(attributes.iter().find(|(key, _)| key == "exception.message")?.1.clone());
    // Where it has a column it is a text, or in no column.
    let own_message = |attributes: &Attributes| match message(attributes) {
        Some(Any::Text(text)) => Some(text),
        _ => None,
    };
    match record {
        Record::Span(span) => {
            let own = [Some(span.name.clone()), span.status_message.clone(), own_message(&span.attributes)];
            let events = span
                .events
                .iter()
                .flat_map(|event| [Some(event.name.clone()), message(&event.attributes).and_then(|message| text_of(&message))]);
            own.into_iter().chain(events).flatten().collect()
        }
        Record::Log(log) => {
            let body = log.body.as_ref().and_then(text_of);
            body.into_iter().chain(own_message(&log.attributes)).collect()
        }
    }
}

pub(super) fn holds(asked: &FreeTextKind, record: Record<'_>) -> bool {
    let any = |holds: &dyn Fn(&str) -> bool| texts(record).iter().any(|text| holds(text));
    // What has no word in it asks for nothing.
    let words = |asked: &str, open| pieces(asked).is_empty() || any(&|text| follow(&pieces(asked), &pieces(text), open));
    match asked {
        FreeTextKind::Word(word) => {
            let trace = record.trace().is_some_and(|trace| word.eq_ignore_ascii_case(&format!("{trace:032x}")));
            trace || words(word, false)
        }
        FreeTextKind::Phrase(phrase) => words(phrase, false),
        FreeTextKind::Wildcard(wildcard) => match wildcard.parts() {
            [WildcardPart::Text(prefix), WildcardPart::Any] => words(prefix, true),
            _ => any(&|text| in_words(wildcard, text)),
        },
        FreeTextKind::Regex(regex) => {
            let regex = Regex::new(regex.pattern()).expect("the pattern parses");
            any(&|text| regex.is_match(text))
        }
    }
}

/// A word in lower case, or one character of Chinese and whether it touches the one before.
#[derive(Debug, PartialEq)]
enum Piece {
    Word(String),
    Cjk { character: char, touches: bool },
}

fn is_cjk(c: char) -> bool {
    ('\u{3000}'..='\u{9fff}').contains(&c) && c.is_alphanumeric()
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut before = ' ';
    for c in text.chars() {
        if is_cjk(c) {
            pieces.push(Piece::Cjk { character: c, touches: is_cjk(before) });
        } else if c.is_alphanumeric() {
            match pieces.last_mut() {
                Some(Piece::Word(word)) if before.is_alphanumeric() && !is_cjk(before) => word.extend(c.to_lowercase()),
                _ => pieces.push(Piece::Word(c.to_lowercase().collect())),
            }
        }
        before = c;
    }
    pieces
}

/// Whether `asked` stands in `text`, one after the other; characters that touch in `asked` touch in `text`.
fn follow(asked: &[Piece], text: &[Piece], open: bool) -> bool {
    let same = |at: usize, asked_piece: &Piece, piece: &Piece| match (asked_piece, piece) {
        (Piece::Word(wanted), Piece::Word(word)) if open && at + 1 == asked.len() => word.starts_with(wanted),
        (Piece::Word(wanted), Piece::Word(word)) => word == wanted,
        (Piece::Cjk { character: wanted, touches: must }, Piece::Cjk { character, touches }) => {
            wanted == character && (!must || *touches || at == 0)
        }
        _ => false,
    };
    text.windows(asked.len()).any(|window| asked.iter().zip(window).enumerate().all(|(at, (asked, piece))| same(at, asked, piece)))
}

/// A pattern in any case that does not cross white space, and does not begin or end inside of a word.
fn in_words(wildcard: &Wildcard, text: &str) -> bool {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let in_word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() && !is_cjk(*c));
    let edge = |part: Option<&WildcardPart>, first: bool| match part {
        Some(WildcardPart::Text(text)) => in_word(if first { text.chars().next() } else { text.chars().last() }.as_ref()),
        _ => false,
    };
    let (begins, ends) = (edge(wildcard.parts().first(), true), edge(wildcard.parts().last(), false));
    let may_begin = |at: usize| !begins || at == 0 || !in_word(text.get(at - 1));
    let may_end = |at: usize| !ends || !in_word(text.get(at));
    (0..=text.len()).filter(|from| may_begin(*from)).any(|from| {
        (from..=text.len()).filter(|to| may_end(*to)).any(|to| glob(wildcard.parts(), &text[from..to], &|c| !c.is_whitespace()))
    })
}

/// `*` and `?` by trying every way; they stand for characters that are `wild`.
pub(super) fn glob(parts: &[WildcardPart], text: &[char], wild: &dyn Fn(char) -> bool) -> bool {
    match parts.split_first() {
        None => text.is_empty(),
        Some((WildcardPart::Any, rest)) => {
            (0..=text.len()).take_while(|at| *at == 0 || wild(text[at - 1])).any(|at| glob(rest, &text[at..], wild))
        }
        Some((WildcardPart::One, rest)) => text.first().is_some_and(|c| wild(*c)) && glob(rest, &text[1..], wild),
        Some((WildcardPart::Text(wanted), rest)) => {
            let wanted: Vec<char> = wanted.chars().collect();
            text.starts_with(&wanted) && glob(rest, &text[wanted.len()..], wild)
        }
    }
}
