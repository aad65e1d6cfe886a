//! What spans add up to in each minute: the one source of rates, errors and durations.

use schemas::{Table, columns as c};

use super::{Found, Narrow, TimeSpan};
use crate::{
    analytics::minutes::{self, Completeness, MinuteRow, Minutes},
    engine::{Engine, EngineError, Question, Summary},
    search::Search,
};
use schemas::UnixNanos;

/// Which spans are added up.
#[derive(Debug, Clone, Default)]
pub(crate) struct MinutesQuestion {
    /// Of their start.
    pub time: TimeSpan,
    pub service: Option<String>,
    pub environment: Option<String>,
}

/// The rows in order of their keys: no two have the same.
///
/// # Errors
/// What ended the question.
pub(crate) async fn minutes(engine: &Engine, question: MinutesQuestion) -> Result<(Vec<MinuteRow>, Completeness, Summary), EngineError> {
    let MinutesQuestion { time, service, environment } = question;
    let found = Found { table: Table::Spans, text: String::new(), search: Search::Everything, time, now: UnixNanos(0) };
    let equal = [(c::SERVICE_NAME, service), (c::DEPLOYMENT_ENVIRONMENT, environment)];
    let equal = equal.into_iter().filter_map(|(column, value)| value.map(|value| (column, value))).collect();
    let question = Question::Narrow(Narrow { found, columns: minutes::COLUMNS.to_vec(), equal });
    let (added, summary) = engine.gather(question, Minutes::default(), |minutes, batch| minutes.add(batch)).await?;
    let (rows, completeness) = added.into_rows();
    Ok((rows, completeness, summary))
}
