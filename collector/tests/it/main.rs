//! The receivers over real sockets.

mod conformance;
mod golden;
mod hostile;
mod payload;
mod rig;
mod stop;
mod wire;
