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
    /// All those of which a caller has too many.
    Other,
}

impl NodeKind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Database => "database",
            Self::Queue => "queue",
            Self::External => "external",
            Self::Other => "other",
        }
    }
}

/// Columns of spans that tell a peer.
pub const PEER_COLUMNS: [&str; 8] = [
    c::PEER_SERVICE,
    c::SERVER_ADDRESS,
    c::DB_SYSTEM,
    c::DB_NAMESPACE,
    c::MESSAGING_SYSTEM,
    c::MESSAGING_DESTINATION,
    c::RPC_SERVICE,
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
    pub rpc_service: Option<&'a str>,
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
}

/// [`PEER_COLUMNS`] of a batch.
pub(super) struct SaidColumns<'a>([TextColumn<'a>; 8]);

impl<'a> SaidColumns<'a> {
    pub(super) fn of(batch: &'a RecordBatch) -> Result<Self, UnexpectedType> {
        let [a, b, c, d, e, f, g, h] = PEER_COLUMNS.map(|name| TextColumn::of(batch, name));
        Ok(Self([a?, b?, c?, d?, e?, f?, g?, h?]))
    }

    pub(super) fn get(&self, row: usize) -> Said<'a> {
        let [peer_service, server_address, db_system, db_namespace, messaging_system, messaging_destination, rpc_service, upstream_cluster] =
            self.0.map(|column| column.get(row).filter(|text| !text.is_empty()));
        Said {
            peer_service,
            server_address,
            db_system,
            db_namespace,
            messaging_system,
            messaging_destination,
            rpc_service,
            upstream_cluster,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_most_wins() {
        let check = |said: Said<'_>, expected: Option<(NodeKind, &str, &str)>| assert_eq!(said.peer(), expected, "{said:?}");
        let host = Some("10.0.0.7");
        let redis = Said { db_system: Some("redis"), server_address: host, ..Said::default() };
        check(redis, Some((NodeKind::Database, "10.0.0.7", "redis")));
        check(Said { db_system: Some("mysql"), ..Said::default() }, Some((NodeKind::Database, "mysql", "mysql")));
        let topic =
            Said { messaging_system: Some("kafka"), messaging_destination: Some("orders"), server_address: host, ..Said::default() };
        check(topic, Some((NodeKind::Queue, "orders", "kafka")));
        let named = Said { peer_service: Some("pay"), server_address: host, ..Said::default() };
        check(named, Some((NodeKind::Service, "pay", "")));
        check(Said { server_address: host, ..Said::default() }, Some((NodeKind::External, "10.0.0.7", "")));
        check(Said::default(), None);
    }
}
