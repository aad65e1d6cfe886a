//! Promoted keys: attributes of the semantic conventions that have a typed column of their own.
//!
//! A promoted column holds exactly one attribute of its level: the canonical key or, when that is absent, one of its older
//! aliases. Which alias it was is a bit in `renamed_keys` (`resource_renamed_keys`), so that OTLP out has the key that
//! came in. A value of another type than declared stays in the JSON remainder under its key.
//!
//! ```text
//! http.method = "GET"  ->  column http_request_method = "GET", renamed_keys = 1 << 0
//! ```

use crate::columns as c;

/// One promoted column and the keys that fill it.
#[derive(Debug, Clone, Copy)]
pub struct Promoted {
    pub column: &'static str,
    /// The canonical key of the semantic conventions; it beats every alias.
    pub key: &'static str,
    pub value: ValueType,
    pub aliases: &'static [Alias],
}

/// The only type of AnyValue that a promoted column takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    Text,
    Int,
}

/// An older key of the same meaning.
#[derive(Debug, Clone, Copy)]
pub struct Alias {
    pub key: &'static str,
    /// Its bit in `renamed_keys`: append-only and unique per level, below 63.
    pub bit: u8,
    pub side: Side,
}

/// In which spans an alias means the same as the canonical key: `net.peer.name` is the server only as the caller sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Any,
    /// Spans of kind client or producer.
    Caller,
    /// Spans of kind server or consumer.
    Callee,
}

impl Side {
    /// Whether it is the side of a span of this OTLP kind.
    pub fn includes(self, kind: i32) -> bool {
        match self {
            Self::Any => true,
            Self::Caller => matches!(kind, 3 | 4),
            Self::Callee => matches!(kind, 2 | 5),
        }
    }
}

const fn text(column: &'static str, key: &'static str, aliases: &'static [Alias]) -> Promoted {
    Promoted { column, key, value: ValueType::Text, aliases }
}

const fn int(column: &'static str, key: &'static str, aliases: &'static [Alias]) -> Promoted {
    Promoted { column, key, value: ValueType::Int, aliases }
}

const fn alias(bit: u8, key: &'static str) -> Alias {
    Alias { key, bit, side: Side::Any }
}

const fn alias_on(side: Side, bit: u8, key: &'static str) -> Alias {
    Alias { key, bit, side }
}

/// Resource attributes, for every table; aliases in `resource_renamed_keys`.
pub const RESOURCE: &[Promoted] = &[
    text(c::SERVICE_NAME, "service.name", &[]),
    text(c::SERVICE_NAMESPACE, "service.namespace", &[]),
    text(c::SERVICE_INSTANCE_ID, "service.instance.id", &[]),
    text(c::SERVICE_VERSION, "service.version", &[]),
    text(c::DEPLOYMENT_ENVIRONMENT, "deployment.environment.name", &[alias(0, "deployment.environment")]),
    text(c::K8S_POD_NAME, "k8s.pod.name", &[]),
    text(c::K8S_NAMESPACE_NAME, "k8s.namespace.name", &[]),
    text(c::HOST_NAME, "host.name", &[alias(1, "host.hostname")]),
];

/// Span attributes; aliases in `renamed_keys` of table `spans`.
///
/// `rpc.status_code` collides: Kratos sends an int (HTTP-like), the conventions a string. The string has the column.
pub const SPAN: &[Promoted] = &[
    text(c::HTTP_REQUEST_METHOD, "http.request.method", &[alias(0, "http.method")]),
    text(c::HTTP_ROUTE, "http.route", &[]),
    int(c::HTTP_RESPONSE_STATUS_CODE, "http.response.status_code", &[alias(1, "http.status_code")]),
    text(c::URL_PATH, "url.path", &[]),
    text(c::URL_FULL, "url.full", &[alias(2, "http.url")]),
    text(c::SERVER_ADDRESS, "server.address", &[alias_on(Side::Caller, 3, "net.peer.name"), alias_on(Side::Callee, 4, "net.host.name")]),
    int(c::SERVER_PORT, "server.port", &[alias_on(Side::Caller, 5, "net.peer.port"), alias_on(Side::Callee, 6, "net.host.port")]),
    text(c::USER_AGENT, "user_agent.original", &[alias(7, "http.user_agent"), alias(8, "user_agent")]),
    text(c::PEER_SERVICE, "peer.service", &[alias(9, "service.peer.name")]),
    text(c::RPC_SYSTEM, "rpc.system", &[alias(10, "rpc.system.name")]),
    text(c::RPC_SERVICE, "rpc.service", &[]),
    text(c::RPC_METHOD, "rpc.method", &[]),
    text(c::RPC_STATUS_CODE, "rpc.status_code", &[alias(11, "rpc.response.status_code")]),
    int(c::RPC_GRPC_STATUS_CODE, "rpc.grpc.status_code", &[]),
    text(c::DB_SYSTEM, "db.system.name", &[alias(12, "db.system")]),
    text(c::DB_OPERATION, "db.operation.name", &[alias(13, "db.operation")]),
    text(c::DB_NAMESPACE, "db.namespace", &[alias(14, "db.name")]),
    text(c::DB_QUERY_TEXT, "db.query.text", &[alias(15, "db.statement")]),
    text(c::MESSAGING_SYSTEM, "messaging.system", &[]),
    text(c::MESSAGING_DESTINATION, "messaging.destination.name", &[alias(16, "messaging.destination")]),
    text(c::MESSAGING_OPERATION, "messaging.operation.type", &[alias(17, "messaging.operation")]),
    text(c::ERROR_TYPE, "error.type", &[]),
    text(c::EXCEPTION_TYPE, "exception.type", &[]),
    text(c::EXCEPTION_MESSAGE, "exception.message", &[]),
    text(c::RESPONSE_FLAGS, "response_flags", &[]),
    text(c::UPSTREAM_CLUSTER, "upstream_cluster.name", &[alias(18, "upstream_cluster")]),
];

/// Log record attributes; aliases in `renamed_keys` of table `logs`.
pub const LOG: &[Promoted] = &[
    text(c::ERROR_TYPE, "error.type", &[]),
    text(c::EXCEPTION_TYPE, "exception.type", &[]),
    text(c::EXCEPTION_MESSAGE, "exception.message", &[]),
    text(c::EXCEPTION_STACKTRACE, "exception.stacktrace", &[]),
];
