//! The decoder and the exporter against prost, the oracle: nothing of a record is lost, nothing is made up.

mod captures;
mod checks;
mod cost;
mod interop;
mod jaeger_thrift;
mod mutated;
mod normal;
mod oracle;
mod pushed;
mod request;
mod round_trip;
mod seeds;
