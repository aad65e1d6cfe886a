//! `{app="shop", pod="shop-1"}`: labels as Prometheus writes them, values quoted as in Go.

#![deny(clippy::indexing_slicing)]

use super::FORMAT;
use crate::interop::model::ForeignError;

/// The pairs in their order.
///
/// # Errors
/// When `text` is not such a list.
pub(super) fn parse(text: &str) -> Result<Vec<(&str, String)>, ForeignError> {
    let wrong = |what| ForeignError::Labels { format: FORMAT, labels: text.chars().take(200).collect(), what };
    let inside = text.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).ok_or_else(|| wrong("not in braces"))?;
    let (mut rest, mut pairs) = (inside.trim(), Vec::new());
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or_else(|| wrong("a name without a value"))?;
        let name = name.trim();
        let bare = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
        if bare.is_empty() || bare.contains(['"', '{', '}', ',']) {
            return Err(wrong("a name is missing"));
        }
        let (value, after) = unquote(after.trim_start()).map_err(wrong)?;
        pairs.push((bare, value));
        rest = after.trim_start();
        if let Some(after) = rest.strip_prefix(',') {
            rest = after.trim_start();
        } else if !rest.is_empty() {
            return Err(wrong("no comma between pairs"));
        }
    }
    Ok(pairs)
}

/// A quoted text, and what comes after it.
fn unquote(text: &str) -> Result<(String, &str), &'static str> {
    if let Some(raw) = text.strip_prefix('`') {
        return raw.split_once('`').map(|(value, rest)| (value.to_owned(), rest)).ok_or("a value does not end");
    }
    let mut characters = text.strip_prefix('"').ok_or("a value is not quoted")?.chars();
    let mut value = String::new();
    loop {
        match characters.next().ok_or("a value does not end")? {
            '"' => return Ok((value, characters.as_str())),
            '\\' => value.push(escaped(&mut characters)?),
            other => value.push(other),
        }
    }
}

fn escaped(characters: &mut std::str::Chars<'_>) -> Result<char, &'static str> {
    let digits = match characters.next().ok_or("a value does not end")? {
        'n' => return Ok('\n'),
        't' => return Ok('\t'),
        'r' => return Ok('\r'),
        'a' => return Ok('\u{7}'),
        'b' => return Ok('\u{8}'),
        'f' => return Ok('\u{c}'),
        'v' => return Ok('\u{b}'),
        same @ ('\\' | '"' | '\'') => return Ok(same),
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return Err("an unknown escape in a value"),
    };
    let mut code = 0;
    for _ in 0..digits {
        let digit = characters.next().and_then(|digit| digit.to_digit(16)).ok_or("an escape without its digits")?;
        code = code << 4 | digit;
    }
    Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        let check = |text: &str, expected: &[(&str, &str)]| {
            let pairs = parse(text).expect(text);
            assert_eq!(pairs.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>(), expected, "{text}");
        };
        check("{}", &[]);
        check(r#"{app="shop"}"#, &[("app", "shop")]);
        check(r#" { app = "shop" , pod="a,b=\"c\"}\n", } "#, &[("app", "shop"), ("pod", "a,b=\"c\"}\n")]);
        check(r#"{a="库存 \u5e93\x41", "b.c"=`\n`}"#, &[("a", "库存 库A"), ("b.c", "\\n")]);
    }

    #[test]
    fn mistakes() {
        let check = |text: &str, expected: &str| {
            let error = parse(text).expect_err(text).to_string();
            assert!(error.contains(expected), "{text}: {error}");
        };
        check("", "not in braces");
        check("app=\"shop\"", "not in braces");
        check("{app}", "a name without a value");
        check("{=\"x\"}", "a name is missing");
        check("{app=shop}", "a value is not quoted");
        check("{app=\"shop}", "a value does not end");
        check(r#"{app="\q"}"#, "an unknown escape");
        check(r#"{app="\u12"}"#, "an escape without its digits");
        check(r#"{a="b" c="d"}"#, "no comma between pairs");
    }
}
