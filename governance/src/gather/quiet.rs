//! Which samples may be left out. Pure.
//!
//! A sample is quiet when
//!
//! 1. the one before it and the one after it in its series say the same, and neither is further than a gauge may be silent, nor so near
//!    that what is collected at once may be one with it;
//! 2. nothing happens in its process between the fourth sample before it and the fourth one after it: no other fact, no series that
//!    begins, ends or changes its value. A gauge that a better source contradicts prevails with its third sample after that.
//!
//! INVARIANT: what is left of what is left is what is left: a stretch can be read in parts, and their seams are looked at once more.

use crate::fold::{
    Sample,
    parameters::{QUIET_STEP, SECOND, SKEW, YOUNG},
};

/// Samples around what happens that are kept, on either side.
const AROUND: usize = 4;
/// Sources may disagree for so long about the time of one change, and then for as long again.
const AROUND_NS: i64 = 3 * SKEW;

/// Series of one gauge are collected within a second: only what is two apart is surely of another time.
const APART: i64 = 2 * SECOND;

/// Something happens in `[start, end]`, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    pub start: i64,
    pub end: i64,
}

impl Mark {
    pub(super) fn at(time: i64) -> Self {
        Self { start: time, end: time }
    }
}

/// In order, and each sample once.
pub(super) fn sort(samples: &mut Vec<Sample>) {
    let key = |sample: &Sample| (sample.time, sample.start_time, sample.value.to_bits(), sample.state);
    if !samples.is_sorted_by_key(key) {
        samples.sort_unstable_by_key(key);
    }
    samples.dedup_by_key(|sample| key(sample));
}

/// What the sorted `samples` of one series say that happened. `total`: they count, so that the first may be of what was before it.
pub(super) fn marks(samples: &[Sample], total: bool, marks: &mut Vec<Mark>) {
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return };
    let before = if total { YOUNG } else { 0 };
    marks.push(Mark { start: first.time.0.saturating_sub(before), end: first.time.0 });
    marks.push(Mark::at(last.time.0));
    let changes = samples.windows(2).filter(|pair| !says_again(&pair[0], &pair[1]));
    marks.extend(changes.map(|pair| Mark { start: pair[0].time.0, end: pair[1].time.0 }));
}

/// In order, and apart from each other.
pub(super) fn unite(marks: &mut Vec<Mark>) {
    marks.sort_unstable();
    marks.dedup_by(|later, first| {
        let touches = later.start <= first.end;
        if touches {
            first.end = first.end.max(later.end);
        }
        touches
    });
}

/// Leaves out what is quiet. `samples` are sorted, `marks` united. The first and the last four stay: what is next to them may be read
/// later.
pub(super) fn leave_out(samples: &mut Vec<Sample>, marks: &[Mark]) {
    let all = std::mem::take(samples);
    let mut left_out = 0_u32;
    for (index, sample) in all.iter().enumerate() {
        if is_quiet(&all, index, marks) {
            left_out = left_out.saturating_add(sample.left_out).saturating_add(1);
        } else {
            samples.push(Sample { left_out: sample.left_out.saturating_add(left_out), ..*sample });
            left_out = 0;
        }
    }
}

fn is_quiet(samples: &[Sample], index: usize, marks: &[Mark]) -> bool {
    if index < AROUND || index + AROUND >= samples.len() {
        return false;
    }
    let [before, this, after] = [&samples[index - 1], &samples[index], &samples[index + 1]];
    if !says_again(before, this) || !says_again(this, after) {
        return false;
    }
    let time = this.time.0;
    if time - before.time.0 < APART || after.time.0 - time < APART {
        return false;
    }
    // Where samples are left out already the fourth one is not there, but is no further than this.
    let (nearest, furthest) = (AROUND_NS, AROUND as i64 * QUIET_STEP);
    let lo = samples[index - AROUND].time.0.clamp(time - furthest, time - nearest);
    let hi = samples[index + AROUND].time.0.clamp(time + nearest, time + furthest);
    let next = marks.partition_point(|mark| mark.end < lo);
    marks.get(next).is_none_or(|mark| mark.start > hi)
}

fn says_again(before: &Sample, after: &Sample) -> bool {
    let near = after.left_out > 0 || after.time.0.saturating_sub(before.time.0) <= QUIET_STEP;
    let says = |sample: &Sample| (sample.value.to_bits(), sample.state, sample.start_time);
    near && says(before) == says(after)
}
