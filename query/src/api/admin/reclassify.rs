//! What stored rows mean, by the rules that count now: `/api/v1/admin/reclassify`.
//!
//! An hour of arrivals at a time, so that whoever asks sees how far it is and can go on later.

use std::{sync::Arc, time::Instant};

use axum::{extract::State, response::Response};
use governance::classify::classify_anew;
use schemas::UnixNanos;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::Meta,
        openapi::OtherProblems,
        problem::Problem,
        search::{Asked, Pairs, pairs, parse_time},
        window::unknown_parameter,
    },
    answers::{failed, meta},
    routes::{Admin, now},
};
use crate::trace::Time;

const HOUR: i64 = 3_600_000_000_000;

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Reclassified {
    /// The arrivals that were asked for: from the first row that there is, up to now at most.
    start: Time,
    end: Time,
    /// Where to go on: rows that arrived before it are done; null when all are.
    next: Option<Time>,
    /// Spans, log records and metric points that were looked at.
    rows: u64,
    /// Blocks that were written, and those whose place they took.
    blocks: u64,
    blocks_replaced: u64,
    derived: Vec<Derived>,
    meta: Meta,
}

/// A table of what rows mean.
#[derive(Debug, Serialize, ToSchema)]
struct Derived {
    table: &'static str,
    /// Rows of these arrivals: before, and now.
    rows_before: u64,
    rows: u64,
}

/// Arrivals, `[start, end)`.
#[derive(Debug, Clone, Copy)]
struct Arrivals {
    start: UnixNanos,
    end: UnixNanos,
}

impl Arrivals {
    fn parse(pairs: Pairs, now: UnixNanos) -> Result<Self, Problem> {
        let (mut start, mut end) = (None, now);
        for (name, value) in pairs {
            match name.as_str() {
                "start" => start = Some(parse_time("start", &value, now)?),
                "end" => end = parse_time("end", &value, now)?.min(now),
                _ => return Err(unknown_parameter(&name, "this route knows `start` and `end`")),
            }
        }
        let hint = "say from which arrival on, for instance start=now-1d";
        let start = start.ok_or_else(|| Problem::invalid_parameter("start", "it is missing", hint))?;
        if start >= end {
            return Err(Problem::invalid_parameter("end", "it is not after `start`", "`end` itself is left out; it is now at most"));
        }
        Ok(Self { start, end })
    }

    /// Up to the next full hour.
    fn first_hour(self) -> Self {
        let hour = UnixNanos((self.start.0.div_euclid(HOUR) + 1).saturating_mul(HOUR));
        Self { end: self.end.min(hour), ..self }
    }
}

/// Looks at stored rows again, with the rules, layouts and catalogue that count now.
#[utoipa::path(
    post,
    path = "/api/v1/admin/reclassify",
    tag = "server",
    description = "Error codes, rejections, signals of breakers and sums of an hour of arrivals are made again and swapped at once: all of it or \
        nothing. Ask again with `start` = `next` until that is null; `fusebox reclassify` does.",
    params(
        ("start" = String, Query, description = "Rows that arrived from then on: RFC 3339, Unix time, or now-1d"),
        ("end" = Option<String>, Query, description = "and before then; now when left out, and at most")
    ),
    responses((status = 200, description = "What was done, and where to go on", body = Reclassified), OtherProblems)
)]
pub(super) async fn reclassify(State(admin): State<Arc<Admin>>, asked: Asked) -> Response {
    let parsed = pairs(asked).and_then(|pairs| Arrivals::parse(pairs, now()));
    let rules = admin.rules.get();
    admin
        .run(parsed, move |store, Arrivals { start, end }| {
            let begun = Instant::now();
            store.flush().map_err(|reason| failed("flush", reason))?;
            let first = store.first_arrival(start).unwrap_or(end).clamp(start, end);
            let hour = Arrivals { start: first, end }.first_hour();
            let rederive = move |rows: &_| classify_anew(&rules, rows).map_err(|error| error.to_string());
            let done = store.rederive(hour.start..hour.end, &rederive).map_err(|reason| failed("reclassify", reason))?;
            let next = store.first_arrival(hour.end).filter(|next| *next < end);
            let derived = done.derived.iter();
            Ok(Reclassified {
                start: Time(first.0),
                end: Time(end.0),
                next: next.map(|next| Time(next.0)),
                rows: done.rows,
                blocks: done.blocks as u64,
                blocks_replaced: done.replaced as u64,
                derived: derived.map(|(table, before, now)| Derived { table: table.name(), rows_before: *before, rows: *now }).collect(),
                meta: meta(begun),
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixNanos = UnixNanos(1_793_959_200_000_000_000);

    #[test]
    fn arrivals_are_an_hour_at_most() {
        let check = |asked: &[(&str, &str)], expected: Option<(i64, i64)>| {
            let pairs = asked.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let found = Arrivals::parse(pairs, NOW).ok().map(Arrivals::first_hour);
            assert_eq!(
                found.map(|hour| ((hour.start.0 - NOW.0) / 1_000_000_000, (hour.end.0 - NOW.0) / 1_000_000_000)),
                expected,
                "{asked:?}"
            );
        };
        // Now is a full hour.
        check(&[("start", "now-10m")], Some((-600, 0)));
        check(&[("start", "now-90m")], Some((-5400, -3600)));
        check(&[("start", "now-90m"), ("end", "now-80m")], Some((-5400, -4800)));
        check(&[("start", "now-60m"), ("end", "now+1h")], Some((-3600, 0)));
        check(&[], None);
        check(&[("start", "now")], None);
        check(&[("start", "now-1h"), ("hour", "1")], None);
    }
}
