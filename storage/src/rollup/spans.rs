//! The columns of spans, as far as they are added up, and whom a span calls.

use arrow::{
    array::{Array, FixedSizeBinaryArray, Int32Array, Int64Array, RecordBatch, StringArray, TimestampNanosecondArray},
    datatypes::{Int32Type, Int64Type, TimestampNanosecondType},
};
use schemas::{columns as c, grpc, sampling::adjusted_count};

use super::{
    columns::{RollupError, dictionary, get, ids, numbers, texts},
    key::{Key, minute_of},
    measures::Span,
    texts::{NULL, Numbered, Texts},
};

/// Columns of spans that are added up or make the key.
pub const SPAN_COLUMNS: [&str; 24] = [
    c::RECEIVED_AT,
    c::SERVICE_NAME,
    c::SERVICE_NAMESPACE,
    c::SERVICE_VERSION,
    c::DEPLOYMENT_ENVIRONMENT,
    c::TRACE_ID,
    c::TRACE_STATE,
    c::NAME,
    c::KIND,
    c::START_TIME,
    c::DURATION_NS,
    c::STATUS_CODE,
    c::ERROR_CODE,
    c::HTTP_RESPONSE_STATUS_CODE,
    c::RPC_GRPC_STATUS_CODE,
    c::RPC_STATUS_CODE,
    c::PEER_SERVICE,
    c::SERVER_ADDRESS,
    c::UPSTREAM_CLUSTER,
    c::RPC_SERVICE,
    c::DB_SYSTEM,
    c::DB_NAMESPACE,
    c::MESSAGING_SYSTEM,
    c::MESSAGING_DESTINATION,
];

pub(super) const SERVER: i32 = 2;
pub(super) const CLIENT: i32 = 3;
pub(super) const PRODUCER: i32 = 4;
pub(super) const CONSUMER: i32 = 5;
/// OTLP's status code Error.
const FAILED: i32 = 2;

const HTTP_CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
/// The words that rows use for what spans say in numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words {
    pub ok: u32,
    pub error: u32,
    pub service: u32,
    database: u32,
    queue: u32,
    external: u32,
    pub caller: u32,
    http: [u32; HTTP_CLASSES.len()],
    grpc: [u32; grpc::STATUS.len()],
}

impl Words {
    pub(super) fn new(texts: &mut Texts) -> Self {
        Self {
            ok: texts.number("ok"),
            error: texts.number("error"),
            service: texts.number("service"),
            database: texts.number("database"),
            queue: texts.number("queue"),
            external: texts.number("external"),
            caller: texts.number("caller"),
            http: HTTP_CLASSES.map(|word| texts.number(word)),
            grpc: grpc::STATUS.map(|word| texts.number(word)),
        }
    }
}

/// A column of text; `None` when it has none in any row.
pub(super) type Sparse<'a> = Option<&'a StringArray>;

