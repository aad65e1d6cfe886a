//! What the fold says.

use schemas::{SpanId, TraceId, UnixNanos};

use super::{BreakerId, BreakerKey, Scope};
use crate::facts::{Source, State};

/// How a transition is known, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// A log line, a span event, a callback.
    Explicit,
    /// A counter of transitions.
    Counter,
    /// A gauge per state.
    OneHot,
    /// A gauge with a number per state.
    EnumGauge,
    /// Calls were refused, then no more.
    RejectionBurst,
    /// What must have happened between two known states.
    GapFill,
}

impl Method {
    pub fn name(self) -> &'static str {
        match self {
            Self::Explicit => "explicit",
            Self::Counter => "counter",
            Self::OneHot => "onehot",
            Self::EnumGauge => "enum_gauge",
            Self::RejectionBurst => "rejection_burst",
            Self::GapFill => "gap_fill",
        }
    }
}

/// A point in time as well as it is known: somewhere from `lo` to `hi`, most likely at `time`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// `None`: before everything that was read.
    pub lo: Option<UnixNanos>,
    pub time: UnixNanos,
    pub hi: UnixNanos,
}

/// A record that shows a transition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Proof {
    pub time: UnixNanos,
    pub source: Source,
    pub rule: String,
    pub trace_id: Option<TraceId>,
    pub span_id: Option<SpanId>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    pub at: Moment,
    pub from: State,
    pub to: State,
    /// `error_ratio`, `probe_ok`, `probe_failed`, `probe_blocked`, `restart`, `config_reload`, `capacity`, `inferred`, `unknown`, …
    pub cause: String,
    /// The text that says why; may be empty.
    pub text: String,
    pub method: Method,
    /// 0 to 99.
    pub confidence: u8,
    /// At most eight, of different sources first.
    pub evidence: Vec<Proof>,
    /// How many records there are.
    pub evidence_total: u64,
}

/// What ended a trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ended {
    Closed,
    /// The process started anew, or its rules were loaded anew.
    Restart,
    /// Nothing more was heard of it.
    Gone,
    Ongoing,
}

impl Ended {
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Restart => "restart",
            Self::Gone => "gone",
            Self::Ongoing => "ongoing",
        }
    }
}

/// From closed through open and half open to closed again.
#[derive(Debug, Clone, PartialEq)]
pub struct Trip {
    pub opened: Moment,
    /// `None`: still open at the end of what was read.
    pub closed: Option<Moment>,
    pub ended_by: Ended,
    pub open_ns: i64,
    pub half_open_ns: i64,
    /// Times it went half open.
    pub probes: u32,
    /// Times it went back from half open to open.
    pub reopens: u32,
    /// Calls refused by this breaker, adjusted for sampling, each counted once.
    pub refused: f64,
    /// Held open by hand.
    pub forced: bool,
    /// Of the transition that opened it.
    pub cause: String,
    pub method: Method,
    /// Of the weaker one of opening and closing.
    pub confidence: u8,
}

impl Trip {
    /// Whether it lasts at `time`; its ends are half open.
    pub fn covers(&self, time: UnixNanos) -> bool {
        self.opened.time <= time && self.closed.is_none_or(|closed| time < closed.time)
    }

    /// Whether its beginning was seen.
    pub fn start_known(&self) -> bool {
        self.opened.lo.is_some()
    }

    pub fn end_or(&self, until: UnixNanos) -> UnixNanos {
        self.closed.map_or(until, |closed| closed.time)
    }
}

/// Calls refused after `after`, not after `until`; both equal for a single call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Refused {
    pub after: UnixNanos,
    pub until: UnixNanos,
    pub count: f64,
}

/// A source that says otherwise than a better one in the same window.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    pub at: Moment,
    pub method: Method,
    /// What the weaker source says.
    pub says: State,
    /// What stands.
    pub stands: State,
    /// Refused calls while closed, by a breaker whose transitions are reported: one of them was missed.
    pub missed_transition: bool,
    pub evidence: Vec<Proof>,
}

