//! The series that a selector leaves, and their points: first who they are, which blocks know, then their points and nothing else.

use std::sync::Arc;

use storage::Snapshot;

use super::{
    Engine, EngineError, Question, Summary,
    search::{PointsQuestion, SeriesQuestion, TimeSpan},
};
use crate::series::{Counts, Directory, Frame, Gather, GatherError, Limits, Selector, Wanted};

/// What is read for one answer. A minute of 10,000 series or 14 days of 100, every minute.
const LIMITS: Limits = Limits { series_max: 10_000, points_max: 2_000_000, bytes_max: 256 << 20 };

/// A frame, and what it cost.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub frame: Frame,
    pub counts: Counts,
    pub summary: Summary,
}

impl Engine {
    /// The series that `selector` leaves, with their points in `time`. Sorts: not for the threads that talk to clients.
    ///
    /// # Errors
    /// As [`Engine::ask`]; more series or points than one answer may be made of.
    pub(crate) async fn frame(&self, selector: Selector, time: TimeSpan, wanted: Wanted) -> Result<Gathered, EngineError> {
        let snapshot = Arc::new(self.snapshot());
        let (directory, mut summary) = self.directory_of(&snapshot, Some(selector), time, LIMITS.series_max).await?;
        let series = directory.ids();
        let mut gather = Gather::new(directory, wanted, LIMITS).map_err(failure)?;
        if !series.is_empty() {
            let question = Question::Points(PointsQuestion { series, time, columns: gather.columns() });
            let mut answer = self.ask_of(question, Some(snapshot)).await?;
            while let Some(batch) = answer.next().await {
                gather.push(&batch?).map_err(failure)?;
            }
            summary = summary.then(answer.summary());
        }
        let (frame, counts) = gather.finish().map_err(failure)?;
        Ok(Gathered { frame, counts, summary })
    }

    /// The series that have points in `time`: all, or those that `selector` leaves.
    ///
    /// # Errors
    /// As [`Engine::ask`].
    pub(crate) async fn directory(
        &self,
        selector: Option<Selector>,
        time: TimeSpan,
        series_max: usize,
    ) -> Result<(Directory, Summary), EngineError> {
        self.directory_of(&Arc::new(self.snapshot()), selector, time, series_max).await
    }

    async fn directory_of(
        &self,
        snapshot: &Arc<Snapshot>,
        selector: Option<Selector>,
        time: TimeSpan,
        series_max: usize,
    ) -> Result<(Directory, Summary), EngineError> {
        let metric = selector.as_ref().and_then(Selector::metric).map(str::to_owned);
        let question = Question::Series(SeriesQuestion { metric, time });
        let directory = Directory::new(selector, series_max);
        self.gather_of(question, Some(Arc::clone(snapshot)), directory, Directory::add).await
    }
}

fn failure(error: GatherError) -> EngineError {
    let message = error.to_string();
    match error {
        GatherError::Unreadable(_) => EngineError::Internal { message },
        GatherError::Series { .. } => EngineError::TooMuch { message, hint: "name more labels in the selector" },
        GatherError::Points { .. } | GatherError::Bytes { .. } => {
            EngineError::TooMuch { message, hint: "ask for a shorter time, or name more labels in the selector" }
        }
    }
}
