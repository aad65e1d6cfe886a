//! Any bytes as what other systems' agents push.

#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| schemas_fuzz::checks::pushed(body));
