//! The trace view over real batches, and the API over a store and real sockets.

mod api;
mod rows;
mod sockets;
mod view;
