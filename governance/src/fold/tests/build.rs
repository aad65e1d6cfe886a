//! Facts in a few words. Times are seconds after a fixed one.

use schemas::{SpanId, TraceId, UnixNanos};

use crate::classify::Rules;
use crate::facts::{Amount, BreakerSignal, Emitter, Evidence, Mechanism, Rejection, RejectionKind, Signal, Source, SpanKind, State};
use crate::fold::{Folded, Input, fold};

/// 2024-06-01 12:00:00 UTC.
pub(super) const T0: i64 = 1_717_243_200_000_000_000;

pub(super) fn at(seconds: f64) -> UnixNanos {
    UnixNanos(T0 + (seconds * 1e9).round() as i64)
}

pub(super) fn emitter(service: &str, instance: &str) -> Emitter {
    Emitter { service: service.into(), instance: instance.into(), ..Emitter::default() }
}

pub(super) fn evidence(source: Source, rule: &str, confidence: u8) -> Evidence {
    Evidence { source, rule: rule.into(), confidence, trace_id: None, span_id: None, parent_span_id: None }
}

/// Facts from an hour before the fixed time to an hour after.
#[derive(Debug, Clone, Default)]
pub(super) struct Given {
    pub rejections: Vec<Rejection>,
    pub signals: Vec<BreakerSignal>,
}

impl Given {
    pub fn reject(mut self, rejections: impl IntoIterator<Item = Rejection>) -> Self {
        self.rejections.extend(rejections);
        self
    }

    pub fn signal(mut self, signals: impl IntoIterator<Item = BreakerSignal>) -> Self {
        self.signals.extend(signals);
        self
    }

    pub fn fold(&self) -> Folded {
        fold(&self.input())
    }

    pub fn input(&self) -> Input<'_> {
        let parameters = Rules::shipped().parameters();
        Input { parameters, ..Input::new(&self.rejections, &self.signals, at(-3600.0), at(3600.0)) }
    }
}

/// Test case 1: a Kratos client span that its own breaker refused. Every span of a time and service is one of its own.
pub(super) fn kratos(service: &str, time: f64) -> Rejection {
    let id = (time * 1000.0) as u64 + 1_000_000 + u64::from(service.as_bytes()[0]) * 1_000_000_000;
    let evidence = Evidence {
        trace_id: Some(trace(id)),
        span_id: Some(span(id)),
        parent_span_id: Some(span(id + 500_000_000)),
        ..evidence(Source::Span, "kratos.span.reject", 95)
    };
    Rejection {
        time: at(time),
        duration_ns: Some(40_000),
        emitter: emitter(service, "i1"),
        kind: RejectionKind::BreakerOpen,
        amount: Amount::Count(1.0),
        framework: "kratos".into(),
        mechanism: Mechanism::Adaptive,
        name: "op:/user.v1.User/Get".into(),
        operation: "/user.v1.User/Get".into(),
        target: "user".into(),
        span_kind: Some(SpanKind::Client),
        code: "503".into(),
        reason: "CIRCUITBREAKER".into(),
        http_status: Some(503),
        grpc_status: String::new(),
        says_propagated: false,
        evidence,
    }
}

pub(super) fn trace(id: u64) -> TraceId {
    let mut bytes = [7; 16];
    bytes[8..].copy_from_slice(&id.to_be_bytes());
    TraceId(bytes)
}

pub(super) fn span(id: u64) -> SpanId {
    SpanId(id.to_be_bytes())
}

/// A counter of refusals of Kratos, `kind` client or server, scraped at `time`.
pub(super) fn kratos_total(service: &str, kind: SpanKind, time: f64, value: f64) -> Rejection {
    Rejection {
        span_kind: Some(kind),
        amount: Amount::Cumulative { value, series: kind as u64 + 1, start_time: Some(at(-100_000.0)) },
        evidence: evidence(Source::Sum, "kratos.metric", 95),
        ..kratos(service, time)
    }
}

/// A refusal of a breaker with a state machine, told by a log line or the like, without a trace.
pub(super) fn refused(framework: &str, name: &str, time: f64) -> Rejection {
    Rejection {
        framework: framework.into(),
        mechanism: Mechanism::Breaker,
        name: name.into(),
        operation: String::new(),
        target: String::new(),
        span_kind: None,
        evidence: evidence(Source::Log, "text.refused", 90),
        ..kratos("order", time)
    }
}

/// The same of calls of `operation`.
pub(super) fn with(operation: &str, rejection: Rejection) -> Rejection {
    Rejection { operation: operation.into(), ..rejection }
}

/// A counter of refusals (`not_permitted`) without a start time.
pub(super) fn refused_total(framework: &str, name: &str, time: f64, value: f64) -> Rejection {
    Rejection {
        amount: Amount::Cumulative { value, series: 77, start_time: None },
        evidence: evidence(Source::Sum, "r4j.not_permitted", 95),
        ..refused(framework, name, time)
    }
}

pub(super) fn signal(framework: &str, name: &str, time: f64, signal: Signal) -> BreakerSignal {
    let (source, rule, series) = match &signal {
        Signal::Counter { amount: Amount::Cumulative { series, .. }, .. } => (Source::Sum, "counter", Some(*series)),
        Signal::Counter { .. } => (Source::Sum, "counter", Some(0)),
        Signal::OneHot { state, .. } => (Source::Gauge, "onehot", Some(*state as u64)),
        Signal::Enum { .. } => (Source::Gauge, "enum", Some(1)),
        Signal::Transition { .. } | Signal::Seen { .. } | Signal::ConfigReload => (Source::Log, "log", None),
    };
    BreakerSignal {
        time: at(time),
        emitter: emitter("order", "i1"),
        framework: framework.into(),
        mechanism: Mechanism::Breaker,
        name: name.into(),
        operation: String::new(),
        target: String::new(),
        signal,
        cause: String::new(),
        text: String::new(),
        series,
        evidence: evidence(source, rule, 90),
    }
}

pub(super) fn log(framework: &str, name: &str, time: f64, from: Option<State>, to: State) -> BreakerSignal {
    signal(framework, name, time, Signal::Transition { from, to })
}

pub(super) fn one_hot(name: &str, time: f64, state: State) -> Vec<BreakerSignal> {
    let all = [State::Closed, State::Open, State::HalfOpen, State::Disabled, State::ForcedOpen, State::MetricsOnly];
    all.map(|of| signal("resilience4j", name, time, Signal::OneHot { state: of, value: f64::from(u8::from(of == state)) })).into()
}

pub(super) fn number(framework: &str, name: &str, time: f64, value: f64, state: Option<State>) -> BreakerSignal {
    signal(framework, name, time, Signal::Enum { value, state })
}

/// A Sentinel counter from `from` to `to`.
pub(super) fn counted(name: &str, time: f64, from: State, to: State, value: f64) -> BreakerSignal {
    let amount = Amount::Cumulative { value, series: from as u64 * 10 + to as u64, start_time: Some(at(-100_000.0)) };
    signal("sentinel-go", name, time, Signal::Counter { from: Some(from), to, amount })
}

impl BreakerSignalIn for BreakerSignal {
    fn of(mut self, instance: &str) -> Self {
        self.emitter.instance = instance.into();
        self
    }
}

pub(super) trait BreakerSignalIn {
    fn of(self, instance: &str) -> Self;
}
