//! A client of the HTTP API, for the commands that ask a running server.
//!
//! ```text
//! client    one request on one connection; dropping it ends the question on the server
//! path      a path with parameters
//! problem   what the server answers when it does not answer, with the place in the query
//! ```

mod client;
mod path;
mod problem;

pub(crate) use client::{Answer, Client, Request};
pub(crate) use path::{path, segment};
pub(crate) use problem::Problem;
