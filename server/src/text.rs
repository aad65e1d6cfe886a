//! Strangers' text in a terminal: made harmless, measured and cut. East Asian characters are two columns wide.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Control characters must not reach the terminal; the ends of lines are shown as such.
pub(crate) fn clean(text: &str) -> String {
    let visible = |character: char| match character {
        '\n' => '↵',
        '\t' => ' ',
        control if control.is_control() => '\u{fffd}',
        // They reorder what stands around them.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        other => other,
    };
    text.replace("\r\n", "\n").chars().map(visible).collect()
}

/// Columns of the terminal.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// At most `columns` wide; what is too long ends in `…`.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else { return String::new() };
    let mut taken = 0;
    let fits = |character: &char| {
        taken += character.width().unwrap_or(0);
        taken <= room
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

/// Exactly `columns` wide, unless `text` is wider.
pub(crate) fn pad(text: &str, columns: usize, right: bool) -> String {
    let space = " ".repeat(columns.saturating_sub(width(text)));
    if right { format!("{space}{text}") } else { format!("{text}{space}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_count_twice() {
        let check = |text: &str, columns: usize, expected: &str| {
            assert_eq!(cut(text, columns), expected, "{text} in {columns}");
            assert!(width(expected) <= columns);
        };
        check("stock", 5, "stock");
        check("stock", 4, "sto…");
        check("库存不足", 8, "库存不足");
        check("库存不足", 7, "库存不…");
        check("库存不足", 6, "库存…");
        check("库存不足", 1, "…");
        check("库存不足", 0, "");
        assert_eq!(pad("库存", 6, false), "库存  ");
        assert_eq!(pad("12", 4, true), "  12");
    }

    #[test]
    fn nothing_reaches_the_terminal_but_text() {
        assert_eq!(clean("a\x1b[2J\r\nb\tc\u{202e}d"), "a\u{fffd}[2J↵b c\u{fffd}d");
    }
}
