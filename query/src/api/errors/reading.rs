//! A code as a layout reads it, with the names of its parts.

use std::collections::BTreeMap;

use governance::codes::{
    catalogue::Language,
    layout::{Decision, Layouts, Reading, Who},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::codes::Known;

/// How a code splits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CodeReading)]
pub(super) struct ReadAs {
    /// `parts`, `ambiguous` (several layouts read it, and nothing says which is meant) or `whole` (none does).
    pub reading: &'static str,
    /// The layout that reads it; all of them when it is ambiguous.
    pub layouts: Vec<String>,
    /// `service`, `module`, `code`, `level`, `source`, `http`, `class`.
    pub parts: BTreeMap<String, String>,
    /// What the catalogue calls these parts.
    pub names: BTreeMap<String, String>,
}

impl ReadAs {
    pub(super) fn of(code: &str, who: Who<'_>, decided: Option<&Decision>, known: &Known, language: Language) -> Self {
        Self::by(&known.layouts, code, who, decided, known, language)
    }

    /// With these layouts instead of those that hold.
    pub(super) fn by(layouts: &Layouts, code: &str, who: Who<'_>, decided: Option<&Decision>, known: &Known, language: Language) -> Self {
        match layouts.read(code, who, decided, &known.catalogue) {
            Reading::Parts(parts) => {
                let mut names = BTreeMap::new();
                for (part, of_module) in [("service", false), ("module", true)] {
                    if let Some(name) = known.catalogue.part_name(&parts, of_module).filter(|_| parts.parts.contains_key(part)) {
                        names.insert(part.to_owned(), name.get(language).0.to_owned());
                    }
                }
                let entry = known.catalogue.get(&parts.code, who.service);
                if let Some(title) = entry.map(|entry| entry.title.get(language).0).filter(|title| !title.is_empty()) {
                    names.insert("code".to_owned(), title.to_owned());
                }
                Self { reading: "parts", layouts: vec![parts.layout], parts: parts.parts, names }
            }
            Reading::Ambiguous(layouts) => Self { reading: "ambiguous", layouts, ..Self::default() },
            Reading::Whole => Self { reading: "whole", ..Self::default() },
        }
    }
}
