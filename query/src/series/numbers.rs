//! One series of numbers at every step.
//!
//! ```text
//! value     the last point within reach; none after a point that says there is no value
//! increase  what has come within the window
//!             cumulative, only rises   counter with resets, extrapolated to the whole window
//!             cumulative, may fall     last minus first, extrapolated
//!             delta                    the sum of the points; a point counts where it ends
//! rate      increase per second of the window
//! ```
//! A distribution counts as two numbers: how many values it has, and their sum.

use super::{
    counter::{Counter, Point},
    evaluate::Function,
    extrapolate::{Known, extrapolate},
    frame::{Frame, Kind, Series, Temporality},
    steps::Steps,
};

/// Which number of its points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    Value,
    Count,
    Sum,
}

impl Number {
    pub(super) fn of(self, frame: &Frame, row: usize) -> Option<f64> {
        match self {
            Self::Value => frame.number(row),
            Self::Count => frame.count(row),
            Self::Sum => frame.sum(row),
        }
    }
}

/// The last point in `(t - look_back, t]` of every step `t`, with its time.
pub(super) fn values(frame: &Frame, series: &Series, number: Number, steps: &Steps, look_back_ns: i64) -> Vec<Option<(i64, f64)>> {
    let windows = steps.windows(frame.times(series.rows.clone()), look_back_ns);
    let value = |(_, points): (i64, std::ops::Range<usize>)| {
        let row = series.rows.start + points.end.checked_sub(1).filter(|last| points.contains(last))?;
        Some((frame.times(row..row + 1)[0], number.of(frame, row)?))
    };
    windows.map(value).collect()
}

/// What came in `(t - window, t]` of every step `t`; per second if that is asked for.
pub(super) fn changes(
    frame: &Frame,
    series: &Series,
    number: Number,
    steps: &Steps,
    window_ns: i64,
    function: Function,
) -> Vec<Option<f64>> {
    let per = if function == Function::Rate { window_ns as f64 / 1e9 } else { 1.0 };
    let by_window = match series.kind {
        Kind::Sum { temporality: Temporality::Delta, .. }
        | Kind::Histogram(Temporality::Delta)
        | Kind::ExponentialHistogram(Temporality::Delta) => sums(frame, series, number, steps, window_ns),
        Kind::Gauge | Kind::Sum { monotonic: false, .. } => differences(frame, series, number, steps, window_ns),
        _ => increases(&counter(frame, series, number), steps, window_ns),
    };
    by_window.into_iter().map(|amount| amount.map(|amount| amount / per)).collect()
}

/// Of a series that only rises; of a distribution, whether it begins again is told by its count.
pub(super) fn counter(frame: &Frame, series: &Series, number: Number) -> Counter {
    let witness = if number == Number::Sum { Number::Count } else { number };
    let mut before: Option<(usize, f64)> = None;
    let rows = series.rows.clone().zip(frame.times(series.rows.clone()));
    Counter::of(rows.filter_map(|(row, time)| {
        let (value, witnessed) = (number.of(frame, row)?, witness.of(frame, row)?);
        if !value.is_finite() {
            return None;
        }
        let falls = before.is_some_and(|(before, counted)| witnessed < counted || frame.is_laid_out_anew(before, row));
        before = Some((row, witnessed));
        Some(Point { row, time: *time, start: frame.start(row), value, falls })
    }))
}

fn increases(counter: &Counter, steps: &Steps, window_ns: i64) -> Vec<Option<f64>> {
    let amount = |(t, points)| {
        let increase = counter.increase(points)?;
        Some(increase.amount * extrapolate(&increase.known(), t - window_ns, t))
    };
    steps.windows(counter.times(), window_ns).map(amount).collect()
}

fn differences(frame: &Frame, series: &Series, number: Number, steps: &Steps, window_ns: i64) -> Vec<Option<f64>> {
    let (times, values) = with_values(frame, series, number);
    let amount = |(t, points): (i64, std::ops::Range<usize>)| {
        let (first, last) = (points.start, points.end.checked_sub(1)?);
        let amount = values.get(last)? - values.get(first)?;
        let known = Known { first: times[first], last: times[last], points: points.len(), first_value: None, amount };
        (known.first < known.last).then(|| amount * extrapolate(&known, t - window_ns, t))
    };
    steps.windows(&times, window_ns).map(amount).collect()
}

fn sums(frame: &Frame, series: &Series, number: Number, steps: &Steps, window_ns: i64) -> Vec<Option<f64>> {
    let (times, values) = with_values(frame, series, number);
    let sum = |(_, points): (i64, std::ops::Range<usize>)| (!points.is_empty()).then(|| values[points].iter().sum());
    steps.windows(&times, window_ns).map(sum).collect()
}

/// The points that have a finite value.
fn with_values(frame: &Frame, series: &Series, number: Number) -> (Vec<i64>, Vec<f64>) {
    let rows = series.rows.clone().zip(frame.times(series.rows.clone()));
    rows.filter_map(|(row, time)| Some((*time, number.of(frame, row).filter(|value| value.is_finite())?))).unzip()
}
