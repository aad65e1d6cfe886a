//! The answer of `GET /api/v1/status/ingest`.

use std::{cmp::Reverse, time::Instant};

use schemas::UnixNanos;
use serde::Serialize;
use storage::{Holdings, RetentionPreview, Store, TableHoldings};
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Cost, Meta, Time, to_json},
        problem::Problem,
        search::{Limits, Pairs, now, parse_limit},
        status::Storage,
        window::unknown_parameter,
    },
    cardinality::{CardinalityTop, NewestSeries},
    senders::{DataLink, OtherSenders, Sender, SenderDoor, Senders},
};

const LIMITS: Limits = Limits { default: 200, max: 2000 };
const KNOWN: &str = "this route knows `limit`";
const CLOCKS_MAX: usize = 20;

/// What comes in, and what becomes of it. Senders are told since the start of the server; rates are of the last minute.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IngestAnswer {
    /// By transport and signal.
    doors: Vec<SenderDoor>,
    /// All services that sent something, also those beyond `limit`.
    services_total: usize,
    /// Those that send most, first.
    services: Vec<Sender>,
    /// Services beyond the thousand that have figures of their own.
    others: Option<OtherSenders>,
    /// All log files that are followed, targets that are scraped and forwards, also those beyond `limit`.
    links_total: usize,
    links: Vec<DataLink>,
    /// Services whose clocks are ahead: the furthest first, at most twenty. Their times are stored as they are sent.
    clocks: Vec<ClockAhead>,
    cardinality: CardinalityTop,
    storage: Storage,
    retention: Retention,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// A service whose clock is ahead.
#[derive(Debug, Serialize, ToSchema)]
struct ClockAhead {
    service: String,
    /// Records that say they ended more than a second after they arrived.
    records: u64,
    /// By how much at most.
    ahead_ns_max: i64,
    #[schema(value_type = Option<String>)]
    last_seen: Option<Time>,
}

/// What is held of each table, for how long, and how long the disk lasts.
#[derive(Debug, Serialize, ToSchema)]
struct Retention {
    tables: Vec<TableRetention>,
    bytes: u64,
    /// What blocks may take together: above it the oldest go.
    bytes_max: u64,
    /// Until they take as much, by what came in the last day; null: they will not, or nothing tells yet.
    full_in_ns: Option<u64>,
    /// What is too old, or too much, and goes next.
    due_blocks: u64,
    due_bytes: u64,
    /// Why it does not go: it is most of the data, and nobody insists.
    refused: Option<String>,
}

/// What is held of one table.
#[derive(Debug, Serialize, ToSchema)]
struct TableRetention {
    table: &'static str,
    /// In blocks, as all here.
    rows: u64,
    bytes: u64,
    /// Of its oldest row.
    #[schema(value_type = Option<String>)]
    first: Option<Time>,
    #[schema(value_type = Option<String>)]
    last: Option<Time>,
    /// At which rows go; null: never.
    age_max_ns: Option<u64>,
    /// Of the last day; null: it began less than an hour ago.
    bytes_per_day: Option<f64>,
    /// When as much goes as comes; null: nothing tells yet, or nothing goes.
    steady_bytes: Option<f64>,
}

pub(super) fn parse(pairs: &Pairs) -> Result<usize, Problem> {
    let mut limit = LIMITS.default;
    for (name, value) in pairs {
        match name.as_str() {
            "limit" => limit = parse_limit(value, LIMITS)?,
            _ => return Err(unknown_parameter(name, KNOWN)),
        }
    }
    Ok(limit)
}

/// Blocking: asks the disk for its size, and once a minute reads which series blocks have.
pub(super) fn answer(store: &Store, newest: &NewestSeries, senders: Senders, limit: usize) -> Result<Vec<u8>, Problem> {
    let (started, now) = (Instant::now(), now());
    let Senders { doors, mut services, others, mut links } = senders;
    let clocks = clocks(&services);
    services.sort_by(|a, b| per_s(b).total_cmp(&per_s(a)).then_with(|| records(b).cmp(&records(a))));
    let mut cost = Cost::default();
    let retention = Retention::of(store, now, &mut cost);
    let services_total = services.len();
    services.truncate(limit);
    let links_total = links.len();
    links.truncate(limit);
    let body = IngestAnswer {
        doors,
        services_total,
        services,
        others,
        links_total,
        links,
        clocks,
        cardinality: CardinalityTop::of(store, newest, now),
        storage: Storage::of(&store.stats()),
        retention,
        meta: cost.meta(started),
    };
    Ok(to_json(&body))
}

fn per_s(sender: &Sender) -> f64 {
    sender.signals.iter().map(|signal| signal.records_per_s).sum()
}

fn records(sender: &Sender) -> u64 {
    sender.signals.iter().map(|signal| signal.records).sum()
}

fn clocks(services: &[Sender]) -> Vec<ClockAhead> {
    let mut ahead: Vec<&Sender> = services.iter().filter(|service| service.ahead > 0).collect();
    ahead.sort_by_key(|service| Reverse(service.ahead_ns_max));
    let of = |service: &&Sender| ClockAhead {
        service: service.service.clone(),
        records: service.ahead,
        ahead_ns_max: service.ahead_ns_max,
        last_seen: service.ahead_at.map(Time),
    };
    ahead.iter().take(CLOCKS_MAX).map(of).collect()
}

impl Retention {
    /// Says in `cost` what cannot be told.
    fn of(store: &Store, now: UnixNanos, cost: &mut Cost) -> Self {
        let nothing = Holdings { tables: Vec::new(), bytes_max: 0, full_in: None };
        let Holdings { tables, bytes_max, full_in } = store.holdings(now).unwrap_or_else(|reason| {
            cost.partial.push(format!("retention cannot be told: {reason}"));
            nothing
        });
        let due = store.preview_retention(now).unwrap_or_else(|reason| {
            cost.partial.push(format!("what goes next cannot be told: {reason}"));
            RetentionPreview { tables: Vec::new(), refusal: None }
        });
        Self {
            bytes: tables.iter().map(|table| table.bytes).sum(),
            tables: tables.iter().map(TableRetention::of).collect(),
            bytes_max,
            full_in_ns: full_in.map(|time| time.as_nanos().try_into().unwrap_or(u64::MAX)),
            due_blocks: due.tables.iter().map(|(_, going, _)| going.blocks as u64).sum(),
            due_bytes: due.tables.iter().map(|(_, going, _)| going.bytes).sum(),
            refused: due.refusal.map(|refusal| refusal.to_string()),
        }
    }
}

impl TableRetention {
    fn of(table: &TableHoldings) -> Self {
        Self {
            table: table.table.name(),
            rows: table.rows,
            bytes: table.bytes,
            first: table.time.map(|(first, _)| Time(first)),
            last: table.time.map(|(_, last)| Time(last)),
            age_max_ns: table.age_max.map(|age| age.as_nanos().try_into().unwrap_or(u64::MAX)),
            bytes_per_day: table.bytes_per_day,
            steady_bytes: table.steady_bytes,
        }
    }
}
