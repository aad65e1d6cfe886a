//! Entries by code; merges that report what does not fit.

use std::collections::{BTreeMap, HashMap, HashSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::entry::{Entry, Located, Part, Text};
use crate::codes::layout::{Parts, spellings};

/// All that is known of codes. Two services may use one code: each has its own entry.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// By code, then by service.
    entries: BTreeMap<String, BTreeMap<String, Entry>>,
    /// By layout, service part and module part; the module is empty for the service's own name.
    parts: HashMap<(String, String, String), Text>,
    /// Codes of an entry that names its layout.
    written_in: HashSet<(String, String)>,
}

/// A field that an entry of a source gives another value than the catalogue has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Conflict {
    /// In the source, counted from 1.
    pub line: usize,
    pub code: String,
    pub field: String,
    /// What stays.
    pub kept: String,
    /// What the source says.
    pub refused: String,
}

/// What a merge did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Merged {
    pub added: usize,
    /// Entries that got fields they did not have.
    pub completed: usize,
    pub unchanged: usize,
    pub conflicts: Vec<Conflict>,
}

impl Catalogue {
    /// Takes entries in their order. What is there stays; a field that says something else is a conflict.
    pub fn merge(&mut self, entries: Vec<Located<Entry>>) -> Merged {
        let mut merged = Merged::default();
        for Located { line, value } in entries {
            if !value.layout.is_empty() {
                self.written_in.insert((value.layout.clone(), value.code.clone()));
            }
            let of_code = self.entries.entry(value.code.clone()).or_default();
            match of_code.get_mut(&value.service) {
                None => {
                    merged.added += 1;
                    of_code.insert(value.service.clone(), value);
                }
                Some(kept) => {
                    let before = merged.conflicts.len();
                    let completed = complete(kept, &value, line, &mut merged.conflicts);
                    merged.completed += usize::from(completed);
                    merged.unchanged += usize::from(!completed && merged.conflicts.len() == before);
                }
            }
        }
        merged
    }

    /// Names of parts; the first name given to a part stays.
    pub fn merge_parts(&mut self, parts: impl IntoIterator<Item = Part>) {
        for Part { layout, service, module, name } in parts {
            self.parts.entry((layout, service, module)).or_insert(name);
        }
    }

    /// The entry of a code: that of the service, else one for any service, else the only one.
    pub fn get(&self, code: &str, service: &str) -> Option<&Entry> {
        let of_code = spellings(code).into_iter().find_map(|spelling| self.entries.get(spelling))?;
        let only = || (of_code.len() == 1).then(|| of_code.values().next()).flatten();
        of_code.get(service).or_else(|| of_code.get("")).or_else(only)
    }

    /// Entries of a code, by service.
    pub fn of_code(&self, code: &str) -> impl Iterator<Item = &Entry> {
        self.entries.get(code).into_iter().flat_map(BTreeMap::values)
    }

    /// In the order of codes.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().flat_map(BTreeMap::values)
    }

    pub fn len(&self) -> usize {
        self.entries.values().map(BTreeMap::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn knows_code(&self, code: &str) -> bool {
        self.entries.contains_key(code)
    }

    /// Whether it knows a code in this reading: an entry of that layout, or names of its parts.
    pub fn knows_parts(&self, parts: &Parts) -> bool {
        let written = || self.written_in.contains(&(parts.layout.clone(), parts.code.clone()));
        let module = parts.get("module");
        written()
            || (self.part_name(parts, false).is_some()
                && (module.is_empty() || self.part_name(parts, true).is_some() || !self.names_modules(parts)))
    }

    /// The name of the code's service part, or of its module part.
    pub fn part_name(&self, parts: &Parts, of_module: bool) -> Option<&Text> {
        let module = if of_module { parts.get("module") } else { "" };
        if of_module && module.is_empty() {
            return None;
        }
        self.parts.get(&(parts.layout.clone(), parts.get("service").to_owned(), module.to_owned()))
    }

    /// Whether any module of the service part has a name.
    fn names_modules(&self, parts: &Parts) -> bool {
        self.parts.keys().any(|(layout, service, module)| *layout == parts.layout && service == parts.get("service") && !module.is_empty())
    }

    /// The service that owns a code, when exactly one does.
    pub fn home(&self, code: &str) -> Option<&str> {
        let of_code = self.entries.get(code)?;
        let only = (of_code.len() == 1).then(|| of_code.keys().next()).flatten()?;
        (!only.is_empty()).then_some(only)
    }
}

/// Fills what `kept` does not say. True when something was filled.
fn complete(kept: &mut Entry, from: &Entry, line: usize, conflicts: &mut Vec<Conflict>) -> bool {
    let mut filled = false;
    let code = kept.code.clone();
    let mut text = |field: &str, kept: &mut String, from: &str| {
        if from.is_empty() || kept == from {
            return;
        }
        if kept.is_empty() {
            from.clone_into(kept);
            filled = true;
        } else {
            let field = field.to_owned();
            conflicts.push(Conflict { line, code: code.clone(), field, kept: kept.clone(), refused: from.to_owned() });
        }
    };
    text("module", &mut kept.module, &from.module);
    text("layout", &mut kept.layout, &from.layout);
    text("reason", &mut kept.reason, &from.reason);
    text("title.en", &mut kept.title.en, &from.title.en);
    text("title.zh", &mut kept.title.zh, &from.title.zh);
    text("message.en", &mut kept.message.en, &from.message.en);
    text("message.zh", &mut kept.message.zh, &from.message.zh);
    text("solution.en", &mut kept.solution.en, &from.solution.en);
    text("solution.zh", &mut kept.solution.zh, &from.solution.zh);
    text("owner", &mut kept.owner, &from.owner);
    text("runbook", &mut kept.runbook, &from.runbook);
    let severity = |severity: super::entry::Severity| format!("{severity:?}").to_lowercase();
    filled |= option("severity", &mut kept.severity, from.severity, severity, line, &code, conflicts);
    filled |= option("class", &mut kept.class, from.class, |class| class.word().to_owned(), line, &code, conflicts);
    filled |= option("http_status", &mut kept.http_status, from.http_status, |status| status.to_string(), line, &code, conflicts);
    filled
}

fn option<T: Copy + PartialEq>(
    field: &str,
    kept: &mut Option<T>,
    from: Option<T>,
    show: impl Fn(T) -> String,
    line: usize,
    code: &str,
    conflicts: &mut Vec<Conflict>,
) -> bool {
    match (*kept, from) {
        (None, Some(_)) => {
            *kept = from;
            true
        }
        (Some(old), Some(new)) if old != new => {
            conflicts.push(Conflict { line, code: code.to_owned(), field: field.to_owned(), kept: show(old), refused: show(new) });
            false
        }
        _ => false,
    }
}
