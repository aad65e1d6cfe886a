//! Running totals to what was added between two points.

use schemas::UnixNanos;

use super::parameters::{SECOND, YOUNG};

/// A point of a cumulative series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub time: i64,
    pub value: f64,
    pub start: Option<i64>,
}

/// `value` was added after `after`, not after `until`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Delta {
    pub after: i64,
    pub until: i64,
    pub value: f64,
}

/// The process began anew at `time`, and was gone after `lo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reset {
    pub lo: i64,
    pub time: i64,
    /// Told by a new start time; a total that fell may also come from two processes behind one series.
    pub by_start: bool,
}

/// One start time: the totals of one life of the process.
struct Life {
    start: Option<i64>,
    time: i64,
    value: f64,
}

/// The deltas of a series, in order of time.
///
/// 1. Points of one time and life are one point: the largest.
/// 2. A life is told by its start time. Several lives may overlap: processes that share a series for want of an instance id.
/// 3. A first point counts from `seen_before`, when the process was heard of without this series, or from its start when it is young;
///    else it is only where counting begins.
/// 4. A later life counts from its start. A total that falls within a life is a reset too.
pub(crate) fn deltas(points: &mut Vec<Point>, seen_before: Option<i64>) -> (Vec<Delta>, Vec<Reset>) {
    points.retain(|point| point.value.is_finite() && point.value >= 0.0);
    points.sort_by(|a, b| a.time.cmp(&b.time).then(a.start.cmp(&b.start)).then(b.value.total_cmp(&a.value)));
    points.dedup_by(|later, first| later.time == first.time && same_start(later.start, first.start));
    let mut lives: Vec<Life> = Vec::new();
    let mut deltas = Vec::with_capacity(points.len());
    let mut resets = Vec::new();
    for point in points.iter() {
        let life = lives.iter_mut().rev().find(|life| same_start(life.start, point.start));
        let Some(life) = life else {
            let since = match (lives.is_empty(), point.start, seen_before) {
                (false, Some(start), _) => Some(start),
                (true, Some(start), seen) if start <= point.time && point.time - start <= YOUNG => {
                    Some(seen.map_or(start, |seen| start.max(seen).min(point.time)))
                }
                (true, start, Some(seen)) if seen < point.time => Some(seen.max(start.unwrap_or(seen)).min(point.time)),
                _ => None,
            };
            if let Some(after) = since {
                deltas.push(Delta { after: after.min(point.time), until: point.time, value: point.value });
            }
            lives.push(Life { start: point.start, time: point.time, value: point.value });
            continue;
        };
        if point.value < life.value {
            resets.push(Reset { lo: life.time, time: point.time, by_start: false });
            deltas.push(Delta { after: life.time, until: point.time, value: point.value });
        } else {
            deltas.push(Delta { after: life.time, until: point.time, value: point.value - life.value });
        }
        (life.time, life.value) = (point.time, point.value);
    }
    for (index, life) in lives.iter().enumerate().skip(1) {
        let before = lives[..index].iter().map(|before| before.time).max().unwrap_or(i64::MIN);
        if let Some(start) = life.start.filter(|start| before <= start + SECOND) {
            resets.push(Reset { lo: before.min(start), time: start, by_start: true });
        }
    }
    resets.sort_unstable();
    (deltas, resets)
}

/// What a cumulative series gained until each of its points, in order of time: `(time, value, start)` to `(time, gain)`. The first point
/// counts when it is young; resets count from zero.
pub fn gains(points: impl IntoIterator<Item = (UnixNanos, f64, Option<UnixNanos>)>) -> Vec<(UnixNanos, f64)> {
    let point =
        |(time, value, start): (UnixNanos, f64, Option<UnixNanos>)| Point { time: time.0, value, start: start.map(|start| start.0) };
    let mut points = points.into_iter().map(point).collect();
    deltas(&mut points, None).0.into_iter().map(|delta| (UnixNanos(delta.until), delta.value)).collect()
}

/// Start times that are computed from an uptime wobble.
fn same_start(a: Option<i64>, b: Option<i64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.abs_diff(b) <= SECOND as u64,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = SECOND;

    #[test]
    fn resets_lives_duplicates_and_first_points() {
        // (points as (time s, value, start s), seen before, deltas as (after, until, value), resets as (lo, time))
        type Case = (&'static str, &'static [(i64, f64, i64)], Option<i64>, &'static [(i64, i64, f64)], &'static [(i64, i64)]);
        let cases: &[Case] = &[
            ("an old series begins where it is first seen", &[(2000, 10.0, 0), (2060, 250.0, 0)], None, &[(2000, 2060, 240.0)], &[]),
            ("a young one counts from its start", &[(2000, 10.0, 1500)], None, &[(1500, 2000, 10.0)], &[]),
            ("and from where its siblings were seen without it", &[(2000, 10.0, 1500)], Some(1940), &[(1940, 2000, 10.0)], &[]),
            ("a new one of a known process counts", &[(2000, 3.0, 0)], Some(1940), &[(1940, 2000, 3.0)], &[]),
            ("a fall is a reset", &[(2000, 10.0, 0), (2060, 4.0, 0)], None, &[(2000, 2060, 4.0)], &[(2000, 2060)]),
            ("so is a new start, whatever the value", &[(2000, 10.0, 0), (2060, 14.0, 2030)], None, &[(2030, 2060, 14.0)], &[(2000, 2030)]),
            ("a point twice is one", &[(2060, 12.0, 0), (2000, 10.0, 0), (2060, 12.0, 0)], None, &[(2000, 2060, 2.0)], &[]),
            (
                "two processes behind one series are counted apart",
                &[(2000, 10.0, 0), (2010, 100.0, 1990), (2060, 11.0, 0), (2070, 101.0, 1990)],
                None,
                &[(1990, 2010, 100.0), (2000, 2060, 1.0), (2010, 2070, 1.0)],
                &[],
            ),
        ];
        for (name, points, seen, expected, expected_resets) in cases {
            let mut points: Vec<Point> =
                points.iter().map(|(time, value, start)| Point { time: time * S, value: *value, start: Some(start * S) }).collect();
            let (deltas, resets) = deltas(&mut points, seen.map(|seen| seen * S));
            let deltas: Vec<_> = deltas.iter().map(|delta| (delta.after / S, delta.until / S, delta.value)).collect();
            let resets: Vec<_> = resets.iter().map(|reset| (reset.lo / S, reset.time / S)).collect();
            assert_eq!((&deltas[..], &resets[..]), (*expected, *expected_resets), "{name}");
        }
    }

    #[test]
    fn values_that_are_no_totals_are_left_out() {
        let point = |time, value| Point { time, value, start: None };
        let mut points = vec![point(1, 1.0), point(2, f64::NAN), point(3, -4.0), point(4, 3.0)];
        assert_eq!(deltas(&mut points, None).0, [Delta { after: 1, until: 4, value: 2.0 }]);
    }
}
