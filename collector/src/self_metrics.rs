//! What the collector counts about itself. Every label has a small fixed set of values.

use metrics::{counter, describe_counter, describe_gauge, gauge};
use schemas::{Signal, otlp::Decoded};

use crate::receiver::{Refusal, Transport};

pub const OTLP_REQUESTS_TOTAL: &str = "fusebox_otlp_requests_total";
pub const ACCEPTED_RECORDS_TOTAL: &str = "fusebox_accepted_records_total";
pub const DUPLICATE_REQUESTS_TOTAL: &str = "fusebox_duplicate_requests_total";
pub const REJECTED_RECORDS_TOTAL: &str = "fusebox_rejected_records_total";
pub const SHED_TOTAL: &str = "fusebox_shed_total";
pub const REPAIRED_STRINGS_TOTAL: &str = "fusebox_repaired_strings_total";
pub const IGNORED_STRINDEX_TOTAL: &str = "fusebox_ignored_strindex_total";
pub const DECODE_PANICS_TOTAL: &str = "fusebox_decode_panics_total";
pub const ACCEPT_ERRORS_TOTAL: &str = "fusebox_accept_errors_total";
pub const CONNECTIONS_TOTAL: &str = "fusebox_connections_total";
pub const FILES_LAG_BYTES: &str = "fusebox_files_lag_bytes";
pub const FILES_OPEN: &str = "fusebox_files_open";
pub const FILES_SPLIT_LINES_TOTAL: &str = "fusebox_files_split_lines_total";
pub const FILES_REPAIRED_LINES_TOTAL: &str = "fusebox_files_repaired_lines_total";
pub const FILES_DROPPED_RECORDS_TOTAL: &str = "fusebox_files_dropped_records_total";
pub const SCRAPES_TOTAL: &str = "fusebox_scrapes_total";
pub const SCRAPE_DROPPED_SAMPLES_TOTAL: &str = "fusebox_scrape_dropped_samples_total";

pub(crate) fn describe() {
    describe_counter!(
        OTLP_REQUESTS_TOTAL,
        "requests to store telemetry by signal, transport (OTLP: grpc, http; zipkin, jaeger, loki, remote_write, files, scrape) and outcome"
    );
    describe_counter!(
        ACCEPTED_RECORDS_TOTAL,
        "spans, log records and data points that are durable; retries of stored requests not counted again"
    );
    describe_counter!(DUPLICATE_REQUESTS_TOTAL, "requests whose rows were stored before, by signal");
    describe_counter!(REJECTED_RECORDS_TOTAL, "records refused alone while their request was taken, by signal and reason");
    describe_counter!(SHED_TOTAL, "requests asked to come back later, by the stage that was full");
    describe_counter!(REPAIRED_STRINGS_TOTAL, "strings whose invalid UTF-8 was replaced");
    describe_counter!(IGNORED_STRINDEX_TOTAL, "string index fields that are not valid in this signal and were ignored");
    describe_counter!(DECODE_PANICS_TOTAL, "panics caught while a request was taken in");
    describe_counter!(ACCEPT_ERRORS_TOTAL, "failed accepts, for instance out of file descriptors");
    describe_counter!(CONNECTIONS_TOTAL, "accepted connections by transport");
    describe_gauge!(FILES_LAG_BYTES, "bytes of followed log files that are not stored yet");
    describe_gauge!(FILES_OPEN, "followed log files that are open");
    describe_counter!(FILES_SPLIT_LINES_TOTAL, "lines of log files that were too long and became several records");
    describe_counter!(FILES_REPAIRED_LINES_TOTAL, "lines of log files whose invalid UTF-8 was replaced");
    describe_counter!(FILES_DROPPED_RECORDS_TOTAL, "records of log files that were refused for good, by reason");
    describe_counter!(SCRAPES_TOTAL, "pages of metrics that were fetched and read (ok) or not (failed)");
    describe_counter!(
        SCRAPE_DROPPED_SAMPLES_TOTAL,
        "samples of pages that could not be stored before the next was due, or were refused, by reason"
    );
}

pub(crate) fn request(signal: Signal, transport: Transport, outcome: &'static str) {
    counter!(OTLP_REQUESTS_TOTAL, "signal" => signal.name(), "transport" => transport.name(), "outcome" => outcome).increment(1);
}

/// A request that is not OTLP by its path, method or content type.
pub(crate) fn unroutable(transport: Transport, refusal: &Refusal) {
    let outcome = refusal.verdict().outcome;
    counter!(OTLP_REQUESTS_TOTAL, "signal" => "none", "transport" => transport.name(), "outcome" => outcome).increment(1);
}

pub(crate) fn refused(signal: Signal, transport: Transport, refusal: &Refusal) {
    let verdict = refusal.verdict();
    request(signal, transport, verdict.outcome);
    if verdict.retry_after.is_some() {
        counter!(SHED_TOTAL, "stage" => verdict.outcome).increment(1);
    }
}

/// What `decoded` says about its request, once the request is durable (or had nothing to store).
pub(crate) fn stored(signal: Signal, decoded: &Decoded, duplicate: bool) {
    if duplicate {
        counter!(DUPLICATE_REQUESTS_TOTAL, "signal" => signal.name()).increment(1);
        return;
    }
    counter!(ACCEPTED_RECORDS_TOTAL, "signal" => signal.name()).increment(decoded.accepted);
    for (reason, count) in &decoded.rejected.reasons {
        counter!(REJECTED_RECORDS_TOTAL, "signal" => signal.name(), "reason" => *reason).increment(*count);
    }
    counter!(REPAIRED_STRINGS_TOTAL).increment(decoded.repaired_strings);
    counter!(IGNORED_STRINDEX_TOTAL).increment(decoded.ignored_strindex);
}

pub(crate) fn panic_caught() {
    counter!(DECODE_PANICS_TOTAL).increment(1);
}

pub(crate) fn accept_failed() {
    counter!(ACCEPT_ERRORS_TOTAL).increment(1);
}

pub(crate) fn connected(transport: Transport) {
    counter!(CONNECTIONS_TOTAL, "transport" => transport.name()).increment(1);
}

pub(crate) fn files_lag(bytes: u64, open: usize) {
    gauge!(FILES_LAG_BYTES).set(bytes as f64);
    gauge!(FILES_OPEN).set(open as f64);
}

pub(crate) fn files_read(split: u64, repaired: u64) {
    counter!(FILES_SPLIT_LINES_TOTAL).increment(split);
    counter!(FILES_REPAIRED_LINES_TOTAL).increment(repaired);
}

pub(crate) fn files_dropped(reason: &'static str, records: u64) {
    counter!(FILES_DROPPED_RECORDS_TOTAL, "reason" => reason).increment(records);
}

pub(crate) fn scraped(is_ok: bool) {
    counter!(SCRAPES_TOTAL, "outcome" => if is_ok { "ok" } else { "failed" }).increment(1);
}

pub(crate) fn scrape_dropped(reason: &'static str, samples: u64) {
    counter!(SCRAPE_DROPPED_SAMPLES_TOTAL, "reason" => reason).increment(samples);
}
