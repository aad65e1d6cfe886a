//! Step 5: texts and classes of breakers, limiters, bulkheads and time limits, as the libraries print them.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::finding::{Finding, cut};
use crate::facts::CodeSource;

pub const BREAKER_OPEN: &str = "CB_OPEN";
pub const RATE_LIMITED: &str = "RATE_LIMITED";
pub const BULKHEAD_FULL: &str = "BULKHEAD_FULL";
pub const TIMEOUT: &str = "TIMEOUT";

/// Only the start of a text is searched.
const BYTES_MAX: usize = 16 << 10;

/// What a library prints, the reason it stands for, and whose it is. A half-open limit refuses as an open breaker does.
const TEXTS: &[(&str, &str, &str)] = &[
    ("hystrix: circuit open", BREAKER_OPEN, "hystrix-go"),
    ("hystrix: max concurrency", BULKHEAD_FULL, "hystrix-go"),
    ("hystrix: timeout", TIMEOUT, "hystrix-go"),
    ("circuit breaker is open", BREAKER_OPEN, "breaker"),
    ("circuit breaker open", BREAKER_OPEN, "breaker"),
    ("rate limit exceeded", RATE_LIMITED, "limiter"),
    ("bulkhead full", BULKHEAD_FULL, "failsafe-go"),
    ("timeout exceeded", TIMEOUT, "failsafe-go"),
    ("timed out waiting for function to finish", TIMEOUT, "eapache"),
    ("could not acquire semaphore ticket", BULKHEAD_FULL, "eapache"),
    ("BlockTypeCircuitBreaking", BREAKER_OPEN, "sentinel-go"),
    ("BlockTypeFlowControl", RATE_LIMITED, "sentinel-go"),
    ("BlockTypeHotSpotParamFlow", RATE_LIMITED, "sentinel-go"),
    ("BlockTypeSystem", RATE_LIMITED, "sentinel-go"),
    ("BlockTypeIsolation", BULKHEAD_FULL, "sentinel-go"),
    ("DegradeException", BREAKER_OPEN, "sentinel"),
    ("ParamFlowException", RATE_LIMITED, "sentinel"),
    ("FlowException", RATE_LIMITED, "sentinel"),
    ("SystemBlockException", RATE_LIMITED, "sentinel"),
    ("Blocked by Sentinel (flow limiting)", RATE_LIMITED, "sentinel"),
    ("' is OPEN and does not permit further calls", BREAKER_OPEN, "resilience4j"),
    ("' is HALF_OPEN and does not permit further calls", BREAKER_OPEN, "resilience4j"),
    ("' is FORCED_OPEN and does not permit further calls", BREAKER_OPEN, "resilience4j"),
    ("' does not permit further calls", RATE_LIMITED, "resilience4j"),
    ("' is full and does not permit further calls", BULKHEAD_FULL, "resilience4j"),
    ("recorded a timeout exception", TIMEOUT, "resilience4j"),
    ("CallNotPermittedException", BREAKER_OPEN, "resilience4j"),
    ("RequestNotPermitted", RATE_LIMITED, "resilience4j"),
    ("BulkheadFullException", BULKHEAD_FULL, "resilience4j"),
    (" short-circuited and ", BREAKER_OPEN, "hystrix"),
    ("Hystrix circuit short-circuited and is OPEN", BREAKER_OPEN, "hystrix"),
    (" could not be queued for execution and ", BULKHEAD_FULL, "hystrix"),
    (" could not acquire a semaphore for execution and ", BULKHEAD_FULL, "hystrix"),
    (" timed-out and ", TIMEOUT, "hystrix"),
    ("The circuit is now open and is not allowing calls.", BREAKER_OPEN, "polly"),
    ("The circuit is manually held open and is not allowing calls.", BREAKER_OPEN, "polly"),
    ("BrokenCircuitException", BREAKER_OPEN, "polly"),
    ("IsolatedCircuitException", BREAKER_OPEN, "polly"),
    ("RateLimiterRejectedException", RATE_LIMITED, "polly"),
    ("TimeoutRejectedException", TIMEOUT, "polly"),
    ("forbidden by circuitbreaker", BREAKER_OPEN, "kitex"),
    ("request over limit", RATE_LIMITED, "kitex"),
    ("rpc timeout", TIMEOUT, "kitex"),
    ("service overloaded", RATE_LIMITED, "go-zero"),
    ("concurrent connections over ", BULKHEAD_FULL, "go-zero"),
    ("Request Timeout", TIMEOUT, "go-zero"),
    ("context deadline exceeded", TIMEOUT, "go"),
    ("upstream_reset_before_response_started{overflow}", BULKHEAD_FULL, "envoy"),
];

/// Takes the reason of the first such text. True when there was one.
pub(super) fn take(finding: &mut Finding, text: &str) -> bool {
    static SEARCH: LazyLock<AhoCorasick> = LazyLock::new(|| {
        AhoCorasick::builder()
            .match_kind(aho_corasick::MatchKind::LeftmostLongest)
            .build(TEXTS.iter().map(|(text, ..)| text))
            .expect("a few short patterns make a searcher")
    });
    let text = cut(text, BYTES_MAX);
    let hit = SEARCH.find_iter(text).find(|hit| is_whole(text, hit.start(), hit.end()));
    let Some(&(_, reason, family)) = hit.and_then(|hit| TEXTS.get(hit.pattern().as_usize())) else { return false };
    if finding.reason.is_empty() {
        reason.clone_into(&mut finding.reason);
        finding.is_rejection = reason != TIMEOUT;
        if finding.found.is_none() {
            finding.found = Some((CodeSource::Library, format!("library {family}"), 90));
        }
    }
    true
}

/// Whether the hit ends and starts with whole words: `circuit breaker opened` is none, `io.…DegradeException` is one.
fn is_whole(text: &str, start: usize, end: usize) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    let inside = |range: &str| range.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    let starts = !inside(&text[start..]) || !is_word(text[..start].chars().next_back());
    let ends = !is_word(text[start..end].chars().next_back()) || !is_word(text[end..].chars().next());
    starts && ends
}
