//! Every analysis of one trace, each worked out once and handed to the next.
//!
//! ```text
//! shape -> skew -> intervals -> self times
//!                           \-> critical path -> operations
//! ```

use super::{
    critical_path::{Segment, critical_path, time_on_path},
    operations::{Operation, SpanTimes, operations},
    self_time::self_times,
    shape::{Interval, TraceShape},
    skew,
};

/// The lists are in the order of [`TraceShape::spans`].
#[derive(Debug, Clone)]
pub struct Analysis {
    /// What clock skew is taken to be: to add to start and end.
    pub adjustments_ns: Vec<i64>,
    /// When each span ran, after adjustment.
    pub intervals: Vec<Interval>,
    pub self_ns: Vec<i64>,
    pub critical_path: Vec<Segment>,
}

impl Analysis {
    /// About 40 bytes per span, besides the shape and the path.
    pub fn of(shape: &TraceShape) -> Self {
        let adjustments_ns = skew::adjustments(shape);
        let intervals = skew::intervals(shape, &adjustments_ns);
        let self_ns = self_times(shape, &intervals);
        let critical_path = shape.root().map(|root| critical_path(shape, &intervals, root)).unwrap_or_default();
        Self { adjustments_ns, intervals, self_ns, critical_path }
    }

    pub fn operations<'a>(&self, shape: &'a TraceShape) -> Vec<Operation<'a>> {
        let critical_path_ns = time_on_path(shape, &self.critical_path);
        operations(shape, &SpanTimes { intervals: &self.intervals, self_ns: &self.self_ns, critical_path_ns: &critical_path_ns })
    }
}
