//! How a code does against its own past.

/// How a code does against its own past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not seen before, as far as is looked back.
    New,
    /// Absent for a week, and back.
    Regressed,
    /// Far more often than usual.
    Spiking,
    Steady,
}

/// What was seen of a code before the window.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Past {
    /// The last record before the window.
    pub last_ns: Option<i64>,
    /// Records that the usual stretch of the window's length has.
    pub usual: f64,
}

const WEEK_NS: i64 = 7 * 24 * 3_600_000_000_000;

/// More than three deviations of a Poisson count above the usual, and at least twice of it, is a spike.
pub fn standing(records: f64, window_start: i64, past: Past) -> Standing {
    match past.last_ns {
        None => Standing::New,
        Some(last) if window_start.saturating_sub(last) >= WEEK_NS => Standing::Regressed,
        Some(_) if records > past.usual + 3.0 * (past.usual + 1.0).sqrt() && records >= 2.0 * past.usual => Standing::Spiking,
        Some(_) => Standing::Steady,
    }
}

impl Standing {
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Regressed => "regressed",
            Self::Spiking => "spiking",
            Self::Steady => "steady",
        }
    }
}
