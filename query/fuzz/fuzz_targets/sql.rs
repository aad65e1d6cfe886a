//! Any bytes as SQL.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| query_fuzz::sql_checks::sql(text));
