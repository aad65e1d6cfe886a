//! One distribution of values, in one of OTLP's two shapes: merged, subtracted, asked for quantiles.
//!
//! ```text
//! either       one of both
//! explicit     buckets between bounds that the sender chose
//! exponential  buckets of equal relative width: base = 2^(2^-scale)
//! quantile     which value so many lie below
//! ```
//! Counts are doubles, since rates of histograms are histograms; whole numbers up to 2^53 are exact.

mod either;
mod explicit;
mod exponential;
mod quantile;

use either::both;
pub use either::{Histogram, Mismatch};
pub use explicit::Explicit;
pub use exponential::Exponential;
