//! The section `[governance]`: rules of the user, laid over the shipped ones.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use governance::classify::{RuleErrors, Rules};
use serde::{Deserialize, Serialize};

/// A rule file is read whole.
const FILE_BYTES_MAX: u64 = 4 << 20;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Governance {
    /// Files of rules, each laid over those before it and the shipped ones.
    pub(crate) rules: Vec<PathBuf>,
}

/// Why the rules cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RulesError {
    #[error("read the rule file {path}")]
    Read { path: PathBuf, source: io::Error },
    #[error("the rule file {path} has {bytes} bytes, the limit is {FILE_BYTES_MAX}")]
    TooLarge { path: PathBuf, bytes: u64 },
    #[error("{0}")]
    Wrong(RuleErrors),
}

impl Governance {
    /// The shipped rules with those of the files over them.
    ///
    /// # Errors
    /// Everything that is wrong with the first file that is: file, line, field and why.
    pub(crate) fn load_rules(&self) -> Result<Rules, RulesError> {
        let mut files: Vec<(String, String)> = Vec::new();
        for path in &self.rules {
            files.push((path.display().to_string(), read(path)?));
        }
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        Rules::with_overlays(&files).map_err(RulesError::Wrong)
    }
}

fn read(path: &Path) -> Result<String, RulesError> {
    let failed = |source| RulesError::Read { path: path.to_owned(), source };
    let bytes = fs::metadata(path).map_err(failed)?.len();
    if bytes > FILE_BYTES_MAX {
        return Err(RulesError::TooLarge { path: path.to_owned(), bytes });
    }
    fs::read_to_string(path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_laid_over_each_other_and_mistakes_are_named() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let file = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::write(&path, text).expect("written");
            path
        };
        let off = file("off.toml", "[[rule]]\nid = \"breaker.gauge\"\non = [\"gauge\"]\nenabled = false\n");
        let wrong = file("wrong.toml", "[[rule]]\nid = \"a\"\non = [\"span\"]\nprioity = 3\n");
        let load = |rules: &[&PathBuf]| Governance { rules: rules.iter().map(|path| (*path).clone()).collect() }.load_rules();
        assert_eq!(load(&[]).expect("shipped").version(), Rules::shipped().version());
        assert_eq!(load(&[&off]).expect("valid").len(), Rules::shipped().len() - 1);
        let error = load(&[&off, &wrong]).expect_err("misspelt").to_string();
        assert!(error.contains("wrong.toml:4: file: unknown field `prioity`"), "{error}");
        let missing = load(&[&dir.path().join("none.toml")]).expect_err("missing").to_string();
        assert!(missing.contains("none.toml"), "{missing}");
    }
}
