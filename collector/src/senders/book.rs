//! What is kept of doors and services.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use schemas::{Signal, UnixNanos};

use super::{
    rate::Rate,
    tally::{Counts, Tally},
};
use crate::receiver::{Refusal, Transport};

/// Services with figures of their own.
const SERVICES_MAX: usize = 1000;
/// Of the text of an error.
const MESSAGE_BYTES_MAX: usize = 500;

/// Shared by all receivers.
#[derive(Debug, Default)]
pub(crate) struct Senders(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    doors: BTreeMap<(&'static str, &'static str), DoorState>,
    /// Those without a name are here under an empty one.
    services: HashMap<String, ServiceState>,
    others: ServiceState,
    services_beyond: u64,
}

#[derive(Debug, Default)]
struct DoorState {
    requests: u64,
    records: u64,
    bytes: u64,
    records_rate: Rate,
    bytes_rate: Rate,
    rejected_records: u64,
    /// By reason and whether it is final.
    refused: BTreeMap<(&'static str, bool), u64>,
    last_seen: Option<UnixNanos>,
    last_error: Option<LastError>,
}

#[derive(Debug, Default)]
struct ServiceState {
    transports: Vec<&'static str>,
    signals: [(u64, Rate); SIGNALS.len()],
    clock: Counts,
    clock_wrong_at: Option<UnixNanos>,
    last_seen: Option<UnixNanos>,
    refused: u64,
    refused_for_good: u64,
    rejected_records: u64,
    last_error: Option<LastError>,
}

const SIGNALS: [Signal; 3] = [Signal::Traces, Signal::Logs, Signal::Metrics];

/// Who sends what. Counts are since the start of the server, rates of the last minute.
#[derive(Debug, Clone, PartialEq)]
pub struct SendersReport {
    /// By transport and signal.
    pub doors: Vec<Door>,
    /// By name.
    pub services: Vec<SenderService>,
    /// All services beyond the limit together, where there are any, and how many times one of them sent a request.
    pub others: Option<(SenderService, u64)>,
}

/// Requests of one signal over one transport.
#[derive(Debug, Clone, PartialEq)]
pub struct Door {
    /// OTLP: `grpc` or `http`; `zipkin`, `jaeger`, `loki`, `remote_write`; `files`, `scrape`.
    pub transport: &'static str,
    /// `traces`, `logs`, `metrics`; `none` of what is no OTLP.
    pub signal: &'static str,
    /// All of them, also refused ones.
    pub requests: u64,
    /// Durable; a retry of a stored request counts as nothing.
    pub records: u64,
    /// Of bodies that were stored, as they arrived; of other systems' formats, as OTLP says it.
    pub bytes: u64,
    pub records_per_s: f64,
    pub bytes_per_s: f64,
    /// That were refused alone.
    pub rejected_records: u64,
    /// Requests that were refused, by reason.
    pub refused: Vec<RefusedFor>,
    pub last_seen: Option<UnixNanos>,
    pub last_error: Option<LastError>,
}

/// Requests that were refused for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedFor {
    pub reason: &'static str,
    pub requests: u64,
    /// Their senders were told not to come back.
    pub is_final: bool,
}

/// Why something was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastError {
    pub time: UnixNanos,
    /// As in metrics; `rejected_records` where the rest of the request was taken.
    pub reason: &'static str,
    /// As the sender was told.
    pub message: String,
}

/// What one service sends.
#[derive(Debug, Clone, PartialEq)]
pub struct SenderService {
    /// Empty: its records do not say.
    pub service: String,
    pub transports: Vec<&'static str>,
    /// By signal, those that it sent: name, records, per second.
    pub signals: Vec<(&'static str, u64, f64)>,
    /// Records that say they ended more than a second after they arrived, and by how much at most.
    pub ahead: u64,
    pub ahead_ns_max: i64,
    /// Records that arrived more than a minute after they ended, and after how long at most.
    pub late: u64,
    pub late_ns_max: i64,
    /// When a record was ahead last.
    pub ahead_at: Option<UnixNanos>,
    pub last_seen: Option<UnixNanos>,
    /// Requests with its records that were refused once they had been read: who sent what cannot be read is not known.
    pub refused: u64,
    /// Of these, those whose senders were told not to come back.
    pub refused_for_good: u64,
    /// Refused alone, of requests that were of no other service.
    pub rejected_records: u64,
    pub last_error: Option<LastError>,
}

impl Senders {
    /// A request was taken, or is a retry of one; `rejected` of its records were not, which `message` tells.
    pub(crate) fn taken(&self, (transport, signal): (Transport, Signal), now: UnixNanos, rejected: u64, message: &str) {
        let mut book = self.book();
        let door = book.door(transport.name(), signal.name(), now);
        if rejected > 0 {
            door.rejected_records += rejected;
            door.last_error = Some(LastError::new(now, "rejected_records", message));
        }
    }

