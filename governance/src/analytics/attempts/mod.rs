//! Calls that were sent again, and calls whose caller had gone before they were done.
//!
//! ```text
//! attempt   one call as its caller saw it, and the span that served it
//! retries   attempts of the same logical call; how much more is sent than is meant
//! chains    retries on several levels multiply
//! waits     callers that gave up while the called one went on; how long callers wait
//! inversion a caller that waits for less long than whom it calls waits in turn
//! ```
//!
//! Edges are numbers here: who calls whom with which operation is the caller's to know.

mod attempt;
mod chains;
mod inversion;
mod retries;
mod waits;

pub use attempt::{Attempt, Ending, Served};
pub use chains::{Chain, chains};
pub use inversion::{Inversion, inversions};
pub use retries::{Retries, retries};
pub use waits::{Waits, waits};

/// Traces shown of one edge.
const TRACES_MAX: usize = 3;
