//! Quantiles of histograms, as Prometheus estimates them.
//!
//! Within a bucket, values are taken to be spread evenly; in exponential buckets evenly by their logarithm. The first explicit bucket
//! begins at 0 unless it ends below; of the last one only the lower end is known, so that is the answer.
//!
//! Source: `BucketQuantile` and `HistogramQuantile` in Prometheus' `promql/quantile.go`.

use super::{Explicit, Exponential};

pub(super) fn explicit(histogram: &Explicit, q: f64) -> Option<f64> {
    let Explicit { bounds, counts, .. } = histogram;
    let total: f64 = counts.iter().sum();
    let last_bound = *bounds.last()?;
    if total <= 0.0 {
        return None;
    }
    let rank = q * total;
    let mut below = 0.0;
    for (index, count) in counts.iter().enumerate() {
        if below + count < rank || *count == 0.0 {
            below += count;
            continue;
        }
        let Some(end) = bounds.get(index).copied() else { break };
        let begin = match index.checked_sub(1) {
            Some(before) => bounds[before],
            None if end <= 0.0 => return Some(end),
            None => 0.0,
        };
        return Some(begin + (end - begin) * ((rank - below) / count));
    }
    Some(last_bound)
}

pub(super) fn exponential(histogram: &Exponential, q: f64) -> Option<f64> {
    let total: f64 = histogram.buckets().map(|(.., count)| count).sum();
    if total <= 0.0 {
        return None;
    }
    let rank = q * total;
    let (mut below, mut last) = (0.0, None);
    for (begin, end, count) in histogram.buckets() {
        last = Some(end);
        if below + count >= rank {
            let share = (rank - below) / count;
            return Some(match begin {
                begin if begin > 0.0 && end.is_finite() => begin * (end / begin).powf(share),
                begin if end < 0.0 && begin.is_finite() => begin * (end / begin).powf(share),
                _ if !end.is_finite() => begin,
                begin if !begin.is_finite() => end,
                begin => begin + (end - begin) * share,
            });
        }
        below += count;
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: Option<f64>, expected: Option<f64>, what: &str) {
        let same = match (found, expected) {
            (Some(found), Some(expected)) => (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
            (found, expected) => found == expected,
        };
        assert!(same, "{what}: {found:?} is not {expected:?}");
    }

    #[test]
    fn of_explicit_buckets() {
        let check = |bounds: &[f64], counts: &[f64], q: f64, expected: Option<f64>| {
            let histogram = Explicit { bounds: bounds.to_vec(), counts: counts.to_vec(), count: 0.0, sum: None };
            close(explicit(&histogram, q), expected, &format!("{q} of {histogram:?}"));
        };
        // The 5th of 10 is the 2nd of the 4 in (1, 2].
        check(&[1.0, 2.0, 4.0], &[3.0, 4.0, 3.0, 0.0], 0.5, Some(1.5));
        check(&[1.0, 2.0, 4.0], &[3.0, 4.0, 3.0, 0.0], 0.9, Some(2.0 + 2.0 * (2.0 / 3.0)));
        check(&[1.0, 2.0, 4.0], &[3.0, 4.0, 3.0, 0.0], 0.3, Some(1.0));
        check(&[1.0, 2.0, 4.0], &[3.0, 4.0, 3.0, 0.0], 0.15, Some(0.5));
        check(&[1.0, 2.0, 4.0], &[0.0, 4.0, 3.0, 0.0], 0.0, Some(1.0));
        check(&[1.0, 2.0, 4.0], &[3.0, 4.0, 3.0, 0.0], 1.0, Some(4.0));
        // Above all bounds: the last one.
        check(&[1.0, 2.0, 4.0], &[0.0, 0.0, 0.0, 9.0], 0.5, Some(4.0));
        check(&[-5.0, 1.0], &[9.0, 1.0, 0.0], 0.5, Some(-5.0));
        check(&[1.0], &[0.0, 0.0], 0.5, None);
        check(&[], &[], 0.5, None);
    }

    #[test]
    fn of_exponential_buckets() {
        let check = |zero: (f64, f64), positive: (i32, &[u64]), negative: (i32, &[u64]), q: f64, expected: Option<f64>| {
            let histogram = Exponential::new(0, zero, positive, negative, 0.0, None);
            close(exponential(&histogram, q), expected, &format!("{q} of {histogram:?}"));
        };
        // (1, 2] and (4, 8]: half of the first by logarithm is the square root of 2.
        check((0.0, 0.0), (0, &[2, 0, 2]), (0, &[]), 0.25, Some(2.0_f64.sqrt()));
        check((0.0, 0.0), (0, &[2, 0, 2]), (0, &[]), 0.75, Some(4.0 * 2.0_f64.sqrt()));
        check((0.0, 0.0), (0, &[2, 0, 2]), (0, &[]), 1.0, Some(8.0));
        check((0.0, 0.0), (0, &[2, 0, 2]), (0, &[]), 0.0, Some(1.0));
        check((0.0, 0.0), (0, &[]), (0, &[2, 0, 2]), 0.25, Some(-4.0 * 2.0_f64.sqrt()));
        // Near 0, and all others are positive.
        check((0.5, 4.0), (0, &[4]), (0, &[]), 0.25, Some(0.25));
        check((0.5, 4.0), (0, &[]), (0, &[4]), 0.75, Some(-0.25));
        check((0.5, 2.0), (0, &[1]), (0, &[1]), 0.5, Some(0.0));
        check((0.0, 0.0), (0, &[]), (0, &[]), 0.5, None);
    }
}
