//! The engine: questions over one snapshot of the store. Only this room names DataFusion.
//!
//! ```text
//! SQL text --sql--> plan --session (our tables, functions, one question's memory)--> batches, bounded in rows, bytes and time
//! search tree --search--> plan --'    `- table -> scan: our leaf over the splits of the snapshot
//! run        permits, queue, deadline, cancellation; its own threads, so that no question delays an acknowledgement
//! running    what is asked right now
//! ```

mod config;
mod error;
mod functions;
mod memory;
mod run;
mod running;
mod scan;
mod search;
mod session;
mod sql;
mod table;
mod yielding;

pub use config::Config;
pub(crate) use error::{EngineError, Position};
pub(crate) use run::{Answer, Question, Summary};
pub use run::{Engine, StartError};
pub(crate) use running::RunningQuery;
pub(crate) use search::{After, FieldValues, SearchOrder, SearchQuestion, TimeSpan, TraceOrder, TraceParts, TracesQuestion};
pub(crate) use sql::parameter;
