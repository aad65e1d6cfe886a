mod canonical;
mod errors;
mod limits;
mod round_trip;
mod tree;

use super::{Search, parse};

/// The search that `text` is; panics with the rendered error when it is none.
fn parsed(text: &str) -> Search {
    parse(text).unwrap_or_else(|error| panic!("{}", error.render(text)))
}
