//! What there are many different ones of: values that have sums of their own, series of metrics, keys of attributes.

use std::{
    cmp::Reverse,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use schemas::{TenantId, UnixNanos};
use serde::Serialize;
use storage::{Cardinality, KeyCount, KnownCount, SeriesCount, SeriesCounts, SeriesLimits, Snapshot, Store, TimeRange};
use utoipa::ToSchema;

/// Of each list.
const TOP_MAX: usize = 20;
/// Series are those with points in so long before now.
const SERIES_RANGE_NS: i64 = 2 * 3_600_000_000_000;
/// Counted series are told again for so long: counting reads the keys of points that nobody asked for yet.
const SERIES_FOR: Duration = Duration::from_secs(60);
/// Four million points in blocks, and a million series, at 16 bytes each.
const SERIES_LIMITS: SeriesLimits = SeriesLimits { parts_max: 32, series_max: 1 << 20 };
/// Blocks of each table whose keys are looked at.
const KEY_BLOCKS_MAX: usize = 200;
const RAREST_MAX: usize = 5;

/// Different operations, peers, error codes, versions and environments of services, and of their calls, of which so many have sums of
/// their own, and combinations of them; series of metrics; keys of attributes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CardinalityTop {
    /// Of each, for each service; ten times as many combinations. What is beyond is added up as one.
    values_max: usize,
    /// Those nearest to their limit first, at most twenty.
    top: Vec<ServiceCardinality>,
    series: SeriesTop,
    /// By table and column, most keys first. Only those of blocks are known, which records reach after a while.
    attribute_keys: Vec<AttributeKeys>,
}

/// How many different ones a service has.
#[derive(Debug, Serialize, ToSchema)]
struct ServiceCardinality {
    service: String,
    /// Empty: its spans do not say.
    namespace: String,
    /// Of its spans: `operation`, `peer`, `error_code`, `version`, `environment`, or `row`: combinations of all columns of a sum but the
    /// minute. Of calls by it: `edge_operation`, `edge_peer`, `edge_protocol`, `edge_environment`, or `edge_row`.
    what: &'static str,
    values: usize,
    values_max: usize,
    /// Nothing new gets sums of its own.
    is_full: bool,
}

/// Series of metrics with points in the newest hours, counted at most once a minute.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct SeriesTop {
    /// From so long ago until now.
    range_ns: i64,
    /// All of them.
    total: usize,
    /// Metrics of services with most series first, at most twenty.
    top: Vec<MetricSeries>,
    /// Why there may be more; empty: these are all.
    partial: Vec<String>,
}

/// Series of one metric of one service.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct MetricSeries {
    metric: String,
    /// Empty: its points do not say.
    service: String,
    series: usize,
}

/// Keys of attributes of one column, in the blocks with the newest records, at most two hundred.
#[derive(Debug, Serialize, ToSchema)]
struct AttributeKeys {
    table: &'static str,
    column: &'static str,
    /// Different ones.
    keys: usize,
    /// That one block lists.
    keys_max: usize,
    blocks: usize,
    /// Blocks with more than `keys_max`, which are not listed, so that searches for any attribute read all of their rows: a key carries a value.
    blocks_beyond: usize,
    /// At most five that the fewest blocks have.
    rarest: Vec<String>,
}

/// The series of the newest hours, as they were counted last.
#[derive(Debug, Default)]
pub(super) struct NewestSeries(Mutex<Option<(Instant, SeriesTop)>>);

impl CardinalityTop {
    pub(super) fn of(store: &Store, newest: &NewestSeries, now: UnixNanos) -> Self {
        let Cardinality { values_max, counts } = store.cardinality(TenantId::DEFAULT);
        let snapshot = store.snapshot(TenantId::DEFAULT);
        let series = newest.get(&snapshot, now);
        Self { values_max, top: nearest(values_max, counts), series, attribute_keys: attribute_keys(&snapshot) }
    }
}

impl NewestSeries {
    /// Whoever asks while they are counted waits.
    fn get(&self, snapshot: &Snapshot, now: UnixNanos) -> SeriesTop {
        // Also when somebody panicked in it: then they are counted anew.
        let mut newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*newest {
            Some((at, top)) if at.elapsed() < SERIES_FOR => top.clone(),
            _ => newest.insert((Instant::now(), SeriesTop::of(snapshot, now))).1.clone(),
        }
    }
}

impl SeriesTop {
    fn of(snapshot: &Snapshot, now: UnixNanos) -> Self {
        let time = TimeRange { first: UnixNanos(now.0.saturating_sub(SERIES_RANGE_NS)), last: now };
        let counted = snapshot.count_series(time, SERIES_LIMITS);
        let SeriesCounts { mut counts, partial } =
            counted.unwrap_or_else(|error| SeriesCounts { counts: Vec::new(), partial: vec![error.to_string()] });
        let total = counts.iter().map(|count| count.series).sum();
        counts.sort_by(|a, b| b.series.cmp(&a.series).then_with(|| a.cmp(b)));
        let series = |SeriesCount { metric, service, series }| MetricSeries { metric, service, series };
        Self { range_ns: SERIES_RANGE_NS, total, top: counts.into_iter().take(TOP_MAX).map(series).collect(), partial }
    }
}

fn nearest(values_max: usize, mut counts: Vec<KnownCount>) -> Vec<ServiceCardinality> {
    counts.sort_by(|a, b| {
        let share = |count: &KnownCount| count.values as f64 / count.what.most(values_max).max(1) as f64;
        share(b)
            .total_cmp(&share(a))
            .then_with(|| b.values.cmp(&a.values))
            .then_with(|| (&a.service, &a.namespace, a.what).cmp(&(&b.service, &b.namespace, b.what)))
    });
    let of = |KnownCount { service, namespace, what, values }: &KnownCount| ServiceCardinality {
        service: service.to_string(),
        namespace: namespace.to_string(),
        what: what.name(),
        values: *values,
        values_max: what.most(values_max),
        is_full: *values >= what.most(values_max),
    };
    counts.iter().take(TOP_MAX).map(of).collect()
}

fn attribute_keys(snapshot: &Snapshot) -> Vec<AttributeKeys> {
    let mut counts = snapshot.count_keys(KEY_BLOCKS_MAX, RAREST_MAX);
    counts.sort_by_key(|count| Reverse((count.beyond_blocks > 0, count.keys)));
    let of = |KeyCount { table, column, keys, blocks, beyond_blocks, rarest }| AttributeKeys {
        table: table.name(),
        column,
        keys,
        keys_max: KeyCount::KEYS_MAX,
        blocks,
        blocks_beyond: beyond_blocks,
        rarest,
    };
    counts.into_iter().map(of).collect()
}
