//! Rules for what code must not say.

use crate::{
    code::{find_all, line_of},
    finding::Finding,
    tree::File,
};

/// Not in shipped code, and why.
const NOT_SHIPPED: [(&str, &str); 5] = [
    (".unwrap()", "use `?`, or `expect(\"why this cannot fail\")`"),
    ("todo!", "a function exists or it does not"),
    ("unimplemented!", "a function exists or it does not"),
    ("dbg!", "left over from debugging"),
    (".expect(\"\")", "say why this cannot fail"),
];

/// `schemas` is values in, values out.
const IMPURE: [&str; 9] = ["std::fs", "std::net", "std::env", "std::thread", "std::process", "SystemTime", "Instant", "tokio", "async"];

/// Promises nobody keeps; split so that this file passes its own rule.
const MARKERS: [&str; 4] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("SCAF", "FOLD")];

pub(crate) fn check(file: &File) -> Vec<Finding> {
    let Some(code) = &file.code else { return vec![] };
    let mut findings = Vec::new();
    let mut complain = |text: &str, offset, why: String| findings.push(Finding::at(&file.path, line_of(text, offset), "words", why));

    if file.is_production() {
        for (word, why) in NOT_SHIPPED {
            find_all(&code.production, word).for_each(|at| complain(&code.production, at, format!("`{word}` in shipped code: {why}")));
        }
        if file.room() == "schemas" {
            for word in IMPURE {
                find_all(&code.production, word)
                    .for_each(|at| complain(&code.production, at, format!("`{word}` in schemas, which is pure")));
            }
        } else {
            for at in column_literals(&file.text, &code.production) {
                complain(&file.text, at, "a column is named by its constant in schemas".into());
            }
        }
    }
    for word in ["#[allow(", "#![allow("] {
        find_all(&code.all, word).for_each(|at| complain(&code.all, at, format!("`{word}…)]`: use expect with a reason")));
    }
    for word in ["#[expect(", "#![expect("] {
        for at in find_all(&code.all, word).filter(|&at| !attribute(&code.all, at).contains("reason")) {
            complain(&code.all, at, "expect without a reason".into());
        }
    }
    for marker in MARKERS {
        find_all(&file.text, marker).for_each(|at| complain(&file.text, at, format!("{marker}: do it, or file an issue")));
    }
    findings
}

fn attribute(code: &str, at: usize) -> &str {
    let end = code[at..].find(")]").map_or(code.len(), |length| at + length);
    &code[at..end]
}

/// `column_by_name("…")`, in code that ships.
fn column_literals<'a>(text: &'a str, production: &'a str) -> impl Iterator<Item = usize> + 'a {
    let call = "column_by_name(";
    find_all(production, call).filter(move |at| text[at + call.len()..].starts_with('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_text(path: &str, text: &str, lines: &[usize]) {
        let found: Vec<_> = check(&File::new(path, text)).into_iter().map(|finding| finding.line).collect();
        assert_eq!(found, lines, "{path}: {text}");
    }

    #[test]
    fn shipped_code() {
        check_text("query/src/a.rs", "fn f() {\n x.unwrap();\n}", &[2]);
        check_text("query/src/a.rs", "fn f() { todo!() }", &[1]);
        check_text("query/src/a.rs", "x.expect(\"the lock is never poisoned\"); // .unwrap()", &[]);
        check_text("query/src/a.rs", "#[cfg(test)]\nmod tests { fn f() { x.unwrap() } }", &[]);
        check_text("query/tests/it/a.rs", "x.unwrap();", &[]);
    }

    #[test]
    fn purity() {
        check_text("schemas/src/a.rs", "use std::fs;\nlet t = SystemTime::now();", &[1, 2]);
        check_text("schemas/src/a.rs", "// Instant is a kind of Timestamp\nstruct Instants;", &[]);
        check_text("schemas/tests/it/a.rs", "use std::fs;", &[]);
        check_text("storage/src/a.rs", "use std::fs;", &[]);
    }

    #[test]
    fn columns() {
        check_text("query/src/a.rs", "batch.column_by_name(\"trace_id\")", &[1]);
        check_text("query/src/a.rs", "batch.column_by_name(columns::TRACE_ID)", &[]);
        check_text("schemas/src/a.rs", "batch.column_by_name(\"trace_id\")", &[]);
    }

    #[test]
    fn lints() {
        check_text("query/tests/it/a.rs", &format!("#[{}(dead_code)]", "allow"), &[1]);
        check_text("query/src/a.rs", &format!("#![{}(dead_code)]", "expect"), &[1]);
        check_text("query/src/a.rs", "#[expect(dead_code, reason = \"read by tests\")]", &[]);
    }

    #[test]
    fn markers() {
        check_text("query/src/a.rs", &format!("fn f() {{}}\n// {}: later", MARKERS[0]), &[2]);
        check_text("query/src/a.rs", &format!("fn f() {{}} // a {}n", MARKERS[0]), &[]);
    }
}
