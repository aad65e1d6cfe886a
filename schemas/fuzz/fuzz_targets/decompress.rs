//! Any bytes, decompressed under a limit.

#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| schemas_fuzz::checks::decompression(body));
