//! Whom a span calls, by the attributes of the semantic conventions.

use arrow::record_batch::RecordBatch;
use schemas::columns as c;

use crate::trace::{TextColumn, UnexpectedType};

/// What a node of the graph is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeKind {
    /// Sends spans itself, or is named by who calls it.
    Service,
    Database,
    Queue,
    /// Known by its address alone.
    External,
}

impl NodeKind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Database => "database",
            Self::Queue => "queue",
            Self::External => "external",
        }
    }
}

/// Columns of spans that tell a peer.
pub const PEER_COLUMNS: [&str; 10] = [
    c::PEER_SERVICE,
    c::SERVER_ADDRESS,
    c::DB_SYSTEM,
    c::DB_NAMESPACE,
    c::MESSAGING_SYSTEM,
    c::MESSAGING_DESTINATION,
    c::RPC_SYSTEM,
    c::RPC_SERVICE,
    c::HTTP_REQUEST_METHOD,
    c::UPSTREAM_CLUSTER,
];

/// What a span says about whom it calls.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Said<'a> {
    pub peer_service: Option<&'a str>,
    pub server_address: Option<&'a str>,
    pub db_system: Option<&'a str>,
    pub db_namespace: Option<&'a str>,
    pub messaging_system: Option<&'a str>,
    pub messaging_destination: Option<&'a str>,
    pub rpc_system: Option<&'a str>,
    pub rpc_service: Option<&'a str>,
    pub http_method: Option<&'a str>,
    pub upstream_cluster: Option<&'a str>,
}

impl<'a> Said<'a> {
    /// Kind, name and system; `None`: nothing says whom.
    pub(super) fn peer(&self) -> Option<(NodeKind, &'a str, &'a str)> {
        if let Some(system) = self.db_system {
            let name = self.peer_service.or(self.server_address).or(self.db_namespace).unwrap_or(system);
            return Some((NodeKind::Database, name, system));
        }
        if let Some(system) = self.messaging_system {
            let name = self.messaging_destination.or(self.peer_service).or(self.server_address).unwrap_or(system);
            return Some((NodeKind::Queue, name, system));
        }
        if let Some(name) = self.peer_service {
            return Some((NodeKind::Service, name, ""));
        }
        let name = self.server_address.or(self.upstream_cluster).or(self.rpc_service)?;
        Some((NodeKind::External, name, ""))
    }

    /// How it calls: `grpc`, `http`, `redis`, `kafka`; empty where nothing says.
    pub(super) fn protocol(&self) -> &str {
        let http = self.http_method.map(|_| "http");
        self.db_system.or(self.messaging_system).or(self.rpc_system).or(http).unwrap_or_default()
    }
}

/// [`PEER_COLUMNS`] of a batch.
pub(super) struct SaidColumns<'a>([TextColumn<'a>; 10]);

impl<'a> SaidColumns<'a> {
    pub(super) fn of(batch: &'a RecordBatch) -> Result<Self, UnexpectedType> {
        let [a, b, c, d, e, f, g, h, i, j] = PEER_COLUMNS.map(|name| TextColumn::of(batch, name));
        Ok(Self([a?, b?, c?, d?, e?, f?, g?, h?, i?, j?]))
    }

    pub(super) fn get(&self, row: usize) -> Said<'a> {
        let [
            peer_service,
            server_address,
            db_system,
            db_namespace,
            messaging_system,
            messaging_destination,
            rpc_system,
            rpc_service,
            http_method,
            upstream_cluster,
        ] = self.0.map(|column| column.get(row).filter(|text| !text.is_empty()));
        Said {
            peer_service,
            server_address,
            db_system,
            db_namespace,
            messaging_system,
            messaging_destination,
            rpc_system,
            rpc_service,
            http_method,
            upstream_cluster,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_most_wins() {
        let check = |said: Said<'_>, expected: Option<(NodeKind, &str, &str)>, protocol: &str| {
            assert_eq!((said.peer(), said.protocol()), (expected, protocol), "{said:?}");
        };
        let host = Some("10.0.0.7");
        check(
            Said { db_system: Some("redis"), server_address: host, ..Said::default() },
            Some((NodeKind::Database, "10.0.0.7", "redis")),
            "redis",
        );
        check(Said { db_system: Some("mysql"), ..Said::default() }, Some((NodeKind::Database, "mysql", "mysql")), "mysql");
        let topic =
            Said { messaging_system: Some("kafka"), messaging_destination: Some("orders"), server_address: host, ..Said::default() };
        check(topic, Some((NodeKind::Queue, "orders", "kafka")), "kafka");
        let named = Said { peer_service: Some("pay"), server_address: host, rpc_system: Some("grpc"), ..Said::default() };
        check(named, Some((NodeKind::Service, "pay", "")), "grpc");
        check(
            Said { server_address: host, http_method: Some("GET"), ..Said::default() },
            Some((NodeKind::External, "10.0.0.7", "")),
            "http",
        );
        check(Said::default(), None, "");
    }
}
