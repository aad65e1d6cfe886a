//! Work that is done in the background, asked for now: `/api/v1/admin/…`.
//!
//! `parameters` what can be asked, `routes` who answers, `answers` how.

mod answers;
mod parameters;
mod routes;

pub(crate) use routes::routes;
