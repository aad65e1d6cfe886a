use std::{fs, path::PathBuf, sync::Arc};

use governance::classify::Rules;
use storage::io::RealIo;

use super::*;

const OFF: &str = "[[rule]]\nid = \"breaker.gauge\"\non = [\"gauge\"]\nenabled = false\n";

fn book(dir: &tempfile::TempDir, files: &[&PathBuf]) -> Result<RuleBook, RulesError> {
    let files = files.iter().map(|path| (*path).clone()).collect();
    RuleBook::open(RulesConfig { files, ..RulesConfig::in_dir(dir.path()) }, Arc::new(RealIo))
}

fn mine(confidence: u8) -> String {
    let signal = "signal = { kind = \"gauge\" }";
    format!("[[rule]]\nid = \"breaker.gauge\"\non = [\"gauge\"]\nconfidence = {confidence}\nmetric = [\"ours\"]\n{signal}\n")
}

fn confidence(book: &RuleBook) -> Option<u8> {
    book.get().described().iter().find(|rule| rule.id == "breaker.gauge").map(|rule| rule.confidence)
}

#[test]
fn files_are_laid_over_each_other_and_mistakes_are_named() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = |name: &str, text: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, text).expect("written");
        path
    };
    let off = file("off.toml", OFF.as_bytes());
    let check = |files: &[&PathBuf], expected: &str| {
        let error = book(&dir, files).map(drop).expect_err("a mistake").to_string();
        assert!(error.contains(expected), "{error}");
    };
    assert_eq!(book(&dir, &[]).expect("shipped").get().version(), Rules::shipped().version());
    assert_eq!(book(&dir, &[&off]).expect("valid").get().len(), Rules::shipped().len() - 1);
    let wrong = file("wrong.toml", b"[[rule]]\nid = \"a\"\non = [\"span\"]\nprioity = 3\n");
    check(&[&off, &wrong], "wrong.toml:4: file: unknown field `prioity`");
    check(&[&file("latin.toml", b"# a\n# \xe4\n")], "latin.toml:2: the text is not UTF-8");
    check(&[&dir.path().join("none.toml")], "none.toml");
}

#[test]
fn the_overlay_counts_at_once_and_after_a_restart_and_files_win() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("mine.toml");
    fs::write(&path, "").expect("written");
    let book = book(&dir, &[&path]).expect("valid");
    let before = book.get().version();
    let checked = book.set_overlay(mine(7), None, true).expect("valid");
    assert_eq!((book.get().version(), book.overlay().as_str()), (before, ""), "only checked");
    let rules = book.set_overlay(mine(7), Some(before), false).expect("valid");
    assert_eq!((rules.version(), confidence(&book)), (checked.version(), Some(7)));
    let told = book.reload().expect("valid").expect("other rules");
    assert_eq!((told.before, told.version), (before, rules.version()));
    assert_eq!(book.reload().expect("valid"), None, "told once");

    let anew = self::book(&dir, &[&path]).expect("valid");
    assert_eq!((confidence(&anew), anew.overlay()), (Some(7), mine(7)), "after a restart");
    fs::write(&path, mine(9)).expect("written");
    assert!(anew.reload().expect("valid").is_some());
    assert_eq!(confidence(&anew), Some(9), "the file wins");
}

#[test]
fn an_overlay_that_cannot_be_taken_changes_nothing() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let book = book(&dir, &[]).expect("valid");
    book.set_overlay(mine(7), None, false).expect("valid");
    let version = book.get().version();
    let check = |text: &str, of: Option<u64>, expected: &str| {
        let error = book.set_overlay(text.to_owned(), of, false).map(drop).expect_err("a mistake").to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!((book.get().version(), book.overlay()), (version, mine(7)));
    };
    check("[[rule]]\nid = 7\n", None, "settings/rules.toml:2");
    check(OFF, Some(version ^ 1), "are of version");
    check(&"#".repeat(5 << 20), None, "5242880 bytes");
    assert_eq!(self::book(&dir, &[]).expect("valid").get().version(), version, "nor on the disk");
    book.set_overlay(String::new(), Some(version), false).expect("valid");
    assert_eq!(book.get().version(), Rules::shipped().version());
}
