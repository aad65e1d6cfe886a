//! The checks that the fuzz targets run: those of `governance/tests/it`, which also replays `seeds/` in every test run.
//!
//! An input that breaks a target is fixed and then kept: copy it from `artifacts/<target>/` to `seeds/<target>/`.

#[path = "../../tests/it/checks.rs"]
pub mod checks;
