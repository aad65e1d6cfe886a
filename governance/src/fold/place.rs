//! When, within the interval of a counter or between two samples of a gauge? Refused calls tell: each of them was refused while open.
//!
//! ```text
//! counted     |------- open, half open, closed, open, half open, closed -------|
//! refused     |       x xx x x                    x  x xx                      |
//! so          |       O      H C                  O      H C                   |
//! ```

use std::ops::Range;

use super::{
    atoms::{Atom, What},
    event::{Event, Step},
    parameters::SECOND,
    track::Track,
    trips::is_active,
};
use crate::facts::State;

/// What is known to a second is known well enough.
const VAGUE: i64 = SECOND;

/// A stretch of events in which the breaker refuses, within one interval.
#[derive(Debug, Default)]
struct Run {
    /// Place of the event that began it; `None`: it was open before.
    opened: Option<usize>,
    /// Of the event that ended it; `None`: it is open afterwards.
    closed: Option<usize>,
    inner: Vec<usize>,
}

/// Moves what is known only to an interval to where refused calls say that it was.
///
/// 1. The events of one interval are as many runs of open and half open as were counted.
/// 2. The refused calls of the interval are parted into as many groups, at the longest pauses. To a run that was open before belongs the
///    last refused call before, to one that is open afterwards the first one after, if it was refused in that run.
/// 3. A run begins before the first of its group and after the last of the group before, most likely at the first. It ends after the last
///    and before the next group, most likely when the next call would have come.
pub(crate) fn place(track: &mut Track, atoms: &[Atom]) {
    let refused: Vec<i64> = atoms.iter().filter(|atom| atom.is_point() && is_refusal(atom.what)).map(|atom| atom.until).collect();
    if refused.is_empty() {
        return;
    }
    let (mut begin, mut before) = (0, None);
    // Since when it is open.
    let mut open: Option<i64> = None;
    while begin < track.events.len() {
        let (lo, hi) = (track.events[begin].lo, track.events[begin].hi);
        let same = track.events[begin..].iter().take_while(|event| (event.lo, event.hi) == (lo, hi) && is_change(event)).count();
        let end = begin + same.max(1);
        let closes_next = track.events[end..].iter().find(|event| !is_active(event.to())).map_or(i64::MAX, |event| event.hi);
        let events = &mut track.events[begin..end];
        let since = before.map_or(lo, |time| lo.max(time));
        if same > 0 && lo > i64::MIN && hi - since > VAGUE {
            let from = refused.partition_point(|time| *time < open.unwrap_or(i64::MAX));
            let to = refused.partition_point(|time| *time <= closes_next);
            place_interval(events, (since, hi), open.is_some(), &refused[from.min(refused.partition_point(|time| *time <= since))..to]);
        }
        for event in events {
            event.time = before.map_or(event.time, |time| event.time.max(time));
            (event.lo, event.hi) = (event.lo.min(event.time), event.hi.max(event.time));
            before = Some(event.time);
            open = is_active(event.to()).then(|| open.unwrap_or(event.time));
        }
        begin = end;
    }
}

fn is_refusal(what: What) -> bool {
    matches!(what, What::Refused | What::RefusedByHalfOpen | What::Seen(State::Open | State::HalfOpen | State::ForcedOpen))
}

fn is_change(event: &Event) -> bool {
    matches!(event.step, Step::Change { .. })
}

