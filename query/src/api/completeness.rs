//! How complete the numbers of an answer are.

use governance::arrived::Arrived;
use schemas::UnixNanos;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    answer::{Cost, Time},
    dropped::Dropped,
};
use crate::analytics::minutes;

/// How complete the numbers are. Records are counted the moment they are stored, wherever they are; of what never was stored `dropped`
/// tells.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(super) struct Completeness {
    /// When the newest of the counted records arrived; null when there was none.
    #[schema(value_type = Option<String>)]
    watermark: Option<Time>,
    /// Counted records that arrived more than a minute after their time: of spans, after they had ended.
    late: u64,
    /// Records that were read and not counted, since a limit was reached.
    left_out: u64,
    /// Of spans, those that senders' sampling left out, by the weights (`ot=th`) of those that came: counts, errors and durations have them, estimated.
    sampled_out: f64,
    dropped: Dropped,
    /// Something is missing: `meta.partial` says what.
    partial: bool,
}

impl Completeness {
    /// Says in `cost` what was left out.
    pub(super) fn of(told: minutes::Completeness, dropped: Dropped, cost: &mut Cost) -> Self {
        let minutes::Completeness { watermark_ns, late, left_out, sampled_out } = told;
        say_left_out(left_out, cost);
        let watermark = watermark_ns.map(|time| Time(UnixNanos(time)));
        Self { watermark, late, left_out, sampled_out, dropped, partial: !cost.partial.is_empty() }
    }

    /// Of records that stand for nothing but themselves, all of which were counted; `partial` says what is missing.
    pub(super) fn of_records(watermark_ns: Option<i64>, late: u64, dropped: Dropped, partial: &[String]) -> Self {
        let arrived = Arrived { newest_ns: watermark_ns, late, sampled_out: 0.0 };
        Self::of_arrived(arrived, 0, dropped, partial)
    }

    /// Of errors or facts of breakers and limiters; `partial` says what is missing, also those that were left out.
    pub(super) fn of_arrived(arrived: Arrived, left_out: u64, dropped: Dropped, partial: &[String]) -> Self {
        let Arrived { newest_ns, late, sampled_out } = arrived;
        let watermark = newest_ns.map(|time| Time(UnixNanos(time)));
        Self { watermark, late, left_out, sampled_out, dropped, partial: !partial.is_empty() }
    }
}

/// Spans that were left out are a reason why an answer is partial.
pub(super) fn say_left_out(left_out: u64, cost: &mut Cost) {
    if left_out > 0 {
        cost.partial.push(format!("{left_out} spans are not counted: the window holds too many different ones"));
    }
}
