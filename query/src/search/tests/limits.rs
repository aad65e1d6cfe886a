//! What a search may cost.

use crate::search::{Mistake, NESTING_MAX, REGEX_BYTES_MAX, REGEXES_MAX, STEPS_MAX, TERMS_MAX, TEXT_BYTES_MAX, parse};

/// `within` is the longest that is allowed, `beyond` one more.
fn check(within: &str, beyond: &str, expected: Mistake) {
    assert!(expected.is_limit());
    assert_eq!(parse(within).err(), None);
    let error = parse(beyond).expect_err("beyond the limit");
    assert_eq!(error.mistake, expected);
    assert!(error.render(beyond).len() < 1000);
}

fn nested(open: &str, inner: &str, close: &str, depth: usize) -> String {
    format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
}

#[test]
fn nesting() {
    let check = |open: &str, inner: &str, close: &str, own: usize| {
        let (within, beyond) = (nested(open, inner, close, NESTING_MAX - own), nested(open, inner, close, NESTING_MAX + 1 - own));
        check(&within, &beyond, Mistake::NestingTooDeep);
    };
    check("(", "a", ")", 0);
    check("-(", "a", ")", 0);
    check("(a OR ", "b", ")", 0);
    check("(", "a:(b OR /c/)", ")", 1);
    let (within, beyond) = (nested("(", "a", ")", NESTING_MAX - 1), nested("(", "a", ")", NESTING_MAX));
    self::check(&format!("{{a}} > {{{within}}}"), &format!("{{a}} > {{{beyond}}}"), Mistake::NestingTooDeep);
}

#[test]
fn negations_and_operators_cost_no_stack() {
    assert_eq!(parse(&format!("{}a", "NOT ".repeat(16_000))).expect("even").to_string(), "a");
    assert_eq!(parse(&format!("{}a", "-".repeat(60_001))).expect("odd").to_string(), "-a");
}

#[test]
fn terms() {
    let or = |count: usize| vec!["a"; count].join(" OR ");
    check(&or(TERMS_MAX), &or(TERMS_MAX + 1), Mistake::TooManyTerms);
    let set = |count: usize| format!("a:({})", vec!["b"; count].join(","));
    check(&set(TERMS_MAX), &set(TERMS_MAX + 1), Mistake::TooManyTerms);
    let regexes = |count: usize| vec!["a:/b/"; count].join(" ");
    check(&regexes(REGEXES_MAX), &regexes(REGEXES_MAX + 1), Mistake::TooManyRegexes);
}

#[test]
fn lengths() {
    check(&"a".repeat(TEXT_BYTES_MAX), &"a".repeat(TEXT_BYTES_MAX + 1), Mistake::TextTooLong { bytes: TEXT_BYTES_MAX + 1 });
    let regexes = |bytes: usize| format!("/{}/ x=~bc", "a".repeat(bytes - 2));
    check(&regexes(REGEX_BYTES_MAX), &regexes(REGEX_BYTES_MAX + 1), Mistake::RegexTooLong);
    let chain = |steps: usize| format!("{{a}}{}", " > {b}".repeat(steps));
    check(&chain(STEPS_MAX), &chain(STEPS_MAX + 1), Mistake::TooManySteps);
    let error = parse(&"库".repeat(TEXT_BYTES_MAX / 3 + 1)).expect_err("too long");
    assert!(error.range.start.is_multiple_of(3));
}
