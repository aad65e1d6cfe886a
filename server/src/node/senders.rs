//! Who sends what: from the receivers' words to those of the API.

use collector::{Door, LastError, RefusedFor, SenderService, SendersReport};
use query::api::{DataLink, OtherSenders, RefusedRequests, Sender, SenderDoor, SenderError, SenderSignal, Senders};

pub(super) fn told(report: SendersReport, links: Vec<DataLink>) -> Senders {
    let SendersReport { doors, services, others } = report;
    Senders {
        doors: doors.into_iter().map(door).collect(),
        services: services.into_iter().map(sender).collect(),
        others: others.map(|(sums, requests)| OtherSenders { requests, sums: sender(sums) }),
        links,
    }
}

fn door(door: Door) -> SenderDoor {
    let Door { transport, signal, requests, records, bytes, records_per_s, bytes_per_s, rejected_records, refused, last_seen, last_error } =
        door;
    let refused =
        refused.into_iter().map(|RefusedFor { reason, requests, is_final }| RefusedRequests { reason, requests, is_final }).collect();
    let last_error = last_error.map(|LastError { time, reason, message }| SenderError { time: Some(time), reason, message });
    SenderDoor { transport, signal, requests, records, bytes, records_per_s, bytes_per_s, rejected_records, refused, last_seen, last_error }
}

fn sender(sender: SenderService) -> Sender {
    let SenderService {
        service,
        transports,
        signals,
        ahead,
        ahead_ns_max,
        late,
        late_ns_max,
        ahead_at,
        last_seen,
        refused,
        refused_for_good,
        rejected_records,
        last_error,
    } = sender;
    let last_error = last_error.map(|LastError { time, reason, message }| SenderError { time: Some(time), reason, message });
    let signal = |(signal, records, records_per_s)| SenderSignal { signal, records, records_per_s };
    let signals = signals.into_iter().map(signal).collect();
    Sender {
        service,
        transports,
        signals,
        last_seen,
        ahead,
        ahead_ns_max,
        ahead_at,
        late,
        late_ns_max,
        refused,
        refused_for_good,
        rejected_records,
        last_error,
    }
}
