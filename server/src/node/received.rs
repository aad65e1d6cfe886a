//! How many records arrived, read back from the counters of the collector.

use query::api::Received;

use collector::self_metrics::{ACCEPTED_RECORDS_TOTAL, REJECTED_RECORDS_TOTAL};

/// Sums the counters in a rendering of `/metrics`.
pub(super) fn count(prometheus_text: &str) -> Received {
    let mut received = Received::default();
    for line in prometheus_text.lines() {
        let Some((name, rest)) = line.split_once('{') else { continue };
        let Some((labels, value)) = rest.rsplit_once("} ") else { continue };
        let value = value.parse().unwrap_or(0);
        let counter = match name {
            REJECTED_RECORDS_TOTAL => &mut received.rejected,
            ACCEPTED_RECORDS_TOTAL if labels.contains("signal=\"traces\"") => &mut received.traces,
            ACCEPTED_RECORDS_TOTAL if labels.contains("signal=\"logs\"") => &mut received.logs,
            ACCEPTED_RECORDS_TOTAL if labels.contains("signal=\"metrics\"") => &mut received.metrics,
            _ => continue,
        };
        *counter += value;
    }
    received
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_summed() {
        let text = "\
# TYPE fusebox_accepted_records_total counter
fusebox_accepted_records_total{signal=\"traces\"} 12
fusebox_accepted_records_total{signal=\"logs\"} 3
fusebox_rejected_records_total{signal=\"traces\",reason=\"a\"} 1
fusebox_rejected_records_total{signal=\"logs\",reason=\"b\"} 2
fusebox_other{signal=\"logs\"} 9
";
        assert_eq!(count(text), Received { traces: 12, logs: 3, metrics: 0, rejected: 3 });
    }
}
