//! What is left of samples. That the fold sees no difference is shown in `fold::tests`.

use schemas::UnixNanos;

use super::quiet::{Mark, leave_out, marks, sort, unite};
use crate::fold::{Sample, parameters::SECOND};

/// (time in s, value) to those that stay, with what was left out before each. `happened`: other facts, in s.
#[track_caller]
fn check(name: &str, samples: &[(i64, f64)], happened: &[i64], expected: &[(i64, u32)]) {
    let mut samples: Vec<Sample> = samples
        .iter()
        .map(|(time, value)| Sample { time: UnixNanos(time * SECOND), value: *value, state: None, start_time: None, left_out: 0 })
        .collect();
    sort(&mut samples);
    let mut all: Vec<Mark> = happened.iter().map(|time| Mark::at(time * SECOND)).collect();
    marks(&samples, false, &mut all);
    unite(&mut all);
    leave_out(&mut samples, &all);
    let left: Vec<(i64, u32)> = samples.iter().map(|sample| (sample.time.0 / SECOND, sample.left_out)).collect();
    assert_eq!(left, expected, "{name}");
    let before = samples.clone();
    leave_out(&mut samples, &all);
    assert_eq!(samples, before, "{name}: once more");
}

fn each_15_s(from: i64, to: i64, value: f64) -> Vec<(i64, f64)> {
    (from..to).step_by(15).map(|time| (time, value)).collect()
}

/// All from `first` to `last`, of which the first comes after `left_out` that are not there.
fn kept(first: i64, last: i64, left_out: u32) -> Vec<(i64, u32)> {
    (first..=last).step_by(15).map(|time| (time, if time == first { left_out } else { 0 })).collect()
}

#[test]
fn what_is_left_of_samples() {
    let quiet = each_15_s(0, 3600, 1.0);
    let ends = |left_out: u32| [kept(0, 60, 0), kept(3525, 3585, left_out)];
    check("the same all the time", &quiet, &[], &ends(230).concat());
    check("in any order, some twice", &[&quiet[100..], &quiet[..130]].concat(), &[], &ends(230).concat());
    let [first, last] = ends(111);
    check("another fact of the process", &quiet, &[1795], &[first, kept(1740, 1845, 111), last].concat());
    let changed = [each_15_s(0, 1800, 0.0), each_15_s(1800, 3600, 1.0)].concat();
    let [first, last] = ends(110);
    check("a change", &changed, &[], &[first, kept(1725, 1860, 110), last].concat());
    let silent = [each_15_s(0, 150, 0.0), each_15_s(600, 750, 0.0)].concat();
    check("a silence", &silent, &[], &silent.iter().map(|(time, _)| (*time, 0)).collect::<Vec<_>>());
    let rare: Vec<(i64, f64)> = (0..20).map(|nth| (nth * 120, 0.0)).collect();
    check("too far from each other", &rare, &[], &rare.iter().map(|(time, _)| (*time, 0)).collect::<Vec<_>>());
}
