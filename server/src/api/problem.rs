//! RFC 9457 problems, as people read them in a terminal.

use serde::Deserialize;

use crate::text;

/// Of a longer line only the part around the place is shown.
const LINE_COLUMNS_MAX: usize = 100;

#[derive(Debug, Deserialize)]
pub(crate) struct Problem {
    detail: String,
    #[serde(default)]
    errors: Vec<FieldError>,
    hint: Option<String>,
}

#[derive(Debug, Deserialize)]
struct FieldError {
    hint: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
}

impl Problem {
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// What is wrong, where in `query`, and what to do about it.
    pub(crate) fn explain(&self, query: Option<&str>) -> String {
        let mut lines = vec![text::clean(&self.detail)];
        let place = self.errors.iter().find_map(|error| error.line.zip(error.column));
        if let Some((query, (line, column))) = query.zip(place) {
            lines.extend(excerpt(query, line, column));
        }
        let hint = self.hint.as_ref().or_else(|| self.errors.iter().find_map(|error| error.hint.as_ref()));
        lines.extend(hint.map(|hint| format!("hint: {}", text::clean(hint))));
        lines.join("\n")
    }
}

/// The line of `query`, and a mark below the character at `column`; both count from 1. Nothing when they are not in it.
fn excerpt(query: &str, line: usize, column: usize) -> Option<String> {
    let shown = text::clean(query.lines().nth(line.checked_sub(1)?)?);
    let start = column.checked_sub(1)?;
    let before: String = shown.chars().take(start).collect();
    if before.chars().count() < start {
        return None;
    }
    // Whole characters are left out in front until the place is in sight.
    let mut skipped = 0;
    let mut indent = text::width(&before);
    for character in before.chars() {
        if indent <= LINE_COLUMNS_MAX / 2 {
            break;
        }
        indent -= text::width(character.encode_utf8(&mut [0; 4]));
        skipped += 1;
    }
    let mut shown: String = shown.chars().skip(skipped).collect();
    if skipped > 0 {
        shown.insert(0, '…');
        indent += 1;
    }
    let margin = " ".repeat(line.to_string().len());
    Some(format!("{line} | {}\n{margin} | {}^", text::cut(&shown, LINE_COLUMNS_MAX), " ".repeat(indent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explain(errors: &str, query: &str) -> String {
        let body = format!(r#"{{"title":"t","status":400,"detail":"no column servce","code":"c","errors":[{errors}]}}"#);
        Problem::read(body.as_bytes()).expect("a problem").explain(Some(query))
    }

    #[test]
    fn a_mark_stands_below_the_place() {
        let check = |place: (usize, usize), query: &str, expected: &str| {
            let error = format!(r#"{{"param":"query","message":"m","hint":"look","line":{},"column":{}}}"#, place.0, place.1);
            assert_eq!(explain(&error, query), expected, "{query}");
        };
        check((1, 8), "SELECT servce", "no column servce\n1 | SELECT servce\n  |        ^\nhint: look");
        check((2, 3), "SELECT\n  servce", "no column servce\n2 |   servce\n  |   ^\nhint: look");
        check((1, 6), "\"库存\" servce", "no column servce\n1 | \"库存\" servce\n  |        ^\nhint: look");
        check((1, 14), "SELECT servce", "no column servce\n1 | SELECT servce\n  |              ^\nhint: look");
        check((1, 99), "SELECT servce", "no column servce\nhint: look");
        check((9, 1), "SELECT servce", "no column servce\nhint: look");
    }

    #[test]
    fn of_a_long_line_the_part_around_the_place_is_shown() {
        let query = format!("SELECT {} servce {}", "a, ".repeat(300), "b".repeat(300));
        let column = query.find("servce").expect("it is there") + 1;
        let shown = explain(&format!(r#"{{"line":1,"column":{column}}}"#), &query);
        let lines: Vec<&str> = shown.lines().collect();
        let mark = lines[2].chars().position(|letter| letter == '^').expect("a mark");
        assert_eq!(lines[1].chars().skip(mark).take(6).collect::<String>(), "servce", "{shown}");
        assert!(lines[1].starts_with("1 | …") && lines[1].ends_with('…') && lines[1].chars().count() <= LINE_COLUMNS_MAX + 4, "{shown}");
    }

    #[test]
    fn what_has_no_place_is_said_all_the_same() {
        assert_eq!(explain("", "SELECT 1"), "no column servce");
        let body = br#"{"title":"t","status":404,"detail":"no such trace","code":"c","hint":"check the id"}"#;
        assert_eq!(Problem::read(body).expect("a problem").explain(None), "no such trace\nhint: check the id");
        assert!(Problem::read(b"<html>").is_none());
    }
}
