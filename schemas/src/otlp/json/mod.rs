//! OTLP JSON to protobuf bytes and back, driven by one table of the OTLP messages.
//!
//! JSON becomes protobuf first, so that one wire walker decides about every record whatever it arrived as.
//!
//! ```text
//! descriptor    the messages: JSON name, number and type of every field; `enum_names` names that are understood beside numbers
//! reader        JSON text -> protobuf bytes
//! scalar        how one JSON string or number is read as a field's type
//! writer        protobuf bytes -> JSON text
//! ```

pub(crate) mod descriptor;
mod enum_names;
mod reader;
mod scalar;
mod writer;

pub use reader::to_protobuf;
pub use writer::from_protobuf;
