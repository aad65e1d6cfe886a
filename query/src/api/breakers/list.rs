//! `GET /api/v1/breakers`: every breaker of a window, those that cost most first.

use std::{cmp::Reverse, collections::BTreeMap, time::Instant};

use governance::{
    analytics::flapping::flapping,
    facts::State,
    fold::{self, Breaker, Notice},
};
use schemas::UnixNanos;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Meta, Time, to_json, total},
        completeness::Completeness,
        page_token::PageToken,
        problem::Problem,
        search::{Limits, Pairs, now, parse_limit},
        window::{Window, unknown_parameter},
    },
    lane::Lane,
    load::{Folds, Told},
    shapes::{Identity, ServiceTrip, state_word},
    top_codes::{TopCode, TopCodes},
};

const LIMITS: Limits = Limits { default: 200, max: 2000 };
const KNOWN: &str =
    "this route knows `start`, `end`, `range`, `q`, `service`, `target`, `state`, `kind`, `tripped`, `sort`, `limit`, `page_token`";

/// Circuit breakers of a window.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BreakersAnswer {
    /// When the window begins: nanoseconds since 1970, in digits. Lanes count from there.
    t0_ns: String,
    end_ns: String,
    summary: Summary,
    breakers: Vec<Row>,
    /// Of the next page; null on the last.
    next_page_token: Option<String>,
    /// What a person should look after: gauges without a meaning, names shared by several breakers.
    notices: Vec<BreakerNotice>,
    /// Of facts of all services, by whole minutes.
    completeness: Completeness,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// Over all breakers that the filters leave.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = BreakersSummary)]
struct Summary {
    /// How many are in each state at the end of the window.
    states: BTreeMap<&'static str, usize>,
    /// Opened within the window.
    trips: usize,
    /// In a window as long, just before.
    trips_before: usize,
    open_ns: i64,
    refused: f64,
}

/// A breaker of the list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BreakerRow)]
pub(super) struct Row {
    #[serde(flatten)]
    identity: Identity,
    /// At the end of the window.
    state: &'static str,
    #[schema(value_type = String)]
    state_since: Time,
    open_fraction: f64,
    instances: usize,
    trips: usize,
    trips_before: usize,
    open_ns: i64,
    refused: f64,
    flapping: bool,
    /// The last that touches the window.
    last_trip: Option<ServiceTrip>,
    /// Errors before it, more often than usual: at most three, the most unusual first.
    top_codes: Vec<TopCode>,
    lane: Lane,
}

/// Something a person should look after.
#[derive(Debug, Serialize, ToSchema)]
struct BreakerNotice {
    /// `needs_mapping`, `several_breakers` or `future`.
    kind: &'static str,
    breaker_id: Option<String>,
    service: Option<String>,
    name: Option<String>,
    detail: String,
}

impl Row {
    pub(super) fn framework(&self) -> &str {
        self.identity.framework()
    }

    pub(super) fn flaps(&self) -> bool {
        self.flapping
    }

    pub(super) fn trips(&self) -> usize {
        self.trips
    }

    pub(super) fn trips_before(&self) -> usize {
        self.trips_before
    }

    pub(super) fn refused(&self) -> f64 {
        self.refused
    }
}

#[derive(Debug, Default)]
struct Request {
    text: String,
    service: Option<String>,
    target: Option<String>,
    state: Option<String>,
    kind: Option<String>,
    tripped: bool,
    sort: Sort,
    limit: usize,
    after: Option<String>,
}

#[derive(Debug, Clone, Copy, Default)]
enum Sort {
    #[default]
    Cost,
    Recent,
    Trips,
    Name,
}

impl Request {
    fn parse(pairs: Pairs) -> Result<Self, Problem> {
        let mut request = Self { limit: LIMITS.default, ..Self::default() };
        for (name, value) in pairs {
            match name.as_str() {
                "q" => request.text = value.to_lowercase(),
                "service" => request.service = Some(value),
                "target" => request.target = Some(value),
                "state" => request.state = Some(value),
                "kind" => request.kind = Some(value),
                "tripped" => request.tripped = parse_flag("tripped", &value)?,
                "sort" => request.sort = Sort::parse(&value)?,
                "limit" => request.limit = parse_limit(&value, LIMITS)?,
                "page_token" => request.after = Some(value),
                _ => return Err(unknown_parameter(&name, KNOWN)),
            }
        }
        Ok(request)
    }

