//! How much may be in flight? One budget of bytes for all requests between the socket and the write-ahead log.
//!
//! A [`Reservation`] is made before a body is read and grows with what the request costs next:
//!
//! ```text
//! body as it arrives -> decompressed body -> rows -> held by storage until the write-ahead log has them
//!        grow_to             grow_to        grow_to                   drop
//! ```
//!
//! Growing waits a moment when the budget is spent, then refuses: the sender keeps the data and comes back.

use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// One permit of the semaphore; a `u32` of them is 4 TiB.
const UNIT_BYTES: u64 = 1 << 10;

/// The budget is spent, and waiting did not help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("requests in flight hold all of {limit} bytes")]
pub(crate) struct BudgetSpent {
    pub limit: u64,
}

/// All bytes that may be in flight at once. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    permits: Arc<Semaphore>,
    units_max: u32,
    wait: Duration,
}

impl Budget {
    pub(crate) fn new(bytes_max: u64, wait: Duration) -> Self {
        let units_max = units(bytes_max);
        Self { permits: Arc::new(Semaphore::new(units_max as usize)), units_max, wait }
    }

    /// A reservation of nothing yet.
    pub(crate) fn reservation(&self) -> Reservation {
        Reservation { budget: self.clone(), permit: None }
    }

    #[cfg(test)]
    pub(crate) fn available_bytes(&self) -> u64 {
        self.permits.available_permits() as u64 * UNIT_BYTES
    }
}

/// Bytes of a [`Budget`]; given back when dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    budget: Budget,
    permit: Option<OwnedSemaphorePermit>,
}

impl Reservation {
    /// Makes the reservation at least `bytes` large. A request that costs more than the whole budget takes all of it and runs alone.
    ///
    /// CANCEL-SAFE: what was held before is still held.
    ///
    /// # Errors
    /// [`BudgetSpent`] when the bytes did not become free in time.
    pub(crate) async fn grow_to(&mut self, bytes: u64) -> Result<(), BudgetSpent> {
        let missing = self.missing_units(bytes);
        if missing == 0 {
            return Ok(());
        }
        let acquire = self.budget.permits.clone().acquire_many_owned(missing);
        let Ok(granted) = tokio::time::timeout(self.budget.wait, acquire).await else {
            return Err(BudgetSpent { limit: u64::from(self.budget.units_max) * UNIT_BYTES });
        };
        self.add(granted.expect("the semaphore is never closed"));
        Ok(())
    }

    /// As [`Reservation::grow_to`], without waiting. False when the bytes are not free now.
    pub(crate) fn try_grow_to(&mut self, bytes: u64) -> bool {
        let missing = self.missing_units(bytes);
        if missing == 0 {
            return true;
        }
        let granted = self.budget.permits.clone().try_acquire_many_owned(missing).ok();
        granted.map(|granted| self.add(granted)).is_some()
    }

    /// Gives back what exceeds `bytes`.
    pub(crate) fn shrink_to(&mut self, bytes: u64) {
        let excess = self.held_units().saturating_sub(units(bytes));
        if let Some(permit) = &mut self.permit {
            drop(permit.split(excess as usize));
        }
    }

    fn missing_units(&self, bytes: u64) -> u32 {
        units(bytes).min(self.budget.units_max).saturating_sub(self.held_units())
    }

    fn add(&mut self, granted: OwnedSemaphorePermit) {
        match &mut self.permit {
            Some(permit) => permit.merge(granted),
            None => self.permit = Some(granted),
        }
    }

    fn held_units(&self) -> u32 {
        self.permit.as_ref().map_or(0, |permit| u32::try_from(permit.num_permits()).expect("acquired as u32 up to units_max"))
    }
}

fn units(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT_BYTES)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: u64 = 1 << 10;

    #[tokio::test(start_paused = true)]
    async fn growing_takes_only_what_is_missing_and_dropping_returns_it() {
        let budget = Budget::new(100 * KIB, Duration::from_secs(1));
        let mut reservation = budget.reservation();
        for (bytes, left) in [(1, 99), (KIB, 99), (KIB + 1, 98), (10 * KIB, 90), (5 * KIB, 90)] {
            reservation.grow_to(bytes).await.expect("free");
            assert_eq!(budget.available_bytes(), left * KIB, "after {bytes}");
        }
        reservation.shrink_to(3 * KIB);
        assert_eq!(budget.available_bytes(), 97 * KIB);
        drop(reservation);
        assert_eq!(budget.available_bytes(), 100 * KIB);
    }

    #[tokio::test(start_paused = true)]
    async fn a_spent_budget_refuses_after_the_wait_and_keeps_what_was_held() {
        let budget = Budget::new(10 * KIB, Duration::from_secs(1));
        let (mut first, mut second) = (budget.reservation(), budget.reservation());
        first.grow_to(8 * KIB).await.expect("free");
        second.grow_to(2 * KIB).await.expect("free");
        let asked_at = tokio::time::Instant::now();
        assert_eq!(second.grow_to(3 * KIB).await, Err(BudgetSpent { limit: 10 * KIB }));
        assert_eq!(asked_at.elapsed(), Duration::from_secs(1));
        assert!(!second.try_grow_to(3 * KIB) && second.try_grow_to(2 * KIB));
        drop(first);
        assert!(second.try_grow_to(10 * KIB));
        assert!(!budget.reservation().try_grow_to(1));
    }

    #[tokio::test(start_paused = true)]
    async fn more_than_everything_is_everything() {
        let budget = Budget::new(10 * KIB, Duration::from_secs(1));
        let mut reservation = budget.reservation();
        reservation.grow_to(u64::MAX).await.expect("all of it");
        assert_eq!(budget.available_bytes(), 0);
    }
}
