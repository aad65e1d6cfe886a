//! The state machine: closed, open, half-open.
//!
//! ```text
//! closed --(the rule says so)--> open --(a call after the wait)--> half-open --(probes went well)--> closed
//!                                 ^                                   |
//!                                 +----------(a probe failed)---------+
//! ```
//!
//! | library | window | looks at it | probes |
//! |---|---|---|---|
//! | gobreaker | failures in a row, calls of the same state only | when a call ends | 1 |
//! | hystrix-go | rolling 10 s in buckets of a second | when a call begins | 1 per sleep window; any success closes |
//! | Sentinel-Go | one bucket, aligned to its length | when a call ends | 1 |
//! | resilience4j | the last calls | when a call ends | some, judged together |

use std::collections::{BTreeMap, VecDeque};

use schemas::UnixNanos;

use super::BreakerState::{self, Closed, HalfOpen, Open};
use crate::topology::{Breaker, Library, Trip};

/// States to look back at: a call that began before one that is already lived asks about the past.
const REMEMBERED_CHANGES: usize = 64;

#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) rule: &'static Breaker,
    state: BreakerState,
    /// Since when open, or when hystrix-go last let a probe through.
    waiting_since: UnixNanos,
    /// Everything before it is decided.
    clock: UnixNanos,
    /// Grows with every change; gobreaker ignores the end of a call that began in another state.
    generation: u64,
    window: VecDeque<(UnixNanos, bool)>,
    probes_begun: u32,
    probes_failed: u32,
    probes_ended: u32,
    pending: BTreeMap<(UnixNanos, u64), Ended>,
    sequence: u64,
    past: VecDeque<Change>,
    news: Vec<Change>,
}

/// A call that was let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    generation: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) at: UnixNanos,
    pub(crate) from: BreakerState,
    pub(crate) to: BreakerState,
}

#[derive(Debug, Clone, Copy)]
struct Ended {
    generation: u64,
    failed: bool,
}

impl Machine {
    pub(crate) fn new(rule: &'static Breaker) -> Self {
        Self {
            rule,
            state: Closed,
            waiting_since: UnixNanos(0),
            clock: UnixNanos(i64::MIN),
            generation: 0,
            window: VecDeque::new(),
            probes_begun: 0,
            probes_failed: 0,
            probes_ended: 0,
            pending: BTreeMap::new(),
            sequence: 0,
            past: VecDeque::new(),
            news: vec![],
        }
    }

    /// Whether a call may go out at `at`; the state that forbids it when not.
    pub(crate) fn ask(&mut self, at: UnixNanos) -> Result<Ticket, BreakerState> {
        while let Some(entry) = self.pending.first_entry().filter(|entry| entry.key().0 <= at) {
            let ((end, _), ended) = entry.remove_entry();
            self.apply(end, ended);
        }
        if at < self.clock {
            return self.ask_about_the_past(at);
        }
        self.clock = at;
        if self.state == Closed && self.rule.library == Library::HystrixGo && self.is_over_threshold(at) {
            self.open(at);
        }
        if self.state == Open && at.0 - self.waiting_since.0 >= self.rule.wait_ns() {
            self.change(at, HalfOpen);
            self.waiting_since = at;
        }
        match self.state {
            Closed => Ok(self.ticket()),
            HalfOpen if self.probes_begun < self.rule.probes => {
                self.probes_begun += 1;
                Ok(self.ticket())
            }
            refusing => Err(refusing),
        }
    }

    /// A call that was let through ends at `end`.
    pub(crate) fn tell(&mut self, ticket: Ticket, end: UnixNanos, failed: bool) {
        self.sequence += 1;
        self.pending.insert((end, self.sequence), Ended { generation: ticket.generation, failed });
    }

    /// Nothing that ended before `before` is unknown any more.
    pub(crate) fn settle(&mut self, before: UnixNanos) {
        while let Some(entry) = self.pending.first_entry().filter(|entry| entry.key().0 < before) {
            let ((end, _), ended) = entry.remove_entry();
            self.apply(end, ended);
        }
    }

