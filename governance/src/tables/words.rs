//! The words that tables use for what facts tell apart.

use crate::facts::{Action, CodeSource, Mechanism, RejectionKind, Source, SpanKind, State};

macro_rules! words {
    ($($name:ident { $($variant:ident = $word:literal),* $(,)? })*) => {
        $(
            impl $name {
                pub const ALL: &[Self] = &[$(Self::$variant),*];

                /// As it stands in tables and answers.
                pub fn word(self) -> &'static str {
                    match self {
                        $(Self::$variant => $word),*
                    }
                }

                pub fn from_word(word: &str) -> Option<Self> {
                    match word {
                        $($word => Some(Self::$variant),)*
                        _ => None,
                    }
                }
            }
        )*
    };
}

words! {
    Source {
        Span = "span",
        SpanEvent = "span_event",
        Log = "log",
        AccessLog = "access_log",
        Sum = "sum",
        Gauge = "gauge",
        Histogram = "histogram",
    }
    RejectionKind {
        BreakerOpen = "breaker_open",
        HalfOpenLimit = "half_open_limit",
        RateLimit = "rate_limit",
        LoadShed = "load_shed",
        Bulkhead = "bulkhead",
        ConcurrencyCap = "concurrency_cap",
        NoHealthyHost = "no_healthy_host",
        RetryBudget = "retry_budget",
        Unknown503 = "unknown_503",
        Unknown429 = "unknown_429",
    }
    Mechanism {
        Breaker = "breaker",
        Adaptive = "adaptive",
        Outlier = "outlier",
        ConcurrencyCap = "concurrency_cap",
        Manual = "manual",
    }
    State {
        Closed = "closed",
        Open = "open",
        HalfOpen = "half_open",
        ForcedOpen = "forced_open",
        Disabled = "disabled",
        MetricsOnly = "metrics_only",
        Unknown = "unknown",
    }
    Action {
        Retry = "retry",
        Timeout = "timeout",
        Fallback = "fallback",
        Hedge = "hedge",
        Eject = "eject",
        Uneject = "uneject",
    }
    CodeSource {
        Attribute = "attribute",
        Event = "event",
        Kratos = "kratos",
        Json = "json",
        Text = "text",
        Library = "library",
        Status = "status",
        ExceptionType = "exception_type",
        Metric = "metric",
    }
}

impl SpanKind {
    /// As OTLP numbers it.
    pub fn number(self) -> i32 {
        self as i32
    }

    pub fn from_number(number: i32) -> Option<Self> {
        [Self::Unspecified, Self::Internal, Self::Server, Self::Client, Self::Producer, Self::Consumer]
            .into_iter()
            .find(|kind| kind.number() == number)
    }
}
