//! What our SQL knows beyond DataFusion's.
//!
//! ```text
//! attr, attr_int, attr_double, attr_bool (attributes, 'key')    an attribute, whatever level's column it is asked of
//! attributes->>'key'                                            the same as attr
//! hex(trace_id)                                                 an id as text
//! ```
//!
//! `rewrite` makes promoted keys use their columns, and hex texts compare with ids. What only compiled searches call has no name
//! in SQL: `text` (words in the texts of a row), `value` (conditions on one text, and on parts of events), `first` (of several texts),
//! `sample` (which records are a sample), `below` (spans below spans) and `log_id` (the name of a log record).

mod attribute;
mod below;
mod first;
mod hex;
mod log_id;
mod operator;
mod registry;
mod rewrite;
mod sample;
mod text;
mod value;

pub(super) use attribute::{AttributeGetter, Getter};
pub(super) use below::below;
pub(super) use first::FirstText;
pub(super) use log_id::log_id;
pub(crate) use log_id::log_ids;
pub(super) use registry::{REMOVED, all, hex_of, id, planners, rewrites};
pub(super) use sample::SampleKey;
pub(super) use text::{TextMatch, TextPattern};
pub(super) use value::{EventMatch, Part, ValueMatch};
