//! What people are told about targets.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use schemas::UnixNanos;

const MESSAGE_BYTES_MAX: usize = 500;

/// Shared by whoever scrapes and whoever asks.
#[derive(Debug, Default)]
pub(crate) struct TargetsBook(Mutex<Vec<TargetReport>>);

/// A target. Counts are since the start of the server.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TargetReport {
    pub url: String,
    pub job: String,
    /// Its last page could be fetched and read.
    pub is_up: bool,
    /// That were stored.
    pub samples: u64,
    pub last_scrape: Option<UnixNanos>,
    pub last_error: Option<(UnixNanos, String)>,
    /// Samples of pages that could not be stored before the next was due, or were refused, by reason.
    pub dropped: BTreeMap<&'static str, u64>,
}

impl TargetsBook {
    pub(super) fn start(&self, targets: Vec<TargetReport>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = targets;
    }

    pub(super) fn change(&self, place: usize, change: impl FnOnce(&mut TargetReport)) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(place).map(change);
    }

    pub(crate) fn report(&self) -> Vec<TargetReport> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

pub(super) fn short(message: &str) -> String {
    message.get(..message.floor_char_boundary(MESSAGE_BYTES_MAX)).unwrap_or(message).to_owned()
}