    /// Records of these services were read, and `refusal` kept them from being stored.
    pub(crate) fn refused_of(&self, transport: Transport, now: UnixNanos, tallies: &[Tally], refusal: &Refusal) {
        let (verdict, mut book) = (refusal.verdict(), self.book());
        for Tally { service, .. } in tallies {
            let service = book.service(service.as_deref().unwrap_or_default());
            service.came(transport, now);
            service.refused += 1;
            service.refused_for_good += u64::from(verdict.is_final());
            service.last_error = Some(LastError::new(now, verdict.outcome, &refusal.to_string()));
        }
    }

    /// Records were refused alone. Of which service they were is known where all others of the request are of one.
    pub(crate) fn rejected_of(&self, now: UnixNanos, tallies: &[Tally], rejected: u64, message: &str) {
        let [Tally { service, .. }] = tallies else { return };
        if rejected > 0 {
            let mut book = self.book();
            let service = book.service(service.as_deref().unwrap_or_default());
            service.rejected_records += rejected;
            service.last_error = Some(LastError::new(now, "rejected_records", message));
        }
    }

    /// A request was refused. Without a signal it is not OTLP by its path, method or content type.
    pub(crate) fn refused(&self, transport: Transport, signal: Option<Signal>, now: UnixNanos, refusal: &Refusal) {
        let (verdict, mut book) = (refusal.verdict(), self.book());
        let door = book.door(transport.name(), signal.map_or("none", Signal::name), now);
        *door.refused.entry((verdict.outcome, verdict.is_final())).or_default() += 1;
        door.last_error = Some(LastError::new(now, verdict.outcome, &refusal.to_string()));
    }

    /// Records became durable.
    pub(crate) fn stored(&self, (transport, signal): (Transport, Signal), now: UnixNanos, body_bytes: u64, tallies: &[Tally]) {
        let records = tallies.iter().map(|tally| tally.counts.records).sum();
        let mut book = self.book();
        let door = book.doors.entry((transport.name(), signal.name())).or_default();
        door.records += records;
        door.bytes += body_bytes;
        door.records_rate.add(now.0, records);
        door.bytes_rate.add(now.0, body_bytes);
        for Tally { service, counts } in tallies {
            book.service(service.as_deref().unwrap_or_default()).add((transport, signal), now, counts);
        }
    }

    pub(crate) fn report(&self, now: UnixNanos) -> SendersReport {
        let book = self.book();
        let door = |((transport, signal), state): (&(&'static str, &'static str), &DoorState)| Door {
            transport,
            signal,
            requests: state.requests,
            records: state.records,
            bytes: state.bytes,
            records_per_s: state.records_rate.per_s(now.0),
            bytes_per_s: state.bytes_rate.per_s(now.0),
            rejected_records: state.rejected_records,
            refused: state
                .refused
                .iter()
                .map(|((reason, is_final), count)| RefusedFor { reason, requests: *count, is_final: *is_final })
                .collect(),
            last_seen: state.last_seen,
            last_error: state.last_error.clone(),
        };
        let mut services: Vec<SenderService> = book.services.iter().map(|(name, state)| state.report(name, now)).collect();
        services.sort_by(|a, b| a.service.cmp(&b.service));
        let others = (book.services_beyond > 0).then(|| (book.others.report("", now), book.services_beyond));
        SendersReport { doors: book.doors.iter().map(door).collect(), services, others }
    }

    /// Also when somebody panicked in it: nothing is decided by it.
    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn door(&mut self, transport: &'static str, signal: &'static str, now: UnixNanos) -> &mut DoorState {
        let door = self.doors.entry((transport, signal)).or_default();
        door.requests += 1;
        door.last_seen = Some(now);
        door
    }

    fn service(&mut self, name: &str) -> &mut ServiceState {
        if !self.services.contains_key(name) {
            if self.services.len() >= SERVICES_MAX {
                self.services_beyond += 1;
                return &mut self.others;
            }
            self.services.insert(name.to_owned(), ServiceState::default());
        }
        self.services.get_mut(name).unwrap_or(&mut self.others)
    }
}

impl ServiceState {
    fn add(&mut self, (transport, signal): (Transport, Signal), now: UnixNanos, counts: &Counts) {
        self.came(transport, now);
        for (of, (records, rate)) in SIGNALS.iter().zip(&mut self.signals) {
            if *of == signal {
                *records += counts.records;
                rate.add(now.0, counts.records);
            }
        }
        self.clock.merge(counts);
        if counts.ahead > 0 {
            self.clock_wrong_at = Some(now);
        }
    }

    fn came(&mut self, transport: Transport, now: UnixNanos) {
        if !self.transports.contains(&transport.name()) {
            self.transports.push(transport.name());
            self.transports.sort_unstable();
        }
        self.last_seen = Some(now);
    }

