//! The checked set of layouts, and the reading of one code.

use std::collections::{BTreeMap, HashMap};

use regex::{Regex, RegexBuilder};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    entry::{COMPILED_BYTES_MAX, GROUPS, LAYOUTS_MAX, LayoutEntry, LayoutError, default_layouts},
    normalise::{padded, spellings},
};
use crate::codes::catalogue::Catalogue;

/// The layouts that hold, in their order.
#[derive(Debug, Clone)]
pub struct Layouts {
    layouts: Vec<Layout>,
}

#[derive(Debug, Clone)]
struct Layout {
    entry: LayoutEntry,
    pattern: Regex,
}

/// Who sent the code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Who<'a> {
    pub service: &'a str,
    pub environment: &'a str,
}

/// A code as a layout reads it. A module belongs to its service part: module 001 of service 5 is not that of service 6.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Parts {
    /// The code in the spelling that was read.
    pub code: String,
    pub layout: String,
    /// Names of groups with their texts.
    pub parts: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    Parts(Parts),
    /// More than one layout reads it and nothing says which is meant: their ids.
    Ambiguous(Vec<String>),
    /// No layout reads it: `http:503`, `exc:…`.
    Whole,
}

/// What the catalogue says about the codes of one service: the layout that it knows them by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub layout: String,
}

/// The share of codes that the catalogue must know in a layout, in percent, and how many times more than in any other.
const HITS_PERCENT_MIN: f64 = 80.0;
const TIMES_THE_NEXT: f64 = 2.0;
/// Codes of a service that are looked at, newest first.
const CODES_MAX: usize = 1_000;

impl Default for Layouts {
    fn default() -> Self {
        Self::new(default_layouts()).expect("the built-in layouts are right")
    }
}

impl Layouts {
    /// # Errors
    /// Names the layout and the field that is wrong.
    pub fn new(entries: Vec<LayoutEntry>) -> Result<Self, LayoutError> {
        if entries.len() > LAYOUTS_MAX {
            return Err(LayoutError::TooMany { count: entries.len() });
        }
        let mut layouts: Vec<Layout> = Vec::with_capacity(entries.len());
        for (index, entry) in entries.into_iter().enumerate() {
            entry.check(index)?;
            if layouts.iter().any(|other| other.entry.id == entry.id) {
                return Err(LayoutError::Twice { id: entry.id });
            }
            layouts.push(compile(entry)?);
        }
        Ok(Self { layouts })
    }

    pub fn entries(&self) -> impl Iterator<Item = &LayoutEntry> {
        self.layouts.iter().map(|layout| &layout.entry)
    }

    /// Reads a code. `decided` is what [`Layouts::decide`] found for the service, if it was asked.
    pub fn read(&self, code: &str, who: Who<'_>, decided: Option<&Decision>, catalogue: &Catalogue) -> Reading {
        let mut readings: Vec<(&Layout, Parts)> =
            self.layouts.iter().filter_map(|layout| Some((layout, layout.read(code, who, catalogue)?))).collect();
        let bound = readings.iter().find(|(layout, _)| layout.entry.is_bound());
        let decided = || readings.iter().find(|(layout, _)| decided.is_some_and(|decision| decision.layout == layout.entry.id));
        if let Some((_, parts)) = bound.or_else(decided) {
            return Reading::Parts(parts.clone());
        }
        // What reads the code as one word says nothing against what splits it: `E5001003` may be a number with a letter before it.
        if readings.iter().any(|(_, parts)| parts.parts.len() > 1) {
            readings.retain(|(_, parts)| parts.parts.len() > 1);
        }
        match readings.as_slice() {
            [(_, parts)] => Reading::Parts(parts.clone()),
            [] => Reading::Whole,
            several => Reading::Ambiguous(several.iter().map(|(layout, _)| layout.entry.id.clone()).collect()),
        }
    }

    /// Which layout the catalogue knows the codes of one service by. `codes` come newest first, with how often each was seen.
    pub fn decide<'a>(&self, codes: impl Iterator<Item = (&'a str, f64)>, who: Who<'_>, catalogue: &Catalogue) -> Option<Decision> {
        let mut hits: HashMap<&str, f64> = HashMap::new();
        let mut all = 0.0;
        for (code, times) in codes.take(CODES_MAX) {
            let readings = self.layouts.iter().filter_map(|layout| Some((layout.entry.id.as_str(), layout.read(code, who, catalogue)?)));
            let readings: Vec<_> = readings.collect();
            if readings.is_empty() {
                continue;
            }
            all += times;
            for (id, parts) in readings {
                if catalogue.knows_parts(&parts) {
                    *hits.entry(id).or_default() += times;
                }
            }
        }
        let mut ranked: Vec<_> = hits.into_iter().collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        let (best, most) = *ranked.first()?;
        let next = ranked.get(1).map_or(0.0, |(_, times)| *times);
        (most * 100.0 >= all * HITS_PERCENT_MIN && most >= next * TIMES_THE_NEXT).then(|| Decision { layout: best.to_owned() })
    }
}

impl Layout {
    fn read(&self, code: &str, who: Who<'_>, catalogue: &Catalogue) -> Option<Parts> {
        let holds = |patterns: &[String], text: &str| patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, text));
        if !(holds(&self.entry.services, who.service) && holds(&self.entry.environments, who.environment)) {
            return None;
        }
        let spellings = spellings(code);
        let of_catalogue = spellings.iter().find_map(|spelling| padded(spelling, |padded| catalogue.knows_code(padded)));
        let padded = of_catalogue.filter(|_| !spellings.iter().any(|spelling| catalogue.knows_code(spelling)));
        padded.as_deref().into_iter().chain(spellings).find_map(|spelling| self.parts(spelling))
    }

    fn parts(&self, code: &str) -> Option<Parts> {
        if !(self.entry.lengths.is_empty() || self.entry.lengths.contains(&code.chars().count())) {
            return None;
        }
        let captures = self.pattern.captures(code)?;
        let part = |group: &str| Some((group.to_owned(), captures.name(group)?.as_str().to_owned()));
        Some(Parts { code: code.to_owned(), layout: self.entry.id.clone(), parts: GROUPS.into_iter().filter_map(part).collect() })
    }
}

impl Parts {
    pub fn get(&self, part: &str) -> &str {
        self.parts.get(part).map_or("", String::as_str)
    }
}

/// Whether a text is the pattern, or starts with it when that ends in `*`.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == text, |start| text.starts_with(start))
}

fn compile(entry: LayoutEntry) -> Result<Layout, LayoutError> {
    let wrong = |error: regex::Error| {
        // The library draws the pattern; its last line says what is wrong.
        let why = error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        LayoutError::Pattern { id: entry.id.clone(), why }
    };
    let pattern = RegexBuilder::new(&entry.pattern).size_limit(COMPILED_BYTES_MAX).build().map_err(wrong)?;
    let mut names = pattern.capture_names().flatten().peekable();
    if names.peek().is_none() {
        return Err(LayoutError::NoParts { id: entry.id });
    }
    if let Some(group) = names.find(|name| !GROUPS.contains(name)) {
        return Err(LayoutError::Group { id: entry.id, group: group.to_owned() });
    }
    Ok(Layout { pattern, entry })
}
