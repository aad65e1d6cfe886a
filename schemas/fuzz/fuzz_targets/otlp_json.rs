//! Any bytes as OTLP JSON.

#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| schemas_fuzz::checks::otlp_json(body));
