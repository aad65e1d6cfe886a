//! Counters, gauges and histograms at every step, computed by hand.

use super::{
    super::{Aggregate, Function, Grouping, Note, Of, Operator, Question, evaluate},
    points::{Point, SECOND, ask, batch, counter, exponential, frame, gather, gauge, histogram, of_service, only, question},
};

fn check(points: &[Point], question: &Question, expected: &[Option<f64>]) {
    let found = ask(points, question);
    let same = |(found, expected): (&Option<f64>, &Option<f64>)| match (found, expected) {
        (Some(found), Some(expected)) => (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
        (found, expected) => found == expected,
    };
    let expected = if expected.iter().all(Option::is_none) { &[] } else { expected };
    assert!(found.len() == expected.len() && found.iter().zip(expected).all(same), "{question:?}\n{found:?} is not\n{expected:?}");
}

/// Every 30 s, one per second, from 1000 on: no extrapolation is limited by 0.
fn steady() -> Vec<Point> {
    (0..=20).map(|index| counter(index * 30, 1000.0 + 30.0 * index as f64)).collect()
}

#[test]
fn counters() {
    // (0, 300] has points from 30 on: 270 in 270 s, and 30 more for the 30 s before the first, which are less than 33.
    check(&steady(), &question(Function::Increase, 5, 7), &[Some(300.0); 3]);
    check(&steady(), &question(Function::Rate, 5, 7), &[Some(1.0); 3]);
    // One point is no rate; a gap of two minutes is the begin of the series: half a distance.
    check(&steady(), &question(Function::Increase, 0, 1), &[None, Some(60.0 + 15.0)]);
    // After the end: (420, 720] has points 450..600, 150 in 150 s; 30 s before, 15 s after.
    check(&steady(), &question(Function::Increase, 12, 12), &[Some(150.0 + 30.0 + 15.0)]);
    check(&steady(), &question(Function::Increase, 16, 16), &[None]);
}

#[test]
fn counters_that_begin_again() {
    let mut points = steady();
    // A restart at 315 s: the value falls, and goes on at the same pace.
    points.iter_mut().filter(|point| point.time >= 330).for_each(|point| point.value = point.value.map(|value| value - 1315.0));
    // (300, 600]: 330 shows 15, 600 shows 285; 270 in 270 s. It cannot have begun earlier than 15 s before 330.
    check(&points, &question(Function::Increase, 10, 10), &[Some(270.0 + 15.0)]);
    // (240, 540] contains the reset: 270 -> 300 is 30, 330 shows 15 since, up to 225: 255 in 270 s, and as many more in 30 s.
    check(&points, &question(Function::Increase, 9, 9), &[Some(255.0 * 300.0 / 270.0)]);
    // The start time makes 315 a point with 0: 285 in 285 s, all of it.
    points.iter_mut().filter(|point| point.time >= 330).for_each(|point| point.start = Some(315));
    check(&points, &question(Function::Increase, 10, 10), &[Some(285.0)]);
}

#[test]
fn counters_that_are_born() {
    // Prometheus would not see the first five.
    let born: Vec<Point> =
        [(60, 5.0), (120, 8.0), (180, 8.0)].map(|(time, value)| Point { start: Some(30), ..counter(time, value) }).into();
    // (-120, 180]: from 30 to 180; nothing before the start.
    check(&born, &question(Function::Increase, 3, 3), &[Some(8.0)]);
}

#[test]
fn deltas() {
    let delta = |time: i64, value: f64| Point { delta: true, start: Some(time - 60), ..counter(time, value) };
    let points = [delta(60, 6.0), delta(120, 12.0), delta(180, 0.0), delta(420, 3.0)];
    check(
        &points,
        &question(Function::Increase, 0, 8),
        &[None, Some(6.0), Some(18.0), Some(18.0), Some(18.0), Some(18.0), Some(12.0), Some(3.0), Some(3.0)],
    );
    check(&points, &question(Function::Rate, 3, 3), &[Some(18.0 / 300.0)]);
    check(&points, &Question { window_ns: 60 * SECOND, ..question(Function::Rate, 1, 3) }, &[Some(0.1), Some(0.2), Some(0.0)]);
    // The same interval twice is a retry; another one of the same end is another.
    let (frame, counts) = gather(&[batch(&points), batch(&[delta(60, 6.0), Point { start: Some(59), ..delta(60, 1.0) }])]);
    assert_eq!((counts.points, counts.doubled), (6, 1));
    assert_eq!(only(&evaluate(&frame, &question(Function::Increase, 1, 1))), [Some(7.0)]);
}

#[test]
fn gauges() {
    let points =
        [gauge(60, 1.5), gauge(90, 2.5), gauge(480, f64::NAN), gauge(600, 4.0), Point { flags: 1, value: None, ..gauge(660, 0.0) }];
    let found = ask(&points, &question(Function::Value, 0, 12));
    // (90, 390] is within reach of 2.5; the point without a value ends the series at once.
    let expected = [
        None,
        Some(1.5),
        Some(2.5),
        Some(2.5),
        Some(2.5),
        Some(2.5),
        Some(2.5),
        None,
        Some(f64::NAN),
        Some(f64::NAN),
        Some(4.0),
        None,
        None,
    ];
    assert_eq!(format!("{found:?}"), format!("{expected:?}"));
    let stale = [gauge(60, 1.5), gauge(120, f64::from_bits(0x7ff0_0000_0000_0002)), gauge(180, 3.5)];
    check(&stale, &question(Function::Value, 1, 3), &[Some(1.5), None, Some(3.5)]);
    // What may fall has no resets; the marker is no value.
    let evaluated = evaluate(&frame(&[gauge(60, 5.0), gauge(180, 2.0), gauge(300, 1.0)]), &question(Function::Increase, 5, 5));
    assert_eq!(only(&evaluated), [Some(-4.0 * (240.0 + 60.0) / 240.0)]);
    assert!(evaluated.notes.contains(&Note::Signed));
    let up_and_down = |time, value| Point { monotonic: false, ..counter(time, value) };
    check(&[up_and_down(60, 5.0), up_and_down(300, 2.0)], &question(Function::Increase, 5, 5), &[Some(-3.0 * (240.0 + 60.0) / 240.0)]);
}

#[test]
fn histograms() {
    let median = |function, first, last| Question { of: Of::Quantile(0.5), ..question(function, first, last) };
    let points = [histogram(60, [5, 0, 0, 0]), histogram(120, [5, 4, 0, 0]), histogram(180, [5, 4, 4, 0]), histogram(240, [0, 0, 0, 2])];
    // (-120, 180]: 4 in (1, 2] and 4 in (2, 4]; shares stay under extrapolation.
    check(&points, &median(Function::Rate, 1, 3), &[None, Some(1.5), Some(2.0)]);
    // Fewer than before: a reset. The 2 above all bounds are new: rank 5 of 10 is the first of the 4 in (2, 4].
    check(&points, &median(Function::Increase, 4, 4), &[Some(2.5)]);
    check(&points, &median(Function::Value, 1, 4), &[Some(0.5), Some(0.9), Some(1.0 + 1.5 / 4.0), Some(4.0)]);
    // Counts are the same as those of a counter.
    let counts = [counter(60, 5.0), counter(120, 9.0), counter(180, 13.0), counter(240, 2.0)];
    assert_eq!(ask(&points, &question(Function::Increase, 1, 5)), ask(&counts, &question(Function::Increase, 1, 5)));
    let sum = |time, count, sum| Point { count: Some(count), sum: Some(sum), ..histogram(time, [count, 0, 0, 0]) };
    let timed = [sum(60, 2, 10.0), sum(120, 4, 16.0), sum(180, 4, 16.0), sum(240, 1, 17.0)];
    check(&timed, &Question { of: Of::Average, ..question(Function::Increase, 2, 4) }, &[Some(3.0), Some(3.0), Some((6.0 + 17.0) / 3.0)]);
    // The sum does not fall at the restart, the count does.
    let all = Question { of: Of::Sum, window_ns: 180 * SECOND, ..question(Function::Increase, 4, 4) };
    check(&timed, &all, &[Some((0.0 + 17.0) * (120.0 + 60.0) / 120.0)]);
    assert_eq!(ask(&timed, &Question { of: Of::Average, ..question(Function::Value, 2, 2) }), [Some(4.0)]);
}

#[test]
fn histograms_without_a_quantile() {
    let median = Question { of: Of::Quantile(0.5), ..question(Function::Value, 1, 1) };
    for point in [gauge(60, 1.0), Point { bounds: Vec::new(), buckets: Vec::new(), ..histogram(60, [1, 0, 0, 0]) }] {
        let evaluated = evaluate(&frame(&[point]), &median);
        assert_eq!((evaluated.rows.len(), evaluated.notes.contains(&Note::NoBuckets)), (0, true));
    }
}

#[test]
fn exponential_histograms() {
    let median = |function, first, last| Question { of: Of::Quantile(0.5), ..question(function, first, last) };
    // Buckets of scale 0: (1, 2], (2, 4], … The scale falls as the values spread, which is no reset.
    let points = [exponential(60, 1, 0, &[4]), exponential(120, 1, 0, &[4, 8]), exponential(180, 0, 0, &[12, 0, 8])];
    check(&points, &median(Function::Increase, 2, 3), &[Some(2.0_f64.powf(0.75)), Some(2.0)]);
    check(&points, &median(Function::Value, 3, 3), &[Some((10.0_f64 / 12.0).exp2())]);
    // A finer scale cannot come of a coarser one: a reset, though the count rises.
    let restarted = [exponential(60, 0, 0, &[4]), exponential(120, 2, 4, &[8])];
    check(&restarted, &question(Function::Increase, 2, 2), &[Some(8.0 * (60.0 + 30.0) / 60.0)]);
    let delta = |time, buckets: &[u64]| Point { delta: true, ..exponential(time, 0, 0, buckets) };
    check(&[delta(60, &[8]), delta(120, &[0, 8])], &median(Function::Increase, 1, 2), &[Some(2.0_f64.sqrt()), Some(2.0)]);
}

#[test]
fn histograms_of_many_series() {
    let by = |of, operator, by: &[&str]| {
        let grouping = Grouping::By(by.iter().map(|name| (*name).to_owned()).collect());
        Question { of, aggregate: Some(Aggregate { operator, grouping }), ..question(Function::Value, 1, 1) }
    };
    let mut points = of_service("a", 1, [histogram(60, [9, 1, 0, 0])]);
    points.extend(of_service("b", 2, [histogram(60, [0, 1, 9, 0])]));
    // Of all 20 values, not of two medians: rank 10 is in (1, 2], the first of two.
    assert_eq!(ask(&points, &by(Of::Quantile(0.5), Operator::Sum, &[])), [Some(1.5)]);
    let average = (5.0 / 9.0 + (2.0 + 2.0 * 4.0 / 9.0)) / 2.0;
    check(&points, &by(Of::Quantile(0.5), Operator::Average, &[]), &[Some(average)]);
    assert_eq!(ask(&points, &by(Of::Count, Operator::Sum, &[])), [Some(20.0)]);

    let mut mixed = points.clone();
    mixed.extend(of_service("c", 3, [exponential(60, 0, 0, &[1])]));
    let evaluated = evaluate(&frame(&mixed), &by(Of::Quantile(0.5), Operator::Sum, &[]));
    assert_eq!((evaluated.rows.len(), evaluated.notes.contains(&Note::Mismatch)), (0, true));

    let mut other_bounds = points;
    other_bounds.extend(of_service("d", 4, [Point { bounds: vec![2.0, 4.0, 8.0], ..histogram(60, [20, 0, 0, 0]) }]));
    let evaluated = evaluate(&frame(&other_bounds), &by(Of::Quantile(0.5), Operator::Sum, &[]));
    // At the bounds 2 and 4: 31 values up to 2 and 9 up to 4; rank 20 of 31.
    assert_eq!((only(&evaluated), evaluated.notes.contains(&Note::Bounds)), (vec![Some(2.0 * 20.0 / 31.0)], true));
}

#[test]
fn series_of_the_same_labels_are_one() {
    // A restart gives another series where the process is part of the resource.
    let mut points = of_service("a", 1, (0..=5).map(|index| counter(index * 60, 100.0 + 6.0 * index as f64)));
    points.extend(of_service("a", 2, (6..=11).map(|index| Point { start: Some(330), ..counter(index * 60, 6.0 * (index - 5) as f64) })));
    // (300, 600]: only the new process; from 330 on, where it was 0. (180, 480] has 12 of the old and 18 of the new, and what lies beyond.
    let found = ask(&points, &Question { window_ns: 240 * SECOND, ..question(Function::Increase, 10, 10) });
    assert_eq!(found, [Some(24.0)]);
    assert_eq!(ask(&points, &question(Function::Value, 5, 6)), [Some(130.0), Some(6.0)]);
}

#[test]
fn the_usual_distance_of_points() {
    assert_eq!(frame(&[gauge(0, 1.0), gauge(10, 1.0), gauge(20, 1.0), gauge(300, 1.0)]).spacing_ns(), Some(10 * SECOND));
    assert_eq!(frame(&[gauge(0, 1.0)]).spacing_ns(), None);
}
