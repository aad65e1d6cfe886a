//! The checks that the fuzz targets run: those of `query/tests/it`, which also replays `seeds/` in every test run.
//!
//! An input that breaks a target is fixed and then kept: copy it from `artifacts/<target>/` to `seeds/<target>/`.

#[path = "../../tests/it/loaded.rs"]
#[expect(dead_code, reason = "the integration tests ask for more")]
mod loaded;
#[path = "../../tests/it/search_checks.rs"]
pub mod search_checks;
#[path = "../../tests/it/sql_checks.rs"]
pub mod sql_checks;
