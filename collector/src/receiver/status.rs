//! The one error map of both transports: why a request is refused, and what its sender is told.
//!
//! OTLP senders retry `UNAVAILABLE` and 429/502/503/504 and drop the data on nearly everything else, so the codes decide about loss:
//!
//! * The sender's mistake must be final: a retry would fail for ever.
//! * Everything that can pass must be retryable and say when: never 500 or 408, never `INTERNAL` or `UNKNOWN`.
//! * `RESOURCE_EXHAUSTED` without RetryInfo means "too large". `OUT_OF_RANGE` would be retried, so it is never used.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use storage::AppendError;
use tonic::Code;
use tonic_types::{ErrorDetails, StatusExt};

use crate::admission::BudgetSpent;

const RETRY_MAX: Duration = Duration::from_secs(30);
const SOON: Duration = Duration::from_secs(1);
const LATER: Duration = Duration::from_secs(5);

/// Content encodings that are understood, for the sender whose encoding is not.
pub(crate) const ACCEPTED_ENCODINGS: &str = "identity,gzip,zstd";
/// The same, as people read it.
pub(crate) const ENCODINGS: &str = "identity, gzip, zstd";

/// Why a request as a whole is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{0}")]
    Undecodable(String),
    #[error("the request is larger than {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("content type {found:?} is not {wanted}")]
    ContentType { found: String, wanted: &'static str },
    #[error("content encoding {found:?} is not one of {wanted}")]
    ContentEncoding { found: String, wanted: &'static str },
    #[error(
        "there is no {0}; OTLP is taken at /v1/traces, /v1/logs and /v1/metrics, Zipkin at /api/v2/spans, Jaeger at /api/traces, \
         Loki at /loki/api/v1/push, remote write at /api/v1/write"
    )]
    Path(String),
    #[error("method {0} is not POST")]
    Method(String),
    #[error("pages of {0:?} may not send; list the origin in collector.cors.origins to allow it")]
    Origin(String),
    #[error(transparent)]
    Budget(#[from] BudgetSpent),
    #[error("the request body arrives too slowly")]
    BodySlow,
    #[error("the request body broke off: {0}")]
    BodyBroken(String),
    #[error(transparent)]
    Storage(#[from] storage::Refused),
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error("storage did not confirm in time; the request may or may not be stored")]
    AckTimeout,
    #[error("the server is stopping")]
    Stopping,
    #[error("the server failed on this request")]
    Panicked,
    #[error("the server failed on this request twice and will not try again")]
    Poison,
}

/// What both transports answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub grpc: Code,
    pub http: StatusCode,
    /// The least time to wait before a retry; `None` when a retry cannot succeed.
    pub retry_after: Option<Duration>,
    /// The name in metrics.
    pub outcome: &'static str,
}

impl Verdict {
    /// A retry cannot succeed: what the request held is lost.
    pub(crate) fn is_final(&self) -> bool {
        self.retry_after.is_none()
    }
}

