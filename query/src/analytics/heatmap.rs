//! Spans by time and duration: how many are in each cell of a grid whose rows grow by the same factor.
//!
//! The finest rows are the buckets of the histograms that spans are added up to, so that both can be counted.

use std::collections::BTreeMap;

use arrow::{
    array::RecordBatch,
    datatypes::{Int32Type, Int64Type, TimestampNanosecondType},
};
use schemas::{columns as c, sampling::adjusted_count};
use storage::rollup::{SCALE, bucket_begin_ns, bucket_of};

use super::{
    minutes::{Completeness, LATE_NS},
    red::{Grid, Red},
};
use crate::trace::{NumberColumn, TextColumn, UnexpectedType};

/// Columns of spans that [`Heatmap::add`] reads.
pub const COLUMNS: [&str; 6] = [c::START_TIME, c::DURATION_NS, c::STATUS_CODE, c::KIND, c::TRACE_STATE, c::RECEIVED_AT];

const ERROR: i32 = 2;
/// Rows between a duration and its double: of the finest grid, and of coarser ones.
const PER_DOUBLING: [i32; 4] = [1 << SCALE, 4, 2, 1];

/// Takes memory for cells, not for spans.
#[derive(Debug, Clone)]
pub struct Heatmap {
    times: Grid,
    /// As in the table; `None`: spans of any kind.
    kind: Option<i32>,
    /// By row of the finest grid and bucket of time.
    cells: BTreeMap<(i32, usize), Cell>,
    /// Spans that took no time or less; they have no row.
    pub not_positive: f64,
    /// Of the spans that were added one by one.
    pub completeness: Completeness,
}

/// Adjusted by sampling weights.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cell {
    pub spans: f64,
    pub errors: f64,
}

/// Rows of equal factor, ascending; row `i` holds durations from `bounds_ns[i]` to before `bounds_ns[i + 1]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    pub bounds_ns: Vec<i64>,
    /// Cells that are not empty, by row and bucket of time.
    pub cells: Vec<(usize, usize, Cell)>,
}

impl Heatmap {
    pub fn new(times: Grid, kind: Option<i32>) -> Self {
        Self { times, kind, cells: BTreeMap::new(), not_positive: 0.0, completeness: Completeness::default() }
    }

