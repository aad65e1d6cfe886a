//! Where a page of found rows ends: opaque to clients, kept by nobody.
//!
//! ```text
//! version | which question | now of the first page | place of the last row in the order
//! 1 byte  | 8 bytes        | 8 bytes               | as the route needs it                  all in hex
//! ```
//! The place is made of values of the row, so rows that arrive or move into blocks in between shift nothing. The question is all
//! parameters but `limit`; `now` keeps `now-15m` where it was.

use schemas::UnixNanos;

use super::{super::problem::Problem, routes::Pairs};

const VERSION: u8 = 1;
const HEAD_BYTES: usize = 1 + 8 + 8;

/// What pages of one question have in common, and where the page before ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pages {
    question: u64,
    pub now: UnixNanos,
    /// Of the last row of the page before; none on the first page.
    pub place: Option<Vec<u8>>,
}

impl Pages {
    /// Takes `page_token` out of `pairs`, which are a question to `route`. `now` is for the first page.
    pub(super) fn take(route: &str, pairs: &mut Pairs, now: UnixNanos) -> Result<Self, Problem> {
        let token = pairs.iter().position(|(name, _)| name == "page_token").map(|at| pairs.remove(at).1);
        let question = question(route, pairs);
        let Some(token) = token else { return Ok(Self { question, now, place: None }) };
        let bytes = bytes(&token).filter(|bytes| bytes.len() > HEAD_BYTES && bytes[0] == VERSION);
        let bytes = bytes.ok_or_else(|| invalid("not a page token of this server"))?;
        let number = |at: usize| bytes[at..at + 8].try_into().map_or(0, u64::from_be_bytes);
        if number(1) != question {
            return Err(invalid("the token is of another question: `q`, `sort`, `start`, `end` or `range` was different"));
        }
        Ok(Self { question, now: UnixNanos(number(9).cast_signed()), place: Some(bytes[HEAD_BYTES..].to_vec()) })
    }

    /// The token of the page after one whose last row is at `place`.
    pub(super) fn token(&self, place: &[u8]) -> String {
        let head = [&[VERSION], &self.question.to_be_bytes()[..], &self.now.0.to_be_bytes()[..], place].concat();
        head.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

pub(super) fn invalid(message: &str) -> Problem {
    let hint = "pass `next_page_token` of the page before as it is, with the same other parameters; `limit` may change";
    Problem::invalid_parameter("page_token", message, hint)
}

/// Tells questions apart (FNV-1a), the same in each version of the server.
fn question(route: &str, pairs: &Pairs) -> u64 {
    let mut known: Vec<String> = pairs.iter().filter(|(name, _)| name != "limit").map(|(name, value)| format!("{name}={value}")).collect();
    known.sort_unstable();
    let text = format!("{route}?{}", known.join("&"));
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let right = hex.len().is_multiple_of(2) && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    right.then(|| (0..hex.len()).step_by(2).filter_map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Pairs {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_token_is_of_one_question() {
        let first = Pages::take("spans", &mut pairs(&[("q", "a"), ("sort", "newest"), ("limit", "3")]), UnixNanos(7)).expect("no token");
        let token = first.token(&[1, 2]);
        let check = |route: &str, asked: &[(&str, &str)], expected: Option<&str>| {
            let mut asked = pairs(asked);
            let taken = Pages::take(route, &mut asked, UnixNanos(8));
            match expected {
                None => assert_eq!(taken.map(|pages| (pages.now, pages.place)), Ok((UnixNanos(7), Some(vec![1, 2])))),
                Some(expected) => assert!(taken.as_ref().is_err_and(|problem| format!("{problem:?}").contains(expected)), "{taken:?}"),
            }
            assert!(asked.iter().all(|(name, _)| name != "page_token"));
        };
        check("spans", &[("page_token", &token), ("sort", "newest"), ("q", "a"), ("limit", "9")], None);
        check("spans", &[("page_token", &token), ("q", "b"), ("sort", "newest")], Some("another question"));
        check("spans", &[("page_token", &token), ("q", "a"), ("sort", "oldest")], Some("another question"));
        check("logs", &[("page_token", &token), ("q", "a"), ("sort", "newest")], Some("another question"));
        check("spans", &[("page_token", "02ff")], Some("not a page token"));
        check("spans", &[("page_token", "zz")], Some("not a page token"));
        check("spans", &[("page_token", "é1")], Some("not a page token"));
    }
}
