//! Request metrics as each library names and shapes them.

use opentelemetry_proto::tonic::{
    common::v1::KeyValue,
    metrics::v1::{Metric, ScopeMetrics},
};

use super::{
    Outcome, Reading, Side,
    cells::{Cell, Distribution},
    points::{self, Instrument, Temporality, Unit, integer},
};
use crate::{
    otlp::{Scope, int, text},
    spans::{http_method, rpc_parts, service_host},
    topology::{Protocol, Route, ServiceId, Stack},
};
use {Side::*, Temporality::*, Unit::*};

static OTELGIN: Scope = Scope::new("go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin", "0.70.0");
static OTELGRPC: Scope = Scope::new("go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc", "0.62.0");
static OTELHTTP: Scope = Scope::new("go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp", "0.70.0");
static KOTEL: Scope = Scope::new("github.com/twmb/franz-go/plugin/kotel", "v1.6.0");
static TOMCAT: Scope = Scope::new("io.opentelemetry.tomcat-10.0", "2.17.0-alpha");
static JAVA_HTTP_CLIENT: Scope = Scope::new("io.opentelemetry.java-http-client", "2.17.0-alpha");
static KAFKA_CLIENTS: Scope = Scope::new("io.opentelemetry.kafka-clients-0.11", "2.17.0-alpha");
static RECOMMENDATION: Scope = Scope::new("recommendation", "");
static ENVOY: Scope = Scope::new("", "");

const HTTP_SERVER: Instrument = ("http.server.request.duration", "s", "Duration of HTTP server requests.");
const HTTP_CLIENT: Instrument = ("http.client.request.duration", "s", "Duration of HTTP client requests.");

type Series<'a> = Vec<(Vec<KeyValue>, &'a Distribution)>;

pub(super) fn read(reading: &Reading<'_>) -> Vec<ScopeMetrics> {
    let scopes = match reading.service.stack {
        Stack::Gin => gin(reading),
        Stack::KratosV2 | Stack::KratosV3 => kratos(reading),
        Stack::Spring => spring(reading),
        Stack::Python => python(reading),
        Stack::Envoy => vec![envoy(reading)],
    };
    scopes.into_iter().filter(|scope| scope.metrics.iter().any(|metric| points::count(metric) > 0)).collect()
}

fn gin(reading: &Reading<'_>) -> Vec<ScopeMetrics> {
    let over =
        |grpc: bool| -> Vec<&Cell> { reading.cells.of(Client).filter(|cell| (cell.route.protocol == Protocol::Grpc) == grpc).collect() };
    let server = series(reading.cells.of(Server), http_attributes);
    let http = series(over(false), otelhttp_attributes);
    let grpc = series(over(true), |cell| {
        let (service, method) = rpc_parts(cell.route.operation);
        vec![
            text("rpc.system", "grpc"),
            text("rpc.service", service),
            text("rpc.method", method),
            int("rpc.grpc.status_code", cell.outcome.grpc),
        ]
    });
    let grpc_instrument = ("rpc.client.duration", "ms", "Measures the duration of outbound RPC.");
    vec![
        points::scope(&OTELGIN, vec![reading.histogram(HTTP_SERVER, Cumulative, Seconds, server)]),
        points::scope(&OTELHTTP, vec![reading.histogram(HTTP_CLIENT, Cumulative, Seconds, http)]),
        points::scope(&OTELGRPC, vec![reading.histogram(grpc_instrument, Cumulative, Milliseconds, grpc)]),
    ]
}

