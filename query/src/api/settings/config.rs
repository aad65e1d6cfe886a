//! `GET /api/v1/config`: every setting that counts, and where it comes from.

use std::time::Instant;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::super::answer::{Cost, Meta};

/// A setting that counts.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Setting {
    /// Sections and key, joined by dots.
    pub key: String,
    pub value: Value,
    /// `default`, `file`, `environment` or `flag`.
    pub origin: &'static str,
    /// The file, the variable, or the flag.
    pub source: Option<String>,
}

/// How the server is configured.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Configuration)]
pub(super) struct ConfigAnswer<'a> {
    /// Those without a section first, then by key.
    settings: &'a [Setting],
    #[schema(value_type = Object)]
    meta: Meta,
}

impl<'a> ConfigAnswer<'a> {
    pub fn new(settings: &'a [Setting], start: Instant) -> Self {
        Self { settings, meta: Cost::default().meta(start) }
    }
}
