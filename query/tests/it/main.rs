//! The trace view over real batches, and the API over a store and real sockets.

mod api;
mod breakers;
mod contract;
mod deltas;
mod export;
mod loaded;
mod logs;
mod made_up;
mod mutation;
mod naive;
mod patterns;
mod real_traces;
mod records;
mod rows;
mod search;
mod search_checks;
mod search_mutated;
mod seeds;
mod slt;
mod sockets;
mod sql;
mod sql_checks;
mod sql_mutated;
mod stream;
mod traces;
mod view;
