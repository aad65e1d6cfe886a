//! Process and runtime metrics: levels that follow the load, and a Prometheus summary.

use opentelemetry_proto::tonic::{
    common::v1::KeyValue,
    metrics::v1::{Metric, ScopeMetrics, number_data_point},
};

use super::{
    Reading,
    points::{self, Temporality, double, integer},
};
use crate::{
    otlp::{Scope, text},
    topology::{ServiceId, Stack},
};

static GO_RUNTIME: Scope = Scope::new("go.opentelemetry.io/contrib/instrumentation/runtime", "0.62.0");
static GO_HOST: Scope = Scope::new("go.opentelemetry.io/contrib/instrumentation/host", "0.62.0");
static PROMETHEUS: Scope = Scope::new("github.com/open-telemetry/opentelemetry-collector-contrib/receiver/prometheusreceiver", "0.130.0");
static REDISOTEL: Scope = Scope::new("github.com/redis/go-redis/extra/redisotel", "semver:9.11.0");
static OTELPGX: Scope = Scope::new("github.com/exaring/otelpgx", "v0.9.3");
static JVM: Scope = Scope::new("io.opentelemetry.runtime-telemetry-java17", "2.17.0-alpha");
static HIKARI: Scope = Scope::new("io.opentelemetry.hikaricp-3.0", "2.17.0-alpha");
static PYTHON: Scope = Scope::new("opentelemetry.instrumentation.system_metrics", "0.57b0");
static ENVOY: Scope = Scope::new("", "");

const MIB: f64 = 1_048_576.0;

type Point = (Vec<KeyValue>, number_data_point::Value);

pub(super) fn read(reading: &Reading<'_>) -> Vec<ScopeMetrics> {
    match reading.service.stack {
        Stack::Gin | Stack::KratosV2 | Stack::KratosV3 => go(reading),
        Stack::Spring => java(reading),
        Stack::Python => vec![python(reading)],
        Stack::Envoy => vec![envoy(reading)],
    }
}

fn go(reading: &Reading<'_>) -> Vec<ScopeMetrics> {
    let goroutines = 38.0 + 1.4 * reading.requests_per_second + 12.0 * reading.wander(1);
    let collections = reading.ticks * 3 + 1;
    let pause = 0.000_06 + 0.000_2 * reading.wander(2);
    let runtime = vec![
        reading.level(("go.goroutine.count", "{goroutine}", "Count of live goroutines."), vec![plain(integer(goroutines as u64))]),
        reading.level(
            ("go.memory.used", "By", "Memory used by the Go runtime."),
            vec![
                (vec![text("go.memory.type", "stack")], integer((2.0 * MIB) as u64)),
                (vec![text("go.memory.type", "other")], integer(((46.0 + 30.0 * reading.wander(3)) * MIB) as u64)),
            ],
        ),
        reading.counter(
            ("go.memory.allocations", "{allocation}", "Count of allocations to the heap by the application."),
            Temporality::Cumulative,
            vec![plain(integer(1_000_000 + reading.ticks * 214_117))],
        ),
    ];
    let quantiles = [(0.0, 0.000_03), (0.25, 0.000_05), (0.5, pause), (0.75, pause * 1.7), (1.0, pause * 6.0)];
    let scraped = vec![reading.summary(
        ("go_gc_duration_seconds", "", "A summary of the wall-time pause (stop-the-world) duration in garbage collection cycles."),
        collections,
        collections as f64 * 0.000_14,
        &quantiles,
    )];
    vec![
        points::scope(&GO_RUNTIME, runtime),
        points::scope(&GO_HOST, vec![reading.gauge(("process.cpu.utilization", "1", ""), vec![plain(double(cpu(reading)))])]),
        points::scope(&PROMETHEUS, scraped),
        pool(reading),
    ]
}

