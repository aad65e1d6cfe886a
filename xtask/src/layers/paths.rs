//! Paths in the code: `use tonic::…`, `tonic::Status`, `extern crate tonic`.

use std::collections::BTreeSet;

use super::{
    manifests::Declared,
    table::{HOMES, ROOMS, refuse, room},
};
use crate::{
    code::{find_all, line_of},
    finding::Finding,
    tree::File,
};

pub(crate) fn check(file: &File) -> Vec<Finding> {
    let (Some(code), Some(room)) = (&file.code, room(file.room())) else {
        return vec![];
    };
    let mut findings = Vec::new();
    if file.is_production() {
        findings.extend(refused(file, room, &code.production, false));
    }
    findings.extend(refused(file, room, &code.all, true));
    findings.sort_by_key(|finding| finding.line);
    findings.dedup();
    findings
}

/// Dependencies that no path names: each costs build time and says something untrue about its room.
pub(crate) fn unused(declared: &[Declared], files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for line in declared.iter().filter(|line| line.package != line.room) {
        let named = files.iter().filter(|file| file.room() == line.room).any(|file| {
            let code = file.code.as_ref().map(|code| if line.for_tests { &code.all } else { &code.production });
            code.is_some_and(|code| names(code, &line.ident))
        });
        if !named {
            let text = format!("{} is declared and never named", line.package);
            findings.push(Finding::whole(&format!("{}/Cargo.toml", line.room), "unused-dependency", text));
        }
    }
    findings
}

fn names(code: &str, ident: &str) -> bool {
    roots(code).iter().any(|(_, root)| *root == ident) || find_all(code, ident).any(|at| code[at + ident.len()..].starts_with("::"))
}

fn refused(file: &File, room: &super::table::Room, code: &str, in_tests: bool) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    for (offset, root) in roots(code) {
        let package = package_of(root);
        if let Some(text) = refuse(room, &package, in_tests)
            && seen.insert((line_of(code, offset), package))
        {
            findings.push(Finding::at(&file.path, line_of(code, offset), "layers", text));
        }
    }
    findings
}

/// The package behind a path root; only the names of the table matter, so `-` is tried where the table has it.
fn package_of(root: &str) -> String {
    let dashed = root.replace('_', "-");
    let exact = |name: &str| HOMES.iter().any(|home| home.library == name) || ROOMS.iter().any(|room| room.name == name);
    if !exact(root) && (exact(&dashed) || HOMES.iter().any(|home| home.is_of(&dashed))) { dashed } else { root.to_owned() }
}

/// The first word of every path with `::`, and of every `use` and `extern crate`, with its offset.
fn roots(code: &str) -> Vec<(usize, &str)> {
    let mut roots = Vec::new();
    let mut uses = Vec::new();
    for keyword in ["use ", "extern crate "] {
        for at in find_all(code, keyword) {
            let start = at + keyword.len();
            let end = code[start..].find(';').map_or(code.len(), |length| start + length);
            uses.push(start..end);
            roots.extend(use_roots(code, start, end));
        }
    }
    for (separator, _) in code.match_indices("::") {
        let word = word_before(code, separator);
        let start = separator - word.len();
        let is_root = !word.is_empty() && !code[..start].trim_end().ends_with("::");
        if is_root && !uses.iter().any(|range| range.contains(&start)) {
            roots.push((start, word));
        }
    }
    roots
}

/// `a::b` gives `a`; `{a, b::{c, d}}` gives `a` and `b`.
fn use_roots(code: &str, start: usize, end: usize) -> Vec<(usize, &str)> {
    let mut roots = Vec::new();
    let mut depth = 0_usize;
    let grouped = code[start..end].trim_start().starts_with('{');
    let mut expects_root = true;
    for (offset, c) in code[start..end].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == usize::from(grouped) => expects_root = true,
            c if expects_root && (c.is_alphabetic() || c == '_') => {
                let at = start + offset;
                let length = code[at..end].find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(end - at);
                roots.push((at, &code[at..at + length]));
                expects_root = false;
            }
            _ => {}
        }
    }
    roots
}

fn word_before(code: &str, end: usize) -> &str {
    let start = code[..end]
        .rfind(|c: char| !(c.is_alphanumeric() || c == '_'))
        .map_or(0, |at| at + code[at..].chars().next().map_or(1, char::len_utf8));
    &code[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, text: &str) -> Vec<String> {
        check(&File::new(path, text)).into_iter().map(|finding| format!("{}: {}", finding.line, finding.text)).collect()
    }

    #[test]
    fn a_path_that_breaks_the_table_is_named() {
        for (path, text, expected) in [
            ("query/src/api.rs", "use storage::Store;\n", vec![]),
            ("query/src/api.rs", "\nuse collector::admission;\n", vec!["2: query must not import collector"]),
            ("query/src/api.rs", "fn f() -> tonic::Status {}", vec!["1: tonic lives in collector, not in query"]),
            (
                "query/src/api.rs",
                "use {serde::Serialize, tonic_health::{server, pb}};",
                vec!["1: tonic-health lives in collector, not in query"],
            ),
            ("query/src/api.rs", "extern crate collector;", vec!["1: query must not import collector"]),
            ("query/src/api.rs", "use crate::collector::x; use self::tonic::y; fn f() { crate::tonic::z() }", vec![]),
            ("query/src/api.rs", "use axum::{tonic::x, collector};", vec![]),
            ("query/src/api.rs", "// use collector::x;\nlet s = \"tonic::Status\";", vec![]),
            ("query/src/api.rs", "#[cfg(test)]\nmod tests { use tonic::Status; }", vec![]),
            ("query/src/api.rs", "#[cfg(test)]\nmod tests { use collector::x; }", vec!["2: query must not import collector"]),
            ("query/tests/it/main.rs", "use tonic::Status;", vec![]),
            ("query/tests/it/main.rs", "use collector::x;", vec!["1: query must not import collector"]),
            ("storage/src/block.rs", "use parquet::arrow::ArrowWriter;", vec![]),
            ("schemas/src/spans.rs", "let x = storage::Config::new();", vec!["1: schemas must not import storage"]),
        ] {
            assert_eq!(complaints(path, text), expected, "{path}: {text}");
        }
    }

    #[test]
    fn a_dependency_nobody_names_is_named() {
        let line = |package: &str, for_tests| Declared {
            room: "query".into(),
            package: package.into(),
            ident: package.replace('-', "_"),
            for_tests,
        };
        let files = [
            File::new("query/src/lib.rs", "use hyper_util::rt;\n#[cfg(test)]\nmod tests { use tempfile::TempDir; use serde::Serialize; }"),
            File::new("storage/src/lib.rs", "use bytes::Bytes;"),
        ];
        let unused = |package, for_tests| unused(&[line(package, for_tests)], &files).len();
        assert_eq!(unused("hyper-util", false), 0);
        assert_eq!(unused("tempfile", true), 0);
        assert_eq!(unused("serde", false), 1, "named in tests only");
        assert_eq!(unused("bytes", false), 1, "named in another room only");
    }
}