pub(super) struct Spans<'a> {
    words: Words,
    /// Of the resource, in the order of [`Key::TEXTS`].
    resource: [Numbered<'a>; 4],
    trace: &'a FixedSizeBinaryArray,
    trace_state: Sparse<'a>,
    name: &'a StringArray,
    kind: &'a Int32Array,
    start: &'a TimestampNanosecondArray,
    received_at: &'a TimestampNanosecondArray,
    duration_ns: &'a Int64Array,
    status: &'a Int32Array,
    error_code: Sparse<'a>,
    http_status: &'a Int64Array,
    grpc_status: &'a Int64Array,
    rpc_status: Sparse<'a>,
    db_system: Sparse<'a>,
    messaging_system: Sparse<'a>,
    /// Who is called, the best answer first: by a call to a service, a database, a queue.
    service_peers: [Sparse<'a>; 4],
    database_peers: [Sparse<'a>; 4],
    queue_peers: [Sparse<'a>; 4],
}

impl<'a> Spans<'a> {
    pub(super) fn of(batch: &'a RecordBatch, texts: &mut Texts, words: Words) -> Result<Self, RollupError> {
        let mut group = |name| Ok::<_, RollupError>(Numbered::new(dictionary(batch, name)?, texts));
        let [service, namespace, version, environment, ..] = Key::TEXTS;
        let resource = [group(service)?, group(namespace)?, group(version)?, group(environment)?];
        let sparse = |name| sparse(batch, name);
        let (peer_service, server_address) = (sparse(c::PEER_SERVICE)?, sparse(c::SERVER_ADDRESS)?);
        let (db_system, messaging_system) = (sparse(c::DB_SYSTEM)?, sparse(c::MESSAGING_SYSTEM)?);
        Ok(Self {
            words,
            resource,
            trace: ids(batch, c::TRACE_ID, 16)?,
            trace_state: sparse(c::TRACE_STATE)?,
            name: self::texts(batch, c::NAME)?,
            kind: numbers::<Int32Type>(batch, c::KIND)?,
            start: numbers::<TimestampNanosecondType>(batch, c::START_TIME)?,
            received_at: numbers::<TimestampNanosecondType>(batch, c::RECEIVED_AT)?,
            duration_ns: numbers::<Int64Type>(batch, c::DURATION_NS)?,
            status: numbers::<Int32Type>(batch, c::STATUS_CODE)?,
            error_code: sparse(c::ERROR_CODE)?,
            http_status: numbers::<Int64Type>(batch, c::HTTP_RESPONSE_STATUS_CODE)?,
            grpc_status: numbers::<Int64Type>(batch, c::RPC_GRPC_STATUS_CODE)?,
            rpc_status: sparse(c::RPC_STATUS_CODE)?,
            db_system,
            messaging_system,
            service_peers: [peer_service, server_address, sparse(c::UPSTREAM_CLUSTER)?, sparse(c::RPC_SERVICE)?],
            database_peers: [peer_service, server_address, sparse(c::DB_NAMESPACE)?, db_system],
            queue_peers: [sparse(c::MESSAGING_DESTINATION)?, peer_service, server_address, messaging_system],
        })
    }

    pub(super) fn span(&self, row: usize) -> Span {
        Span {
            trace: self.trace.value(row).try_into().unwrap_or_default(),
            start: self.start.value(row),
            received_at: self.received_at.value(row),
            duration_ns: self.duration_ns.value(row),
            failed: self.failed(row),
            weight: adjusted_count(text(self.trace_state, row)),
        }
    }

    pub(super) fn key(&self, row: usize, texts: &mut Texts) -> Key {
        let span_kind = self.kind.value(row);
        let (peer, peer_kind) = self.peer(row, span_kind, texts).unwrap_or((NULL, NULL));
        let [service, namespace, version, environment] = self.resource.each_ref().map(|column| column.get(row));
        let operation = texts.number(self.name.value(row));
        let status = if self.failed(row) { self.words.error } else { self.words.ok };
        let error_code = text(self.error_code, row).map_or(NULL, |code| texts.number(code));
        let response = self.response_class(row);
        Key {
            minute: minute_of(self.start.value(row)),
            span_kind,
            beyond_limit: 0,
            texts: [service, namespace, version, environment, operation, peer, peer_kind, status, response, error_code],
        }
    }

    fn failed(&self, row: usize) -> bool {
        self.status.value(row) == FAILED
    }

    pub(super) fn kind(&self, row: usize) -> i32 {
        self.kind.value(row)
    }

    pub(super) fn start(&self, row: usize) -> i64 {
        self.start.value(row)
    }

    pub(super) fn service(&self, row: usize) -> u32 {
        self.resource[0].get(row)
    }

    /// Service, namespace and environment.
    pub(super) fn whose(&self, row: usize) -> [u32; 3] {
        let [service, namespace, _, environment] = &self.resource;
        [service, namespace, environment].map(|column| column.get(row))
    }

    pub(super) fn operation(&self, row: usize, texts: &mut Texts) -> u32 {
        texts.number(self.name.value(row))
    }

    /// The system of the database or queue that the span is about.
    pub(super) fn system(&self, row: usize) -> Option<&'a str> {
        text(self.db_system, row).or_else(|| text(self.messaging_system, row))
    }

    /// Whom a call reaches, by what its span says: what knows no name but an address is `external`, not a service.
    pub(super) fn called(&self, row: usize, texts: &mut Texts) -> Option<(u32, u32)> {
        let [named, addresses @ ..] = &self.service_peers;
        let first = |columns: &[Sparse<'a>]| columns.iter().find_map(|column| text(*column, row));
        let (of_kind, peer) = if text(self.db_system, row).is_some() {
            (self.words.database, first(&self.database_peers))
        } else if text(self.messaging_system, row).is_some() {
            (self.words.queue, first(&self.queue_peers))
        } else if let Some(name) = text(*named, row) {
            (self.words.service, Some(name))
        } else {
            (self.words.external, first(addresses))
        };
        Some((texts.number(peer?), of_kind))
    }

    /// Whom the span calls, and what that is.
    fn peer(&self, row: usize, kind: i32, texts: &mut Texts) -> Option<(u32, u32)> {
        let calls = matches!(kind, CLIENT | PRODUCER | CONSUMER);
        let (of_kind, peers) = if kind == SERVER {
            return None;
        } else if text(self.db_system, row).is_some() {
            (self.words.database, &self.database_peers)
        } else if calls && text(self.messaging_system, row).is_some() {
            (self.words.queue, &self.queue_peers)
        } else if matches!(kind, CLIENT | PRODUCER) {
            (self.words.service, &self.service_peers)
        } else {
            return None;
        };
        let peer = peers.iter().find_map(|column| text(*column, row))?;
        Some((texts.number(peer), of_kind))
    }

    fn response_class(&self, row: usize) -> u32 {
        let by_number = |words: &[u32], number: i64| usize::try_from(number).ok().and_then(|number| words.get(number)).copied();
        let http = get(self.http_status, row).and_then(|status| by_number(&self.words.http, status.div_euclid(100) - 1));
        let grpc = || get(self.grpc_status, row).and_then(|status| by_number(&self.words.grpc, status));
        let named = || {
            let status = text(self.rpc_status, row)?;
            let number = grpc::STATUS.iter().position(|name| *name == status).or_else(|| status.parse().ok())?;
            self.words.grpc.get(number).copied()
        };
        grpc().or_else(named).or(http).unwrap_or(NULL)
    }
}

pub(super) fn sparse<'a>(batch: &'a RecordBatch, name: &'static str) -> Result<Sparse<'a>, RollupError> {
    let texts = texts(batch, name)?;
    Ok((texts.null_count() < texts.len()).then_some(texts))
}

/// The text of a row, unless it is null or empty.
pub(super) fn text<'a>(column: Sparse<'a>, row: usize) -> Option<&'a str> {
    let column = column?;
    column.is_valid(row).then(|| column.value(row)).filter(|text| !text.is_empty())
}
