//! The dashboard: built by `npm` while this crate is built, embedded, and looked up here.
//!
//! The room is a leaf and pure: a path and what the browser accepts go in, bytes and headers come out. Who serves them is not its
//! business. The sources of the pages are beside this file: `base` < `model` < `components` < `pages`, each importing only from its left.
//!
//! ```
//! let page = ui::asset("/traces/4bf92f3577b34da6a3ce929d0e0e4736", "gzip, br").expect("every path without an ending is the dashboard");
//! assert_eq!(page.content_type, "text/html; charset=utf-8");
//! assert!(ui::asset("/favicon.ico", "").is_none());
//! ```

mod asset;

pub use asset::{Asset, asset, stamp};
