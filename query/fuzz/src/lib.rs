//! The check that the fuzz target runs: that of `query/tests/it`, which also replays `seeds/` in every test run.
//!
//! An input that breaks the target is fixed and then kept: copy it from `artifacts/search/` to `seeds/search/`.

#[path = "../../tests/it/search_checks.rs"]
pub mod search_checks;
