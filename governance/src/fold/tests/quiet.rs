//! The fold of what [`crate::gather`] leaves is the fold of all rows.

use std::sync::Arc;

use proptest::prelude::*;
use schemas::UnixNanos;

use super::build::{BreakerSignalIn, Given, at, counted, kratos_total, log, number, one_hot, refused, refused_total};
use crate::{
    facts::{
        BreakerSignal, Rejection, SpanKind,
        State::{self, Closed, HalfOpen, Open},
    },
    fold::{Alike, Input, fold},
    gather::{FoldFacts, Gathered, Stretches},
    tables,
};

/// Seconds that are looked at.
const SPAN: i32 = 3600;

/// A metric that is read again and again.
#[derive(Debug, Clone)]
struct Scraped {
    what: u8,
    instance: u8,
    /// Seconds between two readings, and between the first and the window's begin.
    step: f64,
    offset: f64,
    /// When its value changes, in seconds, and to what.
    changes: Vec<(i32, u8)>,
    /// When nobody reads it.
    silences: Vec<(i32, i32)>,
}

fn scraped() -> impl Strategy<Value = Scraped> {
    let step = prop::sample::select(vec![0.9, 5.0, 15.0, 15.0, 15.003, 30.0, 60.0, 99.0, 130.0, 310.0]);
    let changes = prop::collection::vec((0..SPAN, 0..4_u8), 0..6);
    let silences = prop::collection::vec((0..SPAN, 20..1200_i32), 0..2);
    (0..6_u8, 0..2_u8, step, 0.0..60.0_f64, changes, silences).prop_map(|(what, instance, step, offset, mut changes, silences)| {
        changes.sort_unstable();
        Scraped { what, instance, step, offset, changes, silences }
    })
}

impl Scraped {
    fn read(&self, given: &mut Given) {
        let instance = ["i1", "i2"][usize::from(self.instance)];
        let mut time = self.offset;
        let mut nth = 0_u32;
        while time < f64::from(SPAN) {
            let silent = self.silences.iter().any(|(from, long)| (f64::from(*from)..f64::from(from + long)).contains(&time));
            let now: Vec<u8> = self.changes.iter().take_while(|(at, _)| f64::from(*at) <= time).map(|(_, value)| *value).collect();
            if !silent {
                self.point(given, instance, time, (now.last().copied().unwrap_or(0), now.len()));
            }
            nth += 1;
            // Nobody reads at exactly even times.
            time = self.offset + f64::from(nth) * self.step + f64::from(nth % 7) * 0.001;
        }
    }

    fn point(&self, given: &mut Given, instance: &str, time: f64, (value, total): (u8, usize)) {
        let state = [Closed, Open, HalfOpen, Closed][usize::from(value)];
        let total = total as f64 * 3.0;
        let signals = match self.what {
            0 => one_hot("pay", time, state),
            1 => vec![number("", "pay", time, f64::from(value % 2), None)],
            2 => vec![number("failsafe-go", "ship", time, f64::from(value), Some(state))],
            3 => vec![counted("pay", time, Closed, Open, total), counted("pay", time, Open, Closed, (total - 3.0).max(0.0))],
            _ => Vec::new(),
        };
        let rejections = match self.what {
            4 => vec![refused_total("resilience4j", "pay", time, total)],
            5 => vec![kratos_total("order", SpanKind::Client, time, total)],
            _ => Vec::new(),
        };
        given.signals.extend(signals.into_iter().map(|signal| signal.of(instance)));
        given.rejections.extend(rejections.into_iter().map(|rejection| of(rejection, instance)));
    }
}

fn of(mut rejection: Rejection, instance: &str) -> Rejection {
    rejection.emitter.instance = instance.into();
    rejection
}

