//! What may stand at a cursor. Pure: names and values come from whoever knows the data.
//!
//! The text up to the cursor is read as far as it goes; the last token says what is being typed. Earlier mistakes do not matter.

use std::ops::Range;

use super::{
    field::Field,
    lex::lex,
    mistake::Mistake,
    place::Place,
    scan,
    token::{Operator, RawField, Token, TokenKind},
};

/// What can be put in place of which bytes of the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    pub replace: Range<usize>,
    /// Likeliest first; empty where only the person knows, as inside a phrase.
    pub expected: Vec<Expected>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    /// A field whose name begins so.
    Field {
        prefix: String,
    },
    /// An operator, to make a test of the word before the cursor.
    Operator {
        field: Field,
    },
    /// A value that begins so.
    Value {
        field: Field,
        operator: Operator,
        prefix: String,
    },
    Keyword(&'static str),
}

/// `cursor` is a byte offset; inside of a character it counts as the start of that character.
pub fn complete(text: &str, cursor: usize) -> Completion {
    let cursor = text.floor_char_boundary(cursor);
    let (start, expected) = at_end(&text[..cursor], &lex(&text[..cursor]));
    // What is typed may go on behind the cursor.
    let whole = if start < cursor { lex(text).into_iter().find(|token| token.place.start == start) } else { None };
    let end = whole.map_or(cursor, |token| token.place.end.max(cursor));
    Completion { replace: start..end, expected }
}

/// Where what is typed at the end of `head` begins, and what it may become.
fn at_end(head: &str, tokens: &[Token]) -> (usize, Vec<Expected>) {
    let Some((last, before)) = tokens.split_last() else {
        return (head.len(), vec![any_field()]);
    };
    let start = last.place.start;
    let typing = last.place.end == head.len();
    match &last.kind {
        TokenKind::Broken(error) => match &error.mistake {
            Mistake::MissingValue { .. } => (error.range.end, value(before, String::new())),
            Mistake::UnclosedQuote { .. } => (start, value(before, unclosed(&head[start..]))),
            Mistake::Unclosed { .. } => in_set(head, before),
            _ => (head.len(), vec![]),
        },
        TokenKind::Value(raw) if typing => (start, value(before, scan::unescaped(raw))),
        TokenKind::Field(_) if typing => (start, vec![Expected::Field { prefix: head[start..].to_owned() }]),
        TokenKind::Word(_) | TokenKind::And | TokenKind::Or | TokenKind::Not if typing => {
            let is_key = scan::is_key(&head[start..]);
            (start, if is_key { vec![Expected::Field { prefix: head[start..].to_owned() }] } else { vec![] })
        }
        TokenKind::Word(raw) => (head.len(), operator(raw).into_iter().chain(joins()).collect()),
        TokenKind::And | TokenKind::Or | TokenKind::Not => (head.len(), vec![any_field()]),
        TokenKind::Minus | TokenKind::Open | TokenKind::OpenBrace | TokenKind::Has => (head.len(), vec![any_field()]),
        TokenKind::CloseBrace => (head.len(), [">>", ">", "AND"].map(Expected::Keyword).into()),
        TokenKind::Child | TokenKind::Descendant => (head.len(), vec![Expected::Keyword("{")]),
        _ if typing => (head.len(), vec![]),
        _ => (head.len(), joins().into()),
    }
}

/// Behind an opening bracket that is not closed yet; `before` ends with what is inside so far.
fn in_set(head: &str, before: &[Token]) -> (usize, Vec<Expected>) {
    let Some((last, outside)) = before.split_last() else {
        return (head.len(), vec![]);
    };
    let typing = last.place.end == head.len();
    match &last.kind {
        TokenKind::Value(raw) if typing => (last.place.start, value(outside, scan::unescaped(raw))),
        TokenKind::Value(_) | TokenKind::QuotedValue(_) | TokenKind::RegexValue(_) => (head.len(), vec![Expected::Keyword("OR")]),
        _ => (head.len(), value(before, String::new())),
    }
}

