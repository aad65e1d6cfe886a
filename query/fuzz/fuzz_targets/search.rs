//! Any bytes as a search.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| query_fuzz::search_checks::search(text));
