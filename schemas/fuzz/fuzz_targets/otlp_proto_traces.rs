//! Any bytes as an OTLP protobuf request of traces.

#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| schemas_fuzz::checks::otlp_proto_traces(body));
