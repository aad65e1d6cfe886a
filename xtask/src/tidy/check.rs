//! Runs every rule over every file.

use super::{documents, shape, text, words};
use crate::{finding::Finding, tree::Tree};

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &tree.files {
        findings.extend(text::check(file));
        findings.extend(shape::check(file));
        findings.extend(words::check(file));
    }
    findings.extend(documents::check(&tree.files));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::File;

    #[test]
    fn a_tree_is_judged_by_every_rule() {
        let files = vec![File::new("query/src/utils.rs", "use a::b; \npub fn f() { todo!() }\n")];
        let rules: Vec<_> = check(&Tree { root: "/".into(), files }).into_iter().map(|finding| finding.rule).collect();
        for rule in ["whitespace", "file-name", "module-doc", "words", "documents"] {
            assert!(rules.contains(&rule), "{rule} is missing in {rules:?}");
        }
    }
}
