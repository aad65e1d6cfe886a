//! Series of metrics without their points: what blocks know of them, and every point in memory.

use std::{fmt, sync::Arc};

use arrow::array::RecordBatch;
use datafusion::{
    common::{DataFusionError, Result, runtime::SpawnedTask},
    execution::SendableRecordBatchStream,
    physical_plan::stream::RecordBatchStreamAdapter,
};
use futures::{StreamExt, stream};
use schemas::UnixNanos;
use storage::{ReadError, SeriesPlace, Snapshot, TimeRange};

use super::{super::scan::Usage, plan::TimeSpan};

/// Places that are looked at side by side.
const AHEAD: usize = 2;

/// The series with points in `time`, of one metric or of all. A series is listed more than once, each time with other points.
#[derive(Debug, Clone)]
pub(crate) struct SeriesQuestion {
    pub metric: Option<String>,
    pub time: TimeSpan,
}

impl fmt::Display for SeriesQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.metric {
            Some(metric) => write!(f, "series of {metric}"),
            None => f.write_str("all series"),
        }
    }
}

/// Batches with the columns of [`Snapshot::series_schema`]. A block that cannot be read is noted, and missing.
pub(in super::super) fn series_stream(snapshot: &Arc<Snapshot>, usage: &Arc<Usage>, question: SeriesQuestion) -> SendableRecordBatchStream {
    let time = inclusive(question.time);
    let metric: Option<Arc<str>> = question.metric.map(Arc::from);
    let places = snapshot.series_places(metric.as_deref(), time);
    let (snapshot, usage) = (Arc::clone(snapshot), Arc::clone(usage));
    let listed = move |place: SeriesPlace| {
        let (snapshot, usage, metric) = (Arc::clone(&snapshot), Arc::clone(&usage), metric.clone());
        let task = SpawnedTask::spawn(async move { series_of(&snapshot, &usage, place, metric.as_deref(), time) });
        async move { task.join().await.unwrap_or_else(|error| Err(DataFusionError::ExecutionJoin(Box::new(error)))) }
    };
    let batches = stream::iter(places).map(listed).buffered(AHEAD);
    Box::pin(RecordBatchStreamAdapter::new(Snapshot::series_schema(), batches))
}

fn series_of(snapshot: &Snapshot, usage: &Usage, place: SeriesPlace, metric: Option<&str>, time: TimeRange) -> Result<RecordBatch> {
    match snapshot.series(place, metric, time) {
        Ok(series) => {
            usage.read(series.num_rows(), series.get_array_memory_size());
            Ok(series)
        }
        Err(error @ ReadError::Block { .. }) => {
            usage.missing(error.to_string());
            Ok(RecordBatch::new_empty(Snapshot::series_schema()))
        }
        Err(error) => Err(DataFusionError::External(Box::new(error))),
    }
}

fn inclusive(time: TimeSpan) -> TimeRange {
    TimeRange {
        first: time.start.unwrap_or(UnixNanos(i64::MIN)),
        last: time.end.map_or(UnixNanos(i64::MAX), |end| UnixNanos(end.0.saturating_sub(1))),
    }
}
