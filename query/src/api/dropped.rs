//! What senders sent and was not stored, as far as the receivers know it: a part of how complete numbers are.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::extract::FromRef;
use schemas::{Signal, UnixNanos};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    answer::Time,
    ingest::{DataLink, Sender, SenderDoor, Senders},
    router::Shared,
};
use crate::engine::Engine;

/// What was sent and not stored since the server started. Of what was never stored no time is known, so that it is the same for every
/// window. `GET /api/v1/status/ingest` tells it by door, service and reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CompletenessDropped)]
pub(super) struct Dropped {
    /// When counting began: the start of the server.
    #[schema(value_type = String)]
    since: Time,
    /// Requests that were refused for good, of the signals that the numbers are made from. How many records they held is not known.
    requests: u64,
    /// Requests whose senders were told to come back: most did, and then nothing is missing.
    put_off: u64,
    /// Records that were refused while the rest of their request was stored; with lines and samples that were lost where they were fetched.
    records: u64,
    /// Of the service that is asked for, as far as it is known whose they were, and of all signals; null: no service is asked for.
    service: Option<DroppedOfService>,
}

/// Of one service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CompletenessDroppedOfService)]
struct DroppedOfService {
    requests: u64,
    put_off: u64,
    records: u64,
}

/// Asks the receivers what was lost; cheap to clone.
#[derive(Clone)]
pub(super) struct Losses {
    senders: Arc<dyn Fn() -> Senders + Send + Sync>,
    since: UnixNanos,
}

impl Losses {
    pub(super) fn of(shared: &Shared) -> Self {
        Self { senders: Arc::clone(&shared.senders), since: since(shared.started_at) }
    }

    /// Of numbers that are made from `signals`, of `service` or of all.
    pub(super) fn dropped(&self, signals: &[Signal], service: Option<&str>) -> Dropped {
        dropped(&(self.senders)(), self.since, signals, service)
    }
}

/// What routes answer from that need no more than the engine, and say how complete their numbers are.
#[derive(Clone)]
pub(super) struct Counting {
    pub engine: Arc<Engine>,
    pub losses: Losses,
}

impl Counting {
    pub(super) fn of(shared: &Shared) -> Self {
        Self { engine: Arc::new(shared.engine.clone()), losses: Losses::of(shared) }
    }
}

impl FromRef<Counting> for Arc<Engine> {
    fn from_ref(of: &Counting) -> Self {
        Self::clone(&of.engine)
    }
}

impl FromRef<Counting> for Losses {
    fn from_ref(of: &Counting) -> Self {
        of.losses.clone()
    }
}

fn since(started_at: SystemTime) -> UnixNanos {
    let since = started_at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    UnixNanos(i64::try_from(since).unwrap_or(i64::MAX))
}

fn dropped(senders: &Senders, since: UnixNanos, signals: &[Signal], service: Option<&str>) -> Dropped {
    let is_wanted = |name: &str| signals.iter().any(|signal| signal.name() == name);
    let of_signals = || senders.doors.iter().filter(|door| is_wanted(door.signal));
    let requests = |is_final: bool| {
        let refused = of_signals().flat_map(|door| &door.refused).filter(|refused| refused.is_final == is_final);
        refused.map(|refused| refused.requests).sum()
    };
    let fetched = senders.links.iter().filter(|link| is_wanted(signal_of(link)));
    let lost = fetched.flat_map(|link| &link.dropped).map(|dropped| dropped.records).sum::<u64>();
    Dropped {
        since: Time(since),
        requests: requests(true),
        put_off: requests(false),
        records: of_signals().map(|door: &SenderDoor| door.rejected_records).sum::<u64>() + lost,
        service: service
            .map(|name| senders.services.iter().find(|sender| sender.service == name).map_or_else(Default::default, of_service)),
    }
}

fn of_service(sender: &Sender) -> DroppedOfService {
    let put_off = sender.refused.saturating_sub(sender.refused_for_good);
    DroppedOfService { requests: sender.refused_for_good, put_off, records: sender.rejected_records }
}

/// What a link brings; empty: it passes on, so that what it loses is missing elsewhere.
fn signal_of(link: &DataLink) -> &'static str {
    match link.kind {
        "file" => Signal::Logs.name(),
        "target" => Signal::Metrics.name(),
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{LinkDropped, RefusedRequests};

    fn door(signal: &'static str, refused: [u64; 2], rejected_records: u64) -> SenderDoor {
        let [for_good, put_off] = refused;
        SenderDoor {
            transport: "grpc",
            signal,
            requests: 100,
            records: 100,
            bytes: 0,
            records_per_s: 0.0,
            bytes_per_s: 0.0,
            rejected_records,
            refused: vec![
                RefusedRequests { reason: "undecodable", requests: for_good, is_final: true },
                RefusedRequests { reason: "memtable", requests: put_off, is_final: false },
            ],
            last_seen: None,
            last_error: None,
        }
    }

    fn link(kind: &'static str, records: u64) -> DataLink {
        DataLink {
            kind,
            name: kind.to_owned(),
            of: String::new(),
            is_up: true,
            records: 0,
            lag_bytes: None,
            last_at: None,
            last_error: None,
            dropped: vec![LinkDropped { reason: "too_long".to_owned(), records }],
        }
    }

    #[test]
    fn of_the_signals_and_of_the_service() {
        let pay = Sender {
            service: "pay".to_owned(),
            transports: Vec::new(),
            signals: Vec::new(),
            last_seen: None,
            ahead: 0,
            ahead_ns_max: 0,
            ahead_at: None,
            late: 0,
            late_ns_max: 0,
            refused: 5,
            refused_for_good: 2,
            rejected_records: 3,
            last_error: None,
        };
        let senders = Senders {
            doors: vec![door("traces", [1, 20], 300), door("logs", [4_000, 50_000], 600_000), door("none", [9, 9], 9)],
            services: vec![pay],
            others: None,
            links: vec![link("file", 7_000_000), link("forward", 5), link("target", 80)],
        };
        let check = |signals: &[Signal], service: Option<&str>, sums: [u64; 3], of_service: Option<[u64; 3]>| {
            let [requests, put_off, records] = sums;
            let service_of = |[requests, put_off, records]: [u64; 3]| DroppedOfService { requests, put_off, records };
            let expected = Dropped { since: Time(UnixNanos(7)), requests, put_off, records, service: of_service.map(service_of) };
            assert_eq!(dropped(&senders, UnixNanos(7), signals, service), expected, "{signals:?} {service:?}");
        };
        check(&[Signal::Traces], None, [1, 20, 300], None);
        check(&[Signal::Traces, Signal::Logs], None, [4_001, 50_020, 7_600_300], None);
        check(&[Signal::Metrics], Some("pay"), [0, 0, 80], Some([2, 3, 3]));
        check(&[Signal::Traces], Some("cart"), [1, 20, 300], Some([0, 0, 0]));
    }
}
