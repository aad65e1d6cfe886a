//! The TOML form: layouts, codes and part names in one file. The configuration owns one, imports go to another of the same form.
//!
//! ```toml
//! [[layout]]
//! id = "1-3-3"
//! pattern = '^(?P<service>\d)(?P<module>\d{3})(?P<code>\d{3})$'
//! services = ["order"]
//!
//! [[code]]
//! code = "5001003"
//! title = { en = "Insufficient stock", zh = "库存不足" }
//! class = "business"
//!
//! [[part]]
//! layout = "1-3-3"
//! service = "5"
//! name = "order"
//! ```

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::entry::{ENTRIES_MAX, Entry, ImportError, Located, Part};
use crate::codes::layout::{LayoutEntry, Layouts};

/// What a file of codes holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CodesFile {
    pub layouts: Vec<LayoutEntry>,
    pub codes: Vec<Located<Entry>>,
    pub parts: Vec<Part>,
}

/// The file as serde reads it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Form {
    #[serde(default)]
    #[schemars(with = "Vec<LayoutEntry>")]
    layout: Vec<toml::Spanned<LayoutEntry>>,
    #[serde(default)]
    #[schemars(with = "Vec<Entry>")]
    code: Vec<toml::Spanned<Entry>>,
    #[serde(default)]
    part: Vec<Part>,
}

#[derive(Serialize)]
struct Out<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    layout: Vec<&'a LayoutEntry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    code: Vec<&'a Entry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    part: Vec<&'a Part>,
}

/// Reads and checks a file.
///
/// # Errors
/// Names the line and what is wrong there.
pub fn read_toml(text: &str) -> Result<CodesFile, ImportError> {
    let form: Form = toml::from_str(text).map_err(|error| ImportError {
        line: error.span().map_or(1, |span| line_of(text, span.start)),
        what: error.message().to_owned(),
    })?;
    let (lines, layouts): (Vec<usize>, Vec<LayoutEntry>) =
        form.layout.into_iter().map(|layout| (line_of(text, layout.span().start), layout.into_inner())).unzip();
    Layouts::new(layouts.clone()).map_err(|error| {
        let at = error.id().and_then(|id| layouts.iter().rposition(|layout| layout.id == id));
        let at = at.or_else(|| layouts.iter().position(|layout| layout.id.trim().is_empty())).unwrap_or_default();
        ImportError { line: lines.get(at).copied().unwrap_or(1), what: error.to_string() }
    })?;
    let located = |entry: toml::Spanned<Entry>| Located { line: line_of(text, entry.span().start), value: entry.into_inner() };
    let codes: Vec<Located<Entry>> = form.code.into_iter().map(located).collect();
    check_all(&codes)?;
    Ok(CodesFile { layouts, codes, parts: form.part })
}

/// The text that [`read_toml`] reads again.
pub fn write_toml<'a>(
    layouts: impl Iterator<Item = &'a LayoutEntry>,
    codes: impl Iterator<Item = &'a Entry>,
    parts: impl Iterator<Item = &'a Part>,
) -> String {
    let out = Out { layout: layouts.collect(), code: codes.collect(), part: parts.collect() };
    toml::to_string(&out).expect("texts and numbers in tables are TOML")
}

/// What every source has to keep.
pub(super) fn check_all(codes: &[Located<Entry>]) -> Result<(), ImportError> {
    if let Some(beyond) = codes.get(ENTRIES_MAX) {
        return Err(ImportError { line: beyond.line, what: format!("more than {ENTRIES_MAX} codes in one import") });
    }
    codes.iter().try_for_each(|code| code.value.check().map_err(|what| ImportError { line: code.line, what }))
}

pub(super) fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count()
}
