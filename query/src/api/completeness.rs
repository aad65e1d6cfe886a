//! How complete the numbers of an answer are.

use schemas::UnixNanos;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{Cost, Time};
use crate::analytics::minutes;

/// How complete the numbers are. Spans are counted the moment they are stored, wherever they are.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(super) struct Completeness {
    /// When the newest of the counted spans arrived; null when there was none.
    #[schema(value_type = Option<String>)]
    watermark: Option<Time>,
    /// Counted spans that arrived more than a minute after they had ended.
    late: u64,
    /// Spans that were read and not counted, since a limit was reached.
    left_out: u64,
    /// Spans that senders' sampling left out, by the weights (`ot=th`) of those that came: counts, errors and durations have them, estimated.
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
}
