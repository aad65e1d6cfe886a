//! What a search of Zipkin's asks for.

use schemas::UnixNanos;

use super::super::{
    super::{problem::Problem, search::now},
    condition::Condition,
    parameters::Query,
};
use crate::engine::TimeSpan;

const LIMIT: usize = 10;
const LIMIT_MAX: usize = 1_000;
const DAY_MS: i64 = 86_400_000;

/// Conditions on one span, when it started, and how many traces.
pub(super) fn asked_for(query: &Query) -> Result<(Condition, TimeSpan, usize), Problem> {
    let mut condition = Condition::default();
    if let Some(service) = query.text("serviceName") {
        condition.service(service);
    }
    if let Some(name) = query.text("spanName").filter(|name| *name != "all") {
        condition.operation(name);
    }
    if let Some(remote) = query.text("remoteServiceName") {
        condition.tag("peer.service", remote);
    }
    // `error and http.method=GET`
    for part in query.text("annotationQuery").into_iter().flat_map(|text| text.split(" and ")).map(str::trim) {
        match part.split_once('=') {
            Some((key, value)) => condition.tag(key, value),
            None if part.is_empty() => {}
            None => condition.has_tag(part),
        }
    }
    let micros = |name| Ok::<_, Problem>(query.number(name)?.filter(|micros| *micros > 0).map(|micros| micros.saturating_mul(1_000)));
    if let Some(least) = micros("minDuration")? {
        condition.lasts_at_least_ns(least);
    }
    if let Some(most) = micros("maxDuration")? {
        condition.lasts_at_most_ns(most);
    }
    let (start, end) = lookback(query)?;
    Ok((condition, TimeSpan { start: Some(start), end: Some(end) }, query.limit("limit", LIMIT, LIMIT_MAX)?))
}

/// `[endTs - lookback, endTs)`: the last day when nothing is said.
pub(super) fn lookback(query: &Query) -> Result<(UnixNanos, UnixNanos), Problem> {
    let end = query.time("endTs")?.unwrap_or_else(now);
    let lookback_ms = query.number("lookback")?.unwrap_or(DAY_MS).max(1);
    Ok((UnixNanos(end.0.saturating_sub(lookback_ms.saturating_mul(1_000_000))), end))
}
