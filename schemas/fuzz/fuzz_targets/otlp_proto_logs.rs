//! Any bytes as an OTLP protobuf request of logs.

#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| schemas_fuzz::checks::otlp_proto_logs(body));