/// A value of the test that `tokens` end with: behind its operator, or inside its set.
fn value(tokens: &[Token], prefix: String) -> Vec<Expected> {
    let test = || {
        let (index, operator) = tokens.iter().enumerate().rev().find_map(|(index, token)| match token.kind {
            TokenKind::Operator(operator) => Some((index, operator)),
            _ => None,
        })?;
        let inside = &tokens[index + 1..];
        let open = matches!(inside.first().map(|token| &token.kind), None | Some(TokenKind::OpenSet(_)));
        let closed = inside.iter().any(|token| matches!(token.kind, TokenKind::CloseSet(_)));
        let TokenKind::Field(raw) = &tokens.get(index.checked_sub(1)?)?.kind else { return None };
        let field = Field::read(raw.clone(), Place::default()).ok()?;
        (open && !closed).then_some((field, operator))
    };
    test().map(|(field, operator)| Expected::Value { field, operator, prefix }).into_iter().collect()
}

/// The content of a quote that is still open.
fn unclosed(quoted: &str) -> String {
    let mut chars = quoted.chars();
    chars.next();
    scan::unescaped(chars.as_str())
}

fn operator(word: &str) -> Option<Expected> {
    let raw = scan::is_key(word).then(|| RawField { bare: word.to_owned(), quoted: None })?;
    Some(Expected::Operator { field: Field::read(raw, Place::default()).ok()? })
}

fn joins() -> [Expected; 3] {
    [Expected::Keyword("AND"), Expected::Keyword("OR"), any_field()]
}

fn any_field() -> Expected {
    Expected::Field { prefix: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `|` in the text is the cursor; `expected` is what is replaced in brackets, then one word per expectation.
    fn check(text: &str, expected: &str) {
        let cursor = text.find('|').expect("a cursor");
        let text = text.replace('|', "");
        let Completion { replace, expected: found } = complete(&text, cursor);
        let words: Vec<String> = found
            .iter()
            .map(|one| match one {
                Expected::Field { prefix } => format!("field({prefix})"),
                Expected::Operator { field } => format!("operator({field})"),
                Expected::Value { field, operator, prefix } => format!("value({field}{}{prefix})", operator.symbol()),
                Expected::Keyword(keyword) => (*keyword).to_owned(),
            })
            .collect();
        assert_eq!(format!("[{}] {}", &text[replace], words.join(" ")), expected, "{text:?} at {cursor}");
    }

    #[test]
    fn fields() {
        check("|", "[] field()");
        check("ser|", "[ser] field(ser)");
        check("ser|vice:pay", "[service] field(ser)");
        check("service:pay AND du|", "[du] field(du)");
        check("(-htt|", "[htt] field(htt)");
        check("has:err|", "[err] field(err)");
        check("has:|", "[] field()");
        check("trace.ro|", "[trace.ro] field(trace.ro)");
        check("service:pay AND |", "[] field()");
        check("service:pay AND| x", "[AND] field(AND)");
        check("{|", "[] field()");
        check("订单|", "[订单] field(订单)");
    }

    #[test]
    fn operators_and_keywords() {
        check("duration |", "[] operator(duration) AND OR field()");
        check("service:pay |", "[] AND OR field()");
        check("(a OR b) |", "[] AND OR field()");
        check("has:error_code |", "[] AND OR field()");
        check("{service:web} |", "[] >> > AND");
        check("{service:web} >> |", "[] {");
    }

    #[test]
    fn values() {
        check("service:|", "[] value(service:)");
        check("service: |", "[ ] value(service:)");
        check("service:pa|", "[pa] value(service:pa)");
        check("service:p|ay AND x", "[pay] value(service:p)");
        check("name:\"GET /a|", "[\"GET /a] value(name:GET /a)");
        check("name:\"GET /a|pi\" x", "[\"GET /api\"] value(name:GET /a)");
        check("duration > |", "[ ] value(duration>)");
        check("resource.\"odd key\"!=x|", "[x] value(resource.\"odd key\"!=x)");
        check("service:(|", "[] value(service:)");
        check("service:(pay OR c|", "[c] value(service:c)");
        check("service:(pay OR \"c|", "[\"c] value(service:c)");
        check("service:[pay,|", "[] value(service:)");
        check("service:(pay |", "[] OR");
        check("duration:[1s TO |", "[] value(duration:)");
    }

    #[test]
    fn only_the_person_knows() {
        check("\"lock lo|", "[\"lock lo] ");
        check("name:/^pay|/", "[/^pay/] value(name:/^pay)");
        check("name:/^pay/|", "[] ");
        check("12:30|", "[12:30] ");
        check("service:pay|\"x\"", "[pay] value(service:pay)");
    }

    #[test]
    fn mistakes_before_the_cursor_do_not_matter() {
        check("&& a\"b ) service:p|", "[p] value(service:p)");
        check("库|", "[库] field(库)");
        assert_eq!(complete("库存", 1), complete("库存", 0));
    }
}