    /// Changes since the last time, oldest first.
    pub(crate) fn take_news(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.news)
    }

    fn ask_about_the_past(&self, at: UnixNanos) -> Result<Ticket, BreakerState> {
        let after = self.past.iter().rev().take_while(|change| change.at > at).count() as u64;
        let next = self.past.iter().find(|change| change.at > at);
        match next.map_or(self.state, |change| change.from) {
            Closed => Ok(Ticket { generation: self.generation.saturating_sub(after) }),
            refusing => Err(refusing),
        }
    }

    fn apply(&mut self, end: UnixNanos, ended: Ended) {
        let at = end.max(self.clock);
        self.clock = at;
        let same_state = ended.generation == self.generation;
        match self.state {
            // Failures of an earlier state would trip what has just been closed.
            Closed if same_state || self.rule.library != Library::Gobreaker => {
                self.window.push_back((at, ended.failed));
                if self.rule.library != Library::HystrixGo && self.is_over_threshold(at) {
                    self.open(at);
                }
            }
            HalfOpen if same_state => self.judge_probe(at, ended.failed),
            Open | HalfOpen if self.rule.library == Library::HystrixGo && !ended.failed => self.close(at),
            _ => {}
        }
    }

    fn judge_probe(&mut self, at: UnixNanos, failed: bool) {
        self.probes_ended += 1;
        self.probes_failed += u32::from(failed);
        let judged_together = self.rule.library == Library::Resilience4j;
        match (judged_together, failed) {
            (false, true) => self.reopen(at),
            (true, _) if self.probes_ended < self.rule.probes => {}
            (true, _) if self.probes_failed * 2 >= self.probes_ended => self.reopen(at),
            (false, false) if self.probes_ended < self.rule.probes => {}
            _ => self.close(at),
        }
    }

    fn is_over_threshold(&mut self, at: UnixNanos) -> bool {
        match self.rule.trip {
            Trip::InARow { failures } => {
                let row = self.window.iter().rev().take_while(|(_, failed)| *failed).count();
                while self.window.len() > failures as usize + 1 {
                    self.window.pop_front();
                }
                row > failures as usize
            }
            Trip::OfWindow { window_ms, calls_min } => {
                let (window_ns, library) = (i64::from(window_ms) * 1_000_000, self.rule.library);
                let left = |then: UnixNanos| match library {
                    Library::HystrixGo => then.0.div_euclid(1_000_000_000) <= at.0.div_euclid(1_000_000_000) - window_ns / 1_000_000_000,
                    _ => then.0.div_euclid(window_ns) < at.0.div_euclid(window_ns),
                };
                while self.window.front().is_some_and(|(then, _)| left(*then)) {
                    self.window.pop_front();
                }
                self.half_failed(calls_min)
            }
            Trip::OfLast { calls, calls_min } => {
                while self.window.len() > calls {
                    self.window.pop_front();
                }
                self.half_failed(calls_min)
            }
        }
    }

    fn half_failed(&self, calls_min: usize) -> bool {
        let failed = self.window.iter().filter(|(_, failed)| *failed).count();
        self.window.len() >= calls_min && failed * 2 >= self.window.len()
    }

    fn open(&mut self, at: UnixNanos) {
        self.change(at, Open);
        self.waiting_since = at;
    }

    /// hystrix-go does not restart its sleep when a probe fails: it runs from the probe.
    fn reopen(&mut self, at: UnixNanos) {
        self.change(at, Open);
        if self.rule.library != Library::HystrixGo {
            self.waiting_since = at;
        }
    }

    fn close(&mut self, at: UnixNanos) {
        self.change(at, Closed);
        self.window.clear();
    }

    fn change(&mut self, at: UnixNanos, to: BreakerState) {
        let change = Change { at, from: self.state, to };
        (self.probes_begun, self.probes_ended, self.probes_failed) = (0, 0, 0);
        self.state = to;
        self.generation += 1;
        if self.past.len() == REMEMBERED_CHANGES {
            self.past.pop_front();
        }
        self.past.push_back(change);
        self.news.push(change);
    }

    fn ticket(&self) -> Ticket {
        Ticket { generation: self.generation }
    }
}

#[cfg(test)]
mod tests;
