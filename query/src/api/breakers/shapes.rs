//! Breakers, trips and transitions as JSON.

use governance::{
    facts::{Mechanism, State},
    fold::{self, Breaker},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::answer::Time;

/// A time as well as it is known.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = BreakerMoment)]
pub(super) struct Moment {
    #[schema(value_type = String)]
    time: Time,
    /// Not before; null: before everything that was read.
    #[schema(value_type = Option<String>)]
    lo: Option<Time>,
    /// Not after.
    #[schema(value_type = String)]
    hi: Time,
}

impl Moment {
    fn of(moment: fold::Moment) -> Self {
        Self { time: Time(moment.time), lo: moment.lo.map(Time), hi: Time(moment.hi) }
    }
}

/// Which breaker.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BreakerIdentity)]
pub(super) struct Identity {
    id: String,
    pub service: String,
    namespace: String,
    environment: String,
    /// `op:` and the operation when nothing names it.
    pub name: String,
    framework: String,
    /// `breaker`, `adaptive`, `outlier`, `concurrency_cap` or `manual`.
    pub mechanism: &'static str,
    operations: Vec<String>,
    pub targets: Vec<String>,
    /// Nameless breakers that turned out to be this one.
    aliases: Vec<String>,
}

impl Identity {
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn framework(&self) -> &str {
        &self.framework
    }

    pub(super) fn of(breaker: &Breaker) -> Self {
        let key = &breaker.key;
        Self {
            id: breaker.id.to_string(),
            service: key.service.clone(),
            namespace: key.namespace.clone(),
            environment: key.environment.clone(),
            name: key.name.clone(),
            framework: breaker.library().to_owned(),
            mechanism: key.mechanism.word(),
            operations: breaker.operations.clone(),
            targets: breaker.targets.clone(),
            aliases: breaker.aliases.clone(),
        }
    }
}

/// `closed`, `open`, `half_open`, `shedding`, `forced_open`, `disabled`, `metrics_only` or `unknown`. An adaptive breaker that is open
/// drops only a part of the calls.
pub(super) fn state_word(mechanism: Mechanism, state: State) -> &'static str {
    match (mechanism, state) {
        (Mechanism::Adaptive, State::Open) => "shedding",
        _ => state.word(),
    }
}

/// From closed through open to closed again.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BreakerTrip)]
pub(super) struct Trip {
    opened: Moment,
    /// Null while it lasts.
    closed: Option<Moment>,
    /// `closed`, `restart`, `gone` or `ongoing`.
    ended_by: &'static str,
    open_ns: i64,
    half_open_ns: i64,
    probes: u32,
    reopens: u32,
    refused: f64,
    /// Held open by hand.
    forced: bool,
    cause: String,
    /// `explicit`, `counter`, `onehot`, `enum_gauge`, `rejection_burst` or `gap_fill`.
    method: &'static str,
    confidence: u8,
}

impl Trip {
    pub(super) fn of(trip: &fold::Trip) -> Self {
        Self {
            opened: Moment::of(trip.opened),
            closed: trip.closed.map(Moment::of),
            ended_by: trip.ended_by.name(),
            open_ns: trip.open_ns,
            half_open_ns: trip.half_open_ns,
            probes: trip.probes,
            reopens: trip.reopens,
            refused: trip.refused,
            forced: trip.forced,
            cause: trip.cause.clone(),
            method: trip.method.name(),
            confidence: trip.confidence,
        }
    }
}

/// A trip as the service saw it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BreakerServiceTrip)]
pub(super) struct ServiceTrip {
    #[serde(flatten)]
    trip: Trip,
    /// While less than half of the instances were open.
    partial_ns: i64,
    majority_ns: i64,
    full_ns: i64,
    instances: Vec<String>,
}

impl ServiceTrip {
    pub(super) fn of(breaker: &Breaker, trip: &fold::ServiceTrip) -> Self {
        let mut instances: Vec<String> = trip.members.iter().map(|(index, _)| breaker.instances[*index].instance.clone()).collect();
        instances.dedup();
        let fold::ServiceTrip { partial_ns, majority_ns, full_ns, .. } = *trip;
        Self { trip: Trip::of(&trip.trip), partial_ns, majority_ns, full_ns, instances }
    }
}

/// A record that shows a change.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BreakerEvidence)]
pub(super) struct Evidence {
    #[schema(value_type = String)]
    time: Time,
    /// `span`, `span_event`, `log`, `access_log`, `sum`, `gauge` or `histogram`.
    source: &'static str,
    rule: String,
    trace_id: Option<String>,
    span_id: Option<String>,
}

impl Evidence {
    pub(super) fn of(proof: &fold::Proof) -> Self {
        let (trace_id, span_id) = (proof.trace_id.map(|id| id.to_string()), proof.span_id.map(|id| id.to_string()));
        Self { time: Time(proof.time), source: proof.source.word(), rule: proof.rule.clone(), trace_id, span_id }
    }
}

/// A change of state of one instance.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BreakerTransition)]
pub(super) struct Transition {
    instance: String,
    at: Moment,
    from: &'static str,
    to: &'static str,
    cause: String,
    /// What the record says; may be empty.
    text: String,
    method: &'static str,
    confidence: u8,
    /// At most eight.
    evidence: Vec<Evidence>,
    evidence_total: u64,
}

impl Transition {
    pub(super) fn of(mechanism: Mechanism, instance: &str, transition: &fold::Transition) -> Self {
        Self {
            instance: instance.to_owned(),
            at: Moment::of(transition.at),
            from: state_word(mechanism, transition.from),
            to: state_word(mechanism, transition.to),
            cause: transition.cause.clone(),
            text: transition.text.clone(),
            method: transition.method.name(),
            confidence: transition.confidence,
            evidence: transition.evidence.iter().map(Evidence::of).collect(),
            evidence_total: transition.evidence_total,
        }
    }
}
