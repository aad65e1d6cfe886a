//! Live tail: records as they arrive, as server-sent events.
//!
//! ```text
//! GET /api/v1/stream/spans    event: span   data: the object that /api/v1/spans has for it
//! GET /api/v1/stream/logs     event: log    data: the object that /api/v1/logs has for it
//!
//! store --wakes--> woken --> follow (one task a stream, on the engine's threads): read, filter, encode --bounded channel--> client
//! ```
//!
//! Records come in the order of arrival. `id:` says how far the client is; with it (`Last-Event-ID`, or `after=`) a stream goes on
//! without loss or doubles, also after a flush and, for what was in no block then, after a restart of the server.
//! A stream holds no records: one that is too slow, or that goes on from a place that is too far back, gets `event: gap` with
//! `{"dropped": n, "reason": "…"}`, without `dropped` where nobody knows how many. n counts all records of the table, also those that
//! the search would not have found.
//!
//! A comment is the heartbeat; it carries the `id:` as well, so that a search that finds little does not fall back.

mod cursor;
mod event;
mod follow;
mod open;
mod parameters;
mod routes;

pub(in crate::api) use event::{Gap, push_event, push_gap, push_heartbeat};
pub(in crate::api) use follow::{PIECE_BYTES, PIECES_AHEAD};
pub(in crate::api) use open::{LAST_EVENT_ID, Open, StreamPlaces};
pub(crate) use routes::routes;
