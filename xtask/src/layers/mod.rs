//! Who may import whom: the rooms of ARCHITECTURE.md as a table, checked three ways.
//!
//! ```text
//! table       the rules, as data
//! manifests   direct dependencies of each room
//! graph       what a room reaches through others
//! paths       `use` lines and `crate::path`s in the code
//! ```

mod graph;
mod manifests;
mod paths;
mod table;

mod check;
pub(crate) use check::check;