fn single() -> impl Strategy<Value = Given> {
    let state = || prop::sample::select(vec![Closed, Open, HalfOpen]);
    let time = || (0..SPAN * 4).prop_map(|quarter| f64::from(quarter) / 4.0);
    let signal = |signal: BreakerSignal| Given::default().signal([signal]);
    prop_oneof![
        (time(), prop::option::of(state()), state()).prop_map(move |(time, from, to): (f64, Option<State>, State)| signal(log(
            "resilience4j",
            "pay",
            time,
            from,
            to
        ))),
        (time(), 1..9_u8).prop_map(|(time, count)| {
            Given::default().reject((0..count).map(|nth| refused("resilience4j", "pay", time + f64::from(nth))))
        }),
        time().prop_map(|time| Given::default().reject([refused("", "op:Charge", time)])),
    ]
}

/// As it is read: stretch by stretch, in order or against it.
fn gathered(given: &Given, stretch: i64, backwards: bool) -> Gathered {
    let end = at(f64::from(SPAN)).0;
    let mut starts: Vec<i64> = (at(0.0).0..end).step_by(stretch as usize).collect();
    if backwards {
        starts.reverse();
    }
    let mut facts = FoldFacts::default();
    for start in starts {
        let mut rows = Stretches::new(stretch);
        let within = |time: UnixNanos| (start..start + stretch).contains(&time.0);
        let signals: Vec<BreakerSignal> = given.signals.iter().filter(|signal| within(signal.time)).cloned().collect();
        let rejections: Vec<Rejection> = given.rejections.iter().filter(|rejection| within(rejection.time)).cloned().collect();
        // In two batches, the later half first.
        for half in [signals.len() / 2..signals.len(), 0..signals.len() / 2] {
            rows.push_signals(&tables::breaker_signals::write(&signals[half], at(0.0)).batch).expect("rows");
        }
        rows.push_rejections(&tables::rejections::write(&rejections, at(0.0)).batch).expect("rows");
        for (_, mut settled) in rows.settle() {
            facts.share(&mut settled);
            facts.add(&settled);
        }
    }
    facts.finish()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_left_out_tells_nothing(
        scraped in prop::collection::vec(scraped(), 1..5),
        singles in prop::collection::vec(single(), 0..6),
        stretch in prop::sample::select(vec![450_i64, 1200, 3600]),
        backwards in any::<bool>(),
    ) {
        let mut given = Given::default();
        scraped.iter().for_each(|scraped| scraped.read(&mut given));
        singles.into_iter().for_each(|single| given = given.clone().signal(single.signals).reject(single.rejections));
        // What falls out of the window is told to neither.
        let end = at(f64::from(SPAN));
        given.signals.retain(|signal| signal.time < end);
        given.rejections.retain(|rejection| rejection.time < end);
        let left = gathered(&given, stretch * 1_000_000_000, backwards);
        let whole = fold(&Input::new(&given.rejections, &given.signals, at(0.0), end));
        let (rejections, signals) = (left.rejections.iter().flat_map(Alike::refusals), left.signals.iter().map(Arc::as_ref));
        let left_input = Input::new(rejections, signals, at(0.0), end);
        let input = Input { series: &left.series, ..left_input };
        let folded = fold(&input);
        prop_assert_eq!(folded.breakers, whole.breakers);
        prop_assert_eq!(folded.notices, whole.notices);
    }
}

#[test]
fn a_quiet_hour_leaves_little_but_where_two_gauges_tell_of_one_breaker() {
    let mut given = Given::default();
    for what in 0..6 {
        Scraped { what, instance: 0, step: 15.0, offset: 1.0, changes: Vec::new(), silences: Vec::new() }.read(&mut given);
    }
    let rows = given.signals.len() + given.rejections.len();
    let left = gathered(&given, 3_600_000_000_000, false);
    let samples = left.rejections.iter().map(|alike| alike.singles.len()).sum::<usize>()
        + left.signals.len()
        + left.series.iter().map(|series| series.samples.len()).sum::<usize>();
    assert_eq!((rows, samples), (240 * 12, 240 * 7 + 10 * 5));
}
