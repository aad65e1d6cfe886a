//! How do rows survive? WAL, memtable, blocks, catalog.
//!
//! ```text
//! append --> wal (fsync) --> publish --> memtable --flush--> block --+
//!                                                                    +--> catalog (commits blocks + place in the log)
//!                                             the log is trimmed <---+
//! compact: many small blocks become few large ones, in the background
//! retain: old blocks are let go
//! rollup: what spans add up to, by minute
//! snapshot = memtables + live blocks: every row once
//! arrivals = what came lately, in its order, for followers
//! ```
//!
//! This room knows neither SQL nor sockets, and of protocols only that a request has bytes.

mod arrivals;
mod attributes;
pub mod backup;
mod block;
mod catalog;
mod compact;
mod config;
pub mod dedup;
mod export;
mod figures;
mod flush;
pub mod inspect;
pub mod io;
pub mod lock;
mod memtable;
mod publish;
pub mod quarantine;
mod recovery;
mod request;
mod reserve;
mod retain;
pub mod rollup;
pub mod self_metrics;
mod shown;
mod snapshot;
mod split;
mod store;
pub mod text;
mod threads;
mod verify;
pub mod wal;

pub use arrivals::{Arrived, ArrivedBatch, Follower, Missing, Place};
pub use attributes::AttributeQuery;
pub use block::{BlockError, Keep, OpenBlock, Predicate, Read, RowGroupBounds, TimeRange};
pub use catalog::CatalogError;
pub use compact::{CompactConfig, Rederive, Rederived};
pub use config::Config;
pub use export::to_parquet;
pub use figures::CompactionStats;
pub use request::{Ack, AppendError, Derive, RawRequest, Receipt, Refused};
pub use retain::{Holdings, Refusal, Retain, RetainConfig, Retained, RetentionPreview, TableHoldings};
pub use rollup::KnownCount;
pub use snapshot::{KeyCount, ReadError, Rows, SeriesCount, SeriesCounts, SeriesLimits, SeriesPlace, Snapshot, Stretch, stretches_within};
pub use split::{Bound, Split, SplitColumn, SplitId};
pub use store::{Cardinality, Compacted, DamagedBlock, OpenError, Readiness, Stats, Store, TableStats};
pub use verify::{Finding, Progress, Verified, VerifyError, verify};
