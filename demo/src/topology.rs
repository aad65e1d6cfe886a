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
mod steps;
mod storefront;
mod stores;

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
    /// Answers that are no fault of the service.
    pub(crate) refusals: &'static [Refusal],
    /// What the developer logs when it went well.
    pub(crate) log: &'static str,
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

/// A business answer: 4xx and a reason.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) share: f64,
    pub(crate) http: u16,
    pub(crate) reason: &'static str,
    pub(crate) message: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_stands_where_its_id_says() {
        for (position, service) in SERVICES.iter().enumerate() {
            assert_eq!(service.id as usize, position, "{}", service.name);
        }
    }

    #[test]
    fn operations_have_the_form_of_their_protocol() {
        fn check(route: &Route) {
            match route.protocol {
                Protocol::Grpc => assert_eq!(route.operation.split('/').count(), 3, "{}", route.operation),
                Protocol::Http(_) => assert!(route.operation.starts_with(['/', 'h']), "{}", route.operation),
                Protocol::Kafka(topic) => assert!(route.operation.starts_with(topic), "{}", route.operation),
            }
            route.steps.iter().for_each(check_step);
        }
        fn check_step(step: &Step) {
            match step {
                Step::Call(call) => check(call.to),
                Step::Together(steps) => steps.iter().for_each(check_step),
                Step::Publish(publish) => publish.consumers.iter().for_each(|route| check(route)),
                Step::Query(_) => {}
            }
        }
        ENTRANCES.iter().for_each(|entrance| check(entrance.route));
    }
}