    fn wants(&self, breaker: &Breaker, row: &Row) -> bool {
        let of = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|wanted| wanted == is);
        let key = &breaker.key;
        let texts = [&key.service, &key.name, &row.identity.framework().to_owned()];
        let found = self.text.is_empty() || texts.into_iter().chain(&breaker.targets).any(|text| text.to_lowercase().contains(&self.text));
        found
            && of(&self.service, &key.service)
            && self.target.as_ref().is_none_or(|target| breaker.targets.contains(target))
            && of(&self.state, row.state)
            && of(&self.kind, row.identity.mechanism)
            && (!self.tripped || row.last_trip.is_some())
    }
}

impl Sort {
    fn parse(text: &str) -> Result<Self, Problem> {
        match text {
            "cost" => Ok(Self::Cost),
            "recent" => Ok(Self::Recent),
            "trips" => Ok(Self::Trips),
            "name" => Ok(Self::Name),
            _ => Err(Problem::invalid_parameter("sort", format!("unknown order {text:?}"), "use cost, recent, trips, name")),
        }
    }
}

fn parse_flag(param: &'static str, text: &str) -> Result<bool, Problem> {
    text.parse().map_err(|_| Problem::invalid_parameter(param, format!("{text:?} is neither"), "use true or false"))
}

pub(super) async fn answer(folds: &Folds, pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let (started, now) = (Instant::now(), now());
    let after = pairs.iter().find(|(name, _)| name == "page_token").map(|(_, token)| PageToken::parse(token)).transpose()?;
    let (mut window, others) = Window::parse(pairs, now)?;
    if let Some(after) = &after {
        window = after.window;
    }
    let request = Request::parse(others)?;
    let told = folds.told(window, now).await?;
    let (codes, cost) = folds.top_codes(&told, window).await?;
    let mut rows: Vec<(&Breaker, Row)> = told.folded.breakers.iter().map(|breaker| (breaker, row(breaker, window, codes))).collect();
    rows.retain(|(breaker, row)| request.wants(breaker, row));
    let mut summary = Summary::default();
    for (_, row) in &rows {
        *summary.states.entry(row.state).or_default() += 1;
        summary.trips += row.trips;
        summary.trips_before += row.trips_before;
        summary.open_ns += row.open_ns;
        summary.refused += row.refused;
    }
    rows.sort_by(|(a, of_a), (b, of_b)| {
        let last = |breaker: &Breaker| Reverse(breaker.trips.last().map(|trip| trip.trip.opened.time));
        let cost = || of_b.refused.total_cmp(&of_a.refused).then(of_b.open_ns.cmp(&of_a.open_ns));
        let first = match request.sort {
            Sort::Cost => cost(),
            Sort::Recent => last(a).cmp(&last(b)),
            Sort::Trips => of_b.trips.cmp(&of_a.trips).then_with(cost),
            Sort::Name => std::cmp::Ordering::Equal,
        };
        first.then_with(|| a.key.cmp(&b.key))
    });
    let from = match &after {
        // The fold of a window that is over gives the same order again.
        Some(after) => rows.iter().position(|(breaker, _)| breaker.id.to_string() == after.id).map_or(rows.len(), |place| place + 1),
        None => 0,
    };
    let more = rows.len() > from + request.limit;
    let breakers: Vec<Row> = rows.into_iter().skip(from).take(request.limit).map(|(_, row)| row).collect();
    let next_page_token = breakers.last().filter(|_| more).map(|row| PageToken { window, id: row.identity.id().to_owned() }.text());
    let body = BreakersAnswer {
        t0_ns: window.start.0.to_string(),
        end_ns: window.end.0.to_string(),
        summary,
        breakers,
        next_page_token,
        notices: notices(&told),
        completeness: folds.completeness(&told, window, request.service.as_deref(), &cost),
        meta: cost.meta(started),
    };
    Ok(to_json(&body))
}

