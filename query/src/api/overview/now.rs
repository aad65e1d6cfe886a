//! What is wrong now: open breakers, spiking codes, sick services, refused calls, trouble of the server itself.

use std::time::Duration;

use schemas::UnixNanos;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::Time,
        breakers::{Guard, Guards},
        health::not_ready_reasons,
        router::Shared,
        services::{Durations, per_second},
        window::Window,
    },
    load::{Loads, recent_ns},
};
use crate::analytics::{
    overview::spikes,
    red::Red,
    services::{Health, Service},
};

const LISTED_MAX: usize = 20;
/// Rows that wait so much longer than a flush takes are in trouble.
const UNFLUSHED_MAX: Duration = Duration::from_secs(600);

/// What is wrong at the end of the window. Rates are of its newest part.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OverviewNow)]
pub(super) struct Now {
    /// How long the newest part is: five minutes of a window that is long enough.
    recent_ns: i64,
    calls_per_s: f64,
    error_share: f64,
    #[serde(flatten)]
    durations: Durations,
    /// Calls that breakers and limiters refused.
    rejected_per_s: f64,
    open_breakers: OpenBreakers,
    spiking_codes: SpikingCodes,
    sick_services: SickServices,
    ingest: Ingest,
}

/// Breakers that refuse calls; at most twenty are listed.
#[derive(Debug, Serialize, ToSchema)]
struct OpenBreakers {
    total: usize,
    listed: Vec<OpenBreaker>,
}

/// A breaker that refuses calls.
#[derive(Debug, Serialize, ToSchema)]
struct OpenBreaker {
    id: String,
    service: String,
    name: String,
    targets: Vec<String>,
    state: &'static str,
    #[schema(value_type = String)]
    state_since: Time,
    /// Within the window.
    refused: f64,
}

/// Codes that are more frequent than before; at most twenty are listed, the most surprising.
#[derive(Debug, Serialize, ToSchema)]
struct SpikingCodes {
    total: usize,
    listed: Vec<SpikingCode>,
}

/// A code that is more frequent than before.
#[derive(Debug, Serialize, ToSchema)]
struct SpikingCode {
    service: String,
    code: String,
    /// Records of the newest part.
    count: f64,
    /// In as long a time, by what came before.
    expected: f64,
    /// Standard deviations.
    surprise: f64,
}

/// Services of which many calls fail; at most twenty are listed, the worst.
#[derive(Debug, Serialize, ToSchema)]
struct SickServices {
    total: usize,
    listed: Vec<SickService>,
}

/// A service of which many calls fail.
#[derive(Debug, Serialize, ToSchema)]
struct SickService {
    service: String,
    /// `warn` or `error`, as in the list of services.
    health: &'static str,
    calls: f64,
    errors: f64,
    error_share: f64,
}

/// The server itself.
#[derive(Debug, Serialize, ToSchema)]
struct Ingest {
    /// Nothing of the rest is wrong.
    ok: bool,
    /// What is wrong, in words.
    trouble: Vec<String>,
    /// Records that were refused since the start.
    rejected: u64,
}

pub(super) fn now(shared: &Shared, window: Window, loads: &Loads, guards: &Guards) -> Now {
    let recent_ns = recent_ns(window);
    let seconds = recent_ns as f64 / 1e9;
    let mut calls = Red::default();
    loads.recent.services.iter().for_each(|service| calls.merge(&service.calls));
    Now {
        recent_ns,
        calls_per_s: per_second(calls.count, seconds),
        error_share: calls.error_share(),
        durations: Durations::of(&calls),
        rejected_per_s: per_second(guards.rejected_recently, seconds),
        open_breakers: open(&guards.breakers),
        spiking_codes: spiking(loads),
        sick_services: sick(&loads.recent.services),
        ingest: ingest(shared),
    }
}

fn open(breakers: &[Guard]) -> OpenBreakers {
    let mut open: Vec<&Guard> = breakers.iter().filter(|guard| guard.is_active()).collect();
    open.sort_by(|a, b| b.refused.total_cmp(&a.refused).then_with(|| (&a.service, &a.name).cmp(&(&b.service, &b.name))));
    let listed = open.iter().take(LISTED_MAX).map(|guard| OpenBreaker {
        id: guard.id.to_string(),
        service: guard.service.clone(),
        name: guard.name.clone(),
        targets: guard.targets.clone(),
        state: guard.state,
        state_since: Time(guard.state_since),
        refused: guard.refused,
    });
    OpenBreakers { total: open.len(), listed: listed.collect() }
}

fn spiking(loads: &Loads) -> SpikingCodes {
    let spikes = spikes(&loads.recent.codes, &loads.codes_before_recent, loads.times);
    let total = spikes.len();
    let listed = spikes.into_iter().take(LISTED_MAX).map(|spike| SpikingCode {
        service: spike.service,
        code: spike.code,
        count: spike.count,
        expected: spike.expected,
        surprise: spike.surprise,
    });
    SpikingCodes { total, listed: listed.collect() }
}

fn sick(services: &[Service]) -> SickServices {
    let mut sick: Vec<(Health, &Service)> =
        services.iter().map(|service| (Health::of(&service.calls), service)).filter(|(health, _)| *health > Health::Ok).collect();
    sick.sort_by(|(a, of_a), (b, of_b)| {
        let share = || of_b.calls.error_share().total_cmp(&of_a.calls.error_share());
        b.cmp(a).then_with(share).then_with(|| of_a.name.cmp(&of_b.name))
    });
    let listed = sick.iter().take(LISTED_MAX).map(|(health, service)| SickService {
        service: service.name.clone(),
        health: health.word(),
        calls: service.calls.count,
        errors: service.calls.errors,
        error_share: service.calls.error_share(),
    });
    SickServices { total: sick.len(), listed: listed.collect() }
}

fn ingest(shared: &Shared) -> Ingest {
    let stats = shared.store.stats();
    let mut trouble = not_ready_reasons(shared);
    if stats.unflushed_age > UNFLUSHED_MAX {
        trouble.push(format!("rows wait for {} s to be written into blocks", stats.unflushed_age.as_secs()));
    }
    if let Some(disk) = stats.disk.filter(|disk| disk.space.free_bytes < disk.needed_bytes) {
        trouble.push(format!("the disk is nearly full: {} bytes are free, {} are needed", disk.space.free_bytes, disk.needed_bytes));
    }
    Ingest { ok: trouble.is_empty(), trouble, rejected: (shared.received)().rejected }
}

/// The end of a window, as breakers are looked at.
pub(super) fn last(window: Window) -> UnixNanos {
    UnixNanos(window.end.0 - 1)
}
