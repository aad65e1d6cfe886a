//! Is everything on disk what the catalog says? Reads every byte of every block and asks every index; changes nothing.
//!
//! Works on a directory that nobody uses, and beside a running server: what that replaces meanwhile is left out. `block` looks at one
//! block, `directory` at the whole.

mod block;
mod directory;

pub use directory::{Finding, Progress, Verified, VerifyError, verify};
