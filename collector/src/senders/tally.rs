//! Records of a request by service, and what their times say about the clock of the sender. One pass by column.

use arrow::{
    array::{Array, AsArray, RecordBatch},
    datatypes::{Int32Type, Int64Type, TimestampNanosecondType},
};
use schemas::{Table, TableBatch, UnixNanos, columns as c};

/// Records that ended so long after they arrived are of a clock that is ahead.
const AHEAD_NS_MIN: i64 = 1_000_000_000;
/// Records that arrive so long after they ended are late.
const LATE_NS_MIN: i64 = 60_000_000_000;

/// What one service sent in a request; `None` stands for no name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    pub service: Option<String>,
    pub counts: Counts,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub records: u64,
    /// Those that say they ended more than a second after they arrived, and by how much at most.
    pub ahead: u64,
    pub ahead_ns_max: i64,
    /// Those that arrived more than a minute after they ended, and after how long at most.
    pub late: u64,
    pub late_ns_max: i64,
}

impl Counts {
    /// `after_ns`: from the end to the arrival.
    fn add(&mut self, after_ns: i64) {
        self.records += 1;
        if after_ns < -AHEAD_NS_MIN {
            self.ahead += 1;
            self.ahead_ns_max = self.ahead_ns_max.max(after_ns.saturating_neg());
        } else if after_ns > LATE_NS_MIN {
            self.late += 1;
            self.late_ns_max = self.late_ns_max.max(after_ns);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.records += other.records;
        self.ahead += other.ahead;
        self.ahead_ns_max = self.ahead_ns_max.max(other.ahead_ns_max);
        self.late += other.late;
        self.late_ns_max = self.late_ns_max.max(other.late_ns_max);
    }
}

/// The records of the tables that senders fill; facts that were derived from them do not count. O(rows).
pub(crate) fn tally(batches: &[TableBatch], received_at: UnixNanos) -> Vec<Tally> {
    let mut all: Vec<Tally> = Vec::new();
    let sent = batches.iter().filter(|batch| matches!(batch.table, Table::Spans | Table::Logs | Table::Metrics));
    for TableBatch { table, batch } in sent {
        for (service, counts) in of_batch(*table, batch, received_at) {
            match all.iter_mut().find(|tally| tally.service.as_deref() == service) {
                Some(tally) => tally.counts.merge(&counts),
                None => all.push(Tally { service: service.map(str::to_owned), counts }),
            }
        }
    }
    all
}

fn of_batch(table: Table, batch: &RecordBatch, received_at: UnixNanos) -> Vec<(Option<&str>, Counts)> {
    let times = batch.column_by_name(table.time_column()).and_then(|column| column.as_primitive_opt::<TimestampNanosecondType>());
    let services = batch.column_by_name(c::SERVICE_NAME).and_then(|column| column.as_dictionary_opt::<Int32Type>());
    let (Some(times), Some(services)) = (times, services) else { return Vec::new() };
    let Some(names) = services.values().as_string_opt::<i32>() else { return Vec::new() };
    let durations = batch.column_by_name(c::DURATION_NS).and_then(|column| column.as_primitive_opt::<Int64Type>());
    // The last one is of rows without a name.
    let mut counts = vec![Counts::default(); names.len() + 1];
    for row in 0..batch.num_rows() {
        let duration_ns = durations.map_or(0, |durations| durations.value(row).max(0));
        let end = times.value(row).saturating_add(duration_ns);
        let place = services.key(row).unwrap_or(names.len()).min(names.len());
        counts[place].add(received_at.0.saturating_sub(end));
    }
    let of = |place: usize| (place < names.len() && names.is_valid(place)).then(|| names.value(place));
    counts.into_iter().enumerate().filter(|(_, counts)| counts.records > 0).map(|(place, counts)| (of(place), counts)).collect()
}

#[cfg(test)]
mod tests {
    use schemas::{
        Signal,
        otlp::{DecodeLimits, Format, decode},
    };

    use super::*;

    const S: i64 = 1_000_000_000;
    const NOW: i64 = 1_790_000_000 * S;

    fn of_logs(logs: &[(&str, i64)]) -> Vec<Tally> {
        let resource = |(service, time): &(&str, i64)| {
            let name = if service.is_empty() {
                String::new()
            } else {
                format!(r#"{{"key":"service.name","value":{{"stringValue":"{service}"}}}}"#)
            };
            format!(
                r#"{{"resource":{{"attributes":[{name}]}},"scopeLogs":[{{"logRecords":[{{"timeUnixNano":"{}","body":{{"stringValue":"x"}}}}]}}]}}"#,
                NOW + time
            )
        };
        let body = format!(r#"{{"resourceLogs":[{}]}}"#, logs.iter().map(resource).collect::<Vec<_>>().join(","));
        let decoded = decode(Signal::Logs, Format::Json, body.as_bytes(), UnixNanos(NOW), &DecodeLimits::NONE).expect("valid OTLP");
        tally(&decoded.batches, UnixNanos(NOW))
    }

    #[test]
    fn records_and_clocks_by_service() {
        let found = of_logs(&[("pay", 0), ("", -5 * S), ("pay", 7 * S), ("cart", -61 * S), ("pay", S), ("cart", -3600 * S)]);
        let of = |name: Option<&str>| found.iter().find(|tally| tally.service.as_deref() == name).expect("it sent").counts;
        assert_eq!(found.len(), 3);
        assert_eq!(of(Some("pay")), Counts { records: 3, ahead: 1, ahead_ns_max: 7 * S, late: 0, late_ns_max: 0 });
        assert_eq!(of(None), Counts { records: 1, ..Counts::default() });
        assert_eq!(of(Some("cart")), Counts { records: 2, ahead: 0, ahead_ns_max: 0, late: 2, late_ns_max: 3600 * S });
    }

    #[test]
    fn the_end_of_a_span_counts() {
        let span = |start: i64, end: i64| {
            format!(
                r#"{{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","name":"x","startTimeUnixNano":"{}","endTimeUnixNano":"{}"}}"#,
                NOW + start,
                NOW + end
            )
        };
        let body = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{},{}]}}]}}]}}"#, span(-90 * S, 0), span(-90 * S, -80 * S));
        let decoded = decode(Signal::Traces, Format::Json, body.as_bytes(), UnixNanos(NOW), &DecodeLimits::NONE).expect("valid OTLP");
        let [Tally { service: None, counts }] = &tally(&decoded.batches, UnixNanos(NOW))[..] else { panic!("one sender") };
        assert_eq!(*counts, Counts { records: 2, late: 1, late_ns_max: 80 * S, ..Counts::default() });
    }
}
