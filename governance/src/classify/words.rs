//! Words for states in the spelling of any library.

use crate::facts::State;

/// `HALF_OPEN`, `HalfOpen`, `half-open`.
pub(super) fn state(word: &str) -> Option<State> {
    let plain = |wanted: &str| {
        let letters = word.trim().bytes().filter(|byte| !matches!(byte, b'_' | b'-' | b' '));
        letters.map(|byte| byte.to_ascii_lowercase()).eq(wanted.bytes())
    };
    [
        ("closed", State::Closed),
        ("close", State::Closed),
        ("open", State::Open),
        ("opened", State::Open),
        ("halfopen", State::HalfOpen),
        ("halfopened", State::HalfOpen),
        ("forcedopen", State::ForcedOpen),
        ("isolated", State::ForcedOpen),
        ("disabled", State::Disabled),
        ("metricsonly", State::MetricsOnly),
        ("unknown", State::Unknown),
    ]
    .into_iter()
    .find_map(|(name, state)| plain(name).then_some(state))
}
