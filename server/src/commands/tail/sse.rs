//! Server-sent events (WHATWG HTML, 9.2): bytes in parts of any size to events.
//!
//! ```text
//! event: log
//! id: 17-4
//! data: {"time": …}
//!                        an empty line ends the event; lines end in LF, CRLF or CR
//! : a comment            keeps the connection alive
//! ```

use std::collections::VecDeque;

/// Of one line. What is longer is cut, so that no server can fill the memory.
const LINE_BYTES_MAX: usize = 16 << 20;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// `message` when the server says none.
    pub(super) kind: String,
    pub(super) data: String,
    /// Where the stream goes on behind it.
    pub(super) id: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Parser {
    line: Vec<u8>,
    /// The last byte was a CR: an LF behind it ends the same line.
    after_cr: bool,
    begun: bool,
    event: Event,
    has_data: bool,
    ready: VecDeque<Event>,
    retry_ms: Option<u64>,
}

impl Parser {
    /// Takes in what arrived.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let follows_cr = std::mem::take(&mut self.after_cr);
            match byte {
                b'\n' if follows_cr => {}
                b'\n' => self.end_line(),
                b'\r' => {
                    self.after_cr = true;
                    self.end_line();
                }
                byte if self.line.len() < LINE_BYTES_MAX => self.line.push(*byte),
                _ => {}
            }
        }
    }

    /// The next whole event.
    pub(super) fn next(&mut self) -> Option<Event> {
        self.ready.pop_front()
    }

    /// How long the server asks to wait before coming back.
    pub(super) fn retry_ms(&self) -> Option<u64> {
        self.retry_ms
    }

    fn end_line(&mut self) {
        let bytes = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&bytes);
        let line = if std::mem::replace(&mut self.begun, true) { &text } else { text.trim_start_matches('\u{feff}') };
        if line.is_empty() {
            return self.end_event();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => self.event.kind = value.to_owned(),
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            "id" if !value.contains('\0') => self.event.id = Some(value.to_owned()),
            "retry" => self.retry_ms = value.parse().ok().or(self.retry_ms),
            _ => {}
        }
    }

    /// An event without data is none, though its id counts for the next.
    fn end_event(&mut self) {
        if !std::mem::take(&mut self.has_data) {
            self.event = Event { id: self.event.id.take(), ..Event::default() };
            return;
        }
        let mut event = std::mem::take(&mut self.event);
        if event.kind.is_empty() {
            event.kind.push_str("message");
        }
        self.ready.push_back(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str, Option<&str>)]) {
        for size in 1..=text.len() {
            let mut parser = Parser::default();
            let mut events = Vec::new();
            for part in text.as_bytes().chunks(size) {
                parser.push(part);
                events.extend(std::iter::from_fn(|| parser.next()));
            }
            let seen: Vec<_> = events.iter().map(|event| (event.kind.as_str(), event.data.as_str(), event.id.as_deref())).collect();
            assert_eq!(seen, expected, "{text:?} in parts of {size}");
        }
    }

    #[test]
    fn events_in_parts_of_any_size() {
        for end in ["\n", "\r\n", "\r"] {
            let lines = ["event: log", "id: 7", "data: {\"body\":\"库存: 不足\"}", "", ": ping", "", "event: gap", "data:{}", "", ""];
            check(&lines.join(end), &[("log", "{\"body\":\"库存: 不足\"}", Some("7")), ("gap", "{}", None)]);
        }
    }

    #[test]
    fn corners_of_the_format() {
        check("data\n\n", &[("message", "", None)]);
        check("data: a\ndata:  b\n\n", &[("message", "a\n b", None)]);
        check("\u{feff}data: a\n\n", &[("message", "a", None)]);
        check("id: 1\n\ndata: a\n\n", &[("message", "a", Some("1"))]);
        check("id: a\0b\ndata: a\n\n", &[("message", "a", None)]);
        check("event: log\ndata: a\n", &[]);
        check("unknown: x\nretry: 5\ndata: a\n\n", &[("message", "a", None)]);
        let mut parser = Parser::default();
        parser.push(b"retry: 1500\nretry: soon\n");
        assert_eq!(parser.retry_ms(), Some(1500));
    }
}