/// The middleware's default names; v2 calls its histogram `_bucket`, sic.
fn kratos(reading: &Reading<'_>) -> Vec<ScopeMetrics> {
    static METERS: [Scope; 5] =
        [Scope::new("user", ""), Scope::new("cart", ""), Scope::new("order", ""), Scope::new("inventory", ""), Scope::new("shipping", "")];
    let seconds = match reading.service.stack {
        Stack::KratosV2 => ("server_requests_seconds_bucket", "client_requests_seconds_bucket"),
        _ => ("server_requests_seconds", "client_requests_seconds"),
    };
    let metrics = vec![
        kratos_counter(reading, Server, "server_requests_code_total"),
        kratos_histogram(reading, Server, seconds.0),
        kratos_counter(reading, Client, "client_requests_code_total"),
        kratos_histogram(reading, Client, seconds.1),
    ];
    let mut scopes = vec![];
    if let Some(meter) = METERS.iter().find(|meter| meter.name == reading.service.name) {
        scopes.push(points::scope(meter, metrics.into_iter().filter(|metric| points::count(metric) > 0).collect()));
    }
    scopes.push(points::scope(&KOTEL, vec![consumed(reading, "messaging.kafka.fetch_records.count")]));
    scopes
}

fn kratos_counter(reading: &Reading<'_>, side: Side, name: &'static str) -> Metric {
    let calls = reading.cells.of(side).filter(|cell| !is_message(cell.route)).map(|cell| {
        let mut attributes = kratos_attributes(cell.route);
        attributes.extend([int("code", cell.outcome.http), text("reason", cell.outcome.reason)]);
        (attributes, integer(cell.durations.count))
    });
    reading.counter((name, "{call}", ""), Cumulative, calls.collect())
}

fn kratos_histogram(reading: &Reading<'_>, side: Side, name: &'static str) -> Metric {
    let routes = reading.cells.by_route(side);
    let series = routes.iter().filter(|(route, _)| !is_message(route)).map(|(route, durations)| (kratos_attributes(route), durations));
    reading.histogram((name, "s", ""), Cumulative, Seconds, series.collect())
}

fn kratos_attributes(route: &Route) -> Vec<KeyValue> {
    let kind = if route.protocol == Protocol::Grpc { "grpc" } else { "http" };
    vec![text("kind", kind), text("operation", route.operation)]
}

fn spring(reading: &Reading<'_>) -> Vec<ScopeMetrics> {
    let server = series(reading.cells.of(Server).filter(|cell| !is_message(cell.route)), http_attributes);
    let client = series(reading.cells.of(Client).filter(|cell| cell.route.protocol != Protocol::Grpc), |cell| {
        let mut attributes =
            vec![text("http.request.method", "POST"), text("server.address", "api.acquirer-gateway.com"), int("server.port", 443)];
        attributes.push(client_outcome(cell.outcome));
        if cell.outcome.http >= 400 && cell.outcome.no_answer.is_empty() {
            attributes.push(text("error.type", cell.outcome.http.to_string()));
        }
        attributes
    });
    vec![
        points::scope(&TOMCAT, vec![reading.exponential_histogram(HTTP_SERVER, server)]),
        points::scope(&JAVA_HTTP_CLIENT, vec![reading.exponential_histogram(HTTP_CLIENT, client)]),
        points::scope(&KAFKA_CLIENTS, vec![consumed(reading, "kafka.consumer.records_consumed_total")]),
    ]
}

fn python(reading: &Reading<'_>) -> Vec<ScopeMetrics> {
    let calls = |cell: &Cell| {
        let (service, method) = rpc_parts(cell.route.operation);
        vec![
            text("rpc.system", "grpc"),
            text("rpc.service", service),
            text("rpc.method", method),
            int("rpc.grpc.status_code", cell.outcome.grpc),
        ]
    };
    let answered: u64 = reading.cells.of(Server).filter(|cell| cell.outcome.http == 200).map(|cell| cell.durations.count).sum();
    let recommendations = vec![(vec![text("recommendation.type", "catalog")], integer(answered * 5))];
    let durations = series(reading.cells.of(Server), calls);
    let metrics = vec![
        reading.counter(
            ("app_recommendations_counter", "recommendations", "Counts the total number of given recommendations"),
            Delta,
            recommendations,
        ),
        reading.histogram(("rpc.server.duration", "ms", "Duration of RPC server calls."), Delta, Milliseconds, durations),
    ];
    vec![points::scope(&RECOMMENDATION, metrics)]
}

