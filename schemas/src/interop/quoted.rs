//! A text in double quotes, in which a backslash stands before what would mean something else.

/// What is between the quotes that `text` begins with, escapes as they are, and what is behind them; `None` when they do not end.
pub(super) fn quoted(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('"')?;
    let mut escaped = false;
    let end = inside.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    let (value, behind) = inside.split_at_checked(end?)?;
    Some((value, behind.strip_prefix('"')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_end_where_no_backslash_stands_before() {
        let check = |text: &str, expected: Option<(&str, &str)>| assert_eq!(quoted(text), expected, "{text}");
        check(r#""a" b"#, Some(("a", " b")));
        check(r#""a\"b" c"#, Some((r#"a\"b"#, " c")));
        check(r#""a\\" c"#, Some((r"a\\", " c")));
        check(r#""库""#, Some(("库", "")));
        check(r#""""#, Some(("", "")));
        check(r#""a"#, None);
        check(r#""a\""#, None);
        check("a", None);
    }
}
