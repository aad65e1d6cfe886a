//! One legal chain of transitions out of a track.

use std::borrow::Cow;

use schemas::UnixNanos;

use super::{
    Method, Moment, Transition,
    counter::cause,
    event::{Event, Step, told},
    parameters::SECOND,
    track::moment,
};
use crate::facts::State::{self, Closed, HalfOpen, Open, Unknown};

/// What is known of a gap is that it happened.
const GAP_CONFIDENCE: u8 = 60;

pub(crate) struct Settled {
    pub initial: State,
    pub known_since: i64,
    pub transitions: Vec<Transition>,
}

/// Goes through the events in order:
///
/// 1. an event to the state that stands is evidence, unless it says that it came from another one;
/// 2. a change from another state than stands means that one between was not told: it is put in;
/// 3. closed to half open goes through open;
/// 4. the first sight of a breaker that is closed is no change.
///
/// `shared`: several processes may hide behind one instance, so that what one says need not follow from what another said.
pub(crate) fn settle(events: Vec<Event>, since: i64, shared: bool, restarts_silently: bool) -> Settled {
    let initial = events.first().map_or(Closed, first_state);
    let mut chain = Chain { state: initial, initial, known_since: since, last: since, transitions: Vec::new(), shared };
    for event in events {
        match event.step {
            Step::Restart | Step::Reload if chain.state == Closed => {}
            Step::Restart | Step::Reload | Step::Gone => {
                let to = event.to();
                chain.go(event, to);
            }
            Step::Change { from, to } => chain.change(event, from, to, restarts_silently),
        }
    }
    let Chain { initial, known_since, transitions, .. } = chain;
    Settled { initial, known_since, transitions }
}

/// What the first event left behind.
fn first_state(event: &Event) -> State {
    let by_gauge = matches!(event.method, Method::OneHot | Method::EnumGauge);
    match event.step {
        Step::Change { from: Some(from), .. } if !by_gauge => from,
        Step::Change { to: Open | State::ForcedOpen, .. } if !by_gauge => Closed,
        Step::Change { to: HalfOpen, .. } if !by_gauge => Open,
        _ => Unknown,
    }
}

struct Chain {
    state: State,
    initial: State,
    known_since: i64,
    /// Time of the last transition.
    last: i64,
    transitions: Vec<Transition>,
    shared: bool,
}

impl Chain {
    fn change(&mut self, event: Event, from: Option<State>, to: State, restarts_silently: bool) {
        let told = matches!(event.method, Method::Explicit | Method::Counter | Method::GapFill);
        let from = from.filter(|from| told && *from != self.state && *from != Unknown && self.state != Unknown);
        if to == self.state && (self.shared || from.is_none()) {
            return self.evidence(event);
        }
        if let Some(from) = from.filter(|_| !self.shared) {
            if self.state == Closed && from == HalfOpen {
                self.fill(&event, Open, "");
            }
            let silent_restart = restarts_silently && self.state == Open && from == Closed;
            self.fill(&event, from, if silent_restart { "restart" } else { "" });
        }
        if self.state == Closed && to == HalfOpen {
            let lo = event.lo.max(self.last);
            let opened = Event { time: lo, lo, ..event.clone() };
            let (confidence, at, cause) = (event.confidence.min(GAP_CONFIDENCE), moment(&event), event.cause.clone());
            let opened_at = moment(&opened);
            self.push(opened, Open, Method::GapFill, confidence, Cow::Borrowed("inferred"), opened_at);
            return self.push(event, to, Method::GapFill, confidence, cause, at);
        }
        self.go(event, to);
    }

    fn go(&mut self, event: Event, to: State) {
        if to == self.state {
            return;
        }
        let quiet = self.state == Unknown && self.transitions.is_empty() && matches!(to, Closed | State::Disabled | State::MetricsOnly);
        if quiet {
            (self.initial, self.state, self.known_since, self.last) = (to, to, event.time, event.time);
            return;
        }
        let mut at = moment(&event);
        if self.state == Unknown && !matches!(event.method, Method::Explicit | Method::Counter) {
            at.lo = None;
        }
        let (method, confidence, cause) = (event.method, event.confidence, event.cause.clone());
        self.push(event, to, method, confidence, cause, at);
    }

    /// Puts in the untold change to `to`, between the last one and `event`.
    fn fill(&mut self, event: &Event, to: State, cause: &'static str) {
        let (lo, hi) = (self.last.min(event.time), event.time);
        // A probe takes a moment; of everything else only the end of the gap is sure.
        let time = if self.state == HalfOpen { lo + ((hi - lo) / 2).min(SECOND) } else { hi };
        let at = Moment { lo: Some(UnixNanos(lo)), time: UnixNanos(time), hi: UnixNanos(hi) };
        self.push(event.clone(), to, Method::GapFill, GAP_CONFIDENCE, Cow::Borrowed(cause), at);
    }

    fn push(&mut self, event: Event, to: State, method: Method, confidence: u8, why: Cow<'static, str>, at: Moment) {
        let why = if why.is_empty() || why == "unknown" { Cow::Borrowed(cause(self.state, to)) } else { why };
        let (evidence, evidence_total) = (told(event.proofs), event.proofs_total);
        let (text, cause) = (event.text, why.into_owned());
        self.transitions.push(Transition { at, from: self.state, to, cause, text, method, confidence, evidence, evidence_total });
        (self.state, self.last) = (to, at.time.0);
    }

    fn evidence(&mut self, event: Event) {
        if let Some(last) = self.transitions.last_mut().filter(|last| last.to == event.to()) {
            last.evidence_total += event.proofs_total;
            let mut proofs = std::mem::take(&mut last.evidence);
            proofs.extend(event.proofs);
            last.evidence = told(proofs);
        }
    }
}
