//! Finds the error of a record. First hit wins per field; code and reason may come from different steps.
//!
//! ```text
//! 0 precheck     rows without any error are left here, after a look at a few numbers and one search for key names
//! 1 attributes   error.code = 5001003 and its like, on the record and on its events
//! 2 kratos       error: code = 503 reason = CIRCUITBREAKER message = … metadata = map[biz_code:5001003]
//! 3 json         {"code":5001003,"message":"…"}, RFC 9457, google.rpc.Status
//! 4 text         biz error: code=…, 错误码：5001003, [5001003]: only where something failed or warns
//! 5 library      texts and classes of breakers, limiters and time limits -> CB_OPEN, RATE_LIMITED, …
//! 6 status       grpc:UNAVAILABLE, http:503
//! 7 exception    exc:java.net.ConnectException, else a fingerprint of the message
//! ```
//!
//! Digits alone never are a code: they are order ids and ports. Success codes are not errors.

mod attributes;
mod config;
mod extractor;
mod finding;
mod fingerprint;
mod json;
mod kratos;
mod library;
mod precheck;
mod status;
mod text;

pub use config::{ConfigError, ExtractConfig};
pub use extractor::Extractor;
pub use fingerprint::{fingerprint, mask};
pub use library::{BREAKER_OPEN, BULKHEAD_FULL, RATE_LIMITED, TIMEOUT};
pub use precheck::Precheck;

#[cfg(test)]
mod tests;
