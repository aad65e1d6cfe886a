//! How this server is set up. Files of the configuration own the settings; rules can be added to, in an overlay.
//!
//! ```text
//! GET  /api/v1/config                 config      every setting that counts, and where it comes from
//! GET  /api/v1/settings/rules         rules       what is told from records: refusals, states of breakers, retries
//! PUT  /api/v1/settings/rules                     other rules of the overlay, which count at once
//! POST /api/v1/settings/rules:test    rules_test  what rules would tell, before they count
//! ```

mod config;
mod routes;
mod rules;
mod rules_test;

pub use config::Setting;
pub(super) use routes::routes;
