//! Circuit breakers and limits: what the rows of the governance tables mean.
//!
//! ```text
//! GET /api/v1/breakers                        list         every breaker: state, trips, cost, a lane of states
//! GET /api/v1/breakers/{id}                   one          one of them, with its trips and times
//! GET /api/v1/breakers/{id}/transitions       transitions  each change of state, with its evidence
//! GET /api/v1/breakers/{id}/instances         one          a lane for each instance
//! GET /api/v1/breakers/{id}/trips/{t}         trip         the trip that covers an instant: why, whom it hurt, what ended it
//! GET /api/v1/stream/breakers                 live         changes of state as they become known
//! GET /api/v1/limits, …/{rule}/clients        limits       who was rejected by which limiter
//! ```
//!
//! `failures` keeps failed calls by quarters of an hour for the codes before trips, `heard` finds out who is gone while its trip lasts.
//! `guards` tells other pages which breakers there are and what was rejected, `past_trips` how often they opened on earlier days, `refusing` which spans tell of it.
//! `load` reads the facts of the window and its look-back, `governance::fold` folds them; nothing is kept but a bounded cache.

mod admitted;
mod cache;
mod causes;
mod cost;
mod failures;
mod guards;
mod heard;
mod lane;
mod limits;
mod list;
mod live;
mod load;
mod margin;
mod named;
mod one;
mod past_trips;
mod patience;
mod refusing;
mod retry_after;
mod routes;
mod shapes;
mod top_codes;
mod transitions;
mod trip;

pub(super) use guards::{Guard, Guards, RECENT_NS};
pub(super) use load::{Folds, internal, unreadable};
pub(super) use past_trips::TripsOfDay;
pub(super) use refusing::{AllRefusing, Refusing};
pub(crate) use routes::routes;
