//! What goes wrong on purpose, and when: a pure function of the seed and the time the shop opened.
//!
//! ```text
//! opened   |<- slot of two minutes ->|<- slot ->| ...      one scenario begins in every slot, within its first 20 seconds
//!             [clean trip]              [flapping]         after nine slots each has been played once, in the seed's order
//! ```
//!
//! A scenario changes causes only: a service that fails, a crowd that comes, stock that is gone, a new version. What breakers,
//! limiters and callers make of it is up to them.

mod causes;
mod schedule;

pub(crate) use causes::{Caller, Crowd, Target};
pub(crate) use schedule::Schedule;

use schemas::UnixNanos;

/// The scenarios, in the order of the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScenarioKind {
    /// `user` is away for half a minute; hystrix-go in `storefront` opens once, probes, and closes.
    CleanTrip,
    /// `catalog` comes and goes; Sentinel's breaker in `storefront` with it.
    FlappingBreaker,
    /// `inventory` fails in a flash sale; Kratos' adaptive breaker in `cart` sheds, and lets go long after it is well.
    AdaptiveShed,
    /// One caller scrapes the search; Sentinel's flow control in `storefront` refuses most of it.
    RateLimitBurst,
    /// Stock is gone: 5001003 of `inventory`, passed on unchanged to the customer.
    CodeSpike,
    /// `catalog` is rolled out, and its new version answers with a code nobody has seen.
    NewCodeAfterDeploy,
    /// 5001003 of `inventory` becomes 4002001 of `order`, and an HTTP 500 for the customer.
    TranslatedChain,
    /// The acquirer is away: resilience4j in `payment` opens, then gobreaker in `order`, then hystrix-go in `storefront`.
    Cascade,
    /// `recommendation` is away; gobreaker in `storefront` opens, and product pages do without.
    TripBehindFallback,
}

/// Which scenarios a shop plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scenarios {
    /// All of them, one after another.
    #[default]
    Scheduled,
    /// The same one in every slot.
    Only(ScenarioKind),
    /// None: only the weather.
    Off,
}

/// One scenario that is played, from `start` (inclusive) to `end` (exclusive).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScenarioRun {
    /// Counts from the opening of the shop.
    pub ordinal: u64,
    pub kind: ScenarioKind,
    pub start: UnixNanos,
    pub end: UnixNanos,
}

impl ScenarioKind {
    pub const ALL: [Self; 9] = [
        Self::CleanTrip,
        Self::FlappingBreaker,
        Self::AdaptiveShed,
        Self::RateLimitBurst,
        Self::CodeSpike,
        Self::NewCodeAfterDeploy,
        Self::TranslatedChain,
        Self::Cascade,
        Self::TripBehindFallback,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::CleanTrip => "clean_trip",
            Self::FlappingBreaker => "flapping_breaker",
            Self::AdaptiveShed => "adaptive_shed",
            Self::RateLimitBurst => "rate_limit_burst",
            Self::CodeSpike => "code_spike",
            Self::NewCodeAfterDeploy => "new_code_after_deploy",
            Self::TranslatedChain => "translated_chain",
            Self::Cascade => "cascade",
            Self::TripBehindFallback => "trip_behind_fallback",
        }
    }

    /// How long it is played.
    pub(crate) fn seconds(self) -> i64 {
        match self {
            Self::CleanTrip => 40,
            Self::FlappingBreaker => 96,
            Self::AdaptiveShed => 65,
            Self::RateLimitBurst => 60,
            Self::CodeSpike => 70,
            Self::NewCodeAfterDeploy => 90,
            Self::TranslatedChain => 80,
            Self::Cascade => 85,
            Self::TripBehindFallback => 50,
        }
    }

    /// What is the root of it.
    pub fn root_cause(self) -> &'static str {
        match self {
            Self::CleanTrip => "user unavailable",
            Self::FlappingBreaker => "catalog unavailable again and again",
            Self::AdaptiveShed => "inventory failing in a flash sale",
            Self::RateLimitBurst => "one caller scrapes the search",
            Self::CodeSpike => "stock is gone",
            Self::NewCodeAfterDeploy => "catalog rolled out with a defect",
            Self::TranslatedChain => "stock is gone during checkout",
            Self::Cascade => "acquirer unavailable",
            Self::TripBehindFallback => "recommendation unavailable",
        }
    }

    /// Names of the breakers it can trip; an adaptive one is called after its operation.
    pub(crate) fn breakers(self) -> &'static [&'static str] {
        match self {
            Self::CleanTrip => &["user"],
            Self::FlappingBreaker => &["catalog:product"],
            Self::AdaptiveShed => &["op:/inventory.v1.Inventory/CheckAvailability", "order"],
            Self::Cascade => &["acquirer", "payment", "order"],
            Self::TripBehindFallback => &["recommendation"],
            // Checkouts that fail for want of stock are failures for their caller's breaker.
            Self::TranslatedChain => &["order"],
            Self::RateLimitBurst | Self::CodeSpike | Self::NewCodeAfterDeploy => &[],
        }
    }
}