/// `events` are known to the same interval, `(since, until]`; `refused` rise, and reach from the opening before it to the closing after.
fn place_interval(events: &mut [Event], (since, until): (i64, i64), was_open: bool, refused: &[i64]) {
    let runs = runs(events, was_open);
    let (from, to) = (refused.partition_point(|time| *time <= since), refused.partition_point(|time| *time <= until));
    let from = if was_open { from.saturating_sub(1) } else { from };
    let stays_open = runs.last().is_some_and(|run| run.closed.is_none());
    let refused = &refused[from..if stays_open { (to + 1).min(refused.len()) } else { to }];
    let Some(groups) = groups(refused, runs.len()) else { return };
    let pause = pause(refused, &groups);
    let within = |time: i64| time.clamp(since, until);
    for (nth, run) in runs.iter().enumerate() {
        let (first, last) = (within(refused[groups[nth].start]), within(refused[groups[nth].end - 1]));
        let before = nth.checked_sub(1).map_or(since, |before| within(refused[groups[before].end - 1]));
        let next = groups.get(nth + 1).map_or(until, |next| within(refused[next.start]));
        if let Some(opened) = run.opened {
            let event = &mut events[opened];
            (event.lo, event.time, event.hi) = (before, first, first);
        }
        if let Some(closed) = run.closed {
            let event = &mut events[closed];
            let likely = match pause.filter(|_| last > since) {
                Some(pause) => last.saturating_add(pause),
                // Nobody was refused in the interval: the counter tells, as it does of everything.
                None if next == until => event.time,
                None => last + (next - last) / 2,
            };
            (event.lo, event.time, event.hi) = (last, likely.clamp(last, next), next);
        }
        let begin = run.opened.map_or(since, |opened| events[opened].time);
        let (end, hi) = run.closed.map_or((until, until), |closed| (events[closed].time, events[closed].hi));
        for (place, index) in run.inner.iter().enumerate() {
            let part = (i128::from(end - begin) * (place as i128 + 1) / (run.inner.len() as i128 + 1)) as i64;
            let event = &mut events[*index];
            (event.lo, event.time, event.hi) = (begin, begin + part, hi);
        }
    }
}

fn runs(events: &[Event], was_open: bool) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut open = was_open.then(Run::default);
    for (index, event) in events.iter().enumerate() {
        match (open.as_mut(), is_active(event.to())) {
            (Some(run), true) => run.inner.push(index),
            (None, true) => open = Some(Run { opened: Some(index), ..Run::default() }),
            (Some(run), false) => {
                run.closed = Some(index);
                runs.extend(open.take());
            }
            (None, false) => {}
        }
    }
    runs.extend(open);
    runs
}

/// `times` in so many groups, at the longest pauses between them; `None`: there are not that many.
fn groups(times: &[i64], count: usize) -> Option<Vec<Range<usize>>> {
    if count == 0 || times.len() < count {
        return None;
    }
    let mut pauses: Vec<usize> = (1..times.len()).collect();
    pauses.sort_by_key(|place| std::cmp::Reverse(times[*place] - times[*place - 1]));
    pauses.truncate(count - 1);
    pauses.sort_unstable();
    let starts = std::iter::once(0).chain(pauses.iter().copied());
    let ends = pauses.iter().copied().chain([times.len()]);
    Some(starts.zip(ends).map(|(start, end)| start..end).collect())
}

/// How long it takes from one refused call to the next, on average; `None`: no two of them are of one group.
fn pause(times: &[i64], groups: &[Range<usize>]) -> Option<i64> {
    let (pauses, sum) = groups
        .iter()
        .fold((0, 0), |(pauses, sum), group| (pauses + group.len() as i64 - 1, sum + times[group.end - 1] - times[group.start]));
    (pauses > 0).then(|| sum / pauses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parted_at_the_longest_pauses() {
        let check = |times: &[i64], count: usize, expected: Option<&[(usize, usize)]>| {
            let found: Option<Vec<(usize, usize)>> =
                groups(times, count).map(|groups| groups.into_iter().map(|group| (group.start, group.end)).collect());
            assert_eq!(found.as_deref(), expected, "{times:?} {count}");
        };
        check(&[1, 2, 9, 10, 11], 1, Some(&[(0, 5)]));
        check(&[1, 2, 9, 10, 11], 2, Some(&[(0, 2), (2, 5)]));
        check(&[1, 2, 9, 14, 15], 3, Some(&[(0, 2), (2, 3), (3, 5)]));
        check(&[1, 2], 3, None);
        check(&[1, 2], 0, None);
        assert_eq!(pause(&[1, 2, 9, 12, 16], &[0..2, 2..5]), Some(2));
        assert_eq!(pause(&[1, 2], &[0..1, 1..2]), None);
    }
}
