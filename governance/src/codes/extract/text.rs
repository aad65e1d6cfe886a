//! Step 4: a code in free text, by the words before it or the brackets around it. Only where something failed or warns.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{
    config::ExtractConfig,
    finding::{Finding, cut},
};
use crate::facts::CodeSource;

/// Only the start of a text is searched.
const BYTES_MAX: usize = 16 << 10;

/// Kitex: `biz error: code=5001003, msg=insufficient stock`.
static KITEX: LazyLock<Regex> = LazyLock::new(|| pattern(r"biz error: code=(-?\d+), msg=(.*)"));

/// Only the keyword is matched in any case, so that gRPC's `code = Unavailable` is no code. Chinese digits may follow or stand
/// before without a blank, so word ends are those of ASCII.
static KEYWORD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i:(?-u:\b)err(?:or)?[_ ]?code|(?-u:\b)code|错误(?:代|编)?码|返回码)",
        r#"["']?\s*[:=：]\s*["']?([A-Za-z]{0,3}-?\d{4,8}|[A-Z][A-Z0-9_]{2,62})(?-u:\b)"#
    ))
});

/// `[5001003]`, `【5001003】`: six digits and more, as process ids stand in brackets too; fewer after letters.
static BRACKETS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:^|[\s:：,，(])(?:\[|【)([A-Za-z]{1,3}-?\d{4,8}|\d{6,8})(?:\]|】)"));

/// Words in capitals that stand after `code` and are none.
const NO_CODES: [&str; 6] = ["NULL", "NONE", "NIL", "TRUE", "FALSE", "UNKNOWN"];

/// Takes the first code in the text. True when there was one.
pub(super) fn take(finding: &mut Finding, text: &str, config: &ExtractConfig) -> bool {
    let text = cut(text, BYTES_MAX);
    if !may_hold(text) {
        return false;
    }
    if let Some(captures) = KITEX.captures(text) {
        let taken = finding.set_code(group(&captures, 1), config, (CodeSource::Text, "kitex.biz", 95));
        if taken {
            finding.set_message(group(&captures, 2));
        }
        return taken;
    }
    for captures in KEYWORD.captures_iter(text) {
        let code = group(&captures, 1);
        if !NO_CODES.contains(&code) && finding.set_code(code, config, (CodeSource::Text, "text.keyword", 80)) {
            return true;
        }
    }
    let bracketed = BRACKETS.captures_iter(text).find(|captures| !is_date(group(captures, 1)));
    bracketed.is_some_and(|captures| finding.set_code(group(&captures, 1), config, (CodeSource::Text, "text.brackets", 60)))
}

/// A look that spares most texts the patterns.
fn may_hold(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr_any(bytes) && (text.contains("ode") || text.contains("ODE") || text.contains('码') || text.contains(['[', '【']))
}

fn memchr_any(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| matches!(byte, b':' | b'=' | b'[') || *byte >= 0x80)
}

/// `[20240601]` is a day.
fn is_date(code: &str) -> bool {
    let number = |range: std::ops::Range<usize>| code.get(range).and_then(|digits| digits.parse::<u32>().ok());
    code.len() == 8
        && matches!(number(0..4), Some(1970..=2099))
        && matches!(number(4..6), Some(1..=12))
        && matches!(number(6..8), Some(1..=31))
}

fn group<'a>(captures: &Captures<'a>, index: usize) -> &'a str {
    captures.get(index).map_or("", |group| group.as_str())
}

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is constant and right")
}
