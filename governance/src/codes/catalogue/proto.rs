//! Kratos' `errors.proto`: enums with `option (errors.default_code)`, values with `[(errors.code) = 404]`.

use super::{
    entry::{Class, Entry, ImportError, Located, Text},
    file::check_all,
    tokens::{At, Token, tokens},
};

/// Reads the reasons of every enum that has Kratos' annotations. The comment before or beside a value is its title.
///
/// # Errors
/// Names the line where the source is not what protobuf writes, or that no enum has an annotation.
pub fn read_proto(source: &str) -> Result<Vec<Located<Entry>>, ImportError> {
    let tokens = tokens(source)?;
    let mut codes = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if token.word() == Some("enum") && tokens.get(at + 2).is_some_and(|token| token.is('{')) {
            at = read_enum(&tokens, at + 3, &mut codes)?;
        } else {
            at += 1;
        }
    }
    if codes.is_empty() {
        return Err(ImportError { line: 1, what: "no enum with (errors.code) or (errors.default_code)".to_owned() });
    }
    check_all(&codes)?;
    Ok(codes)
}

/// Reads up to the closing brace of the enum; where to go on.
fn read_enum(tokens: &[At], start: usize, codes: &mut Vec<Located<Entry>>) -> Result<usize, ImportError> {
    let mut found = Vec::new();
    let mut default_code = None;
    let mut annotated = false;
    let mut comment: Vec<&str> = Vec::new();
    let mut at = start;
    loop {
        let Some(token) = tokens.get(at) else {
            return Err(ImportError { line: tokens.last().map_or(1, |token| token.line), what: "an enum is not closed".to_owned() });
        };
        match &token.token {
            Token::Sign('}') => break,
            Token::Comment(text) => comment.push(text),
            Token::Word(word) if word == "option" || word == "reserved" => {
                let end = statement(tokens, at, token.line)?;
                if let Some(code) = annotation(&tokens[at..end], "errors.default_code")? {
                    default_code = Some(code);
                    annotated = true;
                }
                comment.clear();
                at = end;
            }
            Token::Word(name) => {
                let end = statement(tokens, at, token.line)?;
                let code = annotation(&tokens[at..end], "errors.code")?;
                annotated |= code.is_some();
                // A comment beside the value stands in its line, behind the semicolon.
                let beside = tokens.get(end + 1).filter(|next| next.line == tokens[end].line).and_then(|next| match &next.token {
                    Token::Comment(text) => Some(text.as_str()),
                    _ => None,
                });
                let text = if comment.is_empty() { beside.unwrap_or_default().to_owned() } else { comment.join(" ") };
                found.push((token.line, name.clone(), code, text));
                comment.clear();
                at = end + usize::from(beside.is_some());
            }
            _ => {}
        }
        at += 1;
    }
    if annotated {
        codes.extend(found.into_iter().map(|(line, name, code, title)| {
            let http_status = code.or(default_code);
            let class = http_status.and_then(Class::of_http);
            Located {
                line,
                value: Entry { reason: name.clone(), code: name, title: Text::guessed(&title), http_status, class, ..Entry::default() },
            }
        }));
    }
    Ok(at + 1)
}

/// Where the statement's semicolon is.
fn statement(tokens: &[At], start: usize, line: usize) -> Result<usize, ImportError> {
    let end = tokens[start..].iter().position(|token| token.is(';') || token.is('}'));
    match end.map(|length| start + length) {
        Some(end) if tokens[end].is(';') => Ok(end),
        _ => Err(ImportError { line, what: "a `;` is missing".to_owned() }),
    }
}

/// The number of `(name) = number`.
fn annotation(statement: &[At], name: &str) -> Result<Option<u16>, ImportError> {
    let Some(at) = statement.iter().position(|token| token.word() == Some(name)) else { return Ok(None) };
    let value = statement.get(at + 3).filter(|_| statement[at + 1].is(')') && statement[at + 2].is('='));
    let number = value.and_then(At::word).and_then(|word| word.parse().ok());
    number.map(Some).ok_or_else(|| ImportError { line: statement[at].line, what: format!("({name}) is not followed by `= ` and a status") })
}
