//! `GET /api/v1/stream/breakers`: changes of state as they become known.
//!
//! ```text
//! watch    while somebody follows: folds the newest half hour each second  --> diff: what is new, what changed, what no longer stands
//!              --> journal: the newest of these, numbered --> follow (one task a stream): filter, write --bounded channel--> client
//! ```
//!
//! A change is known when its facts are, which may be later than its time: refused calls tell a closing only after a silence. Later
//! facts may say another time of it (`revised`), or that it was none (`withdrawn`).
//!
//! `id:` is the place in the journal; with it (`Last-Event-ID`, or `after=`) a stream goes on without loss or doubles as long as the
//! journal reaches back. What is further back, or of another run of the server, is a gap that is said.

mod diff;
mod follow;
mod journal;
mod routes;
mod watch;

pub(super) use routes::routes;
