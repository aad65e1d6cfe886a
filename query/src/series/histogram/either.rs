//! A histogram of either shape.

use super::{explicit::Explicit, exponential::Exponential, quantile};

#[derive(Debug, Clone, PartialEq)]
pub enum Histogram {
    Explicit(Explicit),
    Exponential(Exponential),
}

/// Histograms of different shapes do not merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("explicit and exponential histograms cannot be merged")]
pub struct Mismatch;

impl Histogram {
    /// The distribution of both. Exact: what is merged is what would have been counted in the coarser of both layouts.
    ///
    /// # Errors
    /// When they are of different shapes.
    pub fn merge(&mut self, other: &Self) -> Result<(), Mismatch> {
        match (self, other) {
            (Self::Explicit(own), Self::Explicit(other)) => own.merge(other),
            (Self::Exponential(own), Self::Exponential(other)) => own.merge(other),
            _ => return Err(Mismatch),
        }
        Ok(())
    }

    /// What was counted since `earlier`, which is of the same series and has no reset after it. A bucket that has fewer than it had is 0.
    ///
    /// # Errors
    /// When they are of different shapes.
    pub fn since(&self, earlier: &Self) -> Result<Self, Mismatch> {
        match (self, earlier) {
            (Self::Explicit(later), Self::Explicit(earlier)) => Ok(Self::Explicit(later.since(earlier))),
            (Self::Exponential(later), Self::Exponential(earlier)) => Ok(Self::Exponential(later.since(earlier))),
            _ => Err(Mismatch),
        }
    }

    pub fn scale_by(&mut self, factor: f64) {
        match self {
            Self::Explicit(own) => own.scale_by(factor),
            Self::Exponential(own) => own.scale_by(factor),
        }
    }

    pub fn count(&self) -> f64 {
        match self {
            Self::Explicit(own) => own.count,
            Self::Exponential(own) => own.count,
        }
    }

    /// The value below which a share of `q` (0 to 1) lies; `None` when there are no values, or no buckets.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        match self {
            Self::Explicit(own) => quantile::explicit(own, q),
            Self::Exponential(own) => quantile::exponential(own, q),
        }
    }
}

/// Of two sums the one of both, if both are known.
pub(super) fn both(own: Option<f64>, other: Option<f64>, of: fn(f64, f64) -> f64) -> Option<f64> {
    Some(of(own?, other?))
}
