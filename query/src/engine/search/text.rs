//! Words without a field: what storage can answer with its indexes, and patterns over the same texts.

use datafusion::logical_expr::{Expr, ScalarUDF, col};
use schemas::{Table, columns::TRACE_ID};
use storage::text::{TextQuery, indexed_columns};

use super::{
    super::{
        EngineError,
        functions::{TextMatch, TextPattern, id},
    },
    condition::{Matcher, body},
};
use crate::search::{Expr as Asked, FreeText, FreeTextKind, Wildcard, WildcardPart, as_trace_id};

/// The whole expression as one question to the text of a row, when it is one.
pub(super) fn query_of(expr: &Asked) -> Option<TextQuery> {
    match expr {
        Asked::And(parts) => parts.iter().map(query_of).collect::<Option<_>>().map(TextQuery::And),
        Asked::Or(parts) => parts.iter().map(query_of).collect::<Option<_>>().map(TextQuery::Or),
        Asked::Text(FreeText { kind, .. }) => match kind {
            // People paste an id and mean the trace.
            FreeTextKind::Word(word) if as_trace_id(word).is_some() => None,
            FreeTextKind::Word(word) => Some(TextQuery::Word(word.clone())),
            FreeTextKind::Phrase(phrase) => Some(TextQuery::Phrase(phrase.clone())),
            FreeTextKind::Wildcard(wildcard) => wildcard.as_prefix().map(|prefix| TextQuery::Prefix(prefix.to_owned())),
            FreeTextKind::Regex(_) => None,
        },
        Asked::Not(_) | Asked::Field(_) => None,
    }
}

pub(super) fn matches(table: Table, query: TextQuery) -> Expr {
    ScalarUDF::from(TextMatch::new(table, query)).call(columns(table))
}

/// What [`query_of`] cannot say.
///
/// # Errors
/// When a pattern would need too much.
pub(super) fn term(table: Table, text: &FreeText) -> Result<Expr, EngineError> {
    let matcher = match &text.kind {
        FreeTextKind::Word(word) | FreeTextKind::Phrase(word) => {
            let words = matches(table, TextQuery::Word(word.clone()));
            return Ok(match as_trace_id(word) {
                Some(trace_id) => col(TRACE_ID).eq(id(trace_id.as_bytes())).or(words),
                None => words,
            });
        }
        FreeTextKind::Wildcard(wildcard) => Matcher::compiled(&word_pattern(wildcard)),
        FreeTextKind::Regex(regex) => Matcher::regex(regex),
    };
    let pattern = TextPattern::new(table, matcher.map_err(EngineError::invalid)?);
    Ok(ScalarUDF::from(pattern).call(columns(table)))
}

fn columns(table: Table) -> Vec<Expr> {
    indexed_columns(table).iter().map(|name| col(*name)).collect()
}

/// A word with wildcards in any case: they stand for anything but white space. Where the pattern begins or ends with a letter or
/// digit, a word of the text does so too; Chinese, Japanese and Korean have no such ends.
fn word_pattern(wildcard: &Wildcard) -> String {
    const ALPHABETIC: &str = r"[\p{L}\p{N}--[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]]";
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && (c as u32) < 0x1100);
    let text = |part: Option<&WildcardPart>| match part {
        Some(WildcardPart::Text(text)) => (text.chars().next(), text.chars().next_back()),
        _ => (None, None),
    };
    let begins = is_word(text(wildcard.parts().first()).0);
    let ends = is_word(text(wildcard.parts().last()).1);
    let before = if begins { format!("(?:^|[^{ALPHABETIC}])") } else { String::new() };
    let after = if ends { format!("(?:$|[^{ALPHABETIC}])") } else { String::new() };
    format!("(?i){before}{}{after}", body(wildcard, r"\S*", r"\S"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_in_words() {
        use WildcardPart::{Any, One, Text};
        let check = |parts: Vec<WildcardPart>, text: &str, expected: bool| {
            let pattern = word_pattern(&Wildcard::new(parts).expect("wild"));
            assert_eq!(Matcher::compiled(&pattern).expect("small").matches(text), expected, "{pattern} in {text:?}");
        };
        let word = |text: &str| Text(text.into());
        check(vec![Any, word("out")], "a TIMEOUT!", true);
        check(vec![Any, word("out")], "timeouts", false);
        check(vec![word("l"), One, word("ck")], "the Lock", true);
        check(vec![word("l"), One, word("ck")], "flock", false);
        check(vec![word("a"), Any, word("c")], "a b c", false);
        check(vec![word("库"), One, word("不足")], "商品库存不足了", true);
        check(vec![Any, word("a.b")], "x/a.b", true);
        check(vec![Any, word("a.b")], "x/aXb", false);
    }
}
