//! Which calls are guarded by what, and which routes are limited.
//!
//! Kratos clients without a row here have Kratos' own adaptive breaker, one per operation.

use super::ServiceId;

/// Libraries whose breakers are state machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Library {
    Gobreaker,
    HystrixGo,
    SentinelGo,
    Resilience4j,
}

/// Opens when at least half of the calls failed, or so many in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trip {
    /// More than `failures` in a row.
    InARow {
        failures: u32,
    },
    OfWindow {
        window_ms: u32,
        calls_min: usize,
    },
    OfLast {
        calls: usize,
        calls_min: usize,
    },
}

/// A breaker around calls to some operations; every instance of the caller has its own.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Breaker {
    pub(crate) caller: ServiceId,
    pub(crate) library: Library,
    pub(crate) name: &'static str,
    pub(crate) operations: &'static [&'static str],
    pub(crate) trip: Trip,
    /// From open until a probe may pass.
    pub(crate) wait_ms: u32,
    pub(crate) probes: u32,
}

/// A limit on a route of a service, per instance.
#[derive(Debug)]
pub(crate) struct Limit {
    pub(crate) service: ServiceId,
    pub(crate) operation: &'static str,
    /// Sentinel's resource: the Gin adapter's `METHOD:path`.
    pub(crate) resource: &'static str,
    /// Passes per second and instance as a share of all customer requests per second.
    pub(crate) share_of_traffic: f64,
}

pub(crate) static BREAKERS: [Breaker; 6] = {
    use {Library::*, ServiceId::*};
    const fn breaker(
        caller: ServiceId,
        library: Library,
        name: &'static str,
        operations: &'static [&'static str],
        trip: Trip,
        wait_ms: u32,
        probes: u32,
    ) -> Breaker {
        Breaker { caller, library, name, operations, trip, wait_ms, probes }
    }
    const fn ten_seconds(calls_min: usize) -> Trip {
        Trip::OfWindow { window_ms: 10_000, calls_min }
    }
    [
        breaker(Storefront, HystrixGo, "user", &["/user.v1.Session/Verify"], ten_seconds(5), 5_000, 1),
        breaker(Storefront, HystrixGo, "order", &["/order.v1.Order/Create"], ten_seconds(8), 5_000, 1),
        breaker(
            Storefront,
            SentinelGo,
            "catalog:product",
            &["/internal/products/:id"],
            Trip::OfWindow { window_ms: 5_000, calls_min: 4 },
            3_000,
            1,
        ),
        breaker(
            Storefront,
            Gobreaker,
            "recommendation",
            &["/recommendation.v1.RecommendationService/ListRecommendations"],
            Trip::InARow { failures: 5 },
            10_000,
            1,
        ),
        breaker(Order, Gobreaker, "payment", &["/v2/charges"], Trip::InARow { failures: 5 }, 8_000, 1),
        breaker(
            Payment,
            Resilience4j,
            "acquirer",
            &["https://api.acquirer-gateway.com/v1/authorizations"],
            Trip::OfLast { calls: 20, calls_min: 5 },
            10_000,
            3,
        ),
    ]
};

pub(crate) static LIMITS: [Limit; 1] =
    [Limit { service: ServiceId::Storefront, operation: "/api/v1/products", resource: "GET:/api/v1/products", share_of_traffic: 0.6 }];

impl Breaker {
    pub(crate) fn wait_ns(&self) -> i64 {
        i64::from(self.wait_ms) * 1_000_000
    }
}

impl Library {
    /// As governance names the framework.
    pub(crate) fn framework(self) -> &'static str {
        match self {
            Self::Gobreaker => "gobreaker",
            Self::HystrixGo => "hystrix-go",
            Self::SentinelGo => "sentinel-go",
            Self::Resilience4j => "resilience4j",
        }
    }
}
