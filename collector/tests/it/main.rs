//! The receivers over real sockets.

mod conformance;
mod counters;
mod facts;
mod flood;
mod gate;
mod golden;
mod hog;
mod hostile;
mod outage;
mod payload;
mod push;
mod rig;
mod stop;
mod wire;
