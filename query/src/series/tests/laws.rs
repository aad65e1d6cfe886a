//! What holds for all series.

use arrow::array::RecordBatch;
use proptest::{collection::vec, prelude::*};

use super::{
    super::{
        Aggregate, Counter, Evaluated, Explicit, Exponential, Frame, Function, Gather, Grouping, Histogram, Limits, Of, Operator, Question,
        Selector, Wanted, evaluate,
    },
    points::{LIMITS, Point, SECOND, batch, counter, directory, frame, gather, gauge, histogram, of_service, only, question},
};

/// Increments of a counter, and whether it restarted before each.
fn increments() -> impl Strategy<Value = Vec<(u32, bool)>> {
    vec((0_u32..1000, proptest::bool::weighted(0.2)), 2..40)
}

/// As a process shows it that counts these: the start times say where it restarted.
fn restarted(increments: &[(u32, bool)]) -> Counter {
    let (mut value, mut start) = (0, 0);
    Counter::new(increments.iter().enumerate().map(|(index, (more, restarts))| {
        let time = (index as i64 + 1) * 10;
        if *restarts {
            (value, start) = (0, time - 5);
        }
        value += more;
        (time, Some(start), f64::from(value))
    }))
}

fn total(counter: &Counter) -> f64 {
    counter.increase(0..counter.times().len()).map_or(0.0, |increase| increase.amount)
}

/// Counts of `values` between `bounds`.
fn explicit(bounds: &[f64], values: &[f64]) -> Histogram {
    let mut counts = vec![0.0; if bounds.is_empty() { 0 } else { bounds.len() + 1 }];
    for value in values.iter().filter(|_| !bounds.is_empty()) {
        counts[bounds.iter().filter(|bound| **bound < *value).count()] += 1.0;
    }
    Histogram::Explicit(Explicit { bounds: bounds.to_vec(), counts, count: values.len() as f64, sum: Some(values.iter().sum()) })
}

/// Bucket by the definition: `base^index < |value| <= base^(index + 1)`.
fn exponential(scale: i32, values: &[f64]) -> Histogram {
    let counts = |of: &[f64]| -> (i32, Vec<u64>) {
        let index = |value: &f64| (value.abs().log2() * f64::from(scale).exp2()).ceil() as i32 - 1;
        let Some(first) = of.iter().map(index).min() else { return (0, Vec::new()) };
        let mut counts = vec![0; of.iter().map(|value| (index(value) - first) as usize + 1).max().unwrap_or_default()];
        of.iter().for_each(|value| counts[(index(value) - first) as usize] += 1);
        (first, counts)
    };
    let (positive, negative): (Vec<f64>, Vec<f64>) = values.iter().filter(|value| **value != 0.0).partition(|value| **value > 0.0);
    let (positive, negative) = (counts(&positive), counts(&negative));
    let zeros = values.iter().filter(|value| **value == 0.0).count() as f64;
    let sides = ((positive.0, &positive.1[..]), (negative.0, &negative.1[..]));
    Histogram::Exponential(Exponential::new(scale, (0.0, zeros), sides.0, sides.1, values.len() as f64, Some(values.iter().sum())))
}

/// Values that are whole multiples of 1/8, so that sums are exact; none on the bound of a bucket but 0.
fn observations() -> impl Strategy<Value = Vec<f64>> {
    vec((-400_i32..400).prop_map(|value| f64::from(value * 8 + 3 * value.signum()) / 8.0), 0..40)
}

/// Cumulative counters of some services.
fn counters() -> impl Strategy<Value = Vec<Point>> {
    vec(increments(), 1..6).prop_map(|all| {
        let points = all.into_iter().enumerate().flat_map(|(service, increments)| {
            let mut value = 0;
            let points = increments.into_iter().enumerate().map(move |(index, (more, _))| {
                value += more;
                counter(index as i64 * 20, f64::from(value))
            });
            of_service(&format!("service-{service}"), service as u64, points)
        });
        points.collect()
    })
}

fn summed(frame: &Frame, question: &Question, grouping: Grouping) -> Evaluated {
    evaluate(frame, &Question { aggregate: Some(Aggregate { operator: Operator::Sum, grouping }), ..question.clone() })
}

