//! Rules that change the labels of a target or a series, or drop it: Prometheus' `relabel_config`.
//! <https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config>

use std::collections::BTreeMap;

use md5::{Digest, Md5};
use regex::Regex;
use serde::{Deserialize, Serialize};

/// One rule, as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelabelConfig {
    #[serde(default)]
    pub source_labels: Vec<String>,
    #[serde(default = "separator")]
    pub separator: String,
    #[serde(default = "regex")]
    pub regex: String,
    #[serde(default)]
    pub modulus: u64,
    #[serde(default)]
    pub target_label: String,
    #[serde(default = "replacement")]
    pub replacement: String,
    #[serde(default)]
    pub action: Action,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    #[default]
    Replace,
    Keep,
    Drop,
    LabelMap,
    LabelDrop,
    LabelKeep,
    HashMod,
    Lowercase,
    Uppercase,
}

fn separator() -> String {
    ";".to_owned()
}

fn regex() -> String {
    "(.*)".to_owned()
}

fn replacement() -> String {
    "$1".to_owned()
}

/// Labels by name.
pub(super) type Labels = BTreeMap<String, String>;

/// One rule, ready to be used.
#[derive(Debug, Clone)]
pub(crate) struct Relabel {
    config: RelabelConfig,
    regex: Regex,
}

/// Of one regular expression.
const REGEX_BYTES_MAX: usize = 1 << 20;

impl Relabel {
    pub(super) fn new(config: &RelabelConfig) -> Result<Self, String> {
        let regex = regex::RegexBuilder::new(&format!("^(?s:{})$", config.regex)).size_limit(REGEX_BYTES_MAX).build();
        let regex = regex.map_err(|_| format!("regex {:?} is no regular expression", config.regex))?;
        let needs_target = matches!(config.action, Action::Replace | Action::HashMod | Action::Lowercase | Action::Uppercase);
        if needs_target && config.target_label.is_empty() {
            return Err("target_label is missing".to_owned());
        }
        if config.action == Action::HashMod && config.modulus == 0 {
            return Err("modulus is missing".to_owned());
        }
        Ok(Self { config: config.clone(), regex })
    }