pub(super) fn row(breaker: &Breaker, window: Window, codes: &TopCodes) -> Row {
    let mechanism = breaker.key.mechanism;
    let end = UnixNanos(window.end.0 - 1);
    let now = breaker.segments.iter().rfind(|segment| segment.start <= end);
    let before = window.start.0 - window.length_ns();
    let opened_in = |from: i64, to: i64| breaker.trips.iter().filter(|trip| (from..to).contains(&trip.trip.opened.time.0)).count();
    let touching = || breaker.trips.iter().filter(|trip| touches(&trip.trip, window));
    let trips: Vec<&fold::Trip> = touching().map(|trip| &trip.trip).collect();
    Row {
        identity: Identity::of(breaker),
        state: state_word(mechanism, now.map_or(State::Unknown, |segment| segment.state)),
        state_since: Time(now.map_or(window.start, |segment| segment.start)),
        open_fraction: now.map_or(0.0, |segment| segment.open_fraction),
        instances: breaker.instances.len(),
        trips: opened_in(window.start.0, window.end.0),
        trips_before: opened_in(before, window.start.0),
        open_ns: trips.iter().map(|trip| open_within(trip, window)).sum(),
        refused: refused_within(breaker, window),
        flapping: is_flapping(breaker, &trips, window),
        last_trip: touching().next_back().map(|trip| ServiceTrip::of(breaker, trip)),
        top_codes: codes.get(&breaker.id).cloned().unwrap_or_default(),
        lane: Lane::of_service(&breaker.segments, mechanism, window),
    }
}

pub(super) fn touches(trip: &fold::Trip, window: Window) -> bool {
    trip.opened.time < window.end && trip.end_or(window.end) > window.start
}

/// Calls that were refused within the window.
pub(super) fn refused_within(breaker: &Breaker, window: Window) -> f64 {
    total(breaker.instances.iter().map(|history| refused_in(history, window)))
}

/// By one instance.
pub(super) fn refused_in(history: &fold::History, window: Window) -> f64 {
    total(history.refused.iter().filter(|calls| (window.start..window.end).contains(&calls.until)).map(|calls| calls.count))
}

pub(super) fn open_within(trip: &fold::Trip, window: Window) -> i64 {
    (trip.end_or(window.end).0.min(window.end.0) - trip.opened.time.0.max(window.start.0)).max(0)
}

pub(super) fn is_flapping(breaker: &Breaker, trips: &[&fold::Trip], window: Window) -> bool {
    let transitions = breaker.instances.iter().flat_map(|history| &history.transitions);
    let mut openings: Vec<UnixNanos> = transitions
        .filter(|transition| transition.to == State::Open && (window.start..window.end).contains(&transition.at.time))
        .map(|transition| transition.at.time)
        .collect();
    openings.sort_unstable();
    // Instances that open together did not flap.
    openings.dedup_by_key(|time| time.0 / 1_000_000_000);
    let own = if breaker.instances.len() > 1 { trips.iter().map(|trip| trip.opened.time).collect() } else { openings };
    flapping(&own, trips, &own, (window.start, window.end)).flaps
}

fn notices(told: &Told) -> Vec<BreakerNotice> {
    let notice = |notice: &Notice| match notice {
        Notice::NeedsMapping { breaker, service, name, values } => BreakerNotice {
            kind: "needs_mapping",
            breaker_id: Some(breaker.to_string()),
            service: Some(service.clone()),
            name: Some(name.clone()),
            detail: format!("nothing says which state {values:?} are: add a rule that maps the values of this gauge"),
        },
        Notice::SeveralBreakers { breaker, service, name } => BreakerNotice {
            kind: "several_breakers",
            breaker_id: Some(breaker.to_string()),
            service: Some(service.clone()),
            name: Some(name.clone()),
            detail: "more opened than one breaker can: several share this name and are counted together".to_owned(),
        },
        Notice::Future { records } => BreakerNotice {
            kind: "future",
            breaker_id: None,
            service: None,
            name: None,
            detail: format!("{records} records are later than the window allows and were left out"),
        },
    };
    told.folded.notices.iter().map(notice).collect()
}
