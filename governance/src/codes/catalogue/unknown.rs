//! Codes that records carry and no catalogue knows, by their shape, with a rule to begin with.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::store::Catalogue;
use crate::codes::layout::{Layouts, Reading, Who};

/// A code as records carried it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen<'a> {
    pub code: &'a str,
    pub service: &'a str,
    pub count: f64,
    /// A message that came with it.
    pub message: &'a str,
}

/// Codes of one shape that nobody wrote down.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Unknown {
    /// What they have in common, as a regular expression.
    pub shape: String,
    /// How many different codes.
    pub forms: usize,
    pub count: f64,
    /// The most frequent ones, each with a message.
    pub samples: Vec<Sample>,
    /// TOML for the file of codes: a layout when none reads them, else a code to describe.
    pub suggestion: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Sample {
    pub code: String,
    pub service: String,
    pub message: String,
    pub count: f64,
}

const SAMPLES_MAX: usize = 5;

/// Unknown codes, the most frequent shape first. Codes that Fusebox made itself (`http:503`, `exc:…`, `msg:…`) are not among them.
pub fn unknown_codes<'a>(seen: impl IntoIterator<Item = Seen<'a>>, layouts: &Layouts, catalogue: &Catalogue) -> Vec<Unknown> {
    let mut by_shape: BTreeMap<String, Vec<Seen<'a>>> = BTreeMap::new();
    for seen in seen {
        if !is_made(seen.code) && catalogue.get(seen.code, seen.service).is_none() {
            by_shape.entry(shape(seen.code)).or_default().push(seen);
        }
    }
    let mut all: Vec<Unknown> = by_shape.into_iter().map(|(shape, codes)| describe(shape, codes, layouts, catalogue)).collect();
    all.sort_by(|a, b| b.count.total_cmp(&a.count).then_with(|| a.shape.cmp(&b.shape)));
    all
}

/// Whether the code is a name that extraction gave because the record had none.
pub(crate) fn is_made(code: &str) -> bool {
    ["http:", "grpc:", "exc:", "msg:"].iter().any(|start| code.starts_with(start))
}

fn describe(shape: String, mut codes: Vec<Seen<'_>>, layouts: &Layouts, catalogue: &Catalogue) -> Unknown {
    codes.sort_by(|a, b| b.count.total_cmp(&a.count).then_with(|| a.code.cmp(b.code)));
    let first = &codes[0];
    let who = Who { service: first.service, environment: "" };
    let suggestion = match layouts.read(first.code, who, None, catalogue) {
        Reading::Parts(_) => format!("[[code]]\ncode = {}\ntitle = {}\n", quote(first.code), quote(first.message)),
        Reading::Ambiguous(ids) => {
            let pattern = layouts.entries().find(|entry| Some(&entry.id) == ids.first()).map_or("", |entry| &entry.pattern);
            format!(
                "[[layout]]\nid = {}\npattern = {}\nservices = [{}]\n",
                quote(&format!("{}-{}", first.service, ids[0])),
                quote(pattern),
                quote(first.service)
            )
        }
        Reading::Whole => {
            let pattern = format!("^(?P<code>{})$", shape.trim_start_matches('^').trim_end_matches('$'));
            format!(
                "[[layout]]\nid = {}\npattern = {}\nservices = [{}]\n",
                quote(&format!("{}-codes", first.service)),
                quote(&pattern),
                quote(first.service)
            )
        }
    };
    let sample = |seen: &Seen<'_>| Sample {
        code: seen.code.to_owned(),
        service: seen.service.to_owned(),
        message: seen.message.to_owned(),
        count: seen.count,
    };
    let mut forms: Vec<&str> = codes.iter().map(|seen| seen.code).collect();
    forms.sort_unstable();
    forms.dedup();
    Unknown {
        shape,
        forms: forms.len(),
        count: codes.iter().map(|seen| seen.count).sum(),
        samples: codes.iter().take(SAMPLES_MAX).map(sample).collect(),
        suggestion,
    }
}

/// Digits by their number, the rest of a word in capitals by its kind; a prefix up to the first sign stays.
fn shape(code: &str) -> String {
    if code.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!(r"^\d{{{}}}$", code.len());
    }
    let prefix = code.find(['_', '-', '.']).map_or(0, |at| at + 1);
    let mut shape = format!("^{}", regex::escape(&code[..prefix]));
    let mut rest = &code[prefix..];
    while let Some(first) = rest.chars().next() {
        let (same, class): (fn(char) -> bool, &str) = match first {
            '0'..='9' => (|c| c.is_ascii_digit(), r"\d+"),
            'A'..='Z' | '_' => (|c| c.is_ascii_uppercase() || c == '_', "[A-Z_]+"),
            'a'..='z' => (|c| c.is_ascii_lowercase(), "[a-z]+"),
            _ => {
                shape.push_str(&regex::escape(&rest[..first.len_utf8()]));
                rest = &rest[first.len_utf8()..];
                continue;
            }
        };
        shape.push_str(class);
        rest = rest.trim_start_matches(same);
    }
    shape + "$"
}

/// A TOML text.
fn quote(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
