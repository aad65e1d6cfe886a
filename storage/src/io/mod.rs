//! Every file operation of this room goes through [`Io`], so that tests can make any of them fail.

mod dirs;
mod file_layer;
mod file_limit;
mod priority;
mod real;

pub(crate) use dirs::create_data_dir;
pub use dirs::create_dirs_durable;
pub use file_layer::{DiskSpace, Io, IoFile};
pub use file_limit::raise_file_limit;
pub use priority::give_way;
pub use real::RealIo;
