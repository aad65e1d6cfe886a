//! The databases and caches, each with the address its clients name.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreKind {
    PostgreSql,
    MySql,
    Redis,
}

#[derive(Debug)]
pub(crate) struct Store {
    /// Distinguishes its weather from that of other dependencies.
    pub(crate) key: u64,
    pub(crate) kind: StoreKind,
    pub(crate) host: &'static str,
    pub(crate) ip: &'static str,
    pub(crate) port: u16,
    /// Database name, or the number of the Redis database.
    pub(crate) database: &'static str,
}

const fn store(key: u64, kind: StoreKind, host: &'static str, ip: &'static str, port: u16, database: &'static str) -> Store {
    Store { key, kind, host, ip, port, database }
}

pub(crate) static USERS: Store = store(101, StoreKind::PostgreSql, "pg-users-rw.data.svc.cluster.local", "10.96.114.20", 5432, "users");
pub(crate) static ORDERS: Store = store(102, StoreKind::PostgreSql, "pg-orders-rw.data.svc.cluster.local", "10.96.114.21", 5432, "orders");
pub(crate) static PAYMENTS: Store =
    store(103, StoreKind::PostgreSql, "pg-payments-rw.data.svc.cluster.local", "10.96.114.22", 5432, "payments");
pub(crate) static CATALOG: Store = store(104, StoreKind::MySql, "mysql-catalog.data.svc.cluster.local", "10.96.115.7", 3306, "catalog");
pub(crate) static STOCK: Store = store(105, StoreKind::MySql, "mysql-stock.data.svc.cluster.local", "10.96.115.8", 3306, "stock");
pub(crate) static CACHE: Store = store(106, StoreKind::Redis, "redis-cache.data.svc.cluster.local", "10.96.116.3", 6379, "0");
pub(crate) static CARTS: Store = store(107, StoreKind::Redis, "redis-carts.data.svc.cluster.local", "10.96.116.4", 6379, "2");
