//! Rules for names, lengths and places of Rust files.

use crate::{
    code::{line_of, words},
    finding::Finding,
    tree::File,
};

/// Production lines of a file, tests not counted.
const LINES_MAX: usize = 400;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 8] = ["utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"];

pub(crate) fn check(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(file_name(file));
    findings.extend(module_doc(file));
    findings.extend(length(file));
    findings.extend(mod_rs(file));
    findings.extend(integration_test(file));
    findings
}

fn file_name(file: &File) -> Option<Finding> {
    let empty = file.path.split('/').find(|part| EMPTY_NAMES.contains(&part.trim_end_matches(".rs")))?;
    file.code.as_ref()?;
    Some(Finding::whole(&file.path, "file-name", format!("{empty} says nothing; name what the file does")))
}

fn module_doc(file: &File) -> Option<Finding> {
    file.code.as_ref().filter(|_| file.name() != "tests.rs")?;
    let first = file.text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    (!first.starts_with("//!")).then(|| Finding::at(&file.path, 1, "module-doc", "a file opens with `//!` and what its room does"))
}

fn length(file: &File) -> Option<Finding> {
    let code = file.code.as_ref().filter(|_| file.is_production())?;
    let hidden = code.all.lines().zip(code.production.lines()).filter(|(all, production)| all != production).count();
    let lines = file.text.lines().count() - hidden;
    (lines > LINES_MAX)
        .then(|| Finding::whole(&file.path, "length", format!("{lines} production lines, {LINES_MAX} at most; split by verb")))
}

/// A `mod.rs` is a table of contents; the words of the room may be declared there, but nothing happens in it.
fn mod_rs(file: &File) -> Option<Finding> {
    let code = file.code.as_ref().filter(|_| file.name() == "mod.rs" && file.is_production())?;
    let is_logic = |offset: usize, word: &str| match word {
        "impl" | "macro_rules" => true,
        "fn" if code.production[offset..].starts_with("fn(") => false,
        "fn" => code.production[offset..].find(['{', ';']).is_some_and(|end| code.production[offset + end..].starts_with('{')),
        _ => false,
    };
    let (offset, word) = words(&code.production).find(|(offset, word)| is_logic(*offset, word))?;
    let text = format!("`{word}` in mod.rs, which holds the module doc, `mod` lines, re-exports and declarations");
    Some(Finding::at(&file.path, line_of(&code.production, offset), "mod-rs", text))
}

fn integration_test(file: &File) -> Option<Finding> {
    let parts: Vec<_> = file.path.split('/').collect();
    let strays = matches!(parts.as_slice(), [_, "tests", name] if name.ends_with(".rs"))
        || matches!(parts.as_slice(), [_, "tests", folder, "main.rs"] if *folder != "it");
    strays.then(|| Finding::whole(&file.path, "one-test-binary", "a crate has one integration binary, tests/it/main.rs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_file(path: &str, text: &str, expected: &[&str]) {
        let found: Vec<_> = check(&File::new(path, text)).into_iter().map(|finding| finding.rule).collect();
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn names() {
        check_file("storage/src/wal/writer.rs", "//! x\n", &[]);
        check_file("storage/src/utils.rs", "//! x\n", &["file-name"]);
        check_file("storage/src/common/writer.rs", "//! x\n", &["file-name"]);
        check_file("docs/common/notes.md", "x\n", &[]);
    }

    #[test]
    fn module_docs() {
        check_file("storage/src/wal.rs", "use x;\n", &["module-doc"]);
        check_file("storage/src/wal.rs", "// a licence\n//! x\n", &["module-doc"]);
        check_file("storage/src/wal.rs", "", &["module-doc"]);
        check_file("storage/src/wal/tests.rs", "use super::*;\n", &[]);
    }

    #[test]
    fn lengths() {
        let body = "fn f() {}\n".repeat(LINES_MAX - 1);
        let tests = format!("#[cfg(test)]\nmod tests {{\n{body}}}\n");
        check_file("storage/src/wal.rs", &format!("//! x\n{body}{tests}"), &[]);
        check_file("storage/src/wal.rs", &format!("//! x\n{body}fn f() {{}}\n{tests}"), &["length"]);
        check_file("storage/src/wal/tests.rs", &format!("//! x\n{body}{body}"), &[]);
    }

    #[test]
    fn mod_rs_is_a_table_of_contents() {
        check_file("storage/src/wal/mod.rs", "//! fn of the room\nmod a;\npub(crate) use a::{B, fnord};\n", &[]);
        check_file("storage/src/wal/mod.rs", "//! x\nmod a;\n#[cfg(test)]\nmod tests { fn f() {} }\n", &[]);
        check_file("storage/src/wal/mod.rs", "//! x\npub enum A { B(fn(u8)) }\npub trait Io { fn read(&self); }\n", &[]);
        check_file("storage/src/wal/mod.rs", "//! x\nfn f() {}\n", &["mod-rs"]);
        check_file("storage/src/wal/mod.rs", "//! x\npub trait Io { fn step(&self) { 1 } }\n", &["mod-rs"]);
        check_file("storage/src/wal/mod.rs", "//! x\nstruct A;\nimpl Drop for A {}\n", &["mod-rs"]);
        check_file("storage/src/lib.rs", "//! x\nfn f() {}\n", &[]);
    }

    #[test]
    fn one_integration_binary() {
        check_file("storage/tests/it/main.rs", "//! x\n", &[]);
        check_file("storage/tests/it/kill.rs", "//! x\n", &[]);
        check_file("storage/tests/kill.rs", "//! x\n", &["one-test-binary"]);
        check_file("storage/tests/slow/main.rs", "//! x\n", &["one-test-binary"]);
    }
}