    /// Adds the spans of a batch that has [`COLUMNS`]; those outside of the grid are left out.
    ///
    /// # Errors
    /// When a column has another type than its table says.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<(), UnexpectedType> {
        let start = NumberColumn::<TimestampNanosecondType>::of(batch, c::START_TIME)?;
        let duration = NumberColumn::<Int64Type>::of(batch, c::DURATION_NS)?;
        let [status, kind] = [c::STATUS_CODE, c::KIND].map(|name| NumberColumn::<Int32Type>::of(batch, name));
        let (status, kind) = (status?, kind?);
        let trace_state = TextColumn::of(batch, c::TRACE_STATE)?;
        let received_at = NumberColumn::<TimestampNanosecondType>::of(batch, c::RECEIVED_AT)?;
        for row in 0..batch.num_rows() {
            let of_kind = self.kind.is_none() || kind.get(row) == self.kind;
            if let (true, Some(start), Some(duration)) = (of_kind, start.get(row), duration.get(row)) {
                let (count, received_at) = (adjusted_count(trace_state.get(row)), received_at.get(row));
                let late = received_at.is_some_and(|at| at.saturating_sub(start.saturating_add(duration)) > LATE_NS);
                self.completeness.watermark_ns = self.completeness.watermark_ns.max(received_at);
                self.completeness.late += u64::from(late);
                self.completeness.sampled_out += count - 1.0;
                self.add_span(start, duration, status.get(row) == Some(ERROR), count);
            }
        }
        Ok(())
    }

    /// Adds what spans of one kind that began at `start_ns` add up to.
    pub fn add_sums(&mut self, start_ns: i64, kind: i32, red: &Red) {
        let Some(time) = self.times.place(start_ns).filter(|_| self.kind.is_none_or(|wanted| wanted == kind)) else { return };
        self.not_positive += red.durations.zero();
        for (row, count) in red.durations.buckets() {
            self.cells.entry((row, time)).or_default().spans += count;
        }
        for (row, count) in red.failed.buckets() {
            self.cells.entry((row, time)).or_default().errors += count;
        }
    }

    fn add_span(&mut self, start_ns: i64, duration_ns: i64, failed: bool, count: f64) {
        let Some(time) = self.times.place(start_ns) else { return };
        if duration_ns <= 0 {
            self.not_positive += count;
            return;
        }
        let cell = self.cells.entry((bucket_of(duration_ns.unsigned_abs()), time)).or_default();
        cell.spans += count;
        if failed {
            cell.errors += count;
        }
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
        let bounds_ns = (first..=last + 1).map(|row| bucket_begin_ns(row * factor)).collect();
        Rows { bounds_ns, cells: cells.into_iter().map(|((row, time), cell)| (row, time, cell)).collect() }
    }
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
            let mut heatmap = Heatmap::new(TIMES, None);
            spans.iter().for_each(|(start, duration, failed)| heatmap.add_span(*start, *duration, *failed, 1.0));
            let Rows { bounds_ns, cells } = heatmap.rows(rows_max);
            assert!(bounds_ns.is_sorted() && (bounds_ns.len() <= rows_max + 1 || rows_max < 64), "{bounds_ns:?}");
            for (row, time, cell) in &cells {
                let is_in = |(start, duration, _): &&(i64, i64, bool)| {
                    TIMES.place(*start) == Some(*time) && (bounds_ns[*row]..bounds_ns[row + 1].max(bounds_ns[*row])).contains(duration)
                };
                let own = spans.iter().filter(is_in);
                let (all, failed) = own.fold((0.0, 0.0), |(all, failed), span| (all + 1.0, failed + f64::from(u8::from(span.2))));
                let last = bounds_ns[row + 1] == i64::MAX;
                assert!(*cell == Cell { spans: all, errors: failed } || last, "{rows_max}: {row} {time} {cell:?}");
            }
            let shown: f64 = cells.iter().map(|(_, _, cell)| cell.spans).sum();
            assert_eq!(shown + heatmap.not_positive, 201.0, "one is outside of the grid");
        }
    }

    #[test]
    fn sums_are_counted_as_their_spans() {
        let (mut of_spans, mut of_sums) = (Heatmap::new(TIMES, Some(3)), Heatmap::new(TIMES, Some(3)));
        for (nth, duration) in [-5, 0, 1, 2, 1023, 1024, 1025, 1 << 40].into_iter().enumerate() {
            let mut red = Red::default();
            for (failed, weight) in [(false, 1.0), (true, 4.0)] {
                of_spans.add_span(50, duration, failed, weight);
                red.add(duration, failed, weight);
            }
            of_sums.add_sums(50, 3, &red);
            of_sums.add_sums(50, 2, &red);
            of_sums.add_sums(200 + nth as i64, 3, &red);
        }
        assert_eq!((of_sums.rows(1000), of_sums.not_positive), (of_spans.rows(1000), of_spans.not_positive));
        assert_eq!(of_sums.not_positive, 10.0);
    }

    #[test]
    fn rows_are_as_fine_as_they_may_be() {
        let mut heatmap = Heatmap::new(TIMES, None);
        [1001, 1024, 4096, 0].into_iter().for_each(|duration| heatmap.add_span(0, duration, false, 1.0));
        let cell = |spans| Cell { spans, errors: 0.0 };
        let fine = heatmap.rows(100);
        assert_eq!((fine.bounds_ns.len(), &fine.bounds_ns[..2]), (18, &[940, 1025][..]));
        assert_eq!(fine.cells, [(0, 0, cell(2.0)), (16, 0, cell(1.0))]);
        let coarse = heatmap.rows(3);
        assert_eq!((&coarse.bounds_ns[..], &coarse.cells[..]), (&[513, 1025, 2049, 4097][..], &[(0, 0, cell(2.0)), (2, 0, cell(1.0))][..]));
        assert_eq!((heatmap.not_positive, Heatmap::new(TIMES, None).rows(5).bounds_ns), (1.0, vec![]));
    }
}
