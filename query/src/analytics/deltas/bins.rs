//! Numbers of many different values, as ranges that weigh the same.

use std::collections::BTreeMap;

use super::{
    profile::{Counts, Number},
    score::Sides,
};

/// More different numbers than this are not shown one by one.
const NUMBERS_MAX: usize = 12;
const BINS: usize = 10;
/// Sums of shares are not quite what they would be on paper.
const ROUNDING: f64 = 1e-9;

/// From the smallest to the largest number in it, both included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bin {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) counts: Counts,
}

/// Few numbers are bins of their own. Of many, each bin has about a tenth of the records of both sides, the two sides weighing the
/// same. Numbers are never divided, so a frequent one can be a bin alone.
pub(super) fn bins(numbers: &BTreeMap<Number, Counts>, sides: Sides) -> Vec<Bin> {
    let weight = |counts: Counts| sides.shares(counts).iter().sum::<f64>();
    let whole: f64 = numbers.values().map(|counts| weight(*counts)).sum();
    let (mut bins, mut before, mut last_place) = (Vec::<Bin>::new(), 0.0, None);
    for (Number(number), counts) in numbers {
        let place = if numbers.len() <= NUMBERS_MAX { None } else { Some((before / whole * BINS as f64 + ROUNDING).floor() as usize) };
        before += weight(*counts);
        match bins.last_mut() {
            Some(bin) if place.is_some() && place == last_place => {
                bin.to = *number;
                bin.counts = [bin.counts[0] + counts[0], bin.counts[1] + counts[1]];
            }
            _ => bins.push(Bin { from: *number, to: *number, counts: *counts }),
        }
        last_place = place;
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_numbers_stay_and_many_become_ten_ranges() {
        let check = |numbers: &[(i32, Counts)], records: Counts, expected: &[(f64, f64, Counts)]| {
            let numbers = numbers.iter().map(|(number, counts)| (Number(f64::from(*number)), *counts)).collect();
            let found: Vec<(f64, f64, Counts)> =
                bins(&numbers, Sides::new(records)).into_iter().map(|bin| (bin.from, bin.to, bin.counts)).collect();
            assert_eq!(found, expected);
        };
        check(&[], [1, 1], &[]);
        check(&[(200, [5, 9]), (500, [4, 0])], [9, 9], &[(200.0, 200.0, [5, 9]), (500.0, 500.0, [4, 0])]);
        let even: Vec<(i32, Counts)> = (0..100).map(|number| (number, [1, 2])).collect();
        let tens: Vec<(f64, f64, Counts)> = (0..10).map(|bin| (f64::from(bin * 10), f64::from(bin * 10 + 9), [10, 20])).collect();
        check(&even, [100, 200], &tens);
        let frequent: Vec<(i32, Counts)> = (0..13).map(|number| (number, if number == 5 { [88, 88] } else { [1, 1] })).collect();
        check(&frequent, [100, 100], &[(0.0, 5.0, [93, 93]), (6.0, 12.0, [7, 7])]);
    }
}
