//! `GET /api/v1/overview`: what is wrong now, and what changed, in one call.

use std::time::Instant;

use schemas::{Signal, UnixNanos};
use serde::Serialize;
use utoipa::ToSchema;
use xxhash_rust::xxh3::xxh3_64;

use super::{
    super::{
        answer::{Meta, Time, to_json, total},
        breakers::{Folds, Guard, TripsOfDay},
        completeness::Completeness,
        problem::Problem,
        router::Shared,
        search::{Pairs, now},
        services::{Buckets, Trend},
        window::{Window, unknown_parameter},
    },
    load::{self, Counted, Loads},
    now::{self, Now},
};
use crate::analytics::{
    overview::{Change, Window as Compared, changes},
    red::RedSeries,
    surprise::{least, median, of_counts, of_days},
};

const CHANGES_MAX: usize = 50;
const BUCKETS: usize = 60;
/// Trips are told by breakers, not guessed from counts: one alone is as surprising as this.
const TRIP_SURPRISE: f64 = 5.0;
const KNOWN: &str = "this route knows `start`, `end`, `range` and `environment`";

/// What is wrong now, and what changed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OverviewAnswer {
    #[schema(value_type = String)]
    start: Time,
    #[schema(value_type = String)]
    end: Time,
    #[serde(flatten)]
    content: Content,
    completeness: Completeness,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// What a stream compares.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OverviewContent)]
struct Content {
    now: Now,
    buckets: Buckets,
    /// Calls of all services.
    trend: Trend,
    /// Against the window before and, where something was stored then, the same hours of the seven days before:
    /// the most surprising first, at most fifty.
    changes: Vec<ChangeRow>,
    changes_total: usize,
    /// How much was looked at: nothing wrong in nothing says little.
    checked: Checked,
}

/// Something that changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OverviewChange)]
struct ChangeRow {
    /// `trip`, `code_new`, `code_spiking`, `code_gone`, `service_failing`, `service_recovered`, `service_slower`, `service_faster`,
    /// `service_busier`, `service_quieter`, `service_silent`, `service_new` or `version_new`.
    kind: &'static str,
    service: String,
    /// The code, the version, or the name of the breaker; empty for what is about the whole service.
    subject: String,
    breaker_id: Option<String>,
    /// When it began, or was seen last; null: nothing tells.
    #[schema(value_type = Option<String>)]
    time: Option<Time>,
    /// What it is about: trips of a breaker, records of a code, the share of failed calls, the p95 in nanoseconds, calls, spans of a
    /// version.
    now: f64,
    before: f64,
    /// The day before, trips by whole hours; null: nothing was stored then, or its trips are not known (see `usual`).
    yesterday: Option<f64>,
    /// The median of the same hours of the seven days before, as far as something was stored then, earlier days than yesterday by half
    /// hours, trips by whole hours; null: nothing was, it is about a version, or trips are not known: they are worked out meanwhile, of
    /// windows that touch at most four hours and hours without too many facts.
    usual: Option<f64>,
    /// In standard deviations; less where the days before differ among themselves.
    surprise: f64,
}

/// How much was looked at.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OverviewChecked)]
struct Checked {
    services: usize,
    spans: f64,
    calls: f64,
    codes: usize,
    breakers: usize,
    /// Whether there was a day before to compare with.
    yesterday: bool,
    /// How many of the seven days before there were to compare with.
    days: usize,
}

/// Trips of the same hours; nothing until they are known.
struct Past<'a> {
    yesterday: Option<&'a TripsOfDay>,
    /// Yesterday too.
    days: Vec<&'a TripsOfDay>,
}

impl<'a> Past<'a> {
    fn of(days: &'a [Option<TripsOfDay>], with_yesterday: bool) -> Self {
        let yesterday = days.first().filter(|_| with_yesterday).and_then(Option::as_ref);
        Self { yesterday, days: days.iter().flatten().collect() }
    }
}

impl OverviewAnswer {
    pub(super) fn json(&self) -> Vec<u8> {
        to_json(self)
    }

    /// Names what is told; the same for the same content, however long it took to find out and whatever the time.
    pub(super) fn tag(&self) -> u64 {
        let Content { now, changes, changes_total, checked, .. } = &self.content;
        xxh3_64(&to_json(&(now, changes, changes_total, checked)))
    }
}

