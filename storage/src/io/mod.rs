//! Every file operation of this room goes through [`Io`], so that tests can make any of them fail.

mod file_layer;
mod real;

pub use file_layer::{DiskSpace, Io, IoFile};
pub use real::RealIo;
