//! Rate, errors, durations of some calls, and of the same calls over time.

use storage::rollup::DurationHistogram;

/// Of any number of calls; parts add up exactly.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Red {
    /// Adjusted by sampling weights, as all here.
    pub count: f64,
    pub errors: f64,
    /// Of all durations that are not negative.
    pub sum_ns: i64,
    pub durations: DurationHistogram,
    /// Those of `durations` that failed.
    pub failed: DurationHistogram,
}

impl Red {
    pub fn add(&mut self, duration_ns: i64, failed: bool, weight: f64) {
        self.count += weight;
        if failed {
            self.errors += weight;
            self.failed.add_duration(duration_ns, weight);
        }
        self.sum_ns = self.sum_ns.saturating_add((duration_ns.max(0) as f64 * weight) as i64);
        self.durations.add_duration(duration_ns, weight);
    }

    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.errors += other.errors;
        self.sum_ns = self.sum_ns.saturating_add(other.sum_ns);
        self.durations.add(&other.durations);
        self.failed.add(&other.failed);
    }

    /// 0 to 1; 0 of no calls.
    pub fn error_share(&self) -> f64 {
        if self.count > 0.0 { self.errors / self.count } else { 0.0 }
    }
}

/// Buckets of equal width, the first of which begins at `t0_ns`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    pub t0_ns: i64,
    pub width_ns: i64,
    pub count: usize,
}

impl Grid {
    /// When the bucket of a time begins; times outside of all belong to the first or the last.
    pub fn start_of(&self, time_ns: i64) -> i64 {
        let last = i64::try_from(self.count.saturating_sub(1)).unwrap_or(i64::MAX);
        let bucket = time_ns.saturating_sub(self.t0_ns).div_euclid(self.width_ns).clamp(0, last);
        self.t0_ns.saturating_add(bucket.saturating_mul(self.width_ns))
    }

    /// The bucket of a time; `None` outside of all.
    pub fn place(&self, time_ns: i64) -> Option<usize> {
        let bucket = time_ns.checked_sub(self.t0_ns)?.div_euclid(self.width_ns);
        usize::try_from(bucket).ok().filter(|bucket| *bucket < self.count)
    }
}

/// One [`Red`] for each bucket of a grid.
#[derive(Debug, Clone, PartialEq)]
pub struct RedSeries(pub Vec<Red>);

impl RedSeries {
    pub fn new(grid: Grid) -> Self {
        Self(vec![Red::default(); grid.count])
    }

    /// What lies outside of the grid is left out.
    pub fn merge_at(&mut self, grid: Grid, time_ns: i64, red: &Red) {
        if let Some(bucket) = grid.place(time_ns) {
            self.0[bucket].merge(red);
        }
    }

    pub fn counts(&self) -> Vec<f64> {
        self.0.iter().map(|red| red.count).collect()
    }

    pub fn errors(&self) -> Vec<f64> {
        self.0.iter().map(|red| red.errors).collect()
    }

    /// Null where there were no calls.
    pub fn quantiles(&self, quantile: f64) -> Vec<Option<i64>> {
        self.0.iter().map(|red| red.durations.quantile_ns(quantile)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_add_up_where_they_belong() {
        let grid = Grid { t0_ns: 1000, width_ns: 100, count: 3 };
        let mut series = RedSeries::new(grid);
        let red = |durations: &[(i64, bool)]| {
            let mut red = Red::default();
            durations.iter().for_each(|(duration, failed)| red.add(*duration, *failed, 1.0));
            red
        };
        for (time, durations) in
            [(999, &[(1, true)][..]), (1000, &[(8, false), (8, true)]), (1099, &[(-3, false)]), (1299, &[(4, true)]), (1300, &[(1, true)])]
        {
            series.merge_at(grid, time, &red(durations));
        }
        assert_eq!((series.counts(), series.errors()), (vec![3.0, 0.0, 1.0], vec![1.0, 0.0, 1.0]));
        assert_eq!(series.quantiles(0.3), [Some(0), None, series.0[2].durations.quantile_ns(1.0)]);
        assert_eq!((series.0[0].sum_ns, series.0[0].error_share(), Red::default().error_share()), (16, 1.0 / 3.0, 0.0));
    }
}
