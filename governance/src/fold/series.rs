//! The metrics of a slot as deltas, and what their resets say of the process.

use std::collections::{BTreeMap, HashMap};

use super::{
    deltas::{Delta, Point, deltas},
    hash::Plain,
    process::{Processes, SHARED},
    registry::Slot,
    sort::Sorted,
};
use crate::facts::{Amount, RejectionKind, Signal, State};

/// A counter of one change.
#[derive(Debug)]
pub(crate) struct Counted {
    pub from: Option<State>,
    pub to: State,
    /// Index of one of its signals.
    pub example: u32,
    pub deltas: Vec<Delta>,
}

/// A counter of refused calls.
#[derive(Debug)]
pub(crate) struct RefusalSeries {
    pub kind: RejectionKind,
    /// Index of one of its rejections.
    pub example: u32,
    pub deltas: Vec<Delta>,
}

#[derive(Debug, Default)]
pub(crate) struct Prepared {
    pub counters: Vec<Counted>,
    pub refusals: Vec<RefusalSeries>,
    /// Indices of rejections that are single calls.
    pub points: Vec<u32>,
}

pub(crate) fn prepare(slot: &Slot, sorted: &Sorted<'_>, processes: &mut Processes) -> Prepared {
    let mut prepared = Prepared::default();
    refusals(slot, sorted, processes, &mut prepared);
    counters(slot, sorted, processes, &mut prepared);
    prepared
}

fn refusals(slot: &Slot, sorted: &Sorted<'_>, processes: &mut Processes, prepared: &mut Prepared) {
    let mut totals: HashMap<(u64, RejectionKind), (u32, Vec<Point>), Plain> = HashMap::default();
    let mut differences: BTreeMap<(RejectionKind, &str), (u32, Vec<Delta>)> = BTreeMap::new();
    for index in &slot.rejections {
        let brief = &sorted.briefs[*index as usize];
        match brief.amount {
            Amount::Count(_) if !brief.source.is_metric() => prepared.points.push(*index),
            Amount::Cumulative { value, series, start_time } => {
                let point = Point { time: brief.time, value, start: start_time.map(|start| start.0) };
                totals.entry((series, brief.kind)).or_insert_with(|| (*index, Vec::new())).1.push(point);
            }
            Amount::Count(value) => {
                let rule = &sorted.kind(*index).evidence.rule;
                let (_, deltas) = differences.entry((brief.kind, rule)).or_insert_with(|| (*index, Vec::new()));
                add_difference(deltas, brief.time, value, processes.metric_before(slot.process, brief.time));
            }
        }
    }
    let mut totals: Vec<_> = totals.into_iter().collect();
    totals.sort_unstable_by_key(|(key, (example, _))| (*example, *key));
    for ((_, kind), (example, mut points)) in totals {
        let rule = &sorted.kind(example).evidence.rule;
        let deltas = increase(slot, rule, &mut points, processes);
        prepared.refusals.push(RefusalSeries { kind, example, deltas });
    }
    let differences = differences.into_iter().map(|((kind, _), (example, deltas))| RefusalSeries { kind, example, deltas });
    prepared.refusals.extend(differences);
}

fn counters(slot: &Slot, sorted: &Sorted<'_>, processes: &mut Processes, prepared: &mut Prepared) {
    type Change = (Option<State>, State);
    let mut totals: BTreeMap<(u64, Change), (u32, Vec<Point>)> = BTreeMap::new();
    let mut differences: BTreeMap<(Change, &str), (u32, Vec<Delta>)> = BTreeMap::new();
    for index in &slot.signals {
        let signal = sorted.signals[*index as usize];
        let Signal::Counter { from, to, amount } = signal.signal else { continue };
        match amount {
            Amount::Cumulative { value, series, start_time } => {
                let point = Point { time: signal.time.0, value, start: start_time.map(|start| start.0) };
                totals.entry((series, (from, to))).or_insert_with(|| (*index, Vec::new())).1.push(point);
            }
            Amount::Count(value) => {
                let (_, deltas) = differences.entry(((from, to), &signal.of.evidence.rule)).or_insert_with(|| (*index, Vec::new()));
                add_difference(deltas, signal.time.0, value, processes.metric_before(slot.process, signal.time.0));
            }
        }
    }
    for ((_, (from, to)), (example, mut points)) in totals {
        let deltas = increase(slot, &sorted.signals[example as usize].evidence.rule, &mut points, processes);
        prepared.counters.push(Counted { from, to, example, deltas });
    }
    let differences = differences.into_iter().map(|(((from, to), _), (example, deltas))| Counted { from, to, example, deltas });
    prepared.counters.extend(differences);
}

fn add_difference(deltas: &mut Vec<Delta>, time: i64, value: f64, before: Option<i64>) {
    if !(value.is_finite() && value >= 0.0) {
        return;
    }
    let after = before.unwrap_or(time).max(deltas.last().map_or(i64::MIN, |last| last.until.min(time)));
    match deltas.last_mut() {
        // Several series of one rule at one time.
        Some(last) if last.until == time => last.value += value,
        _ => deltas.push(Delta { after, until: time, value }),
    }
}

fn increase(slot: &Slot, rule: &str, points: &mut Vec<Point>, processes: &mut Processes) -> Vec<Delta> {
    let first = points.iter().map(|point| point.time).min().unwrap_or(0);
    let (deltas, resets) = deltas(points, processes.seen_before(slot.process, rule, first));
    let process = processes.get_mut(slot.process);
    let shared = slot.instance == SHARED;
    process.resets.extend(resets.into_iter().filter(|reset| reset.by_start || !shared));
    if let Some(start) = points.iter().filter_map(|point| point.start).min().filter(|start| *start <= first) {
        process.born = Some(process.born.map_or(start, |born| born.min(start)));
    }
    deltas
}
