//! Work that is done in the background, asked for now: `/api/v1/admin/…`.
//!
//! `parameters` what can be asked, `routes` who answers, `answers` how, `reclassify` what rows mean by other rules.

mod answers;
mod parameters;
mod reclassify;
mod routes;

pub(crate) use routes::routes;
