//! The drawing: a pure function from rows to text.
//!
//! ```text
//! service   calls   p99_ms
//! ────────  ─────  ───────
//! checkout   1204    85.02
//! 库存          7     1.50
//! ```
//! Columns that do not fit are cut, the widest first. When even that leaves too little of them, each row is a list of its values:
//!
//! ```text
//! ── row 1 ──
//! service  checkout
//! calls    1204
//! ```

use crate::text;

/// Between columns.
const GAP: usize = 2;
/// Columns are not cut below it; what is narrower by itself stays.
const CELL_MIN: usize = 8;

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const PLAIN: &str = "\x1b[0m";

#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    /// Each as long as `columns`.
    pub(crate) rows: Vec<Vec<String>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// Numbers are.
    pub(crate) right: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    /// Columns of the terminal; nothing is cut without one.
    pub(crate) width: Option<usize>,
    pub(crate) colour: bool,
}

pub(crate) fn draw(table: &Table, style: Style) -> String {
    let names: Vec<String> = table.columns.iter().map(|column| text::clean(&column.name)).collect();
    let rows: Vec<Vec<String>> = table.rows.iter().map(|row| row.iter().map(|cell| text::clean(cell)).collect()).collect();
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.chain(names.get(column)).map(|cell| text::width(cell)).max().unwrap_or(0)
    };
    let natural: Vec<usize> = (0..names.len()).map(widest).collect();
    match fit(&natural, style.width) {
        Some(widths) => draw_lines(table, &names, &rows, &widths, style),
        None => draw_lists(&names, &rows, style),
    }
}

/// The widths of columns that are `natural` wide, in `total`; `None` when too little is left of them.
fn fit(natural: &[usize], total: Option<usize>) -> Option<Vec<usize>> {
    let Some(total) = total else { return Some(natural.to_vec()) };
    let room = total.checked_sub(GAP * natural.len().saturating_sub(1))?;
    if natural.iter().map(|width| width.min(&CELL_MIN)).sum::<usize>() > room {
        return None;
    }
    // The largest limit under which all of them fit.
    let cut = |limit: usize| natural.iter().map(|width| *width.min(&limit)).collect::<Vec<_>>();
    let widest = natural.iter().copied().max().unwrap_or(0);
    let (mut fits, mut too_wide) = (CELL_MIN.min(widest), widest + 1);
    while too_wide - fits > 1 {
        let middle = fits + (too_wide - fits) / 2;
        if cut(middle).iter().sum::<usize>() <= room {
            fits = middle;
        } else {
            too_wide = middle;
        }
    }
    let mut widths = cut(fits);
    // What is left over goes to those that were cut, from the left.
    let mut left = room - widths.iter().sum::<usize>();
    for (width, natural) in widths.iter_mut().zip(natural) {
        let more = left.min(natural - *width);
        *width += more;
        left -= more;
    }
    Some(widths)
}

fn draw_lines(table: &Table, names: &[String], rows: &[Vec<String>], widths: &[usize], style: Style) -> String {
    let mut drawn = String::new();
    let line = |cells: &[String]| {
        let cells = cells.iter().zip(widths).zip(&table.columns);
        let padded = cells.map(|((cell, width), column)| text::pad(&text::cut(cell, *width), *width, column.right));
        padded.collect::<Vec<_>>().join(&" ".repeat(GAP)).trim_end().to_owned()
    };
    let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
    push(&mut drawn, &paint(style, BOLD, line(names)));
    push(&mut drawn, &paint(style, DIM, rule.join(&" ".repeat(GAP))));
    rows.iter().for_each(|row| push(&mut drawn, &line(row)));
    drawn
}

fn draw_lists(names: &[String], rows: &[Vec<String>], style: Style) -> String {
    let mut drawn = String::new();
    let width = names.iter().map(|name| text::width(name)).max().unwrap_or(0);
    for (index, row) in rows.iter().enumerate() {
        push(&mut drawn, &paint(style, DIM, format!("── row {} ──", index + 1)));
        for (name, cell) in names.iter().zip(row).filter(|(_, cell)| !cell.is_empty()) {
            let room = style.width.map_or(usize::MAX, |total| total.saturating_sub(width + GAP).max(CELL_MIN));
            let name = paint(style, BOLD, text::pad(name, width, false));
            push(&mut drawn, &format!("{name}{}{}", " ".repeat(GAP), text::cut(cell, room)));
        }
    }
    drawn
}

fn paint(style: Style, code: &str, part: String) -> String {
    if style.colour { format!("{code}{part}{PLAIN}") } else { part }
}

fn push(drawn: &mut String, line: &str) {
    drawn.push_str(line);
    drawn.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let column = |name: &str, right| Column { name: name.to_owned(), right };
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        Table {
            columns: vec![column("service", false), column("calls", true), column("message", false)],
            rows: vec![row(["checkout", "1204", "库存不足，请稍后再试"]), row(["库存", "7", "lock\nlost\x1b[2J"])],
        }
    }

    fn check(width: Option<usize>, expected: &str) {
        let drawn = draw(&table(), Style { width, colour: false });
        assert_eq!(drawn, expected, "in {width:?}:\n{drawn}");
        assert!(width.is_none_or(|width| drawn.lines().all(|line| text::width(line) <= width)));
        let mut coloured = draw(&table(), Style { width, colour: true });
        for code in [BOLD, DIM, PLAIN] {
            coloured = coloured.replace(code, "");
        }
        assert_eq!(coloured, drawn);
    }

    #[test]
    fn whole_when_there_is_room() {
        let expected = "\
service   calls  message
────────  ─────  ────────────────────
checkout   1204  库存不足，请稍后再试
库存          7  lock↵lost\u{fffd}[2J
";
        check(None, expected);
        check(Some(120), expected);
        check(Some(37), expected);
    }

    #[test]
    fn the_widest_is_cut_first() {
        let expected = "\
service   calls  message
────────  ─────  ─────────────
checkout   1204  库存不足，请…
库存          7  lock↵lost\u{fffd}[2J
";
        check(Some(30), expected);
    }

    #[test]
    fn rows_become_lists_when_too_little_is_left() {
        let expected = "\
── row 1 ──
service  checkout
calls    1204
message  库存不足…
── row 2 ──
service  库存
calls    7
message  lock↵los…
";
        check(Some(18), expected);
    }

    #[test]
    fn nothing_is_a_table_too() {
        assert_eq!(draw(&Table::default(), Style { width: Some(10), colour: false }), "\n\n");
        let empty = Table { rows: vec![], ..table() };
        assert_eq!(draw(&empty, Style { width: Some(40), colour: false }), "service  calls  message\n───────  ─────  ───────\n");
    }
}
