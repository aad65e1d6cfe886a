//! Spans by time and duration: how many are in each cell of a grid whose rows grow by the same factor.

use std::collections::BTreeMap;

use arrow::{
    array::RecordBatch,
    datatypes::{Int32Type, Int64Type, TimestampNanosecondType},
};
use schemas::columns as c;

use super::red::Grid;
use crate::trace::{NumberColumn, UnexpectedType};

/// Columns of spans that [`Heatmap::add`] reads.
pub const COLUMNS: [&str; 3] = [c::START_TIME, c::DURATION_NS, c::STATUS_CODE];

const ERROR: i32 = 2;
/// Rows between a duration and its double: of the finest grid, and of coarser ones.
const PER_DOUBLING: [i32; 4] = [8, 4, 2, 1];

/// Takes memory for cells, not for spans.
#[derive(Debug, Clone)]
pub struct Heatmap {
    times: Grid,
    /// By row of the finest grid and bucket of time.
    cells: BTreeMap<(i32, usize), Cell>,
    /// Spans that took no time or less; they have no row.
    pub not_positive: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cell {
    pub spans: u64,
    pub errors: u64,
}

/// Rows of equal factor, ascending; row `i` holds durations from `bounds_ns[i]` to before `bounds_ns[i + 1]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    pub bounds_ns: Vec<i64>,
    /// Cells that are not empty, by row and bucket of time.
    pub cells: Vec<(usize, usize, Cell)>,
}

impl Heatmap {
    pub fn new(times: Grid) -> Self {
        Self { times, cells: BTreeMap::new(), not_positive: 0 }
    }

    /// Adds the spans of a batch that has [`COLUMNS`]; those outside of the grid are left out.
    ///
    /// # Errors
    /// When a column has another type than its table says.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<(), UnexpectedType> {
        let start = NumberColumn::<TimestampNanosecondType>::of(batch, c::START_TIME)?;
        let duration = NumberColumn::<Int64Type>::of(batch, c::DURATION_NS)?;
        let status = NumberColumn::<Int32Type>::of(batch, c::STATUS_CODE)?;
        for row in 0..batch.num_rows() {
            if let (Some(start), Some(duration)) = (start.get(row), duration.get(row)) {
                self.add_span(start, duration, status.get(row) == Some(ERROR));
            }
        }
        Ok(())
    }

    fn add_span(&mut self, start_ns: i64, duration_ns: i64, failed: bool) {
        let Some(time) = self.times.place(start_ns) else { return };
        if duration_ns <= 0 {
            self.not_positive += 1;
            return;
        }
        let cell = self.cells.entry((row_of(duration_ns), time)).or_default();
        cell.spans += 1;
        cell.errors += u64::from(failed);
    }

    /// The finest rows of which there are at most `rows_max`, from the shortest to the longest duration; of all the coarsest if there is
    /// none.
    pub fn rows(&self, rows_max: usize) -> Rows {
        let (Some(((first, _), _)), Some(((last, _), _))) = (self.cells.first_key_value(), self.cells.last_key_value()) else {
            return Rows { bounds_ns: Vec::new(), cells: Vec::new() };
        };
        let factors = PER_DOUBLING.map(|per_doubling| PER_DOUBLING[0] / per_doubling);
        let span = |factor: i32| (first.div_euclid(factor), last.div_euclid(factor));
        let fits = |factor: &i32| usize::try_from(span(*factor).1 - span(*factor).0).is_ok_and(|rows| rows < rows_max);
        let factor = factors.into_iter().find(fits).unwrap_or(PER_DOUBLING[0]);
        let (first, last) = span(factor);
        let mut cells: BTreeMap<(usize, usize), Cell> = BTreeMap::new();
        for ((row, time), cell) in &self.cells {
            let row = usize::try_from(row.div_euclid(factor) - first).unwrap_or_default();
            let sum = cells.entry((row, *time)).or_default();
            *sum = Cell { spans: sum.spans + cell.spans, errors: sum.errors + cell.errors };
        }
        let bounds_ns = (first..=last + 1).map(|row| bound(row * factor)).collect();
        Rows { bounds_ns, cells: cells.into_iter().map(|((row, time), cell)| (row, time, cell)).collect() }
    }
}

/// The shortest duration of a row of the finest grid, in whole nanoseconds.
fn bound(row: i32) -> i64 {
    (f64::from(row) / f64::from(PER_DOUBLING[0])).exp2().ceil() as i64
}

/// The row of a duration that is positive.
fn row_of(duration_ns: i64) -> i32 {
    let mut row = ((duration_ns as f64).log2() * f64::from(PER_DOUBLING[0])).floor() as i32;
    while bound(row) > duration_ns {
        row -= 1;
    }
    // Rows of a few nanoseconds are empty: several begin with the same whole number.
    while row < 503 && bound(row + 1) <= duration_ns {
        row += 1;
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: Grid = Grid { t0_ns: 0, width_ns: 100, count: 2 };

    #[test]
    fn every_span_is_within_the_bounds_of_its_cell() {
        let spans: Vec<(i64, i64, bool)> = (0..200)
            .map(|nth| (nth, (1 << (nth % 40)) + nth * 3 - 20, nth % 7 == 0))
            .chain([(150, i64::MAX, false), (201, 5, false)])
            .collect();
        for rows_max in [1000, 100, 40, 7] {
            let mut heatmap = Heatmap::new(TIMES);
            spans.iter().for_each(|(start, duration, failed)| heatmap.add_span(*start, *duration, *failed));
            let Rows { bounds_ns, cells } = heatmap.rows(rows_max);
            assert!(bounds_ns.is_sorted() && (bounds_ns.len() <= rows_max + 1 || rows_max < 64), "{bounds_ns:?}");
            for (row, time, cell) in &cells {
                let is_in = |(start, duration, _): &&(i64, i64, bool)| {
                    TIMES.place(*start) == Some(*time) && (bounds_ns[*row]..bounds_ns[row + 1].max(bounds_ns[*row])).contains(duration)
                };
                let own = spans.iter().filter(is_in);
                let (all, failed) = own.fold((0, 0), |(all, failed), span| (all + 1, failed + u64::from(span.2)));
                let last = bounds_ns[row + 1] == i64::MAX;
                assert!(*cell == Cell { spans: all, errors: failed } || last, "{rows_max}: {row} {time} {cell:?}");
            }
            let shown: u64 = cells.iter().map(|(_, _, cell)| cell.spans).sum();
            assert_eq!(shown + heatmap.not_positive, 201, "one is outside of the grid");
        }
    }

    #[test]
    fn rows_are_as_fine_as_they_may_be() {
        let mut heatmap = Heatmap::new(TIMES);
        [1000, 1020, 4000, 0].into_iter().for_each(|duration| heatmap.add_span(0, duration, false));
        let cell = |spans| Cell { spans, errors: 0 };
        let fine = heatmap.rows(100);
        assert_eq!((fine.bounds_ns.len(), &fine.bounds_ns[..2]), (18, &[940, 1024][..]));
        assert_eq!(fine.cells, [(0, 0, cell(2)), (16, 0, cell(1))]);
        let coarse = heatmap.rows(3);
        assert_eq!((&coarse.bounds_ns[..], &coarse.cells[..]), (&[512, 1024, 2048, 4096][..], &[(0, 0, cell(2)), (2, 0, cell(1))][..]));
        assert_eq!((heatmap.not_positive, Heatmap::new(TIMES).rows(5).bounds_ns), (1, vec![]));
    }
}
