//! One series of histograms at every step: as [`super::numbers`], with distributions for numbers.
//!
//! The increase of a cumulative histogram is that of its count, shaped as its buckets say: each run between two resets adds what its last
//! point has and its first point had not.

use std::ops::Range;

use super::{
    counter::Counter,
    evaluate::Function,
    extrapolate::extrapolate,
    frame::{Frame, Series, Temporality},
    histogram::Histogram,
    numbers::{Number, counter},
    steps::Steps,
};

/// How far each function reaches back, in ns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reach {
    pub window: i64,
    pub look_back: i64,
}

/// Calls `each` with the position of a step and its distribution, where there is one.
pub(super) fn at_steps(
    frame: &Frame,
    series: &Series,
    function: Function,
    steps: &Steps,
    reach: Reach,
    mut each: impl FnMut(usize, Histogram),
) {
    let rows = series.rows.clone();
    let at = |row: usize| frame.histogram(series.kind, row);
    let per = if function == Function::Rate { 1e9 / reach.window as f64 } else { 1.0 };
    match (function, series.kind.temporality()) {
        (Function::Value, _) => {
            for (step, (_, points)) in steps.windows(frame.times(rows.clone()), reach.look_back).enumerate() {
                let last = points.end.checked_sub(1).filter(|last| points.contains(last)).map(|last| rows.start + last);
                if let Some(histogram) = last.and_then(at) {
                    each(step, histogram);
                }
            }
        }
        (_, Some(Temporality::Delta)) => {
            for (step, (_, points)) in steps.windows(frame.times(rows.clone()), reach.window).enumerate() {
                let found = points.filter_map(|point| at(rows.start + point));
                if let Some(mut sum) = found.reduce(merged) {
                    sum.scale_by(per);
                    each(step, sum);
                }
            }
        }
        _ => {
            let counter = counter(frame, series, Number::Count);
            for (step, (t, points)) in steps.windows(counter.times(), reach.window).enumerate() {
                let Some(increase) = counter.increase(points.clone()) else { continue };
                if let Some(mut sum) = added(&counter, points, at) {
                    sum.scale_by(extrapolate(&increase.known(), t - reach.window, t) * per);
                    each(step, sum);
                }
            }
        }
    }
}

/// What came between the first and the last of these points.
fn added(counter: &Counter, points: Range<usize>, at: impl Fn(usize) -> Option<Histogram>) -> Option<Histogram> {
    let since = |run: super::counter::Run| {
        let last = at(run.last)?;
        match run.base {
            Some(base) => last.since(&at(base)?).ok(),
            None => Some(last),
        }
    };
    counter.runs(points).into_iter().filter_map(since).reduce(merged)
}

/// Of one series, whose histograms are all of one shape.
fn merged(mut sum: Histogram, next: Histogram) -> Histogram {
    // INVARIANT: the shape comes from the kind of the series.
    sum.merge(&next).expect("histograms of a series are of one shape");
    sum
}
