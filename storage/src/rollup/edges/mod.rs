//! Who calls whom: calls between services, and to what sends no spans itself.
//!
//! ```text
//! spans of a cut --cut--> calls with both halves ------------------+
//!                   \---> halves --+                               +--> groups --> rows of edge_minutes
//! rows of edge_halves -------------+--join--> calls ---------------+
//! spans above them ----------------+--adopt-> calls ---------------+
//!                                  |--settle--> calls of one half -+
//!                                  \--> rows of edge_halves: the other half may still come
//! ```
//!
//! 1. A span whose parent is of another service is a call between the two. The parent is answered.
//! 2. A client or producer span with such a span of its own service below it is only a wrapper: the one below calls.
//! 3. A client or producer span that is not answered calls its peer: a database, a queue, an address.
//! 4. A server or consumer span whose parent is not there came from a caller that is not known.
//!
//! Spans of one cut find each other whatever they are. Across cuts only halves do: a client or producer span waits for those below it, a
//! server or consumer span for the one above; before it is settled, a server or internal span above it is looked for. A client span that was answered within its cut does not wait for a second answer; a
//! producer span does, for several may consume what it sent.
//!
//! INVARIANT: what `join` and `settle` have counted is in no half any more, so that each call is counted once.

mod columns;
mod cut;
mod half;
mod minutes;
mod settle;

pub use columns::EDGE_SPAN_COLUMNS;
pub use minutes::EdgeMinutes;

#[cfg(test)]
mod tests;
