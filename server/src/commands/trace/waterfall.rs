//! The drawing: a pure function from the API's answer to text.
//!
//! ```text
//! 4bf9…4736  3 spans  2 services  21.40 ms  2026-11-22T10:00:00.000000000Z
//!
//! GET /cart  frontend      ████████████████████  21.40 ms
//!   charge   payment  ✕         ██████           6.10 ms
//! ```

use std::fmt::Write;

use serde::Deserialize;

use crate::{
    duration::duration,
    text::{clean, cut, pad, width},
};

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Trace {
    pub(crate) trace_id: String,
    pub(crate) start_time: jiff::Timestamp,
    pub(crate) duration_ns: i64,
    pub(crate) services: Vec<String>,
    pub(crate) span_count: u64,
    pub(crate) spans: Vec<Span>,
    pub(crate) meta: Meta,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Meta {
    pub(crate) partial: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Span {
    pub(crate) depth: usize,
    pub(crate) parent_missing: bool,
    pub(crate) name: String,
    pub(crate) service_name: Option<String>,
    pub(crate) start_time: jiff::Timestamp,
    pub(crate) duration_ns: i64,
    pub(crate) status_code: serde_json::Value,
    pub(crate) status_message: Option<String>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    /// Columns of the terminal.
    pub(crate) width: usize,
    pub(crate) colour: bool,
}

const INDENT_MAX: usize = 20;
const LABEL_MAX: usize = 60;
/// At least; only spans of months are longer.
const DURATION_WIDTH: usize = 10;

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const BLUE: &str = "\x1b[34m";
const YELLOW: &str = "\x1b[33m";
const PLAIN: &str = "\x1b[0m";

pub(crate) fn draw(trace: &Trace, style: Style) -> String {
    let mut text = String::new();
    let paint = |code, part: String| if style.colour { format!("{code}{part}{PLAIN}") } else { part };
    let shown = if (trace.spans.len() as u64) < trace.span_count { format!(" ({} shown)", trace.spans.len()) } else { String::new() };
    line(
        &mut text,
        format_args!(
            "{}  {} spans{shown}  {} services  {}  {}",
            paint(BOLD, trace.trace_id.clone()),
            trace.span_count,
            trace.services.len(),
            duration(trace.duration_ns),
            trace.start_time
        ),
    );
    line(&mut text, format_args!(""));

    let labels: Vec<Label> = trace.spans.iter().map(|span| Label::of(span, INDENT_MAX.min(style.width / 4))).collect();
    let label_width = labels.iter().map(Label::width).max().unwrap_or(0).min(LABEL_MAX).min(style.width / 2);
    let duration_width = trace.spans.iter().map(|span| duration(span.duration_ns).chars().count()).max().unwrap_or(0).max(DURATION_WIDTH);
    let bar_width = style.width.saturating_sub(label_width + duration_width + 4).max(1);
    for (span, label) in trace.spans.iter().zip(&labels) {
        let failed = span.status_code == "error";
        let bar = bar(trace, span, bar_width);
        line(
            &mut text,
            format_args!(
                "{}  {}  {:>duration_width$}",
                label.draw(label_width, style.colour),
                paint(if failed { RED } else { BLUE }, bar),
                duration(span.duration_ns)
            ),
        );
        if let Some(message) = span.status_message.as_ref().filter(|_| failed) {
            let indent = label.indent + 2;
            let message = cut(&clean(message), style.width.saturating_sub(indent));
            line(&mut text, format_args!("{}{}", " ".repeat(indent), paint(RED, message)));
        }
    }
    text
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("writing to a String cannot fail");
}

struct Label {
    indent: usize,
    mark: &'static str,
    mark_colour: &'static str,
    name: String,
    service: String,
}

impl Label {
    fn of(span: &Span, indent_max: usize) -> Self {
        let (mark, mark_colour) = match (span.status_code == "error", span.parent_missing) {
            (true, _) => ("✕ ", RED),
            (false, true) => ("⚠ ", YELLOW),
            (false, false) => ("", PLAIN),
        };
        Self {
            indent: span.depth.saturating_mul(2).min(indent_max),
            mark,
            mark_colour,
            name: clean(&span.name),
            service: clean(span.service_name.as_deref().unwrap_or_default()),
        }
    }

    fn width(&self) -> usize {
        self.indent + width(self.mark) + width(&self.name) + 1 + width(&self.service)
    }

    /// Exactly `width` columns; what is too long ends in `…`.
    fn draw(&self, columns: usize, colour: bool) -> String {
        let room = columns.saturating_sub(self.indent + width(self.mark));
        let text = cut(&format!("{} {}", self.name, self.service), room);
        let padding = pad("", room - width(&text), false);
        let indent = " ".repeat(self.indent);
        if !colour {
            return format!("{indent}{}{text}{padding}", self.mark);
        }
        let name_end = text.char_indices().nth(self.name.chars().count()).map_or(text.len(), |(index, _)| index);
        let (name, service) = text.split_at(name_end);
        format!("{indent}{}{}{PLAIN}{BOLD}{name}{PLAIN}{DIM}{service}{PLAIN}{padding}", self.mark_colour, self.mark)
    }
}

fn bar(trace: &Trace, span: &Span, width: usize) -> String {
    let total = trace.duration_ns.max(1) as f64;
    let offset = (span.start_time.as_nanosecond() - trace.start_time.as_nanosecond()) as f64;
    let column = |at: f64| ((at / total * width as f64).round().max(0.0) as usize).min(width);
    let start = column(offset).min(width - 1);
    let end = column(offset + span.duration_ns.max(0) as f64).clamp(start + 1, width);
    let body = if end - start == 1 { "▌".to_owned() } else { "█".repeat(end - start) };
    format!("{}{body}{}", " ".repeat(start), " ".repeat(width - end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(spans: Vec<Span>) -> Trace {
        Trace {
            trace_id: "4bf9".to_owned(),
            start_time: jiff::Timestamp::UNIX_EPOCH,
            duration_ns: 20_000_000,
            services: vec!["shop".to_owned()],
            span_count: spans.len() as u64,
            spans,
            meta: Meta::default(),
        }
    }

    fn span(depth: usize, name: &str, start_ms: i64, duration_ms: i64) -> Span {
        Span {
            depth,
            parent_missing: false,
            name: name.to_owned(),
            service_name: Some("shop".to_owned()),
            start_time: jiff::Timestamp::from_millisecond(start_ms).expect("in range"),
            duration_ns: duration_ms * 1_000_000,
            status_code: "unset".into(),
            status_message: None,
        }
    }

    #[test]
    fn a_small_trace() {
        let failed = Span { status_code: "error".into(), status_message: Some("no stock\x1b[2J".to_owned()), ..span(1, "pay", 10, 5) };
        let orphan = Span { parent_missing: true, ..span(0, "mail", 20, 0) };
        let drawn = draw(&trace(vec![span(0, "GET /", 0, 20), failed, orphan]), Style { width: 46, colour: false });
        let expected = "\
4bf9  3 spans  1 services  20.00 ms  1970-01-01T00:00:00Z

GET / shop    ████████████████████    20.00 ms
  ✕ pay shop            █████          5.00 ms
    no stock\u{fffd}[2J
⚠ mail shop                      ▌        0 ns
";
        assert_eq!(drawn, expected);
    }

    #[test]
    fn every_line_fits_and_colours_change_nothing_else() {
        let mut spans: Vec<Span> = (0..40).map(|depth| span(depth, &"long name ".repeat(9), depth as i64, 3)).collect();
        spans[30].status_code = "error".into();
        spans[30].status_message = Some("timeout after 30 s, ".repeat(20));
        spans[31].duration_ns = i64::MAX;
        for width in [40, 80, 200] {
            let plain = draw(&trace(spans.clone()), Style { width, colour: false });
            assert!(plain.lines().skip(1).all(|line| line.chars().count() <= width), "{plain}");
            assert!(plain.lines().any(|line| line.trim_start().starts_with("timeout") && line.ends_with('…')), "{plain}");
            let mut coloured = draw(&trace(spans.clone()), Style { width, colour: true });
            for code in [BOLD, DIM, RED, BLUE, YELLOW, PLAIN] {
                coloured = coloured.replace(code, "");
            }
            assert_eq!(coloured, plain);
        }
    }
}