/// One breaker in one instance.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// `-`: nothing says which.
    pub instance: String,
    /// The state that the first transition left; before `known_since` nothing is known.
    pub initial: State,
    pub known_since: UnixNanos,
    /// In order of time.
    pub transitions: Vec<Transition>,
    pub trips: Vec<Trip>,
    pub conflicts: Vec<Conflict>,
    /// Refused by it, each call once, in order of `until`.
    pub refused: Vec<Refused>,
}

impl History {
    pub fn state_at(&self, time: UnixNanos) -> State {
        let passed = self.transitions.partition_point(|transition| transition.at.time <= time);
        match passed.checked_sub(1) {
            Some(last) => self.transitions[last].to,
            None if time < self.known_since => State::Unknown,
            None => self.initial,
        }
    }
}

/// A stretch of time until the next one, seen over all instances.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    pub start: UnixNanos,
    /// The worst of the states of instances.
    pub state: State,
    /// Open or half open instances among those of known state; 0 to 1.
    pub open_fraction: f64,
}

/// A trip as the service saw it: trips of instances that overlap or follow closely.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceTrip {
    pub trip: Trip,
    /// How long less than half, at least half, and all instances were open.
    pub partial_ns: i64,
    pub majority_ns: i64,
    pub full_ns: i64,
    /// Indices into `instances` of the breaker and `trips` of that instance.
    pub members: Vec<(usize, usize)>,
}

/// One breaker: identity, its instances, and the view of the service.
#[derive(Debug, Clone, PartialEq)]
pub struct Breaker {
    pub id: BreakerId,
    pub key: BreakerKey,
    /// Framework as the records name it.
    pub framework: String,
    /// What it guards, as far as records say; the commonest first.
    pub operations: Vec<String>,
    pub targets: Vec<String>,
    /// Names of breakers without a name of their own that turned out to be this one.
    pub aliases: Vec<String>,
    /// Sorted by name.
    pub instances: Vec<History>,
    pub trips: Vec<ServiceTrip>,
    pub segments: Vec<Segment>,
}

impl Breaker {
    /// What the library is called, as exactly as it is known.
    pub fn library(&self) -> &str {
        if self.framework.is_empty() { &self.key.family } else { &self.framework }
    }

    /// The trip that covers the instant; else, within its bounds, the one that may.
    pub fn trip_at(&self, time: UnixNanos) -> Option<&ServiceTrip> {
        let possible = |trip: &Trip| trip.opened.lo.is_none_or(|lo| lo <= time) && trip.closed.is_none_or(|closed| time <= closed.hi);
        (self.trips.iter().find(|trip| trip.trip.covers(time))).or_else(|| self.trips.iter().find(|trip| possible(&trip.trip)))
    }

    /// Names of the operations it guards, as far as they are known; each once.
    pub fn guarded(&self) -> Vec<String> {
        let mut operations = self.operations.clone();
        let named = self.key.name.strip_prefix("op:").map(str::to_owned);
        operations.extend(named.filter(|name| !self.operations.contains(name)));
        operations
    }

    pub fn state_at(&self, time: UnixNanos) -> State {
        let passed = self.segments.partition_point(|segment| segment.start <= time);
        passed.checked_sub(1).map_or(State::Unknown, |last| self.segments[last].state)
    }
}

/// What the fold says of one rejection that it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    pub scope: Scope,
    /// Another record counts this call; this one is an example of it.
    pub duplicate: bool,
    /// Index into `breakers`.
    pub breaker: Option<usize>,
}

/// Something a person should know or do.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// A gauge with numbers that nothing explains: a rule must say what they mean.
    NeedsMapping { breaker: BreakerId, service: String, name: String, values: Vec<f64> },
    /// One name stands for several breakers: they are counted together.
    SeveralBreakers { breaker: BreakerId, service: String, name: String },
    /// Records of the future were left out.
    Future { records: u64 },
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Folded {
    /// Sorted by identity.
    pub breakers: Vec<Breaker>,
    /// One for each rejection of the input, in its order: those that stand alone, then those of stretches.
    pub verdicts: Vec<Verdict>,
    pub notices: Vec<Notice>,
}

impl Folded {
    pub fn breaker(&self, id: BreakerId) -> Option<&Breaker> {
        self.breakers.iter().find(|breaker| breaker.id == id)
    }
}