/// Connections of the pool this service leans on most.
fn pool(reading: &Reading<'_>) -> ScopeMetrics {
    let used = (reading.queries_per_second * 0.01 + 3.0 * reading.wander(4)).min(18.0) as u64;
    match reading.service.id {
        ServiceId::Order | ServiceId::User | ServiceId::Shipping => points::scope(
            &OTELPGX,
            vec![
                reading.gauge(
                    ("pgxpool.acquired_connections", "", "Number of currently acquired connections in the pool."),
                    vec![plain(integer(used))],
                ),
                reading.gauge(
                    ("pgxpool.idle_connections", "", "Number of currently idle connections in the pool."),
                    vec![plain(integer(20 - used))],
                ),
                reading.gauge(("pgxpool.max_connections", "", "Maximum size of the pool."), vec![plain(integer(20))]),
            ],
        ),
        _ => points::scope(&REDISOTEL, vec![usage(reading, "redis-cache.data.svc.cluster.local:6379/0", used, 20 - used)]),
    }
}

fn java(reading: &Reading<'_>) -> Vec<ScopeMetrics> {
    let eden = (20.0 + 180.0 * reading.wander(5)) * MIB;
    let old = (140.0 + 20.0 * reading.wander(6)) * MIB;
    let memory = |kind: &str, pool: &str, bytes: f64| {
        (vec![text("jvm.memory.type", kind), text("jvm.memory.pool.name", pool)], integer(bytes as u64))
    };
    let jvm = vec![
        reading.level(
            ("jvm.memory.used", "By", "Measure of memory used."),
            vec![memory("heap", "G1 Eden Space", eden), memory("heap", "G1 Old Gen", old), memory("non_heap", "Metaspace", 96.0 * MIB)],
        ),
        reading.level(
            ("jvm.thread.count", "{thread}", "Number of executing platform threads."),
            vec![
                (vec![text("jvm.thread.state", "runnable")], integer(9 + (6.0 * reading.wander(7)) as u64)),
                (vec![text("jvm.thread.state", "timed_waiting")], integer(21)),
            ],
        ),
        reading.gauge(
            ("jvm.cpu.recent_utilization", "1", "Recent CPU utilization for the process as reported by the JVM."),
            vec![plain(double(cpu(reading)))],
        ),
    ];
    let used = (reading.queries_per_second * 0.02 + 2.0 * reading.wander(8)).min(10.0) as u64;
    vec![points::scope(&JVM, jvm), points::scope(&HIKARI, vec![usage(reading, "HikariPool-1", used, 10 - used)])]
}

fn python(reading: &Reading<'_>) -> ScopeMetrics {
    let resident = (118.0 + 14.0 * reading.wander(9)) * MIB;
    points::scope(
        &PYTHON,
        vec![
            reading.gauge(("process.cpu.utilization", "1", "Process CPU utilization"), vec![plain(double(cpu(reading)))]),
            reading.level(("process.memory.usage", "By", "Process memory usage"), vec![plain(integer(resident as u64))]),
        ],
    )
}

fn envoy(reading: &Reading<'_>) -> ScopeMetrics {
    let connections = 40.0 + reading.requests_per_second * 3.0 + 9.0 * reading.wander(10);
    points::scope(
        &ENVOY,
        vec![
            reading.gauge(("server.memory_allocated", "", ""), vec![plain(integer(((31.0 + reading.wander(11)) * MIB) as u64))]),
            reading.gauge(
                ("http.downstream_cx_active", "", ""),
                vec![(vec![text("envoy.http_conn_manager_prefix", "ingress_http")], integer(connections as u64))],
            ),
        ],
    )
}

fn usage(reading: &Reading<'_>, pool: &str, used: u64, idle: u64) -> Metric {
    let state = |state: &str, count: u64| (vec![text("pool.name", pool), text("state", state)], integer(count));
    let description = "The number of connections that are currently in state described by the state attribute.";
    reading.level(("db.client.connections.usage", "{connection}", description), vec![state("used", used), state("idle", idle)])
}

fn cpu(reading: &Reading<'_>) -> f64 {
    (0.02 + 0.0015 * reading.requests_per_second + 0.03 * reading.wander(12)).min(0.98)
}

fn plain(value: number_data_point::Value) -> Point {
    (vec![], value)
}
