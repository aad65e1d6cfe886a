//! Any bytes as a record, in the lines that `checks` reads.

#![no_main]

libfuzzer_sys::fuzz_target!(|record: &[u8]| governance_fuzz::checks::rules(record));
