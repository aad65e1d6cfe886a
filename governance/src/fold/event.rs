//! What a source says happened: a candidate, and once it stands, an event of a track.

use std::borrow::Cow;

use super::{Method, Proof};
use crate::facts::{Evidence, State};
use schemas::UnixNanos;

/// Proofs kept while candidates are merged.
const PROOFS_MAX: usize = 32;
/// Of these, so many are told.
const TOLD_MAX: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Change {
        from: Option<State>,
        to: State,
    },
    /// The process began anew: its breakers are closed.
    Restart,
    /// Its rules were loaded anew: its breakers are closed.
    Reload,
    /// Nothing is heard any more.
    Gone,
}

#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub step: Step,
    /// `i64::MIN`: before everything that was read.
    pub lo: i64,
    pub time: i64,
    pub hi: i64,
    pub method: Method,
    pub confidence: u8,
    pub cause: Cow<'static, str>,
    pub text: String,
    pub proofs: Vec<Proof>,
    pub proofs_total: u64,
}

impl Event {
    pub fn change(from: Option<State>, to: State, (lo, time, hi): (i64, i64, i64), method: Method, confidence: u8) -> Self {
        let step = Step::Change { from, to };
        Self { step, lo, time, hi, method, confidence, cause: Cow::Borrowed(""), text: String::new(), proofs: Vec::new(), proofs_total: 0 }
    }

    pub fn bound(step: Step, lo: i64, time: i64, hi: i64) -> Self {
        let method = if step == Step::Gone { Method::GapFill } else { Method::Explicit };
        Self { step, ..Self::change(None, State::Closed, (lo, time, hi), method, 90) }
    }

    pub fn because(mut self, cause: impl Into<Cow<'static, str>>) -> Self {
        self.cause = cause.into();
        self
    }

    pub fn shown_by(mut self, proof: Proof) -> Self {
        self.proofs.push(proof);
        self.proofs_total += 1;
        self
    }

    pub fn to(&self) -> State {
        match self.step {
            Step::Change { to, .. } => to,
            Step::Restart | Step::Reload => State::Closed,
            Step::Gone => State::Unknown,
        }
    }

    /// Whether the windows touch, give or take `skew`.
    pub fn touches(&self, lo: i64, hi: i64, skew: i64) -> bool {
        self.lo <= hi.saturating_add(skew) && lo <= self.hi.saturating_add(skew)
    }

    /// `other` says the same: the narrower window wins, the better source says why, and two are surer than one.
    pub fn absorb(&mut self, other: Self) {
        let width = |event: &Self| event.hi.saturating_sub(event.lo);
        if width(&other) < width(self) && !matches!(self.step, Step::Restart | Step::Reload) {
            (self.lo, self.time, self.hi) = match (self.lo.max(other.lo), self.hi.min(other.hi)) {
                (lo, hi) if lo <= hi => (lo, other.time.clamp(lo, hi), hi),
                _ => (other.lo, other.time, other.hi),
            };
        } else if self.lo.max(other.lo) <= self.hi.min(other.hi) {
            (self.lo, self.hi) = (self.lo.max(other.lo), self.hi.min(other.hi));
            self.time = self.time.clamp(self.lo, self.hi);
        }
        if other.method < self.method || (self.cause.is_empty() && !other.cause.is_empty()) {
            self.cause = other.cause;
        }
        if self.text.is_empty() {
            self.text = other.text;
        }
        if let (Step::Change { from, .. }, Step::Change { from: theirs, .. }) = (&mut self.step, other.step) {
            *from = from.or(theirs);
        }
        self.method = self.method.min(other.method);
        self.confidence = either(self.confidence, other.confidence);
        self.take_proofs(other.proofs, other.proofs_total);
    }

    pub fn take_proofs(&mut self, proofs: Vec<Proof>, total: u64) {
        self.proofs_total += total;
        let room = PROOFS_MAX.saturating_sub(self.proofs.len());
        self.proofs.extend(proofs.into_iter().take(room));
    }
}

/// `1 - (1 - a)(1 - b)`: sure when one of two independent sources is right.
pub(crate) fn either(a: u8, b: u8) -> u8 {
    let doubt = (100 - u32::from(a.min(100))) * (100 - u32::from(b.min(100)));
    (100 - doubt.div_ceil(100)).min(99) as u8
}

pub(crate) fn proof(time: i64, evidence: &Evidence) -> Proof {
    let Evidence { source, rule, trace_id, span_id, .. } = evidence;
    Proof { time: UnixNanos(time), source: *source, rule: rule.clone(), trace_id: *trace_id, span_id: *span_id }
}

/// At most eight, one of each source first, in order of time.
pub(crate) fn told(mut proofs: Vec<Proof>) -> Vec<Proof> {
    proofs.sort();
    proofs.dedup();
    if proofs.len() <= TOLD_MAX {
        return proofs;
    }
    let is_first =
        |place: usize| !proofs[..place].iter().any(|before| before.source == proofs[place].source && before.rule == proofs[place].rule);
    let (mut kept, rest): (Vec<usize>, Vec<usize>) = (0..proofs.len()).partition(|place| is_first(*place));
    kept.extend(rest);
    kept.truncate(TOLD_MAX);
    kept.sort_unstable();
    kept.into_iter().map(|place| proofs[place].clone()).collect()
}
