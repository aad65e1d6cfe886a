//! What people are told about the other ends.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use schemas::UnixNanos;

const MESSAGE_BYTES_MAX: usize = 500;

/// One other end. Counts are since the start of the server.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ForwardReport {
    pub(crate) endpoint: String,
    /// It took the last request.
    pub(crate) is_up: bool,
    /// That it took.
    pub(crate) requests: u64,
    pub(crate) queue_bytes: u64,
    pub(crate) last_sent: Option<UnixNanos>,
    pub(crate) last_error: Option<(UnixNanos, String)>,
    /// Requests that were lost, and `rejected_records` that it did not take of others, by reason.
    pub(crate) dropped: BTreeMap<&'static str, u64>,
}

#[derive(Debug)]
pub(super) struct Book(Mutex<ForwardReport>);

impl Book {
    pub(super) fn new(endpoint: &str) -> Self {
        Self(Mutex::new(ForwardReport { endpoint: endpoint.to_owned(), ..ForwardReport::default() }))
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut ForwardReport)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What waits for this end now.
    pub(super) fn queued(&self, bytes: u64) {
        self.change(|report| {
            report.queue_bytes = bytes;
            metrics::gauge!(super::tee::QUEUE_BYTES, "endpoint" => report.endpoint.clone()).set(bytes as f64);
        });
    }

    pub(super) fn failed(&self, now: UnixNanos, message: &str) {
        let message = message.get(..message.floor_char_boundary(MESSAGE_BYTES_MAX)).unwrap_or(message).to_owned();
        self.change(|report| (report.is_up, report.last_error) = (false, Some((now, message))));
    }

    pub(super) fn dropped(&self, reason: &'static str, count: u64) {
        if count == 0 {
            return;
        }
        metrics::counter!(super::tee::DROPPED_TOTAL, "reason" => reason).increment(count);
        self.change(|report| *report.dropped.entry(reason).or_default() += count);
    }

    pub(super) fn report(&self) -> ForwardReport {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    #[test]
    fn each_end_has_its_own_queue_and_it_falls_again() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            let [one, other] = ["http://one", "http://other"].map(Book::new);
            one.queued(7);
            other.queued(9);
            one.queued(0);
            assert_eq!((one.report().queue_bytes, other.report().queue_bytes), (0, 9));
        });
        let text = handle.render();
        for line in ["fusebox_forward_queue_bytes{endpoint=\"http://one\"} 0", "fusebox_forward_queue_bytes{endpoint=\"http://other\"} 9"] {
            assert!(text.lines().any(|told| told == line), "{line} is not in {text}");
        }
    }
}
