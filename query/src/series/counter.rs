//! Sums that only rise, and begin again at 0: at a restart.
//!
//! A point is a reset when its start time is later than the point before, or when the value falls. What it shows has come since, so
//! nothing is lost but what came between the last point and the restart.
//!
//! ```text
//! time       1   2   6   7        start  0  0  5  5
//! value      3   7   8   9
//! resets             ^
//! corrected  3   7  15  16        increase = difference of corrected values
//! ```
//! Where the start time says when the counter was 0, that is taken for a point of its own. A point whose start time is its own time says
//! that its start is not known: the value at a reset is then where counting begins, not an increase.

use std::ops::Range;

use super::extrapolate::Known;

/// A point of a counter, as it was sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub row: usize,
    pub time: i64,
    /// If it is known.
    pub start: Option<i64>,
    pub value: f64,
    /// Less has been counted than at the point before.
    pub falls: bool,
}

/// Points of one counter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counter {
    times: Vec<i64>,
    values: Vec<f64>,
    /// As they would be without resets.
    corrected: Vec<f64>,
    /// Where each was read; `None` for the times at which it was 0.
    rows: Vec<Option<usize>>,
    /// Points at which it begins again, and what they show.
    resets: Vec<(usize, Shown)>,
}

/// What the first point after a reset shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// What has come since the reset.
    Increase,
    /// Where counting begins.
    Base,
}

/// Points of one run, from one reset to the next, within a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// What the run began with, if that is not 0.
    pub base: Option<usize>,
    /// Its last point.
    pub last: usize,
}

/// What happened between the first and the last of some points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Increase {
    pub first: i64,
    pub last: i64,
    pub points: usize,
    /// At the first point, since the last reset.
    pub first_value: f64,
    pub amount: f64,
}

impl Increase {
    pub(super) fn known(&self) -> Known {
        let Self { first, last, points, first_value, amount } = *self;
        Known { first, last, points, first_value: Some(first_value), amount }
    }
}

/// What a start time says of a point, given the point before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// Nothing new; whether it began again, the values have to tell.
    Goes,
    /// It begins, and was 0 at this time, which lies between the points.
    At(i64),
    /// It begins here, and what it had counted before is not known.
    Unknown,
}

/// `before`: time and start time of the point before; `None` is not known.
#[inline]
pub(super) fn begin(time: i64, start: Option<i64>, before: Option<(i64, Option<i64>)>) -> Begin {
    match (start, before) {
        (Some(start), _) if start > time => Begin::Goes,
        // Clocks that are read anew for each point let start times wander a little.
        (Some(start), Some((time_before, _))) if start <= time_before => Begin::Goes,
        // Some senders always send the time as start time.
        (Some(start), Some((time_before, start_before))) if start == time && start_before == Some(time_before) => Begin::Goes,
        (Some(start), _) if start == time => Begin::Unknown,
        (Some(start), _) => Begin::At(start),
        (None, _) => Begin::Goes,
    }
}

impl Counter {
    /// Of points in the order of time: time, start time if known, value. Values that are not finite are left out.
    pub fn new(points: impl Iterator<Item = (i64, Option<i64>, f64)>) -> Self {
        let mut before = f64::NEG_INFINITY;
        Self::of(points.enumerate().filter(|(_, (.., value))| value.is_finite()).map(|(row, (time, start, value))| {
            let falls = value < std::mem::replace(&mut before, value);
            Point { row, time, start, value, falls }
        }))
    }

    /// In the order of time; values are finite.
    pub(super) fn of(points: impl Iterator<Item = Point>) -> Self {
        let room = points.size_hint().1.unwrap_or_default();
        let (times, values, corrected, rows) =
            (Vec::with_capacity(room), Vec::with_capacity(room), Vec::with_capacity(room), Vec::with_capacity(room));
        let mut counter = Self { times, values, corrected, rows, resets: Vec::new() };
        let mut before: Option<Point> = None;
        let mut offset = 0.0;
        for point in points {
            let last = before.map_or(0.0, |before| before.value);
            let begins = begin(point.time, point.start, before.map(|before| (before.time, before.start)));
            match begins {
                Begin::At(zero) => {
                    offset += last;
                    counter.reset(before, Shown::Increase);
                    counter.push(zero, None, 0.0, offset);
                }
                Begin::Unknown if before.is_some() => {
                    offset += last - point.value;
                    counter.reset(before, Shown::Base);
                }
                Begin::Goes if point.falls => {
                    offset += last;
                    counter.reset(before, Shown::Increase);
                }
                Begin::Goes | Begin::Unknown => {}
            }
            counter.push(point.time, Some(point.row), point.value, point.value + offset);
            before = Some(point);
        }
        counter
    }

