//! The list of cases is whole, and what it names exists.

use std::{collections::BTreeSet, fs, path::Path};

#[test]
fn every_case_is_held_by_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let list = fs::read_to_string(root.join("governance/CASES.md")).expect("the list of cases");
    let mut listed = BTreeSet::new();
    for line in list.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [number, _, _, held_by] = cells[..] else { panic!("four cells: {line}") };
        if number == "#" {
            continue;
        }
        assert!(listed.insert(number.to_owned()), "{number} is listed twice");
        for test in held_by.split(", ") {
            let (file, name) = test.rsplit_once("` ").unwrap_or_else(|| panic!("{number}: a file and a test: {test}"));
            let path = root.join(file.trim_start_matches('`'));
            let source = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{number}: {}: {error}", path.display()));
            assert!(
                source.contains(&format!("#[test]\n    fn {name}(")) || source.contains(&format!("#[test]\nfn {name}(")),
                "{number}: {test}"
            );
        }
    }
    let expected: BTreeSet<String> = (1..=27).map(|nth| nth.to_string()).chain((1..=18).map(|nth| format!("e{nth}"))).collect();
    assert_eq!(listed, expected);
}
