//! The section `[errors]`: files of error codes, and which errors count.

use std::path::PathBuf;

use governance::codes::counted::CountRule;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Errors {
    /// Layouts and catalogue: TOML, CSV, Kratos' proto or Java, by the ending of the name. The first that names something wins.
    pub(crate) files: Vec<PathBuf>,
    /// Which errors of which services count; the first rule that fits a service holds.
    pub(crate) count: Vec<CountRule>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_rule_leaves_out_is_the_default() {
        let text = "files = ['a.toml']\n[[count]]\nservices = ['pay*']\nhttp_min = 400\nignore = ['http:404']\n";
        let errors: Errors = toml::from_str(text).expect("valid");
        let rule =
            CountRule { services: vec!["pay*".to_owned()], http_min: 400, ignore: vec!["http:404".to_owned()], ..CountRule::default() };
        assert_eq!(errors, Errors { files: vec!["a.toml".into()], count: vec![rule] });
        let wrong = toml::from_str::<Errors>("[[count]]\nhttp_max = 1\n").expect_err("unknown");
        assert!(wrong.message().contains("unknown field `http_max`"), "{wrong}");
    }
}
