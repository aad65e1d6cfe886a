//! The shop's services and what their routes do, as data. A new service is a row of [`SERVICES`] and its routes.
//!
//! ```text
//! customers -> edge-gateway (Envoy) -> storefront (Gin) -+-> catalog (Gin) -> MySQL, Redis
//!                                                        +-> recommendation (Python) -> Redis, catalog
//!                                                        +-> user (Kratos v3) -> PostgreSQL, Redis
//!                                                        +-> cart (Kratos v3) -> Redis, inventory
//!                                                        +-> order (Kratos v2) -> cart, inventory, payment, PostgreSQL, Kafka
//! inventory (Kratos v2) -> MySQL     payment (Spring) -> PostgreSQL, acquirer, Kafka
//! Kafka -> shipping (Kratos v2) -> PostgreSQL, order          Kafka -> notification (Spring) -> user
//! ```

mod backend;
mod guards;
mod steps;
mod storefront;
mod stores;

pub(crate) use guards::{BREAKERS, Breaker, LIMITS, Library, Limit, Trip};
pub(crate) use storefront::ENTRANCES;
pub(crate) use stores::{Store, StoreKind};

use crate::latency::Latency;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ServiceId {
    EdgeGateway,
    Storefront,
    Catalog,
    User,
    Cart,
    Order,
    Inventory,
    Payment,
    Recommendation,
    Shipping,
    Notification,
}

/// What a service is written with; decides the shape of everything it emits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stack {
    Envoy,
    Gin,
    KratosV2,
    KratosV3,
    Spring,
    Python,
}

#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) id: ServiceId,
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) stack: Stack,
    pub(crate) instances: usize,
    /// Port its clients connect to.
    pub(crate) port: u16,
}

/// Every service, at the position its id says.
pub(crate) static SERVICES: [Service; 11] = {
    use {ServiceId::*, Stack::*};
    const fn service(id: ServiceId, name: &'static str, version: &'static str, stack: Stack, instances: usize, port: u16) -> Service {
        Service { id, name, version, stack, instances, port }
    }
    [
        service(EdgeGateway, "edge-gateway", "1.34.1", Envoy, 2, 8443),
        service(Storefront, "storefront", "2.41.0", Gin, 3, 8080),
        service(Catalog, "catalog", "1.18.3", Gin, 2, 8080),
        service(User, "user", "3.2.0", KratosV3, 2, 9000),
        service(Cart, "cart", "1.9.4", KratosV3, 2, 9000),
        service(Order, "order", "4.7.1", KratosV2, 3, 9000),
        service(Inventory, "inventory", "2.3.9", KratosV2, 2, 9000),
        service(Payment, "payment", "5.0.2", Spring, 2, 8080),
        service(Recommendation, "recommendation", "0.24.0", Python, 2, 50051),
        service(Shipping, "shipping", "1.6.0", KratosV2, 2, 9000),
        service(Notification, "notification", "2.0.7", Spring, 1, 8080),
    ]
};

impl ServiceId {
    pub(crate) fn service(self) -> &'static Service {
        &SERVICES[self as usize]
    }
}

impl Stack {
    pub(crate) fn is_kratos(self) -> bool {
        matches!(self, Self::KratosV2 | Self::KratosV3)
    }
}

/// Something a service can be asked to do.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) service: ServiceId,
    pub(crate) protocol: Protocol,
    /// `/pkg.Service/Method`, or the route's template.
    pub(crate) operation: &'static str,
    /// What the service itself does for a request, apart from its steps.
    pub(crate) work: Latency,
    pub(crate) steps: &'static [Step],
    /// What the developer logs when it went well.
    pub(crate) log: &'static str,
}

impl Route {
    /// Somebody else serves it: it has an address, and no spans.
    pub(crate) fn is_outside(&self) -> bool {
        self.operation.starts_with("https://")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Grpc,
    Http(&'static str),
    /// Messages of this topic.
    Kafka(&'static str),
}

#[derive(Debug)]
pub(crate) enum Step {
    Call(Call),
    Query(Query),
    /// Started at once; goes on when the slowest is done.
    Together(&'static [Step]),
    Publish(Publish),
    /// What was asked for is checked; a request that does not pass goes no further.
    Refuse(Refusal),
}

#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) to: &'static Route,
    pub(crate) timeout_ms: u32,
    /// 1 is: never tried again.
    pub(crate) attempts: u32,
    pub(crate) on_failure: OnFailure,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnFailure {
    /// The caller fails with it.
    Fail,
    /// The caller logs a warning and goes on without.
    GoOn,
}

/// A statement sent to a database or cache.
#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) store: &'static Store,
    /// `SELECT`, `HGETALL`: the first word.
    pub(crate) operation: &'static str,
    /// The table, or the pattern of the key.
    pub(crate) target: &'static str,
    pub(crate) statement: &'static str,
    pub(crate) latency: Latency,
    /// Part of the requests that need it (a cache in front, an optional lookup).
    pub(crate) share: f64,
    pub(crate) on_failure: OnFailure,
}

/// A message to Kafka and the routes that will consume it, each in its own consumer group.
#[derive(Debug)]
pub(crate) struct Publish {
    pub(crate) topic: &'static str,
    pub(crate) consumers: &'static [&'static Route],
}

/// A business answer, no fault of the service: 4xx and a reason.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// Part of the requests that come this far.
    pub(crate) share: f64,
    pub(crate) http: u16,
    pub(crate) reason: &'static str,
    pub(crate) message: &'static str,
}

#[cfg(test)]
pub(crate) mod tests;
