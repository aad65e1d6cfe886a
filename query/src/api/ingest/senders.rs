//! Who sends what, as the receivers tell it.

use schemas::UnixNanos;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::super::answer::Time;

/// Counts are since the start of the server, rates of the last minute.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Senders {
    pub doors: Vec<SenderDoor>,
    /// By name.
    pub services: Vec<Sender>,
    pub others: Option<OtherSenders>,
    pub links: Vec<DataLink>,
}

/// What is fetched or passed on, unlike what is received: a log file, a scraped target, a forward.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DataLink {
    /// `file`, `target` or `forward`.
    pub kind: &'static str,
    /// The path of a file, the URL of others.
    pub name: String,
    /// The service of a file, the job of a target; of a forward empty.
    pub of: String,
    /// A file is open, a target or the other end of a forward answers.
    pub is_up: bool,
    /// Log records or points that were stored, requests that were passed on.
    pub records: u64,
    /// What waits: bytes of a file behind what is stored, or of a forward's queue. Null: nobody knows, or nothing can wait.
    pub lag_bytes: Option<u64>,
    /// When something was read, scraped or passed on last.
    #[serde(serialize_with = "time")]
    #[schema(value_type = Option<String>)]
    pub last_at: Option<UnixNanos>,
    pub last_error: Option<LinkError>,
    /// What was lost, by reason.
    pub dropped: Vec<LinkDropped>,
}

/// What went wrong last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LinkError {
    #[serde(serialize_with = "time")]
    #[schema(value_type = String)]
    pub time: Option<UnixNanos>,
    pub message: String,
}

/// What was lost for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LinkDropped {
    pub reason: String,
    /// Records, samples or requests.
    pub records: u64,
}

/// Requests of one signal over one transport.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SenderDoor {
    /// OTLP: `grpc` or `http`; `zipkin`, `jaeger`, `loki`, `remote_write`; `files`, `scrape`.
    pub transport: &'static str,
    /// `traces`, `logs` or `metrics`; `none`: requests that are not OTLP by their path, method or content type.
    pub signal: &'static str,
    /// All of them, also those that were refused.
    pub requests: u64,
    /// Spans, log records or points that were stored. A retry of what is stored counts as nothing.
    pub records: u64,
    /// Of bodies that were stored, as they arrived; of other systems' formats, as OTLP says it.
    pub bytes: u64,
    pub records_per_s: f64,
    pub bytes_per_s: f64,
    /// Refused alone, while the rest of their request was stored.
    pub rejected_records: u64,
    /// Requests that were refused, by reason.
    pub refused: Vec<RefusedRequests>,
    #[serde(serialize_with = "time")]
    #[schema(value_type = Option<String>)]
    pub last_seen: Option<UnixNanos>,
    pub last_error: Option<SenderError>,
}

/// Requests that were refused for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RefusedRequests {
    /// As in the label `outcome` of `fusebox_otlp_requests_total`.
    pub reason: &'static str,
    pub requests: u64,
    /// Their senders were told not to come back: what they held is lost. Others may have come again and been stored.
    pub is_final: bool,
}

/// Why something was refused last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SenderError {
    #[serde(serialize_with = "time")]
    #[schema(value_type = String)]
    pub time: Option<UnixNanos>,
    /// As above; `rejected_records`: only some records of the request.
    pub reason: &'static str,
    /// As the sender was told.
    pub message: String,
}

/// What one service sends.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Sender {
    /// Empty: its records do not say.
    pub service: String,
    /// As in `doors`.
    pub transports: Vec<&'static str>,
    /// Those that it sends.
    pub signals: Vec<SenderSignal>,
    #[serde(serialize_with = "time")]
    #[schema(value_type = Option<String>)]
    pub last_seen: Option<UnixNanos>,
    /// Records that say they ended more than a second after they arrived: its clock is ahead.
    pub ahead: u64,
    /// By how much at most.
    pub ahead_ns_max: i64,
    /// When that was seen last.
    #[serde(serialize_with = "time")]
    #[schema(value_type = Option<String>)]
    pub ahead_at: Option<UnixNanos>,
    /// Records that arrived more than a minute after they ended: they waited, or its clock is behind.
    pub late: u64,
    /// After how long at most.
    pub late_ns_max: i64,
    /// Requests with its records that were refused once they had been read. Who sent what cannot be read is not known: that is in `doors`
    /// alone, with all other refusals.
    pub refused: u64,
    /// Of these, those whose senders were told not to come back.
    pub refused_for_good: u64,
    /// Refused alone, of requests that were of no other service.
    pub rejected_records: u64,
    pub last_error: Option<SenderError>,
}

/// Records of one signal.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SenderSignal {
    pub signal: &'static str,
    pub records: u64,
    pub records_per_s: f64,
}

/// All services beyond the limit of those with figures of their own.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OtherSenders {
    /// How many times one of them was in a request.
    pub requests: u64,
    #[serde(flatten)]
    pub sums: Sender,
}

fn time<S: Serializer>(time: &Option<UnixNanos>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(Time).serialize(serializer)
}