    /// False: the target or series is dropped.
    fn apply(&self, labels: &mut Labels) -> bool {
        let RelabelConfig { source_labels, separator, modulus, target_label, replacement, action, .. } = &self.config;
        let source = || {
            let values: Vec<&str> = source_labels.iter().map(|name| labels.get(name).map_or("", String::as_str)).collect();
            values.join(separator)
        };
        match action {
            Action::Keep => return self.regex.is_match(&source()),
            Action::Drop => return !self.regex.is_match(&source()),
            Action::Replace => {
                let source = source();
                let Some(found) = self.regex.captures(&source) else { return true };
                let (mut name, mut value) = (String::new(), String::new());
                found.expand(target_label, &mut name);
                found.expand(replacement, &mut value);
                if !name.is_empty() {
                    set(labels, name, value);
                }
            }
            Action::HashMod => {
                let hash = Md5::digest(source().as_bytes());
                let low = hash.iter().skip(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
                set(labels, target_label.clone(), (low % modulus).to_string());
            }
            Action::Lowercase => {
                let value = source().to_lowercase();
                set(labels, target_label.clone(), value);
            }
            Action::Uppercase => {
                let value = source().to_uppercase();
                set(labels, target_label.clone(), value);
            }
            Action::LabelMap => {
                let mapped: Vec<(String, String)> = labels
                    .iter()
                    .filter_map(|(name, value)| {
                        let mut to = String::new();
                        self.regex.captures(name)?.expand(replacement, &mut to);
                        Some((to, value.clone()))
                    })
                    .collect();
                mapped.into_iter().filter(|(name, _)| !name.is_empty()).for_each(|(name, value)| set(labels, name, value));
            }
            Action::LabelDrop => labels.retain(|name, _| !self.regex.is_match(name)),
            Action::LabelKeep => labels.retain(|name, _| self.regex.is_match(name)),
        }
        true
    }
}

/// A label without a value is none.
fn set(labels: &mut Labels, name: String, value: String) {
    if value.is_empty() {
        labels.remove(&name);
    } else {
        labels.insert(name, value);
    }
}

/// All rules in their order. False: dropped.
pub(super) fn relabel(rules: &[Relabel], labels: &mut Labels) -> bool {
    rules.iter().all(|rule| rule.apply(labels))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cases of Prometheus' own tests where it has them.
    #[test]
    fn rules() {
        let check = |rule: serde_json::Value, before: &[(&str, &str)], expected: Option<&[(&str, &str)]>| {
            let config: RelabelConfig = serde_json::from_value(rule.clone()).expect("a rule");
            let owned =
                |labels: &[(&str, &str)]| labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Labels>();
            let mut labels = owned(before);
            let kept = relabel(&[Relabel::new(&config).expect("it works")], &mut labels);
            assert_eq!(kept.then_some(labels), expected.map(owned), "{rule}");
        };
        let before = &[("a", "foo"), ("b", "bar"), ("c", "baz")][..];
        let json = |text: &str| serde_json::from_str(text).expect("JSON");
        check(
            json(r#"{"source_labels":["a"],"regex":"f(.*)","target_label":"d","replacement":"ch${1}-ch${1}"}"#),
            before,
            Some(&[("a", "foo"), ("b", "bar"), ("c", "baz"), ("d", "choo-choo")]),
        );
        check(
            json(r#"{"source_labels":["a","b"],"regex":"f(.*);(.*)r","target_label":"a","replacement":"b${1}${2}m"}"#),
            before,
            Some(&[("a", "boobam"), ("b", "bar"), ("c", "baz")]),
        );
        check(json(r#"{"source_labels":["a"],"regex":"o","target_label":"d"}"#), before, Some(before));
        check(json(r#"{"source_labels":["a"],"target_label":"b","replacement":""}"#), before, Some(&[("a", "foo"), ("c", "baz")]));
        check(json(r#"{"source_labels":["a"],"regex":".*o.*","action":"drop"}"#), before, None);
        check(json(r#"{"source_labels":["a"],"regex":"no-match","action":"drop"}"#), before, Some(before));
        check(json(r#"{"source_labels":["a"],"regex":"no-match","action":"keep"}"#), before, None);
        check(json(r#"{"source_labels":["none"],"regex":"","action":"keep"}"#), before, Some(before));
        check(
            json(r#"{"source_labels":["c"],"target_label":"d","action":"hashmod","modulus":1000}"#),
            before,
            Some(&[("a", "foo"), ("b", "bar"), ("c", "baz"), ("d", "976")]),
        );
        check(
            json(r#"{"regex":"(b.*)","replacement":"bar_${1}","action":"labelmap"}"#),
            &[("a", "foo"), ("b1", "bar"), ("b2", "baz")],
            Some(&[("a", "foo"), ("b1", "bar"), ("b2", "baz"), ("bar_b1", "bar"), ("bar_b2", "baz")]),
        );
        check(json(r#"{"regex":"b.*","action":"labeldrop"}"#), &[("a", "1"), ("b1", "2")], Some(&[("a", "1")]));
        check(json(r#"{"regex":"b.*","action":"labelkeep"}"#), &[("a", "1"), ("b1", "2")], Some(&[("b1", "2")]));
        check(json(r#"{"source_labels":["a"],"target_label":"a","action":"uppercase"}"#), &[("a", "fOo")], Some(&[("a", "FOO")]));
        check(json(r#"{"source_labels":["a"],"target_label":"a","action":"lowercase"}"#), &[("a", "FOo")], Some(&[("a", "foo")]));
    }

    #[test]
    fn mistakes_are_named() {
        let check = |json: &str, expected: &str| {
            let config: RelabelConfig = serde_json::from_str(json).expect("a rule");
            assert_eq!(Relabel::new(&config).expect_err("refused"), expected);
        };
        check(r#"{"regex":"("}"#, "regex \"(\" is no regular expression");
        check(r#"{"regex":"a"}"#, "target_label is missing");
        check(r#"{"action":"hashmod","target_label":"a"}"#, "modulus is missing");
    }
}
