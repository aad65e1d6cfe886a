//! NDJSON whose last line may be about the answer instead of part of it.

use serde::Deserialize;

use super::answer::Meta;

/// Holds back what may be the last line.
#[derive(Debug, Default)]
pub(super) struct LastLine {
    held: Vec<u8>,
}

/// What the server writes last: `{"meta": …}`, for a list with `next_page_token` beside, or `{"error": …}` when the answer ends before
/// its end.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Last {
    Meta(End),
    Error(Failure),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    meta: Meta,
    #[serde(default, rename = "next_page_token")]
    _next_page_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    error: String,
}

impl LastLine {
    /// Takes in `part`; gives all that is certainly not in the last line.
    pub(super) fn push(&mut self, part: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(part);
        let body = self.held.strip_suffix(b"\n").unwrap_or(&self.held);
        let start = body.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let rest = self.held.split_off(start);
        std::mem::replace(&mut self.held, rest)
    }

    /// What is held back of the data, and what the server says.
    ///
    /// # Errors
    /// Why the answer is not whole.
    pub(super) fn end(self) -> Result<(Vec<u8>, Meta), String> {
        match serde_json::from_slice(&self.held) {
            Ok(Last::Meta(End { meta, .. })) => Ok((Vec::new(), meta)),
            Ok(Last::Error(Failure { error })) => Err(error),
            Err(_) => Ok((self.held, Meta::default())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_line_is_about_the_answer() {
        let check = |text: &str, expected: &str, warnings: usize| {
            for size in 1..=text.len() {
                let mut last = LastLine::default();
                let mut data: Vec<u8> = text.as_bytes().chunks(size).flat_map(|part| last.push(part)).collect();
                let (line, meta) = last.end().expect("whole");
                data.extend(line);
                assert_eq!((String::from_utf8_lossy(&data).as_ref(), meta.warnings.len()), (expected, warnings), "{text} by {size}");
            }
        };
        check("{\"a\":1}\n{\"meta\":{\"took_ms\":1.5,\"warnings\":[\"cut\"]}}\n", "{\"a\":1}\n", 1);
        check("{\"meta\":{}}\n{\"a\":1}\n{\"meta\":{\"partial\":[]}}\n", "{\"meta\":{}}\n{\"a\":1}\n", 0);
        check("{\"a\":1}\n{\"meta\":{},\"next_page_token\":null}\n", "{\"a\":1}\n", 0);
        check("{\"a\":1}\n{\"meta\":{},\"next_page_token\":\"x\"}\n", "{\"a\":1}\n", 0);
        check("{\"a\":1}\n", "{\"a\":1}\n", 0);
        check("{\"a\":1}", "{\"a\":1}", 0);
        let mut last = LastLine::default();
        assert_eq!(last.push(b"{\"a\":1}\n{\"error\":\"too late\"}\n"), b"{\"a\":1}\n");
        assert_eq!(last.end().expect_err("broken off"), "too late");
    }
}