    /// The next point comes after a reset.
    fn reset(&mut self, before: Option<Point>, shown: Shown) {
        if before.is_some() {
            self.resets.push((self.times.len(), shown));
        }
    }

    #[inline]
    fn push(&mut self, time: i64, row: Option<usize>, value: f64, corrected: f64) {
        self.times.push(time);
        self.rows.push(row);
        self.values.push(value);
        self.corrected.push(corrected);
    }

    /// Of the points, and of the times at which it was 0. They rise.
    pub fn times(&self) -> &[i64] {
        &self.times
    }

    /// What these points are made of, as rows: what their runs end with and begin with add up to the increase.
    pub(super) fn runs(&self, points: Range<usize>) -> Vec<Run> {
        let within = self.resets.partition_point(|(at, _)| *at <= points.start)..self.resets.partition_point(|(at, _)| *at < points.end);
        let resets = &self.resets[within];
        let begins = std::iter::once((points.start, Shown::Base)).chain(resets.iter().copied());
        let ends = resets.iter().map(|(at, _)| *at).chain([points.end]);
        let run = |((begin, shown), end): ((usize, Shown), usize)| {
            let base = if shown == Shown::Base { self.rows[begin] } else { None };
            self.rows[begin..end].last().copied().flatten().map(|last| Run { base, last })
        };
        begins.zip(ends).filter_map(run).collect()
    }

    /// Of these points; `None` for less than two.
    pub fn increase(&self, points: Range<usize>) -> Option<Increase> {
        let (first, last) = (points.start, points.end.checked_sub(1)?);
        (first < last && self.times[first] < self.times[last]).then(|| Increase {
            first: self.times[first],
            last: self.times[last],
            points: points.len(),
            first_value: self.values[first],
            amount: self.corrected[last] - self.corrected[first],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points as (time, start, value), a start below 0 is not known; the increase from the first to the last, and the first value.
    fn check(points: &[(i64, i64, f64)], expected: Option<(f64, f64)>) {
        let counter = Counter::new(points.iter().map(|(time, start, value)| (*time, (*start >= 0).then_some(*start), *value)));
        let increase = counter.increase(0..counter.times().len());
        assert_eq!(increase.map(|increase| (increase.amount, increase.first_value)), expected, "{points:?} are {counter:?}");
    }

    #[test]
    fn by_hand() {
        check(&[], None);
        check(&[(10, -1, 3.0)], None);
        check(&[(10, -1, 3.0), (20, -1, 7.0)], Some((4.0, 3.0)));
        // Falls: 4, then 2 since the reset, then 4 more.
        check(&[(10, -1, 3.0), (20, -1, 7.0), (30, -1, 2.0), (40, -1, 6.0)], Some((10.0, 3.0)));
        // 5, then 5 again: only the start time tells that it began anew.
        check(&[(10, -1, 5.0), (20, -1, 5.0)], Some((0.0, 5.0)));
        check(&[(10, 1, 5.0), (20, 15, 5.0)], Some((10.0, 0.0)));
        // Higher than before, and yet a reset.
        check(&[(10, 10, 5.0), (20, 15, 8.0)], Some((8.0, 5.0)));
        // A start time within what came before is no reset, unless the value falls.
        check(&[(10, 2, 5.0), (20, 8, 6.0)], Some((6.0, 0.0)));
        check(&[(10, 2, 5.0), (20, 8, 3.0)], Some((8.0, 0.0)));
        // The first point's start is known: what it shows came since.
        check(&[(10, 4, 3.0)], Some((3.0, 0.0)));
        // Start not known at all, said by start = time: the value is where counting begins.
        check(&[(10, 10, 100.0), (20, 10, 103.0)], Some((3.0, 100.0)));
        check(&[(10, 1, 7.0), (20, 20, 100.0), (30, 20, 101.0)], Some((7.0 + 0.0 + 1.0, 0.0)));
        // The time is always sent as start time.
        check(&[(10, 10, 100.0), (20, 20, 103.0), (30, 30, 104.0), (40, 40, 2.0)], Some((6.0, 100.0)));
        // Start times that are not always sent, or go back, say nothing.
        check(&[(10, -1, 3.0), (20, 5, 4.0), (30, -1, 6.0), (40, 5, 6.0)], Some((3.0, 3.0)));
        check(&[(10, 9, 3.0), (20, 8, 4.0)], Some((4.0, 0.0)));
        // In the future of its own point.
        check(&[(10, 99, 3.0), (20, 99, 5.0)], Some((2.0, 3.0)));
        check(&[(10, -1, 3.0), (20, -1, f64::NAN), (30, -1, f64::INFINITY), (40, -1, 5.0)], Some((2.0, 3.0)));
    }
}
