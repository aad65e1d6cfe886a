//! Words for states, kinds of refusals and actions.

use crate::facts::{Action, RejectionKind, State};

/// A state in the spelling of any library: `HALF_OPEN`, `HalfOpen`, `half-open`.
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

const KINDS: [(&str, RejectionKind); 10] = [
    ("breaker_open", RejectionKind::BreakerOpen),
    ("half_open_limit", RejectionKind::HalfOpenLimit),
    ("rate_limit", RejectionKind::RateLimit),
    ("load_shed", RejectionKind::LoadShed),
    ("bulkhead", RejectionKind::Bulkhead),
    ("concurrency_cap", RejectionKind::ConcurrencyCap),
    ("no_healthy_host", RejectionKind::NoHealthyHost),
    ("retry_budget", RejectionKind::RetryBudget),
    ("unknown_503", RejectionKind::Unknown503),
    ("unknown_429", RejectionKind::Unknown429),
];

const ACTIONS: [(&str, Action); 6] = [
    ("retry", Action::Retry),
    ("timeout", Action::Timeout),
    ("fallback", Action::Fallback),
    ("hedge", Action::Hedge),
    ("eject", Action::Eject),
    ("uneject", Action::Uneject),
];

pub(super) fn rejection_kind(word: &str) -> Option<RejectionKind> {
    KINDS.into_iter().find_map(|(name, kind)| (name == word).then_some(kind))
}

pub(super) fn action(word: &str) -> Option<Action> {
    ACTIONS.into_iter().find_map(|(name, action)| (name == word).then_some(action))
}

pub(super) fn kind_name(kind: RejectionKind) -> &'static str {
    KINDS.into_iter().find_map(|(name, other)| (other == kind).then_some(name)).unwrap_or_default()
}