impl Refusal {
    pub(crate) fn verdict(&self) -> Verdict {
        let never = |grpc, http, outcome| Verdict { grpc, http, retry_after: None, outcome };
        let again =
            |after, outcome| Verdict { grpc: Code::Unavailable, http: StatusCode::SERVICE_UNAVAILABLE, retry_after: Some(after), outcome };
        match self {
            Self::Undecodable(_) => never(Code::InvalidArgument, StatusCode::BAD_REQUEST, "undecodable"),
            Self::Poison => never(Code::InvalidArgument, StatusCode::BAD_REQUEST, "poison"),
            Self::TooLarge { .. } => never(Code::ResourceExhausted, StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::ContentType { .. } => never(Code::Unimplemented, StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type"),
            Self::ContentEncoding { .. } => never(Code::Unimplemented, StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_encoding"),
            Self::Path(_) => never(Code::Unimplemented, StatusCode::NOT_FOUND, "path"),
            Self::Method(_) => never(Code::Unimplemented, StatusCode::METHOD_NOT_ALLOWED, "method"),
            Self::Origin(_) => never(Code::PermissionDenied, StatusCode::FORBIDDEN, "origin"),
            Self::Budget(_) => again(SOON, "in_flight_bytes"),
            Self::BodySlow => again(SOON, "body_slow"),
            Self::BodyBroken(_) => again(SOON, "body_broken"),
            Self::AckTimeout => again(LATER, "ack_timeout"),
            Self::Stopping => again(LATER, "stopping"),
            Self::Panicked => again(SOON, "panic"),
            Self::Append(AppendError::Wal { .. }) => again(LATER, "wal_error"),
            Self::Append(AppendError::Stopped) => again(LATER, "storage_stopped"),
            Self::Storage(refused) => match refused.retry_after() {
                Some(after) => again(after, storage_outcome(refused)),
                None => never(Code::ResourceExhausted, StatusCode::PAYLOAD_TOO_LARGE, storage_outcome(refused)),
            },
        }
    }

    /// The gRPC status; its details also are the protobuf body of the HTTP answer.
    /// `retry` is [`Verdict::retry_after`] after [`jittered`].
    pub(crate) fn grpc_status(&self, retry: Option<Duration>) -> tonic::Status {
        let verdict = self.verdict();
        let message = self.to_string();
        let mut details = ErrorDetails::new();
        if retry.is_some() {
            details.set_retry_info(retry);
        }
        if verdict.grpc == Code::InvalidArgument {
            details.add_bad_request_violation("body", message.as_str());
        }
        tonic::Status::with_error_details(verdict.grpc, message, details)
    }

    /// `google.rpc.Status` as protobuf JSON.
    pub(crate) fn status_json(&self, retry: Option<Duration>) -> String {
        let verdict = self.verdict();
        let message = self.to_string();
        let mut details = Vec::new();
        if let Some(retry) = retry {
            details
                .push(json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{:.3}s", retry.as_secs_f64())}));
        }
        if verdict.grpc == Code::InvalidArgument {
            details.push(json!({
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{"field": "body", "description": message}],
            }));
        }
        json!({"code": verdict.grpc as i32, "message": message, "details": details}).to_string()
    }
}

fn storage_outcome(refused: &storage::Refused) -> &'static str {
    match refused {
        storage::Refused::QueueFull { .. } => "wal_queue",
        storage::Refused::WalFull { .. } => "wal_full",
        storage::Refused::MemtableFull { .. } => "memtable",
        storage::Refused::DiskFull { .. } => "disk_full",
        storage::Refused::ReadOnly { .. } => "read_only",
        storage::Refused::TooLarge { .. } => "too_large",
        storage::Refused::Failed { .. } => "storage_failed",
        storage::Refused::Starting => "starting",
        storage::Refused::Stopping => "stopping",
    }
}

/// Between `after` and twice that, within 1 to 30 s, so that refused senders do not all come back at once; and never before `after`,
/// unless that is beyond 30 s. Whole milliseconds: that is as far as it can be written in JSON, and the header must say the same.
pub(crate) fn jittered(after: Duration) -> Duration {
    let least = after.clamp(Duration::from_secs(1), RETRY_MAX);
    let [least, most] = [least, RETRY_MAX.min(least * 2)].map(|delay| delay.as_nanos().div_ceil(1_000_000) as u64);
    Duration::from_millis(rand::random_range(least..=most))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes OTLP/gRPC senders retry whatever the details say.
    const GRPC_RETRIED: [Code; 6] =
        [Code::Cancelled, Code::DeadlineExceeded, Code::Aborted, Code::OutOfRange, Code::Unavailable, Code::DataLoss];
    const HTTP_RETRIED: [u16; 4] = [429, 502, 503, 504];

    /// Every refusal and whether it can pass. A new variant does not compile until it is here.
    fn every_refusal() -> Vec<(Refusal, bool)> {
        let reason = || "reason".to_owned();
        let all = vec![
            Refusal::Undecodable(reason()),
            Refusal::TooLarge { limit: 1 },
            Refusal::ContentType { found: reason(), wanted: "another" },
            Refusal::ContentEncoding { found: reason(), wanted: "another" },
            Refusal::Path(reason()),
            Refusal::Method(reason()),
            Refusal::Origin(reason()),
            Refusal::Poison,
            Refusal::Budget(BudgetSpent { limit: 1 }),
            Refusal::BodySlow,
            Refusal::BodyBroken(reason()),
            Refusal::Storage(storage::Refused::QueueFull { bytes: 1, limit: 1 }),
            Refusal::Storage(storage::Refused::WalFull { bytes: 1, limit: 1 }),
            Refusal::Storage(storage::Refused::MemtableFull { bytes: 1, limit: 1 }),
            Refusal::Storage(storage::Refused::DiskFull { free_bytes: 1, needed_bytes: 1 }),
            Refusal::Storage(storage::Refused::ReadOnly { reason: reason() }),
            Refusal::Storage(storage::Refused::TooLarge { bytes: 2, limit: 1 }),
            Refusal::Storage(storage::Refused::Failed { thread: "publish" }),
            Refusal::Storage(storage::Refused::Starting),
            Refusal::Storage(storage::Refused::Stopping),
            Refusal::Append(AppendError::Wal { reason: reason() }),
            Refusal::Append(AppendError::Stopped),
            Refusal::AckTimeout,
            Refusal::Stopping,
            Refusal::Panicked,
        ];
        all.into_iter()
            .map(|refusal| {
                let transient = match &refusal {
                    Refusal::Undecodable(_) | Refusal::TooLarge { .. } => false,
                    Refusal::ContentType { .. } | Refusal::ContentEncoding { .. } => false,
                    Refusal::Storage(storage::Refused::TooLarge { .. }) => false,
                    Refusal::Path(_) | Refusal::Method(_) | Refusal::Origin(_) | Refusal::Poison => false,
                    Refusal::Budget(_) | Refusal::BodySlow | Refusal::BodyBroken(_) | Refusal::Storage(_) | Refusal::Append(_) => true,
                    Refusal::AckTimeout | Refusal::Stopping | Refusal::Panicked => true,
                };
                (refusal, transient)
            })
            .collect()
    }

    #[test]
    fn g5_h10_a_refusal_is_retried_exactly_when_its_cause_can_pass() {
        for (refusal, transient) in every_refusal() {
            let verdict = refusal.verdict();
            assert_eq!(GRPC_RETRIED.contains(&verdict.grpc), transient, "{refusal:?}");
            assert_eq!(HTTP_RETRIED.contains(&verdict.http.as_u16()), transient, "{refusal:?}");
            assert_eq!(verdict.retry_after.is_some(), transient, "{refusal:?}");
            assert!(![Code::OutOfRange, Code::Internal, Code::Unknown].contains(&verdict.grpc), "{refusal:?}");
            assert!(![500, 408].contains(&verdict.http.as_u16()), "{refusal:?}");
        }
    }

    #[test]
    fn g3_g4_details_name_the_delay_or_the_violation() {
        for (refusal, _) in every_refusal() {
            let verdict = refusal.verdict();
            let details = refusal.grpc_status(verdict.retry_after).get_error_details();
            assert_eq!(details.retry_info().and_then(|info| info.retry_delay), verdict.retry_after, "{refusal:?}");
            assert_eq!(details.bad_request().is_some(), verdict.grpc == Code::InvalidArgument, "{refusal:?}");
        }
    }

    #[test]
    fn g6_delays_are_jittered_between_1_and_30_seconds() {
        for (seconds, least, most) in [(0, 1, 2), (1, 1, 2), (5, 5, 10), (15, 15, 30), (20, 20, 30), (30, 30, 30), (3_600, 30, 30)] {
            let delays: Vec<_> = (0..100).map(|_| jittered(Duration::from_secs(seconds))).collect();
            assert!(delays.iter().all(|delay| delay.subsec_nanos() % 1_000_000 == 0), "{delays:?}");
            let range = Duration::from_secs(least)..=Duration::from_secs(most);
            assert!(delays.iter().all(|delay| range.contains(delay)), "{seconds}: {delays:?}");
            assert!(least == most || delays.iter().any(|delay| delay != &delays[0]), "{seconds}: all the same");
        }
    }

    #[test]
    fn json_is_a_google_rpc_status() {
        assert_eq!(
            Refusal::Undecodable("bad".into()).status_json(None),
            concat!(
                r#"{"code":3,"details":[{"@type":"type.googleapis.com/google.rpc.BadRequest","#,
                r#""fieldViolations":[{"description":"bad","field":"body"}]}],"message":"bad"}"#
            ),
        );
        assert_eq!(
            Refusal::Stopping.status_json(Some(Duration::from_millis(1500))),
            concat!(
                r#"{"code":14,"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1.500s"}],"#,
                r#""message":"the server is stopping"}"#
            ),
        );
    }
}
