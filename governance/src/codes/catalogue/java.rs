//! Enums of Java whose constants have a code and a message: `INSUFFICIENT_STOCK(5001003, "库存不足")`.

use super::{
    entry::{Entry, ImportError, Located, Text},
    file::check_all,
    tokens::{At, Token, tokens},
};

/// Success constants of an enum are no errors.
const SUCCESS: [&str; 4] = ["0", "200", "00000", "000000"];

/// Reads the constants of every enum of the source. The first number or word-like text is the code, the next text the message; a
/// second text in another language is the message in that one.
///
/// # Errors
/// Names the line where the source is not Java's, or that no constant has a code.
pub fn read_java(source: &str) -> Result<Vec<Located<Entry>>, ImportError> {
    let all = tokens(source)?;
    let tokens: Vec<&At> = all.iter().filter(|token| !matches!(token.token, Token::Comment(_))).collect();
    let mut codes = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at].word() == Some("enum") {
            let open = tokens[at..].iter().position(|token| token.is('{')).map(|length| at + length);
            let open = open.ok_or_else(|| ImportError { line: tokens[at].line, what: "an enum has no body".to_owned() })?;
            at = read_constants(&tokens, open + 1, &mut codes)?;
        } else {
            at += 1;
        }
    }
    if codes.is_empty() {
        return Err(ImportError { line: 1, what: "no enum constant with a code, such as NOT_FOUND(5001003, \"…\")".to_owned() });
    }
    check_all(&codes)?;
    Ok(codes)
}

/// Reads constants up to the `;` or `}` behind the last; where to go on.
fn read_constants(tokens: &[&At], start: usize, codes: &mut Vec<Located<Entry>>) -> Result<usize, ImportError> {
    let mut at = start;
    while let Some(token) = tokens.get(at) {
        match &token.token {
            Token::Sign(';' | '}') => return Ok(at + 1),
            Token::Sign('@') => at = skip_annotation(tokens, at)?,
            Token::Sign('{') => at = closing(tokens, at, '{', '}')? + 1,
            Token::Word(name) => {
                at += 1;
                if tokens.get(at).is_some_and(|token| token.is('(')) {
                    let end = closing(tokens, at, '(', ')')?;
                    codes.extend(constant(name, token.line, &tokens[at + 1..end]));
                    at = end + 1;
                }
            }
            _ => at += 1,
        }
    }
    Err(ImportError { line: tokens.last().map_or(1, |token| token.line), what: "an enum is not closed".to_owned() })
}

fn constant(name: &str, line: usize, arguments: &[&At]) -> Option<Located<Entry>> {
    // Arguments that are one token each; `HttpStatus.NOT_FOUND` and calls are left out.
    let mut values = arguments.split(|token| token.is(',')).filter_map(|argument| match argument {
        [token] => match &token.token {
            Token::Word(word) => Some((java_number(word)?, true)),
            Token::Text(text) => Some((text.trim().to_owned(), false)),
            _ => None,
        },
        _ => None,
    });
    let mut entry = Entry { reason: name.to_owned(), ..Entry::default() };
    for (value, is_number) in values.by_ref() {
        let is_code = is_number
            || (!value.is_empty()
                && value.len() <= 64
                && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')));
        if entry.code.is_empty() && is_code {
            entry.code = value;
        } else if !is_number {
            let text = Text::guessed(&value);
            let field = if text.zh.is_empty() { (&mut entry.message.en, text.en) } else { (&mut entry.message.zh, text.zh) };
            if field.0.is_empty() {
                *field.0 = field.1;
            }
        }
    }
    entry.title = entry.message.clone();
    (!entry.code.is_empty() && !SUCCESS.contains(&entry.code.as_str())).then_some(Located { line, value: entry })
}

/// `5_001_003`, `5001003L`, `-1`.
fn java_number(word: &str) -> Option<String> {
    let digits: String = word.trim_end_matches(['L', 'l']).chars().filter(|c| *c != '_').collect();
    digits.parse::<i64>().ok().map(|_| digits)
}

fn skip_annotation(tokens: &[&At], at: usize) -> Result<usize, ImportError> {
    // `@` and its name, then perhaps arguments.
    match tokens.get(at + 2) {
        Some(token) if token.is('(') => Ok(closing(tokens, at + 2, '(', ')')? + 1),
        _ => Ok(at + 2),
    }
}

fn closing(tokens: &[&At], open: usize, opens: char, closes: char) -> Result<usize, ImportError> {
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        if token.is(opens) {
            depth += 1;
        } else if token.is(closes) {
            depth -= 1;
            if depth == 0 {
                return Ok(at);
            }
        }
    }
    Err(ImportError { line: tokens[open].line, what: format!("a `{opens}` is not closed") })
}
