//! How refused calls become trips, per framework.

use std::collections::BTreeMap;

pub(crate) const SECOND: i64 = 1_000_000_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;

/// Explicit sources may disagree by that much about the time of one transition.
pub(crate) const SKEW: i64 = 2 * SECOND;
/// A source of states speaks for the breaker that long before and after it is heard.
pub(crate) const AUTHORITY: i64 = 15 * MINUTE;
/// Shortest silence of a gauge after which its state is unknown.
pub(crate) const SILENCE: i64 = 5 * MINUTE;
/// Samples that are closer to each other need not all be there: of any gauge that is read so often [`SILENCE`] is the limit.
pub(crate) const QUIET_STEP: i64 = SILENCE / 3;
/// Calls are counted by one kind of source within each such stretch.
pub(crate) const COUNT_WINDOW: i64 = 5 * MINUTE;
/// A counter that is younger than that at its first point is counted from its start.
pub(crate) const YOUNG: i64 = 10 * MINUTE;
/// Records that are later than the present by more are left out.
pub(crate) const FUTURE: i64 = 5 * MINUTE;

/// `open_n` refused calls within `open_w_ns` open; `close_gap_ns` without one closes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Inference {
    pub open_n: f64,
    pub open_w_ns: i64,
    pub close_gap_ns: i64,
    /// What the breaker itself looks at, or how long it stays open: it may have let go that much after the last refused call.
    pub window_ns: i64,
}

/// Defaults from the libraries' own: a probe comes after the time-out, so refused calls may be that far apart at low traffic.
const DEFAULT: Inference = Inference { open_n: 3.0, open_w_ns: 5 * SECOND, close_gap_ns: 10 * SECOND, window_ns: 3 * SECOND };

/// (family, window or time-out, whether the gap follows the time-out).
const FAMILIES: &[(&str, i64, bool)] = &[
    ("kratos", 3 * SECOND, false),
    ("go-zero", 10 * SECOND, false),
    ("gobreaker", MINUTE, true),
    ("eapache", 10 * SECOND, true),
    ("failsafe-go", MINUTE, true),
    ("failsafe", MINUTE, true),
    ("mercari", 10 * SECOND, true),
    ("hystrix-go", 5 * SECOND, true),
    ("hystrix", 5 * SECOND, true),
    ("resilience4j", MINUTE, true),
    ("polly", 5 * SECOND, true),
    ("sentinel-go", 5 * SECOND, true),
    ("sentinel", 5 * SECOND, true),
];

/// The defaults, and what the user says otherwise.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parameters {
    pub overrides: BTreeMap<String, Inference>,
    /// Rules whose refusals may be of a half open breaker, and of which library.
    pub half_open: BTreeMap<String, String>,
}

impl Parameters {
    pub fn of(&self, family: &str) -> Inference {
        if let Some(inference) = self.overrides.get(family) {
            return *inference;
        }
        let Some((_, window_ns, follows)) = FAMILIES.iter().find(|(name, ..)| *name == family) else { return DEFAULT };
        let gap = if *follows { (window_ns + window_ns / 2).max(DEFAULT.close_gap_ns) } else { DEFAULT.close_gap_ns };
        Inference { close_gap_ns: gap, window_ns: *window_ns, ..DEFAULT }
    }
}
