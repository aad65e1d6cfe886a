//! What the API promises: its description, kept in `query/openapi.json`, against what it really answers.
//!
//! Run with `FUSEBOX_UPDATE=1` to write the files anew that these tests compare with; then look at what changed.

mod answers;
mod checked_in;
mod document;
mod sample;
mod schema;