/// Envoy's OpenTelemetry stat sink with counters as deltas.
fn envoy(reading: &Reading<'_>) -> ScopeMetrics {
    let by_class = |side: Side, name: &str, value: &str| {
        let of_class = |class: u16| {
            let cells = reading.cells.of(side).filter(move |cell| cell.outcome.http / 100 == class);
            let count: u64 = cells.map(|cell| cell.durations.count).sum();
            (count > 0).then(|| (vec![text(name, value), text("envoy.response_code_class", class.to_string())], integer(count)))
        };
        [2, 4, 5].into_iter().filter_map(of_class).collect::<Vec<_>>()
    };
    let mut routes = reading.cells.by_route(Server).into_iter().map(|(_, durations)| durations);
    let merged = routes.next().map(|first| routes.fold(first, Distribution::merged));
    let times = merged.iter().map(|durations| (vec![text("envoy.http_conn_manager_prefix", "ingress_http")], durations)).collect();
    let storefronts = ServiceId::Storefront.service().instances as u64;
    let cluster = || vec![text("envoy.cluster_name", "storefront")];
    let metrics = vec![
        reading.counter(("http.downstream_rq_xx", "", ""), Delta, by_class(Server, "envoy.http_conn_manager_prefix", "ingress_http")),
        reading.counter(("cluster.upstream_rq_xx", "", ""), Delta, by_class(Client, "envoy.cluster_name", "storefront")),
        reading.histogram(("http.downstream_rq_time", "", ""), Delta, Milliseconds, times),
        reading.gauge(("cluster.membership_healthy", "", ""), vec![(cluster(), integer(storefronts))]),
        reading.gauge(("cluster.circuit_breakers.default.rq_open", "", ""), vec![(cluster(), integer(0))]),
    ];
    points::scope(&ENVOY, metrics)
}

/// Messages processed since start, per topic.
fn consumed(reading: &Reading<'_>, name: &'static str) -> Metric {
    let mut topics: Vec<(&'static str, u64)> = vec![];
    for cell in reading.cells.of(Server) {
        let Protocol::Kafka(topic) = cell.route.protocol else { continue };
        match topics.iter_mut().find(|(known, _)| *known == topic) {
            Some((_, count)) => *count += cell.durations.count,
            None => topics.push((topic, cell.durations.count)),
        }
    }
    let per_topic = topics.into_iter().map(|(topic, count)| (vec![text("topic", topic)], integer(count))).collect();
    reading.counter((name, "{record}", ""), Cumulative, per_topic)
}

fn series<'a>(cells: impl IntoIterator<Item = &'a Cell>, attributes: impl Fn(&Cell) -> Vec<KeyValue>) -> Series<'a> {
    cells.into_iter().map(|cell| (attributes(cell), &cell.durations)).collect()
}

fn http_attributes(cell: &Cell) -> Vec<KeyValue> {
    let mut attributes = vec![
        text("http.request.method", http_method(cell.route)),
        text("url.scheme", "http"),
        text("http.route", cell.route.operation),
        int("http.response.status_code", cell.outcome.http),
        text("network.protocol.version", "1.1"),
    ];
    if cell.outcome.http >= 500 {
        attributes.push(text("error.type", cell.outcome.http.to_string()));
    }
    attributes
}

/// With the route added by a function of the service.
fn otelhttp_attributes(cell: &Cell) -> Vec<KeyValue> {
    let callee = cell.route.service.service();
    vec![
        text("http.request.method", http_method(cell.route)),
        text("server.address", service_host(callee.name)),
        text("url.scheme", "http"),
        int("server.port", callee.port),
        text("network.protocol.name", "http"),
        text("network.protocol.version", "1.1"),
        text("http.route", cell.route.operation),
        client_outcome(cell.outcome),
    ]
}

/// The answer's status, or the error for want of one. otelhttp's metrics name the type behind Go's pointer.
fn client_outcome(outcome: Outcome) -> KeyValue {
    match outcome.no_answer {
        "" => int("http.response.status_code", outcome.http),
        error => text("error.type", error.trim_start_matches('*')),
    }
}

fn is_message(route: &Route) -> bool {
    matches!(route.protocol, Protocol::Kafka(_))
}