    fn report(&self, service: &str, now: UnixNanos) -> SenderService {
        let signals = SIGNALS.iter().zip(&self.signals).filter(|(_, (records, _))| *records > 0);
        let Counts { ahead, ahead_ns_max, late, late_ns_max, .. } = self.clock;
        SenderService {
            service: service.to_owned(),
            transports: self.transports.clone(),
            signals: signals.map(|(signal, (records, rate))| (signal.name(), *records, rate.per_s(now.0))).collect(),
            ahead,
            ahead_ns_max,
            late,
            late_ns_max,
            ahead_at: self.clock_wrong_at,
            last_seen: self.last_seen,
            refused: self.refused,
            refused_for_good: self.refused_for_good,
            rejected_records: self.rejected_records,
            last_error: self.last_error.clone(),
        }
    }
}

impl LastError {
    fn new(time: UnixNanos, reason: &'static str, message: &str) -> Self {
        Self { time, reason, message: message[..message.floor_char_boundary(MESSAGE_BYTES_MAX)].to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;
    const TRACES: (Transport, Signal) = (Transport::Grpc, Signal::Traces);

    fn tally(service: &str, records: u64, ahead: u64) -> Tally {
        let counts = Counts { records, ahead, ahead_ns_max: ahead as i64 * S, ..Counts::default() };
        Tally { service: Some(service.to_owned()), counts }
    }

    #[test]
    fn doors_and_services_are_told_apart() {
        let senders = Senders::default();
        let at = |second: i64| UnixNanos(second * S);
        senders.stored(TRACES, at(1000), 600, &[tally("pay", 40, 0), tally("cart", 20, 3)]);
        senders.taken(TRACES, at(1000), 0, "");
        senders.stored((Transport::Http, Signal::Logs), at(1020), 60, &[tally("pay", 6, 0)]);
        senders.taken((Transport::Http, Signal::Logs), at(1020), 2, "2 rejected: why");
        senders.refused(Transport::Grpc, Some(Signal::Traces), at(1030), &Refusal::Undecodable("é".repeat(400)));
        senders.refused(Transport::Grpc, Some(Signal::Traces), at(1030), &Refusal::BodySlow);
        senders.refused(Transport::Grpc, Some(Signal::Traces), at(1030), &Refusal::Undecodable("é".repeat(400)));
        senders.refused(Transport::Http, None, at(1031), &Refusal::Path("/x".to_owned()));

        let SendersReport { doors, services, others } = senders.report(at(1059));
        let doors: Vec<_> = doors
            .iter()
            .map(|door| {
                (door.transport, door.signal, door.requests, door.records, door.bytes_per_s, door.rejected_records, &door.refused[..])
            })
            .collect();
        let refused = |reason, requests, is_final| RefusedFor { reason, requests, is_final };
        let expected = [
            ("grpc", "traces", 4, 60, 10.0, 0, &[refused("body_slow", 1, false), refused("undecodable", 2, true)][..]),
            ("http", "logs", 1, 6, 1.0, 2, &[]),
            ("http", "none", 1, 0, 0.0, 0, &[refused("path", 1, true)]),
        ];
        assert_eq!(doors, expected);
        let [cart, pay] = &services[..] else { panic!("two services") };
        assert_eq!((cart.ahead, cart.ahead_ns_max, cart.ahead_at, pay.ahead_at), (3, 3 * S, Some(at(1000)), None));
        assert_eq!((&pay.transports[..], &pay.signals[..]), (&["grpc", "http"][..], &[("traces", 40, 40.0 / 60.0), ("logs", 6, 0.1)][..]));
        assert_eq!((pay.last_seen, others), (Some(at(1020)), None));

        let error = senders.report(at(1059)).doors[0].last_error.clone().expect("it was refused");
        assert_eq!((error.time, error.reason, error.message), (at(1030), "undecodable", "é".repeat(250)));
    }

    #[test]
    fn refusals_are_told_of_services_that_are_known() {
        let (senders, two) = (Senders::default(), [tally("pay", 4, 0), tally("cart", 2, 0)]);
        senders.refused_of(Transport::Grpc, UnixNanos(S), &two, &Refusal::Poison);
        senders.refused_of(Transport::Http, UnixNanos(2 * S), &two[..1], &Refusal::AckTimeout);
        senders.rejected_of(UnixNanos(3 * S), &two, 7, "whose they are is not known");
        senders.rejected_of(UnixNanos(3 * S), &two[1..], 3, "zero id");
        let told: Vec<_> = senders
            .report(UnixNanos(9 * S))
            .services
            .into_iter()
            .map(|one| (one.service, one.refused, one.refused_for_good, one.rejected_records, one.last_error))
            .collect();
        let error = |second: i64, reason, message: &str| Some(LastError::new(UnixNanos(second * S), reason, message));
        let expected = [
            ("cart".to_owned(), 1, 1, 3, error(3, "rejected_records", "zero id")),
            ("pay".to_owned(), 2, 1, 0, error(2, "ack_timeout", &Refusal::AckTimeout.to_string())),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn services_beyond_the_limit_are_one() {
        let senders = Senders::default();
        for nth in 0..SERVICES_MAX + 7 {
            senders.stored(TRACES, UnixNanos(S), 1, &[tally(&format!("service-{nth}"), 2, 0)]);
        }
        senders.stored(TRACES, UnixNanos(S), 1, &[tally("service-3", 1, 0)]);
        let SendersReport { services, others, .. } = senders.report(UnixNanos(S));
        assert_eq!(services.len(), SERVICES_MAX);
        let (others, times) = others.expect("there are more");
        assert_eq!((times, others.signals), (7, vec![("traces", 14, 0.0)]));
    }
}
