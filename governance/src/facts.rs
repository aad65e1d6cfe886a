//! Facts: what one record says by itself about errors, rejections and breakers. The rows of the governance tables.
//!
//! A fact holds only what its record says. Deltas, local or propagated, duplicates and states belong to the fold.

use schemas::{SpanId, TraceId, UnixNanos};

/// Who says it. `breaker identity = (namespace, environment, service, family, mechanism, name)`, without the instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Emitter {
    pub service: String,
    pub namespace: String,
    pub environment: String,
    /// `service.version`.
    pub version: String,
    /// `service.instance.id`, else pod uid, pod name, host and pid, labels `host` and `pid` or `instance`; `-` when nothing says.
    pub instance: String,
}

/// What kind of record it is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    Span,
    SpanEvent,
    Log,
    AccessLog,
    Sum,
    Gauge,
    Histogram,
}

impl Source {
    pub fn is_metric(self) -> bool {
        matches!(self, Self::Sum | Self::Gauge | Self::Histogram)
    }
}

/// Where a fact is from.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    pub source: Source,
    /// Id of the rule that saw it.
    pub rule: String,
    /// 0 to 100.
    pub confidence: u8,
    pub trace_id: Option<TraceId>,
    pub span_id: Option<SpanId>,
    /// Of a span: that of its parent, so that the fold can tell local from propagated.
    pub parent_span_id: Option<SpanId>,
}

/// How often, as the record says it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// Single events, or a delta: already the number for this record, adjusted by the sampling weight.
    Count(f64),
    /// A running total since `start_time`; the fold makes deltas.
    Cumulative { value: f64, series: u64, start_time: Option<UnixNanos> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RejectionKind {
    BreakerOpen,
    HalfOpenLimit,
    RateLimit,
    LoadShed,
    Bulkhead,
    ConcurrencyCap,
    NoHealthyHost,
    RetryBudget,
    Unknown503,
    Unknown429,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mechanism {
    /// A state machine: closed, open, half open.
    Breaker,
    /// Drops a share of calls; no half open (Kratos, go-zero).
    Adaptive,
    Outlier,
    ConcurrencyCap,
    Manual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SpanKind {
    Unspecified,
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}

/// A call that was refused. Row of `rejections`.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejection {
    pub time: UnixNanos,
    /// Of a span: how long the call took.
    pub duration_ns: Option<i64>,
    pub emitter: Emitter,
    pub kind: RejectionKind,
    pub amount: Amount,
    /// `kratos`, `sentinel-go`, …; empty when nothing says.
    pub framework: String,
    pub mechanism: Mechanism,
    /// Name of the breaker or limiter: explicit, else `op:<operation>`.
    pub name: String,
    pub operation: String,
    /// Who was called, as far as the record says.
    pub target: String,
    pub span_kind: Option<SpanKind>,
    pub code: String,
    pub reason: String,
    pub http_status: Option<i64>,
    pub grpc_status: String,
    /// The text shows that it came from further down (`rpc error: …`): it never opens a breaker here.
    pub says_propagated: bool,
    pub evidence: Evidence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    Closed,
    Open,
    HalfOpen,
    ForcedOpen,
    Disabled,
    MetricsOnly,
    Unknown,
}

/// What a record says about the state of a breaker.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Signal {
    /// It changed, said by a log line, a span event or a callback.
    Transition { from: Option<State>, to: State },
    /// A running or delta counter of one kind of change.
    Counter { from: Option<State>, to: State, amount: Amount },
    /// One-hot gauge: `value` of the series of `state`.
    OneHot { state: State, value: f64 },
    /// Gauge with one number per state, and what the rules say that number means; `None`: nothing says.
    Enum { value: f64, state: Option<State> },
    /// It was in this state when the record was made (a text `… is OPEN and does not permit further calls`).
    Seen { state: State },
    /// Rules were loaded again: breakers start closed.
    ConfigReload,
}

/// Evidence about a breaker's state. Row of `breaker_signals`.
#[derive(Debug, Clone, PartialEq)]
pub struct BreakerSignal {
    pub time: UnixNanos,
    pub emitter: Emitter,
    pub framework: String,
    pub mechanism: Mechanism,
    pub name: String,
    pub operation: String,
    pub target: String,
    pub signal: Signal,
    /// `error_ratio`, `slow_ratio`, `probe_ok`, … as far as the record says; else empty.
    pub cause: String,
    /// The text that says why.
    pub text: String,
    /// Of metrics: the series it is from.
    pub series: Option<u64>,
    pub evidence: Evidence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    Retry,
    Timeout,
    Fallback,
    Hedge,
    Eject,
    Uneject,
}

/// Something a resilience library did other than refuse. Row of `resilience_actions`.
#[derive(Debug, Clone, PartialEq)]
pub struct ResilienceAction {
    pub time: UnixNanos,
    pub emitter: Emitter,
    pub action: Action,
    pub amount: Amount,
    pub framework: String,
    pub name: String,
    pub operation: String,
    pub target: String,
    /// `success`, `failure` or what the record says; else empty.
    pub outcome: String,
    pub attempt: Option<i64>,
    pub evidence: Evidence,
}

/// Where an error code was found, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CodeSource {
    Attribute,
    Event,
    Kratos,
    Json,
    Text,
    Library,
    Status,
    ExceptionType,
    Metric,
}

/// A record that carries an error. Row of `errors`; at most one per record.
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    pub time: UnixNanos,
    pub emitter: Emitter,
    pub operation: String,
    pub span_kind: Option<SpanKind>,
    /// The code as it is shown, normalised; empty when there is only a reason or a fingerprint.
    pub code: String,
    /// `INSUFFICIENT_STOCK`; empty when nothing says.
    pub reason: String,
    pub domain: String,
    pub message: String,
    pub solution: String,
    pub http_status: Option<i64>,
    pub grpc_status: String,
    pub exception_type: String,
    pub framework: String,
    /// Self-inflicted by a breaker or limiter.
    pub is_rejection: bool,
    /// Of the message with numbers, ids and quoted parts masked: the same kind of error has the same.
    pub fingerprint: u64,
    pub amount: Amount,
    pub code_source: CodeSource,
    /// Of a span: whether its status is Error.
    pub span_failed: bool,
    pub duration_ns: Option<i64>,
    pub evidence: Evidence,
}

/// All that rows of one request say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    pub rejections: Vec<Rejection>,
    pub breaker_signals: Vec<BreakerSignal>,
    pub resilience_actions: Vec<ResilienceAction>,
    pub errors: Vec<Error>,
}
