//! How this server is set up, to be looked at. It changes nothing: files of the configuration do.
//!
//! ```text
//! GET /api/v1/config            config  every setting that counts, and where it comes from
//! GET /api/v1/settings/rules    rules   what is told from records: refusals, states of breakers, retries
//! ```

mod config;
mod routes;
mod rules;

pub use config::Setting;
pub(super) use routes::routes;
