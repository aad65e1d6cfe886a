//! What was sent and what was acknowledged.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::record::Request;

/// Shared by all clients of a run.
#[derive(Debug, Default)]
pub struct Book(Mutex<Vec<Entry>>);

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub request: Request,
    pub acked: bool,
}

/// A request that was written into the book.
#[derive(Debug, Clone, Copy)]
pub struct Ticket(usize);

impl Book {
    /// Before the first byte leaves.
    pub fn sent(&self, request: Request) -> Ticket {
        let mut entries = self.lock();
        entries.push(Entry { request, acked: false });
        Ticket(entries.len() - 1)
    }

    /// After the answer was received.
    pub fn acked(&self, ticket: Ticket) {
        self.lock()[ticket.0].acked = true;
    }

    pub fn request(&self, ticket: Ticket) -> Request {
        self.lock()[ticket.0].request.clone()
    }

    /// Requests whose answer never came, oldest first.
    pub fn unanswered(&self) -> Vec<Ticket> {
        self.lock().iter().enumerate().filter(|(_, entry)| !entry.acked).map(|(index, _)| Ticket(index)).collect()
    }

    pub fn acked_requests(&self) -> Vec<Request> {
        self.lock().iter().filter(|entry| entry.acked).map(|entry| entry.request.clone()).collect()
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
