//! The engine: questions over one snapshot of the store. Only this room names DataFusion.
//!
//! ```text
//! SQL text --sql--> plan --session (our tables, functions, one question's memory)--> batches, bounded in rows, bytes and time
//! search tree --search--> plan --'    `- table -> scan: our leaf over the splits of the snapshot
//! fold_facts rows of the governance tables to what a fold needs of them, hour by hour; hours that are over are kept
//! kept       what was computed for one question and is the same for the next
//! gather     answers that are added up where they are computed
//! trips      breaker_trips(start, end): facts --> fold --> rows
//! run        permits, queue, deadline, cancellation; its own threads, so that no question delays an acknowledgement
//! question, answer   what is asked, and what comes back
//! series     the points of metrics that a selector leaves, as a frame
//! running    what is asked right now
//! ```

mod answer;
mod config;
mod error;
mod fold_facts;
mod functions;
mod gather;
mod kept;
mod memory;
mod question;
mod run;
mod running;
mod scan;
mod search;
mod series;
mod session;
mod sql;
mod table;
mod trips;
mod yielding;

pub(crate) use answer::{Answer, EndOnDrop, Progress, Summary, earlier};
pub use config::Config;
pub(crate) use error::{EngineError, Position};
pub(crate) use fold_facts::{FACTS_MAX, FactRows, HOUR_NS, Hours, Push, REFUSALS_MAX, SAMPLES_MAX, fold_facts, stretches_of_facts, what};
pub(crate) use functions::log_ids;
pub(crate) use kept::Kept;
pub(crate) use question::Question;
pub use run::{Engine, StartError};
pub(crate) use running::RunningQuery;
pub(crate) use search::{
    After, CodeKey, CodesBy, CodesCounted, CodesQuestion, Counted, EdgesQuestion, ExportQuestion, Facts, FactsQuestion, FieldValues, Found,
    FoundValues, GroupQuestion, Histogram, LOG_FILE_PATH, LOG_ID, Lines, LiveFilter, MinutesPart, MinutesQuestion, Narrow, Records, STREAM,
    SearchOrder, SearchQuestion, Stream, TimeSpan, TraceOrder, TraceParts, TracesQuestion, Wanted, Which, calls_of, code_counts, edges,
    minutes,
};
pub(crate) use series::Gathered;
pub(crate) use sql::parameter;
