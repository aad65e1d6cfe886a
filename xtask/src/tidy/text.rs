//! Rules for every text file.

use crate::{finding::Finding, tree::File};

/// Where somebody's build happens to run; split so that this file passes its own rule.
const MACHINE_PATHS: [&str; 5] =
    [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/Us", "ers/"), concat!("/home/", "runner"), concat!("/home/", "user/")];

const TEXT: [&str; 9] = ["rs", "md", "toml", "sh", "py", "sql", "yml", "yaml", "json"];

pub(crate) fn check(file: &File) -> Vec<Finding> {
    let extension = file.name().rsplit_once('.').map(|(_, extension)| extension);
    let script = file.name() == "Makefile" || file.text.starts_with("#!");
    if !(script || extension.is_some_and(|extension| TEXT.contains(&extension))) {
        return vec![];
    }
    let mut findings = Vec::new();
    for (number, line) in file.lines() {
        let mut complain = |rule, text: String| findings.push(Finding::at(&file.path, number, rule, text));
        if line.ends_with([' ', '\t', '\r']) {
            complain("whitespace", "trailing whitespace".into());
        }
        if line.contains('\t') && file.name() != "Makefile" {
            complain("whitespace", "tab".into());
        }
        if let Some(path) = MACHINE_PATHS.iter().find(|path| line.contains(**path)) {
            complain("machine-path", format!("{path} is a path of one machine"));
        }
    }
    if !file.text.is_empty() && (!file.text.ends_with('\n') || file.text.ends_with("\n\n")) {
        findings.push(Finding::whole(&file.path, "whitespace", "must end with exactly one line break"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_text(path: &str, text: &str, expected: &[&str]) {
        let found: Vec<_> = check(&File::new(path, text)).into_iter().map(|finding| finding.rule).collect();
        assert_eq!(found, expected, "{path}: {text:?}");
    }

    #[test]
    fn whitespace() {
        check_text("README.md", "fine\n\nfine\n", &[]);
        check_text("README.md", "trailing \n", &["whitespace"]);
        check_text("README.md", "a\tb\n", &["whitespace"]);
        check_text("Makefile", "run:\n\tcargo run\n", &[]);
        check_text("scripts/setup", "#!/bin/sh\n\techo\n", &["whitespace"]);
        check_text("README.md", "no end", &["whitespace"]);
        check_text("README.md", "two ends\n\n", &["whitespace"]);
        check_text("fixtures/block.bin", "\t \n\n", &[]);
    }

    #[test]
    fn machine_paths() {
        check_text("README.md", &format!("see {}notes\n", MACHINE_PATHS[0]), &["machine-path"]);
        check_text("README.md", "see /var/lib/fusebox and /home/alice\n", &[]);
    }
}