proptest! {
    #[test]
    fn a_restart_that_is_known_loses_nothing(increments in increments()) {
        let without: Vec<_> = increments.iter().map(|(more, _)| (*more, false)).collect();
        prop_assert_eq!(total(&restarted(&increments)), total(&restarted(&without)));
        prop_assert_eq!(total(&restarted(&increments)), increments.iter().map(|(more, _)| f64::from(*more)).sum::<f64>());
    }

    #[test]
    fn the_increase_of_a_whole_is_that_of_its_parts(increments in increments(), at in 0.0..1.0) {
        let counter = restarted(&increments);
        let points = counter.times().len();
        let middle = 1 + (at * (points - 2) as f64) as usize;
        let amount = |range| counter.increase(range).map_or(0.0, |increase| increase.amount);
        prop_assert_eq!(amount(0..middle + 1) + amount(middle..points), total(&counter));
    }

    #[test]
    fn deltas_add_up_over_windows_that_touch(increments in vec(0_u32..1000, 1..40)) {
        let points: Vec<Point> = increments.iter().zip(1..).map(|(more, index)| Point { delta: true, ..counter(index * 7, f64::from(*more)) }).collect();
        let found = evaluate(&frame(&points), &Question { window_ns: 60 * SECOND, ..question(Function::Increase, 1, 5) });
        let all: f64 = only(&found).into_iter().flatten().sum();
        prop_assert_eq!(all, increments.into_iter().map(f64::from).sum::<f64>());
    }

    /// The same observations, sent one way or the other.
    #[test]
    fn temporality_does_not_matter(buckets in vec(proptest::array::uniform4(0_u64..50), 2..5), restarts in vec(any::<bool>(), 5)) {
        let (mut sums, mut start) = ([0; 4], 0);
        let mut cumulative = Vec::new();
        for ((index, buckets), restarts) in (1..).zip(&buckets).zip(&restarts) {
            if *restarts && index > 1 {
                (sums, start) = ([0; 4], index * 60 - 59);
            }
            sums.iter_mut().zip(buckets).for_each(|(sum, more)| *sum += more);
            cumulative.push(Point { start: Some(start), ..histogram(index * 60, sums) });
        }
        let delta: Vec<Point> = buckets.iter().zip(1..).map(|(buckets, index)| Point { delta: true, start: Some(index * 60 - 60), ..histogram(index * 60, *buckets) }).collect();
        // The window begins before the first point was begun, and ends with the last: nothing is extrapolated.
        let end = buckets.len() as i64;
        for of in [Of::Count, Of::Quantile(0.5), Of::Quantile(0.99)] {
            let question = Question { of, window_ns: (end * 60 + 1) * SECOND, ..question(Function::Increase, end, end) };
            let [cumulative, delta] = [&cumulative, &delta].map(|points| only(&evaluate(&frame(points), &question)));
            let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs().max(1.0);
            prop_assert!(match (&cumulative[..], &delta[..]) {
                ([Some(cumulative)], [Some(delta)]) => close(*cumulative, *delta),
                (cumulative, delta) => cumulative == delta,
            }, "{:?}: {:?} and {:?}", of, cumulative, delta);
        }
    }

    #[test]
    fn explicit_histograms_merge_to_that_of_all_values(a in observations(), b in observations(), bounds in vec((0..3_usize, -3000_i32..3000), 0..8)) {
        // Each bound is of the first, of the second, or of both.
        let bounds_of = |wanted: &[usize]| {
            let mut bounds: Vec<f64> = bounds.iter().filter(|(of, _)| wanted.contains(of)).map(|(_, bound)| f64::from(*bound) / 8.0).collect();
            bounds.sort_by(f64::total_cmp);
            bounds.dedup();
            bounds
        };
        let (of_a, of_b) = (bounds_of(&[0, 2]), bounds_of(&[1, 2]));
        let common: Vec<f64> = of_a.iter().copied().filter(|bound| of_b.contains(bound)).collect();
        let mut merged = explicit(&of_a, &a);
        merged.merge(&explicit(&of_b, &b)).expect("of one shape");
        prop_assert_eq!(merged, explicit(&common, &[a, b].concat()));
    }

    #[test]
    fn exponential_histograms_merge_to_that_of_all_values(a in observations(), b in observations(), scales in (-4..8, -4..8)) {
        let mut merged = exponential(scales.0, &a);
        merged.merge(&exponential(scales.1, &b)).expect("of one shape");
        prop_assert_eq!(&merged, &exponential(scales.0.min(scales.1), &[&a[..], &b[..]].concat()));
        let rest = merged.since(&exponential(scales.0, &a)).expect("of one shape");
        prop_assert_eq!(rest, exponential(scales.0.min(scales.1), &b));
    }

    /// The estimate is within the bucket that has the value of this rank.
    #[test]
    fn quantiles_are_near(values in vec(1_u32..100_000, 1..60), q in 0.0..=1.0) {
        let mut values: Vec<f64> = values.into_iter().map(|value| f64::from(value) + 0.5).collect();
        values.sort_by(f64::total_cmp);
        let estimate = exponential(5, &values).quantile(q).expect("there are values");
        let exact = values[((q * values.len() as f64).ceil() as usize).clamp(1, values.len()) - 1];
        let width = (1.0_f64 / 32.0).exp2();
        prop_assert!(exact / width <= estimate * 1.000_001 && estimate <= exact * width * 1.000_001, "{} is not near {}", estimate, exact);
    }

    #[test]
    fn a_sum_of_all_is_the_sum_of_the_series(points in counters()) {
        let frame = frame(&points);
        for function in [Function::Value, Function::Increase, Function::Rate] {
            let question = question(function, 0, 8);
            let series = evaluate(&frame, &question);
            let all = only(&summed(&frame, &question, Grouping::By(Vec::new())));
            for (step, sum) in all.iter().enumerate() {
                let values: Vec<f64> = series.rows.iter().filter_map(|row| row.values[step]).collect();
                prop_assert_eq!(*sum, (!values.is_empty()).then(|| values.iter().sum::<f64>()));
            }
            let without = summed(&frame, &question, Grouping::Without(vec!["service_name".to_owned()]));
            prop_assert_eq!(only(&without), all);
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter(points in counters(), seed in any::<u64>(), pieces in 1..5_usize) {
        let mut shuffled = points.clone();
        shuffled.sort_by_key(|point| (point.time as u64 * 31 + point.series).wrapping_mul(seed | 1));
        let batches: Vec<RecordBatch> = shuffled.chunks(shuffled.len().div_ceil(pieces)).map(batch).collect();
        let question = question(Function::Rate, 0, 8);
        prop_assert_eq!(evaluate(&gather(&batches).0, &question), evaluate(&frame(&points), &question));
    }

    #[test]
    fn any_text_is_a_selector_or_a_mistake_within_it(text in "[a-z{}=~!\",`\\\\. ]{0,20}|\\PC{0,20}") {
        if let Err(error) = Selector::parse(&text) {
            prop_assert!(error.at <= text.len() && text.is_char_boundary(error.at), "{:?}", error);
        }
    }
}

#[test]
fn limits_are_named() {
    let check = |limits: Limits, expected: &str| {
        let points: Vec<Point> =
            (0..3).flat_map(|series| of_service(&format!("s{series}"), series, [gauge(0, 1.0), gauge(1, 2.0)])).collect();
        let gathered = Gather::new(directory(&[batch(&points)]), Wanted::default(), limits);
        let pushed = gathered.and_then(|mut gather| points.chunks(2).try_for_each(|points| gather.push(&batch(points))));
        assert_eq!(pushed.map_err(|error| error.to_string()), Err(expected.to_owned()));
    };
    check(Limits { series_max: 2, ..LIMITS }, "the selector has more than 2 series");
    check(Limits { points_max: 5, ..LIMITS }, "the selected series have more than 5 points");
    check(Limits { bytes_max: 10, ..LIMITS }, "the points of the selected series take more than 10 bytes");
}

#[test]
fn nothing_is_found() {
    let (empty, _): (Frame, _) = gather(&[]);
    assert_eq!(evaluate(&empty, &question(Function::Rate, 0, 5)).rows, []);
}
