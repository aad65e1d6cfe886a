//! Failures of databases and caches under the clients of each language.

use rand::{Rng, rngs::SmallRng};

use super::Failure;
use crate::topology::{Stack, Store, StoreKind};

/// How a store fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    Timeout,
    Unreachable,
    Overloaded,
}

/// How far a client got with a statement; decides which span there is to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// No connection became free.
    Pool,
    /// No connection could be opened.
    Connect,
    /// The statement was sent.
    Statement,
}

impl Trouble {
    pub(crate) fn pick(rng: &mut SmallRng) -> Self {
        match rng.random_range(0..10) {
            0..5 => Self::Timeout,
            5..8 => Self::Unreachable,
            _ => Self::Overloaded,
        }
    }

    /// Where the client of `stack` stands when it notices.
    ///
    /// HikariCP holds its connections open, so an overloaded store shows as a pool that stays empty. pgx opens one when it needs
    /// one. The others do both beneath the call that is traced.
    pub(crate) fn stage(self, store: &Store, stack: Stack) -> Stage {
        match (stack, store.kind, self) {
            (Stack::Spring, _, Self::Overloaded) => Stage::Pool,
            (Stack::Spring | Stack::Python, ..) => Stage::Statement,
            (_, StoreKind::PostgreSql, Self::Unreachable | Self::Overloaded) => Stage::Connect,
            _ => Stage::Statement,
        }
    }
}

impl Failure {
    /// A store failed under a client written in the language of `stack`, after `waited_ns`.
    pub(crate) fn of_store(store: &Store, trouble: Trouble, stack: Stack, waited_ns: i64) -> Self {
        let (http, reason) = match (store.kind, trouble) {
            (StoreKind::Redis, Trouble::Timeout) => (504, "CACHE_TIMEOUT"),
            (StoreKind::Redis, _) => (503, "CACHE_UNAVAILABLE"),
            (_, Trouble::Timeout) => (504, "DATABASE_TIMEOUT"),
            (_, Trouble::Unreachable) => (503, "DATABASE_UNAVAILABLE"),
            (_, Trouble::Overloaded) => (500, "DATABASE_ERROR"),
        };
        let (exception, message) = match stack {
            Stack::Spring => under_java(trouble, waited_ns),
            Stack::Python => under_python(store, trouble),
            Stack::Envoy | Stack::Gin | Stack::KratosV2 | Stack::KratosV3 => under_go(store, trouble),
        };
        Self::local(stack, http, reason, message, exception)
    }
}

fn under_java(trouble: Trouble, waited_ns: i64) -> (&'static str, String) {
    match trouble {
        Trouble::Timeout => ("org.postgresql.util.PSQLException", "ERROR: canceling statement due to user request".to_owned()),
        Trouble::Unreachable => ("org.postgresql.util.PSQLException", "An I/O error occurred while sending to the backend.".to_owned()),
        Trouble::Overloaded => (
            "java.sql.SQLTransientConnectionException",
            format!(
                "HikariPool-1 - Connection is not available, request timed out after {}ms (total=10, active=10, idle=0, waiting=23)",
                waited_ns / 1_000_000
            ),
        ),
    }
}

fn under_python(store: &Store, trouble: Trouble) -> (&'static str, String) {
    match trouble {
        Trouble::Timeout => ("redis.exceptions.TimeoutError", "Timeout reading from socket".to_owned()),
        Trouble::Unreachable | Trouble::Overloaded => {
            ("redis.exceptions.ConnectionError", format!("Error 111 connecting to {}:{}. Connection refused.", store.host, store.port))
        }
    }
}

fn under_go(store: &Store, trouble: Trouble) -> (&'static str, String) {
    let Store { host, ip, port, database, .. } = store;
    match (store.kind, trouble) {
        (StoreKind::PostgreSql, Trouble::Timeout) => {
            ("*pgconn.PgError", "ERROR: canceling statement due to statement timeout (SQLSTATE 57014)".to_owned())
        }
        (StoreKind::PostgreSql, Trouble::Unreachable) => (
            "*pgconn.ConnectError",
            format!(
                "failed to connect to `user=app database={database}`: {ip}:{port} ({host}): dial error: dial tcp {ip}:{port}: connect: connection refused"
            ),
        ),
        (StoreKind::PostgreSql, Trouble::Overloaded) => (
            "*pgconn.ConnectError",
            format!(
                "failed to connect to `user=app database={database}`: {ip}:{port} ({host}): server error: FATAL: sorry, too many clients already (SQLSTATE 53300)"
            ),
        ),
        (StoreKind::MySql, Trouble::Timeout) => {
            ("*mysql.MySQLError", "Error 1205 (HY000): Lock wait timeout exceeded; try restarting transaction".to_owned())
        }
        (StoreKind::MySql | StoreKind::Redis, Trouble::Unreachable) => {
            ("*net.OpError", format!("dial tcp {ip}:{port}: connect: connection refused"))
        }
        (StoreKind::MySql, Trouble::Overloaded) => ("*mysql.MySQLError", "Error 1040 (08004): Too many connections".to_owned()),
        (StoreKind::Redis, Trouble::Timeout) => ("*net.OpError", format!("read tcp 10.244.3.17:48122->{ip}:{port}: i/o timeout")),
        (StoreKind::Redis, Trouble::Overloaded) => ("*errors.errorString", "redis: connection pool timeout".to_owned()),
    }
}
