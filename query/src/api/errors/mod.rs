//! Error codes: how many, what they mean, where they are born and what becomes of them.
//!
//! ```text
//! GET  /api/v1/errors/codes                       list         every code of a window
//! GET  /api/v1/errors/codes/{code}                one          one of them
//! GET  /api/v1/errors/codes/{code}/propagation    propagation  what it becomes on its way through traces
//! GET  /api/v1/errors/codes/{code}/deltas         deltas       what sets its spans apart
//! GET  /api/v1/errors/tree                        tree         codes by their parts or classes
//! GET  /api/v1/error-catalog, …/{code}            catalog      what codes mean, in the reader's language
//! POST /api/v1/error-catalog:import               import       more of them
//! …    /api/v1/settings/code-layouts, :test       layouts      how codes split into parts
//! ```
//!
//! `load` answers for a window, from sums that `quarters` reads or knows and `governance::codes` folds; `cache` keeps what is asked for again. What codes mean
//! is [`crate::codes`]: looked up when an answer is made, so that an import shows at once.

mod asked;
mod cache;
mod catalog;
mod decisions;
mod deltas;
mod import;
mod layouts;
mod list;
mod load;
mod one;
mod past;
mod propagation;
mod quarters;
mod reading;
mod routes;
mod row;
mod tree;

pub(crate) use routes::routes;
pub(super) use row::{is_made, kind_of_made, main_service};
