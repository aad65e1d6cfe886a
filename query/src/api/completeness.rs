//! How complete the numbers of an answer are.

use schemas::UnixNanos;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{Cost, Time};
use crate::analytics::minutes;

/// How complete the numbers are. Records are counted the moment they are stored, wherever they are. What never was stored is not known
/// of any window: records and requests that were refused are counted since the start of the server, by `GET /api/v1/status/ingest`.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
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
    /// Something is missing: `meta.partial` says what.
    partial: bool,
}

impl Completeness {
    /// Says in `cost` what was left out.
    pub(super) fn of(told: minutes::Completeness, cost: &mut Cost) -> Self {
        let minutes::Completeness { watermark_ns, late, left_out, sampled_out } = told;
        if left_out > 0 {
            cost.partial.push(format!("{left_out} spans are not counted: the window holds too many different ones"));
        }
        let watermark = watermark_ns.map(|time| Time(UnixNanos(time)));
        Self { watermark, late, left_out, sampled_out, partial: !cost.partial.is_empty() }
    }

    /// Of records that stand for nothing but themselves, all of which were counted; `partial` says what is missing.
    pub(super) fn of_records(watermark_ns: Option<i64>, late: u64, partial: &[String]) -> Self {
        let watermark = watermark_ns.map(|time| Time(UnixNanos(time)));
        Self { watermark, late, left_out: 0, sampled_out: 0.0, partial: !partial.is_empty() }
    }
}
