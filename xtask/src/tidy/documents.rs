//! Rules for documents: they exist, they are short, and what they point at is there.

use crate::{finding::Finding, tree::File};

/// What a stranger looks for first, and a phrase that shows it is not a stub.
const REQUIRED: [(&str, &str); 6] = [
    ("README.md", "make run"),
    ("ARCHITECTURE.md", "Invariants"),
    ("CONTRIBUTING.md", "make test"),
    ("CHANGELOG.md", "Unreleased"),
    ("LICENSE", "Apache License"),
    ("deny.toml", "[licenses]"),
];

const ARCHITECTURE_LINES_MAX: usize = 199;

pub(crate) fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, phrase) in REQUIRED {
        match files.iter().find(|file| file.path == path) {
            None => findings.push(Finding::whole(path, "documents", "is missing")),
            Some(file) if !file.text.contains(phrase) => {
                findings.push(Finding::whole(path, "documents", format!("does not say {phrase:?}")))
            }
            Some(_) => {}
        }
    }
    for file in files.iter().filter(|file| file.path.ends_with(".md")) {
        findings.extend(links(file, files));
        findings.extend(guards(file, files));
    }
    if let Some(architecture) = files.iter().find(|file| file.path == "ARCHITECTURE.md") {
        let lines = architecture.text.lines().count();
        if lines > ARCHITECTURE_LINES_MAX {
            findings.push(Finding::whole("ARCHITECTURE.md", "documents", format!("{lines} lines, {ARCHITECTURE_LINES_MAX} at most")));
        }
    }
    findings.extend(decisions(files));
    findings
}

/// `[text](target)` with a target inside the checkout.
fn links(file: &File, files: &[File]) -> Vec<Finding> {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut findings = Vec::new();
    for (number, line) in file.lines() {
        for target in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = target.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let path = resolve(folder, target);
            if !files.iter().any(|file| file.path == path || file.path.starts_with(&format!("{path}/"))) {
                findings.push(Finding::at(&file.path, number, "dead-link", format!("{target} does not exist")));
            }
        }
    }
    findings
}

fn resolve(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// `` `path/file.rs` `` exists, and `` `path/file.rs::name` `` names a function in it.
fn guards(file: &File, files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in file.lines() {
        for quoted in line.split('`').skip(1).step_by(2) {
            let (path, function) = quoted.split_once("::").unwrap_or((quoted, ""));
            let is_path = path.ends_with(".rs") && path.contains('/') && !path.contains(['<', '*', '{', ' ']);
            if !is_path {
                continue;
            }
            let found = files.iter().find(|file| file.path == path);
            let named = |file: &File| function.is_empty() || file.text.contains(&format!("fn {function}("));
            if !found.is_some_and(named) {
                findings.push(Finding::at(&file.path, number, "dead-link", format!("{quoted} does not exist")));
            }
        }
    }
    findings
}

/// `docs/adr/NNNN-title.md`, numbered without gaps.
fn decisions(files: &[File]) -> Vec<Finding> {
    let names = files.iter().filter_map(|file| file.path.strip_prefix("docs/adr/")).filter(|name| *name != "README.md");
    let mut findings = Vec::new();
    for (index, name) in names.enumerate() {
        let expected = format!("{:04}-", index + 1);
        if !(name.starts_with(&expected) && name.ends_with(".md")) {
            findings.push(Finding::whole(
                &format!("docs/adr/{name}"),
                "documents",
                format!("decisions are numbered without gaps: {expected}….md"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete() -> Vec<File> {
        REQUIRED.iter().map(|(path, phrase)| File::new(path, format!("{phrase}\n"))).collect()
    }

    fn check_with(path: &str, text: &str, expected: &[&str]) {
        let mut files = complete();
        files.retain(|file| file.path != path);
        files.push(File::new("wal/src/writer.rs", "fn appends() {}"));
        files.push(File::new(path, text));
        let found: Vec<_> = check(&files).into_iter().map(|finding| finding.text).collect();
        assert_eq!(found, expected, "{path}: {text}");
    }

    #[test]
    fn required_documents() {
        assert!(check(&complete()).is_empty());
        assert_eq!(check(&complete()[1..]).len(), 1);
        check_with("LICENSE", "all rights reserved\n", &["does not say \"Apache License\""]);
        check_with("ARCHITECTURE.md", &"Invariants\n".repeat(200), &["200 lines, 199 at most"]);
    }

    #[test]
    fn links_and_guards_lead_somewhere() {
        check_with("docs/a.md", "[x](../README.md#top) [y](https://example.org) [z](#here) [w](../docs)\n", &[]);
        check_with("docs/a.md", "[x](README.md)\n", &["README.md does not exist"]);
        check_with("docs/a.md", "`wal/src/writer.rs` `wal/src/writer.rs::appends` `otlp/<name>.rs` `writer.rs`\n", &[]);
        check_with("docs/a.md", "`wal/src/reader.rs`\n", &["wal/src/reader.rs does not exist"]);
        check_with("docs/a.md", "`wal/src/writer.rs::append`\n", &["wal/src/writer.rs::append does not exist"]);
    }

    #[test]
    fn decisions_have_no_gaps() {
        check_with("docs/adr/0001-wire-walk.md", "x\n", &[]);
        check_with("docs/adr/0002-wire-walk.md", "x\n", &["decisions are numbered without gaps: 0001-….md"]);
    }
}
