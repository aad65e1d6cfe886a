//! Log lines as libraries write them into files: zap, logrus, slog, Kratos, Spring Boot, Sentinel, and whatever begins with a time.
//!
//! | in the line | OpenTelemetry |
//! |---|---|
//! | `ts`, `time`, `timestamp`, `@timestamp`, …; a time at the start of a text | time |
//! | `level`, `severity`, `log.level`, …; a level behind the time of a text | severity |
//! | `msg`, `message`, …; of Spring what comes behind the logger; else the line as it is | body |
//! | `trace_id`, `traceId`, `trace.id`, `dd.trace_id`, …; `span_id`, …; in a text `trace_id=…` | trace and span id |
//! | all other fields of JSON and of `key=value` | attributes of the record |
//!
//! ```text
//! begin      does a line begin a record, or go on with the one before it (stack traces)?
//! time       times as logs have them
//! json       an object per line
//! logfmt     key=value: logrus, slog, Kratos' standard logger
//! spring     Spring Boot's default layout
//! text       a time, a level, a text; Sentinel's metric file
//! field      a field that means more than an attribute
//! record     what a line says
//! write      records as OTLP
//! ```

mod begin;
mod field;
mod json;
mod logfmt;
mod record;
mod spring;
mod text;
mod time;
mod write;

pub(super) use time::whole as time_of;

pub use begin::{Begin, begin};
pub use record::LineFormat;
pub use write::{LocalOffset, Source, Written, write};
