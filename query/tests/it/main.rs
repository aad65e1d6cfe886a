//! The trace view over real batches, and the API over a store and real sockets.

mod api;
mod contract;
mod loaded;
mod patterns;
mod real_traces;
mod rows;
mod search;
mod search_checks;
mod search_mutated;
mod search_seeds;
mod sockets;
mod sql;
mod traces;
mod view;
