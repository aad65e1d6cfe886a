//! The answer to a request that was taken: `Export<Signal>ServiceResponse`, the same message for all signals on the wire.

use prost::Message;
use schemas::{Signal, otlp::Decoded};
use serde_json::json;

/// The longest diagnostic text. Answers stay far below the 4 MiB OTLP allows.
const MESSAGE_BYTES_MAX: usize = 4 << 10;

/// What a sender is told beside "stored": nothing, a warning, or which records were not taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Stored {
    accepted: u64,
    rejected: u64,
    message: String,
    /// Samples, histograms and exemplars, which only remote write counts.
    written: [u64; 3],
}

#[derive(Clone, PartialEq, Message)]
struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

impl Stored {
    pub(crate) fn new(decoded: &Decoded) -> Self {
        let mut notes = Vec::new();
        if decoded.rejected.count > 0 {
            notes.push(decoded.rejected.message());
        }
        if decoded.repaired_strings > 0 {
            notes.push(format!("{} strings were not valid UTF-8 and were repaired with U+FFFD", decoded.repaired_strings));
        }
        if decoded.ignored_strindex > 0 {
            notes.push(format!("{} string table indexes are valid only in profiles and were ignored", decoded.ignored_strindex));
        }
        let mut message = notes.join("; ");
        message.truncate(message.floor_char_boundary(MESSAGE_BYTES_MAX));
        Self { accepted: decoded.accepted, rejected: decoded.rejected.count, message, written: [0; 3] }
    }

    pub(crate) fn with_written(self, written: [u64; 3]) -> Self {
        Self { written, ..self }
    }

    pub(crate) fn written(&self) -> [u64; 3] {
        self.written
    }

    pub(crate) fn accepted(&self) -> u64 {
        self.accepted
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn is_partial(&self) -> bool {
        self.rejected > 0
    }

    /// Records that were not taken.
    pub(crate) fn rejected(&self) -> u64 {
        self.rejected
    }

    pub(crate) fn to_protobuf(&self) -> Vec<u8> {
        let partial_success = self
            .has_news()
            .then(|| PartialSuccess { rejected: i64::try_from(self.rejected).unwrap_or(i64::MAX), error_message: self.message.clone() });
        ExportResponse { partial_success }.encode_to_vec()
    }

    pub(crate) fn to_json(&self, signal: Signal) -> String {
        if !self.has_news() {
            return "{}".to_owned();
        }
        let rejected_key = match signal {
            Signal::Traces => "rejectedSpans",
            Signal::Logs => "rejectedLogRecords",
            Signal::Metrics => "rejectedDataPoints",
        };
        let mut partial = json!({ "errorMessage": self.message });
        if self.rejected > 0 {
            partial[rejected_key] = json!(self.rejected.to_string());
        }
        json!({ "partialSuccess": partial }).to_string()
    }

    fn has_news(&self) -> bool {
        self.rejected > 0 || !self.message.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use schemas::otlp::Rejected;

    use super::*;

    fn decoded(rejected: &[(&'static str, u64)], repaired_strings: u64) -> Decoded {
        let count = rejected.iter().map(|(_, count)| count).sum();
        let rejected = Rejected { count, reasons: rejected.iter().copied().collect() };
        Decoded { batches: vec![], accepted: 7, rejected, repaired_strings, ignored_strindex: 0 }
    }

    #[test]
    fn c3_c4_c5_the_answer_says_what_happened() {
        let check = |decoded: Decoded, json: &str| {
            let stored = Stored::new(&decoded);
            assert_eq!(stored.to_json(Signal::Traces), json);
            let proto = ExportResponse::decode(stored.to_protobuf().as_slice()).expect("valid");
            assert_eq!(proto.partial_success.is_none(), json == "{}");
            assert_eq!(proto.partial_success.map_or(0, |partial| partial.rejected), decoded.rejected.count as i64);
        };
        check(decoded(&[], 0), "{}");
        check(
            decoded(&[("trace id is all zero", 2), ("span id is not 8 bytes", 1)], 0),
            r#"{"partialSuccess":{"errorMessage":"3 rejected: trace id is all zero (2); span id is not 8 bytes (1)","rejectedSpans":"3"}}"#,
        );
        check(decoded(&[], 2), r#"{"partialSuccess":{"errorMessage":"2 strings were not valid UTF-8 and were repaired with U+FFFD"}}"#);
    }

    #[test]
    fn g2_h6_the_message_is_bounded() {
        let reason: &'static str = "é".repeat(3_000).leak();
        let stored = Stored::new(&decoded(&[(reason, 100_000)], 0));
        assert!(stored.to_protobuf().len() <= MESSAGE_BYTES_MAX + 32);
    }
}
