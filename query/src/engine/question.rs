//! What can be asked of the engine, and what one question may cost.

use std::time::Duration;

use datafusion::common::ScalarValue;

use super::{
    Config,
    search::{
        CodesQuestion, ExportQuestion, FactsQuestion, FieldValues, Found, FoundValues, GroupQuestion, Histogram, Lines, Narrow,
        PointsQuestion, SearchQuestion, SeriesQuestion, TraceParts, TracesQuestion,
    },
};

/// What is asked.
pub(crate) enum Question {
    Sql {
        text: String,
        params: Vec<ScalarValue>,
    },
    Search(SearchQuestion),
    Traces(TracesQuestion),
    TraceParts(TraceParts),
    FieldValues(FieldValues),
    Export(ExportQuestion),
    Group(Box<GroupQuestion>),
    /// From when to when, and how many.
    Extent(Found),
    Histogram(Histogram),
    FoundValues(FoundValues),
    Lines(Lines),
    /// Facts for the fold.
    Facts(FactsQuestion),
    Codes(CodesQuestion),
    /// To be added up.
    Narrow(Narrow),
    Series(SeriesQuestion),
    Points(PointsQuestion),
}

impl Question {
    /// As people see it in the list of what runs.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Sql { text, .. } => text.clone(),
            Self::Search(question) => format!("search {}: {}", question.table, question.search),
            Self::Traces(question) => format!("search traces: {}", question.search),
            Self::TraceParts(question) => format!("{} traces", question.traces.len()),
            Self::Group(question) => format!("compare {}: {}", question.table, question.group.text),
            Self::FieldValues(question) => format!("values of {} in {}", question.field, question.table),
            Self::Export(question) => format!("export {}: {}", question.table, question.search),
            Self::Extent(found) => format!("extent of {found}"),
            Self::Histogram(question) => format!("histogram of {}", question.found),
            Self::FoundValues(question) => format!("values of {} in {}", question.field, question.found),
            Self::Lines(question) => format!("log lines {}", question.which),
            Self::Facts(question) => question.to_string(),
            Self::Codes(_) => "error codes".to_owned(),
            Self::Narrow(question) => format!("add up {}", question.found),
            Self::Series(question) => question.to_string(),
            Self::Points(question) => question.to_string(),
        }
    }
}

/// What one question may cost in time and size.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub deadline: Duration,
    pub rows_max: usize,
    pub bytes_max: usize,
    /// That its reader takes nothing.
    pub pause_max: Duration,
}

impl Limits {
    pub(super) fn of(question: &Question, config: &Config) -> Self {
        let pause_max = config.deadline;
        match question {
            Question::Export(_) => Self { deadline: config.export_deadline, rows_max: usize::MAX, bytes_max: usize::MAX, pause_max },
            // Its reader has limits of its own.
            Question::Facts(question) if question.limit == usize::MAX => {
                Self { deadline: config.deadline, rows_max: usize::MAX, bytes_max: usize::MAX, pause_max }
            }
            Question::Facts(question) => {
                Self { deadline: config.deadline, rows_max: question.limit, bytes_max: config.question_memory_bytes_max, pause_max }
            }
            // What is added up batch by batch takes no more memory for more rows.
            Question::Narrow(_) => Self { deadline: config.deadline, rows_max: usize::MAX, bytes_max: usize::MAX, pause_max },
            // Their readers have limits of their own.
            Question::Series(_) | Question::Points(_) => {
                Self { deadline: config.deadline, rows_max: usize::MAX, bytes_max: usize::MAX, pause_max }
            }
            _ => Self { deadline: config.deadline, rows_max: config.rows_max, bytes_max: config.answer_bytes_max, pause_max },
        }
    }
}
