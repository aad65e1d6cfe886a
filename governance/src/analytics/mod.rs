//! What trips and refusals mean for the people who run the services.
//!
//! ```text
//! codes      which errors came before a trip, more often than usual
//! failures   the same, of failed calls that are alike together
//! time_open  time open, time to recover and to detect, availability
//! flapping   breakers that open again and again; trips close together are one episode
//! recovery   when the dependency was well again, and how long the breaker took to notice
//! headroom   how close to tripping; breakers that cannot trip at their traffic
//! margin     the same, over time; near misses
//! blast      whom a trip hurt, and who was spared by a fallback
//! cascade    which trip caused which
//! changes    what changed shortly before
//! ledger     who was rejected by which limiter
//! attempts   calls that were sent again, and calls whose caller had gone
//! patience   whether callers wait as long as a refusal tells them to
//! policies   what libraries say that they did beside refusing
//! coverage   what no breaker guards, and what hides from sight
//! ```
//!
//! Pure functions over facts, trips and small counts that the caller hands in. The definitions are those of the text books of queues and
//! statistics; where a number is a choice, it is a constant with a name.

pub mod attempts;
pub mod blast;
pub mod cascade;
pub mod changes;
pub mod codes;
pub mod coverage;
pub mod failures;
pub mod flapping;
pub mod headroom;
pub mod ledger;
pub mod margin;
pub mod patience;
pub mod policies;
pub mod recovery;
pub mod time_open;

/// A second in nanoseconds.
pub(crate) const SECOND: i64 = 1_000_000_000;
