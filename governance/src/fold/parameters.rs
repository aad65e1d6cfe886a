//! How refused calls become trips, per framework.

use std::collections::BTreeMap;

use super::identity::family;

pub(crate) const SECOND: i64 = 1_000_000_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;

/// Explicit sources may disagree by that much about the time of one transition.
pub(crate) const SKEW: i64 = 2 * SECOND;
/// A source of states speaks for the breaker that long before and after it is heard.
pub(crate) const AUTHORITY: i64 = 15 * MINUTE;
/// Shortest silence of a gauge after which its state is unknown.
pub const SILENCE: i64 = 5 * MINUTE;
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

/// What rules say of a library beyond its defaults.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Library {
    pub open_n: Option<f64>,
    pub open_w_ns: Option<i64>,
    pub close_gap_ns: Option<i64>,
    pub window_ns: Option<i64>,
    /// Of adaptive breakers: K, and the calls of a window below which they drop none.
    pub k: Option<f64>,
    pub calls_min: Option<f64>,
}

/// The defaults, and what rules say otherwise.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parameters {
    /// By framework, or by the family of several.
    pub libraries: BTreeMap<String, Library>,
    /// Rules whose refusals may be of a half open breaker, and of which library.
    pub half_open: BTreeMap<String, String>,
}

impl Parameters {
    /// What is said of `framework`, or else of its family.
    pub fn library(&self, framework: &str) -> Library {
        self.libraries.get(framework).or_else(|| self.libraries.get(family(framework))).copied().unwrap_or_default()
    }

    pub fn of(&self, framework: &str) -> Inference {
        let said = self.library(framework);
        let known = FAMILIES.iter().find(|(name, ..)| *name == family(framework));
        let window_ns = said.window_ns.or(known.map(|(_, window_ns, _)| *window_ns)).unwrap_or(DEFAULT.window_ns);
        let follows = known.is_some_and(|(.., follows)| *follows);
        let gap = if follows { (window_ns + window_ns / 2).max(DEFAULT.close_gap_ns) } else { DEFAULT.close_gap_ns };
        Inference {
            open_n: said.open_n.unwrap_or(DEFAULT.open_n),
            open_w_ns: said.open_w_ns.unwrap_or(DEFAULT.open_w_ns),
            close_gap_ns: said.close_gap_ns.unwrap_or(gap),
            window_ns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_counts_before_what_libraries_are_known_for() {
        let library = Library { open_n: Some(5.0), window_ns: Some(20 * SECOND), ..Library::default() };
        let of = |name: &str| Parameters { libraries: [(name.to_owned(), library)].into(), ..Parameters::default() };
        let gap = |name: &str, framework: &str| of(name).of(framework).close_gap_ns / SECOND;
        assert_eq!(of("kratos").of("kratos-v3"), Inference { open_n: 5.0, window_ns: 20 * SECOND, ..DEFAULT });
        assert_eq!(of("kratos-v3").of("kratos"), Parameters::default().of("kratos"));
        // The gap follows the time after which a probe is let through.
        assert_eq!((gap("gobreaker", "gobreaker"), gap("other", "gobreaker"), gap("other", "other")), (30, 90, 10));
        assert_eq!(Parameters::default().of(""), DEFAULT);
    }
}
