//! What one fold says that the one before did not.

use std::collections::BTreeMap;

use governance::{
    facts::State,
    fold::{Breaker, BreakerId, Folded, Method, Transition},
};
use schemas::UnixNanos;

/// Windows that are no further apart may be of one change.
const TOUCH_NS: i64 = 2_000_000_000;
/// A smaller change of time is not worth telling.
const WORTH_NS: i64 = 1_000_000;

/// A change that was told.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Told {
    from: State,
    to: State,
    lo: i64,
    time: i64,
    hi: i64,
    method: Method,
}

/// What is told of one fold.
#[derive(Debug)]
pub(super) enum News<'a> {
    /// A change; `revised`: one that was told with another time or by weaker evidence.
    Changed { breaker: &'a Breaker, instance: &'a str, transition: &'a Transition, revised: bool },
    /// A change that was told and no longer stands.
    Withdrawn { breaker: BreakerId, instance: String, from: State, to: State, time: UnixNanos },
}

/// All changes that were told, as far back as they are compared.
#[derive(Debug, Default)]
pub(super) struct Known {
    told: BTreeMap<(BreakerId, String), Vec<Told>>,
}

impl Known {
    /// Takes `folded` as told, and says what of its changes from `horizon` on is news; in order of time.
    pub(super) fn update<'a>(&mut self, folded: &'a Folded, horizon: UnixNanos) -> Vec<News<'a>> {
        let mut before = std::mem::take(&mut self.told);
        let mut news = Vec::new();
        for breaker in &folded.breakers {
            for history in &breaker.instances {
                let key = (breaker.id, history.instance.clone());
                let mut old = before.remove(&key).unwrap_or_default();
                let mut told = Vec::new();
                // What began before all that was read has no time to tell.
                let recent = history.transitions.iter().filter(|one| one.at.time >= horizon && one.at.lo.is_some());
                for transition in recent {
                    let now = Told::of(transition);
                    let same = old.iter().position(|one| one.may_be(&now)).map(|place| old.remove(place));
                    let revised = same.is_some();
                    if same.is_none_or(|same| same.differs(&now)) {
                        news.push(News::Changed { breaker, instance: &history.instance, transition, revised });
                    }
                    told.push(now);
                }
                withdraw(&key, old, horizon, &mut news);
                self.told.insert(key, told);
            }
        }
        before.into_iter().for_each(|(key, old)| withdraw(&key, old, horizon, &mut news));
        self.told.retain(|_, told| !told.is_empty());
        news.sort_by_key(News::time);
        news
    }
}

fn withdraw(key: &(BreakerId, String), old: Vec<Told>, horizon: UnixNanos, news: &mut Vec<News<'_>>) {
    for Told { from, to, time, .. } in old.into_iter().filter(|told| told.time >= horizon.0) {
        news.push(News::Withdrawn { breaker: key.0, instance: key.1.clone(), from, to, time: UnixNanos(time) });
    }
}

impl Told {
    fn of(transition: &Transition) -> Self {
        let Transition { at, from, to, method, .. } = transition;
        let (time, hi) = (at.time.0, at.hi.0);
        Self { from: *from, to: *to, lo: at.lo.map_or(time, |lo| lo.0), time, hi, method: *method }
    }

    fn may_be(&self, other: &Self) -> bool {
        let touch = self.lo <= other.hi.saturating_add(TOUCH_NS) && other.lo <= self.hi.saturating_add(TOUCH_NS);
        touch && (self.from, self.to) == (other.from, other.to)
    }

    fn differs(&self, other: &Self) -> bool {
        (self.time - other.time).abs() > WORTH_NS || self.method != other.method
    }
}

impl News<'_> {
    fn time(&self) -> UnixNanos {
        match self {
            Self::Changed { transition, .. } => transition.at.time,
            Self::Withdrawn { time, .. } => *time,
        }
    }
}

#[cfg(test)]
mod tests {
    use governance::{
        facts::{BreakerSignal, Emitter, Evidence, Mechanism, Signal, Source},
        fold::{Input, fold},
    };

    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn changed(second: i64, from: State, to: State, name: &str) -> BreakerSignal {
        let emitter = Emitter { service: "cart".into(), instance: "a".into(), ..Emitter::default() };
        let evidence =
            Evidence { source: Source::Log, rule: "log".into(), confidence: 95, trace_id: None, span_id: None, parent_span_id: None };
        BreakerSignal {
            time: UnixNanos(second * SECOND),
            emitter,
            framework: "gobreaker".into(),
            mechanism: Mechanism::Breaker,
            name: name.into(),
            operation: String::new(),
            target: String::new(),
            signal: Signal::Transition { from: Some(from), to },
            cause: String::new(),
            text: String::new(),
            series: None,
            evidence,
        }
    }

    fn told(known: &mut Known, signals: &[BreakerSignal], until: i64) -> Vec<String> {
        let folded = fold(&Input::new(&[], signals, UnixNanos(0), UnixNanos(until * SECOND)));
        let shown = |news: &News<'_>| match news {
            News::Changed { transition, revised, .. } => {
                let sign = if *revised { "~" } else { "+" };
                format!("{sign} {} {} {}", transition.at.time.0 / SECOND, transition.from.word(), transition.to.word())
            }
            News::Withdrawn { from, to, time, .. } => format!("- {} {} {}", time.0 / SECOND, from.word(), to.word()),
        };
        known.update(&folded, UnixNanos(100 * SECOND)).iter().map(shown).collect()
    }

    #[test]
    fn each_change_is_told_once_and_again_when_it_is_known_better() {
        use State::{Closed, HalfOpen, Open};
        let mut known = Known::default();
        let opened = changed(110, Closed, Open, "pay");
        assert_eq!(told(&mut known, &[], 105), [""; 0]);
        assert_eq!(told(&mut known, &[changed(50, Closed, Open, "old"), opened.clone()], 111), ["+ 110 closed open"]);
        let half = changed(115, Open, HalfOpen, "pay");
        assert_eq!(told(&mut known, &[opened.clone(), half.clone()], 116), ["+ 115 open half_open"]);
        assert_eq!(told(&mut known, &[opened.clone(), half.clone()], 117), [""; 0]);
        // Another record of the same opening, a second earlier.
        let earlier = changed(109, Closed, Open, "pay");
        assert_eq!(told(&mut known, &[earlier.clone(), half.clone()], 118), ["~ 109 closed open"]);
        // It was another breaker all the time.
        let other = [changed(109, Closed, Open, "user"), changed(115, Open, HalfOpen, "user")];
        let expected = ["- 109 closed open", "- 115 open half_open", "+ 109 closed open", "+ 115 open half_open"];
        let mut news = told(&mut known, &other, 119);
        news.sort();
        let mut expected = expected.map(str::to_owned);
        expected.sort();
        assert_eq!(news, expected);
    }
}
