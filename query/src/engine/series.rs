//! The points of metrics that a selector leaves: one scan, and of every batch only what is needed is kept.

use super::{
    Engine, EngineError, Question, Summary,
    search::{PointsQuestion, TimeSpan},
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
        let mut gather = Gather::new(selector.clone(), wanted, LIMITS);
        let question = PointsQuestion { selector: Some(selector), time, columns: wanted.columns() };
        let mut answer = self.ask(Question::Points(question)).await?;
        while let Some(batch) = answer.next().await {
            gather.push(&batch?).map_err(failure)?;
        }
        let (frame, counts) = gather.finish().map_err(failure)?;
        Ok(Gathered { frame, counts, summary: answer.summary() })
    }

    /// The series that have points in `time`: all, or those that `selector` leaves. Reads the columns that tell them apart, and `more`.
    ///
    /// # Errors
    /// As [`Engine::ask`].
    pub(crate) async fn directory(
        &self,
        selector: Option<Selector>,
        time: TimeSpan,
        more: &[&'static str],
        series_max: usize,
    ) -> Result<(Directory, Summary), EngineError> {
        let mut directory = Directory::new(selector.clone(), series_max);
        let columns = Directory::COLUMNS.iter().chain(more).copied().collect();
        let mut answer = self.ask(Question::Points(PointsQuestion { selector, time, columns })).await?;
        while let Some(batch) = answer.next().await {
            directory.add(&batch?).map_err(|error| failure(error.into()))?;
        }
        Ok((directory, answer.summary()))
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
