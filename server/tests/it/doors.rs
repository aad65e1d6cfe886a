//! Receivers over a store in this process, on free ports: what clients sent can be read back as OTLP.

use std::sync::Arc;

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    logs::v1::{LogRecord, LogsData},
    metrics::v1::{Metric, MetricsData},
    resource::v1::Resource,
    trace::v1::{Span, TracesData},
};
use prost::Message;
use schemas::{
    Table, TableBatch, TenantId,
    otlp::{DecodeLimits, decode, export::to_protobuf},
};
use storage::{RawRequest, Store, io::RealIo};
use tempfile::TempDir;
use tokio::{runtime::Runtime, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// Open receivers; closed when dropped.
pub(crate) struct Doors {
    store: Arc<Store>,
    pub(crate) runtime: Runtime,
    stop: CancellationToken,
    serving: Option<JoinHandle<Result<(), collector::ServeError>>>,
    pub(crate) grpc: String,
    pub(crate) http: String,
    _dir: TempDir,
}

/// A record with what it came under.
#[derive(Debug, Clone)]
pub(crate) struct Stored<T> {
    pub(crate) resource: Resource,
    pub(crate) scope: InstrumentationScope,
    pub(crate) record: T,
}

impl Doors {
    pub(crate) fn open() -> Self {
        Self::open_with(collector::Config::default())
    }

    /// With `config`, except for its addresses.
    pub(crate) fn open_with(config: collector::Config) -> Self {
        let any_port = ([127, 0, 0, 1], 0).into();
        let config = collector::Config { otlp_grpc: any_port, otlp_http: any_port, ..config };
        let dir = tempfile::tempdir().expect("a temporary directory");
        let store = Store::open(storage::Config::new(dir.path()), Arc::new(RealIo), Arc::new(derive)).expect("an empty store opens");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let bound = runtime.block_on(collector::Collector::bind(config, Arc::clone(&store), Default::default())).expect("free ports");
        let (grpc, http) = (format!("http://{}", bound.otlp_grpc()), format!("http://{}", bound.otlp_http()));
        let stop = CancellationToken::new();
        let serving = Some(runtime.spawn(bound.serve(stop.clone())));
        Self { store, runtime, stop, serving, grpc, http, _dir: dir }
    }

    pub(crate) fn spans(&self) -> Vec<Stored<Span>> {
        let groups = self.read::<TracesData>(Table::Spans).resource_spans.into_iter();
        let scopes = groups.flat_map(|group| group.scope_spans.into_iter().map(move |scope| (group.resource.clone(), scope)));
        scopes.flat_map(|(resource, scope)| with(resource, scope.scope, scope.spans)).collect()
    }

    pub(crate) fn logs(&self) -> Vec<Stored<LogRecord>> {
        let groups = self.read::<LogsData>(Table::Logs).resource_logs.into_iter();
        let scopes = groups.flat_map(|group| group.scope_logs.into_iter().map(move |scope| (group.resource.clone(), scope)));
        scopes.flat_map(|(resource, scope)| with(resource, scope.scope, scope.log_records)).collect()
    }

    pub(crate) fn metrics(&self) -> Vec<Stored<Metric>> {
        let groups = self.read::<MetricsData>(Table::Metrics).resource_metrics.into_iter();
        let scopes = groups.flat_map(|group| group.scope_metrics.into_iter().map(move |scope| (group.resource.clone(), scope)));
        scopes.flat_map(|(resource, scope)| with(resource, scope.scope, scope.metrics)).collect()
    }

    fn read<M: Message + Default>(&self, table: Table) -> M {
        let rows = self.store.snapshot(TenantId::DEFAULT).scan(table).expect("readable");
        assert!(rows.partial.is_empty(), "{:?}", rows.partial);
        M::decode(to_protobuf(table, &rows.batches).expect("own rows").as_slice()).expect("own bytes")
    }
}

impl Drop for Doors {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(serving) = self.serving.take() {
            let _ = self.runtime.block_on(serving);
        }
        self.store.close();
    }
}

fn with<T>(resource: Option<Resource>, scope: Option<InstrumentationScope>, records: Vec<T>) -> impl Iterator<Item = Stored<T>> {
    let (resource, scope) = (resource.unwrap_or_default(), scope.unwrap_or_default());
    records.into_iter().map(move |record| Stored { resource: resource.clone(), scope: scope.clone(), record })
}

fn derive(request: &RawRequest) -> Result<Vec<TableBatch>, String> {
    let decoded = decode(request.signal, request.format, &request.body, request.received_at, &DecodeLimits::NONE);
    decoded.map(|decoded| decoded.batches).map_err(|error| error.to_string())
}

/// Attributes as `key=type:value` in the order of their keys.
pub(crate) fn written(attributes: &[KeyValue]) -> Vec<String> {
    let mut lines: Vec<String> =
        attributes.iter().map(|attribute| format!("{}={}", attribute.key, value(attribute.value.as_ref()))).collect();
    lines.sort();
    lines
}

/// `type:value`, with the keys of maps in order.
pub(crate) fn value(any: Option<&AnyValue>) -> String {
    match any.and_then(|any| any.value.as_ref()) {
        None => "empty".to_owned(),
        Some(Value::StringValue(text)) => format!("str:{text}"),
        Some(Value::BoolValue(flag)) => format!("bool:{flag}"),
        Some(Value::IntValue(number)) => format!("int:{number}"),
        Some(Value::DoubleValue(number)) => format!("double:{number:?}"),
        Some(Value::BytesValue(bytes)) => format!("bytes:{bytes:?}"),
        Some(Value::ArrayValue(array)) => format!("[{}]", array.values.iter().map(|item| value(Some(item))).collect::<Vec<_>>().join(", ")),
        Some(Value::KvlistValue(map)) => format!("{{{}}}", written(&map.values).join(", ")),
        Some(other) => format!("{other:?}"),
    }
}
