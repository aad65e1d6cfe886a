//! Where a page of a folded window ended.

use schemas::UnixNanos;

use super::{problem::Problem, window::Window};

/// The window, so that later pages are of the same fold, and the last row of the page. The text is opaque to clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PageToken {
    pub window: Window,
    pub id: String,
}

impl PageToken {
    pub(super) fn text(&self) -> String {
        format!("{:016x}{:016x}{}", self.window.start.0, self.window.end.0, self.id)
    }

    /// # Errors
    /// When it is not of [`Self::text`].
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let number = |range: std::ops::Range<usize>| text.get(range).and_then(|part| u64::from_str_radix(part, 16).ok());
        let parts = number(0..16).zip(number(16..32)).zip(text.get(32..)).filter(|((start, end), _)| start < end);
        let ((start, end), id) = parts.ok_or_else(|| {
            let hint = "pass `next_page_token` of the page before as it is, with the same other parameters";
            Problem::invalid_parameter("page_token", "not a page token of this route", hint)
        })?;
        Ok(Self { window: Window { start: UnixNanos(start as i64), end: UnixNanos(end as i64) }, id: id.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens() {
        let window = Window { start: UnixNanos(1), end: UnixNanos(1_793_959_200_000_000_000) };
        for id in ["0123456789abcdef", "", "exc:java.lang.库存Exception"] {
            let token = PageToken { window, id: id.to_owned() };
            assert_eq!(PageToken::parse(&token.text()).ok(), Some(token));
        }
        for wrong in ["", "x", "0000000000000002", "00000000000000020000000000000001a", "库存库存库存库存库存库存库存库存库存库存库存"]
        {
            assert!(PageToken::parse(wrong).is_err(), "{wrong}");
        }
    }
}
