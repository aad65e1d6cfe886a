//! What a scenario changes at a time.

use schemas::UnixNanos;

use super::{ScenarioKind, ScenarioRun};
use crate::{topology::ServiceId, weather::Condition};

const SECOND_NS: i64 = 1_000_000_000;

/// Something that can be unwell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Service(ServiceId),
    /// The acquirer.
    Outside,
}

/// Requests that come on top of the usual ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Crowd {
    /// The gateway's route they come in by: method and path.
    pub(crate) entrance: (&'static str, &'static str),
    /// Per second, as a multiple of the usual mean.
    pub(crate) factor: f64,
    pub(crate) caller: Caller,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Customers like all others.
    Anyone,
    /// One account, one address, one program.
    Scraper,
}

/// No call gets through: half of them find no connection, the others an error.
const AWAY: Condition = Condition { failing: 2.0, slowness: 1.0 };
const MOSTLY_FAILING: Condition = Condition { failing: 1.6, slowness: 1.5 };

impl ScenarioRun {
    pub(crate) fn condition(&self, target: Target, at: UnixNanos) -> Option<Condition> {
        use {ScenarioKind::*, ServiceId::*, Target::*};
        let (second, played) = (self.second(at), |from: i64, to: i64| (from..to).contains(&self.second(at)));
        match (self.kind, target) {
            (CleanTrip, Service(User)) if played(0, 30) => Some(AWAY),
            (FlappingBreaker, Service(Catalog)) if second.rem_euclid(24) < 12 => Some(AWAY),
            (AdaptiveShed, Service(Inventory)) if played(8, 28) => Some(MOSTLY_FAILING),
            (Cascade, Outside) if played(5, 60) => Some(AWAY),
            (TripBehindFallback, Service(Recommendation)) if played(0, 40) => Some(AWAY),
            _ => None,
        }
    }

    /// Part of the requests that an instance refuses for `reason`, when it is not the usual one.
    pub(crate) fn refusal_share(&self, (operation, reason): (&str, &str), deployed: Option<UnixNanos>) -> Option<f64> {
        // The defect came with this deployment.
        let is_new = deployed.is_some_and(|deployed| deployed >= self.start);
        match (self.kind, operation, reason) {
            (ScenarioKind::CodeSpike, "/inventory.v1.Inventory/CheckAvailability", "INSUFFICIENT_STOCK") => Some(0.55),
            (ScenarioKind::TranslatedChain, "/inventory.v1.Inventory/Reserve", "INSUFFICIENT_STOCK") => Some(0.45),
            (ScenarioKind::NewCodeAfterDeploy, "/internal/products/:id", "PRICE_SNAPSHOT_MISSING") if is_new => Some(0.12),
            _ => None,
        }
    }

    pub(crate) fn crowd(&self, at: UnixNanos) -> Option<Crowd> {
        let second = self.second(at);
        match self.kind {
            ScenarioKind::AdaptiveShed => Some(Crowd { entrance: ("POST", "/api/v1/cart/items"), factor: 2.6, caller: Caller::Anyone }),
            ScenarioKind::CodeSpike => Some(Crowd { entrance: ("POST", "/api/v1/cart/items"), factor: 0.15, caller: Caller::Anyone }),
            ScenarioKind::TranslatedChain | ScenarioKind::Cascade => {
                let factor = if self.kind == ScenarioKind::Cascade { 0.4 } else { 0.1 };
                Some(Crowd { entrance: ("POST", "/api/v1/orders"), factor, caller: Caller::Anyone })
            }
            ScenarioKind::RateLimitBurst if second.rem_euclid(20) < 10 => {
                Some(Crowd { entrance: ("GET", "/api/v1/products"), factor: 3.0, caller: Caller::Scraper })
            }
            _ => None,
        }
    }

    /// When instance `nth` of `service` is replaced by the next version.
    pub(crate) fn rollout(&self, service: ServiceId, nth: usize) -> Option<UnixNanos> {
        let deploys = self.kind == ScenarioKind::NewCodeAfterDeploy && service == ServiceId::Catalog;
        deploys.then(|| UnixNanos(self.start.0 + (2 + 6 * nth as i64) * SECOND_NS))
    }

    fn second(&self, at: UnixNanos) -> i64 {
        (at.0 - self.start.0).div_euclid(SECOND_NS)
    }
}
