//! `/api/v1/settings/code-layouts`: how codes split into parts, shown, changed and tried.

use std::{sync::Arc, time::Instant};

use governance::codes::{
    catalogue::Language,
    layout::{LayoutEntry, Layouts, Who},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Cost, Meta, to_json},
        breakers::internal,
        problem::Problem,
    },
    import::problem,
    reading::ReadAs,
};
use crate::codes::Codes;

/// Layouts that hold.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CodeLayouts)]
pub(super) struct LayoutsAnswer {
    /// In their order; one that is bound to the service wins.
    layouts: Vec<Layout>,
    /// Ids of those that can be changed here; the others are in files of the configuration or built in.
    changeable: Vec<String>,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// An ordered reading of codes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CodeLayout)]
struct Layout {
    id: String,
    /// A regular expression with at least one of the groups `service`, `module`, `code`, `level`, `source`, `http`, `class`.
    pattern: String,
    /// Services it is bound to; `pay*` is a prefix.
    #[serde(default)]
    services: Vec<String>,
    /// Environments it is bound to.
    #[serde(default)]
    environments: Vec<String>,
    /// Lengths of codes that it reads; empty: any.
    #[serde(default)]
    lengths: Vec<usize>,
}

/// The layouts that can be changed, all of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CodeLayoutsChange)]
pub(super) struct Change {
    layouts: Vec<Layout>,
}

/// A code to read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CodeLayoutsTest)]
pub(super) struct Test {
    code: String,
    /// Who says it.
    #[serde(default)]
    service: String,
    #[serde(default)]
    environment: String,
    /// Instead of those that hold.
    layouts: Option<Vec<Layout>>,
}

/// How a code is read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CodeLayoutsTested)]
pub(super) struct TestAnswer {
    code: String,
    #[serde(flatten)]
    read: ReadAs,
    #[schema(value_type = Object)]
    meta: Meta,
}

pub(super) fn shown(codes: &Codes) -> Vec<u8> {
    let started = Instant::now();
    let known = codes.known();
    let layouts = known.layouts.entries().map(Layout::of).collect();
    let meta = Cost::default().meta(started);
    to_json(&LayoutsAnswer { layouts, changeable: known.changeable.clone(), meta })
}

pub(super) async fn change(codes: Arc<Codes>, body: &[u8]) -> Result<Vec<u8>, Problem> {
    let Change { layouts } = serde_json::from_slice(body).map_err(|error| unreadable(&error, r#"send {"layouts": […]}"#))?;
    let layouts: Vec<LayoutEntry> = layouts.into_iter().map(Layout::entry).collect();
    let changing = Arc::clone(&codes);
    let work = tokio::task::spawn_blocking(move || changing.set_layouts(layouts));
    work.await.map_err(|_| internal("a bug ended the change"))?.map_err(problem)?;
    Ok(shown(&codes))
}

pub(super) fn test(codes: &Codes, body: &[u8], language: Language) -> Result<Vec<u8>, Problem> {
    let started = Instant::now();
    let Test { code, service, environment, layouts } =
        serde_json::from_slice(body).map_err(|error| unreadable(&error, r#"send {"code": "5001003", "service": "order"}"#))?;
    let known = codes.known();
    let own = layouts.map(|layouts| Layouts::new(layouts.into_iter().map(Layout::entry).collect())).transpose();
    let own = own.map_err(|error| problem(error.into()))?;
    let layouts = own.as_ref().unwrap_or(&known.layouts);
    let who = Who { service: &service, environment: &environment };
    // What the catalogue would decide if the service had no other code.
    let decided = layouts.decide([(code.as_str(), 1.0)].into_iter(), who, &known.catalogue);
    let read = ReadAs::by(layouts, &code, who, decided.as_ref(), &known, language);
    Ok(to_json(&TestAnswer { code, read, meta: Cost::default().meta(started) }))
}

impl Layout {
    fn of(entry: &LayoutEntry) -> Self {
        let LayoutEntry { id, pattern, services, environments, lengths } = entry.clone();
        Self { id, pattern, services, environments, lengths }
    }

    fn entry(self) -> LayoutEntry {
        let Self { id, pattern, services, environments, lengths } = self;
        LayoutEntry { id, pattern, services, environments, lengths }
    }
}

fn unreadable(error: &serde_json::Error, hint: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "invalid_body", "The request cannot be read", error.to_string()).hint(hint)
}