/// `window` and `environment` of a request.
pub(super) fn parse(pairs: Pairs, now: UnixNanos) -> Result<(Window, Option<String>), Problem> {
    let (window, others) = Window::parse(pairs, now)?;
    let mut environment = None;
    for (name, value) in others {
        match name.as_str() {
            "environment" => environment = Some(value),
            _ => return Err(unknown_parameter(&name, KNOWN)),
        }
    }
    Ok((window, environment))
}

pub(super) async fn answer(shared: &Shared, folds: &Folds, pairs: Pairs) -> Result<OverviewAnswer, Problem> {
    let (started, at) = (Instant::now(), now());
    let (window, environment) = parse(pairs, at)?;
    let loads = load::load(&folds.engine, window, environment.as_deref(), BUCKETS);
    // Both take a while, and neither needs the other.
    let (loads, guards) = tokio::join!(loads, folds.guards_or_none(window, now::last(window), at));
    let mut loads = loads?;
    loads.cost.merge(&guards.cost);
    let tripped: Vec<&Guard> = guards.breakers.iter().filter(|guard| guard.trips > 0).collect();
    let known = if tripped.is_empty() { None } else { folds.past_trips(&loads.stored) };
    let past = Past::of(known.as_deref().unwrap_or_default(), loads.yesterday.is_some());
    let mut rows: Vec<ChangeRow> = tripped.into_iter().map(|guard| ChangeRow::of_trip(guard, &past)).collect();
    rows.extend(changes_of(&loads).into_iter().map(ChangeRow::of));
    rows.sort_by(|a, b| {
        b.surprise.total_cmp(&a.surprise).then_with(|| (a.kind, &a.service, &a.subject).cmp(&(b.kind, &b.service, &b.subject)))
    });
    let changes_total = rows.len();
    rows.truncate(CHANGES_MAX);

    let mut trend = RedSeries::new(loads.grid);
    for service in &loads.now.services {
        trend.0.iter_mut().zip(&service.trend.0).for_each(|(all, own)| all.merge(own));
    }
    let content = Content {
        now: now::now(shared, window, &loads, &guards),
        buckets: Buckets::of(loads.grid),
        trend: Trend::of(&trend),
        changes: rows,
        changes_total,
        checked: Checked {
            services: loads.now.services.len(),
            spans: total(loads.now.services.iter().map(|service| service.spans)),
            calls: total(loads.now.services.iter().map(|service| service.calls.count)),
            codes: loads.now.codes.len(),
            breakers: guards.breakers.len(),
            yesterday: loads.yesterday.is_some(),
            days: loads.days.len() + usize::from(loads.yesterday.is_some()),
        },
    };
    let Window { start, end } = window;
    let completeness = Completeness::of(loads.completeness, folds.losses.dropped(&[Signal::Traces], None), &mut loads.cost);
    let meta = loads.cost.meta(started);
    Ok(OverviewAnswer { start: Time(start), end: Time(end), content, completeness, meta })
}

fn changes_of(loads: &Loads) -> Vec<Change> {
    fn compared(counted: &Counted) -> Compared<'_> {
        Compared { services: &counted.services, codes: &counted.codes }
    }
    changes(compared(&loads.now), compared(&loads.before), loads.yesterday.as_ref().map(compared), &loads.days)
}

impl ChangeRow {
    fn of(change: Change) -> Self {
        let Change { kind, service, subject, at_ns, now, before, yesterday, usual, surprise } = change;
        let time = at_ns.map(|time| Time(UnixNanos(time)));
        Self { kind: kind.word(), service, subject, breaker_id: None, time, now, before, yesterday, usual, surprise }
    }

    fn of_trip(guard: &Guard, past: &Past<'_>) -> Self {
        let trips = guard.trips as f64;
        let days = past.days.iter().map(|day| day.of(guard.id));
        let of_days = of_days(days.clone().map(|usual| of_counts(trips, usual)));
        let more = least(std::iter::once(of_counts(trips, guard.trips_before as f64)).chain(of_days)).max(0.0);
        Self {
            kind: "trip",
            service: guard.service.clone(),
            subject: guard.name.clone(),
            breaker_id: Some(guard.id.to_string()),
            time: guard.last_opened.map(Time),
            now: trips,
            before: guard.trips_before as f64,
            yesterday: past.yesterday.map(|day| day.of(guard.id)),
            usual: median(days),
            surprise: TRIP_SURPRISE + more + of_counts(guard.refused, 0.0).max(0.0),
        }
    }
}
