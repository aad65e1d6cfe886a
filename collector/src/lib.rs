//! How do rows arrive? OTLP over gRPC and HTTP, what agents of other systems push, and what is fetched (log files, pages of metrics): sockets,
//! admission, validation, and the answers senders understand.
//!
//! This room must never know how rows are kept (Parquet, catalogs) or asked for (`query`).
//!
//! ```text
//! listener -> receiver::{otlp_grpc, otlp_http, push} -> receiver::ingest -> storage::Store::append
//!                        |                              |
//!                admission (bytes)             receiver::status (refusals)
//!
//! pull -> files (lines), scrape (pages of metrics) ------/
//!
//! dial: connections that are opened, with TLS or without
//! senders: who sends what, for people
//! ```
//!
//! ```no_run
//! # async fn run(store: std::sync::Arc<storage::Store>) -> Result<(), Box<dyn std::error::Error>> {
//! let collector = collector::Collector::bind(collector::Config::default(), store, Default::default()).await?;
//! println!("OTLP/gRPC on {}, OTLP/HTTP on {}", collector.otlp_grpc(), collector.otlp_http());
//! collector.serve(tokio_util::sync::CancellationToken::new()).await?;
//! # Ok(())
//! # }
//! ```

mod admission;
mod config;
mod dial;
mod files;
mod listener;
mod open_requests;
mod pull;
mod receiver;
mod scrape;
pub mod self_metrics;
mod senders;
mod serve;

pub use config::{Config, ConfigError, Cors};
pub use dial::{Connection, DialError, Tls, TlsError, dial};
pub use files::{FileReport, FilesConfig, FilesError, FilesReport};
pub use pull::{Pull, PullError};
pub use receiver::{Taken, Tee};
pub use scrape::{ScrapeConfig, ScrapeError, TargetReport};
pub use senders::{Door, LastError, RefusedFor, SenderService, SendersReport};
pub use serve::{BindError, Bound, Collector, ServeError, Watch};
