//! The rules that count, for people who ask which there are.

use std::collections::BTreeMap;

use super::{Rules, rules::Rule};

/// A rule as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described<'a> {
    pub id: &'a str,
    /// What it sees; empty when its file does not say.
    pub about: &'a str,
    /// Kinds of records it looks at: `span`, `log`, `gauge`, `sum`, `histogram`.
    pub on: Vec<&'static str>,
    /// Rules of higher priority are asked first.
    pub priority: i32,
    /// How sure a match is, 0 to 100.
    pub confidence: u8,
    /// What a match becomes: `rejection`, `signal`, `action`.
    pub gives: Vec<&'static str>,
    /// Name of the file it is from.
    pub file: &'a str,
    /// It is shipped, and no file took its place.
    pub built_in: bool,
}

impl Rules {
    /// Every rule once, by id.
    pub fn described(&self) -> Vec<Described<'_>> {
        let all = self.spans.iter().chain(&self.logs).chain(&self.metrics);
        let by_id: BTreeMap<&str, Described<'_>> = all.map(|rule| (rule.id.as_str(), describe(rule))).collect();
        by_id.into_values().collect()
    }
}

fn describe(rule: &Rule) -> Described<'_> {
    let gives = [("rejection", rule.rejection.is_some()), ("signal", rule.signal.is_some()), ("action", rule.action.is_some())];
    Described {
        id: &rule.id,
        about: rule.about.as_deref().unwrap_or_default(),
        on: rule.on.iter().map(|on| on.word()).collect(),
        priority: rule.priority,
        confidence: rule.confidence,
        gives: gives.into_iter().filter_map(|(word, is)| is.then_some(word)).collect(),
        file: &rule.file,
        built_in: rule.shipped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_of_a_file_takes_the_place_of_the_shipped_one() {
        let shipped = Rules::shipped().described();
        assert_eq!(shipped.len(), Rules::shipped().len());
        assert!(shipped.iter().all(|rule| rule.built_in && !rule.on.is_empty() && !rule.gives.is_empty()), "{shipped:#?}");
        assert!(shipped.is_sorted_by_key(|rule| rule.id));
        let mine = "[[rule]]\nid = \"breaker.gauge\"\nabout = \"ours\"\non = [\"gauge\"]\nconfidence = 7\nmetric = [\"our_breaker\"]\nsignal = { kind = \"gauge\" }\n";
        let rules = Rules::with_overlay("mine.toml", mine).expect("valid");
        let all = rules.described();
        assert_eq!(all.len(), shipped.len());
        let changed: Vec<&Described<'_>> = all.iter().filter(|rule| !rule.built_in).collect();
        let [rule] = changed[..] else { panic!("one: {changed:#?}") };
        assert_eq!((rule.id, rule.about, rule.file, rule.confidence), ("breaker.gauge", "ours", "mine.toml", 7));
        assert_eq!((&rule.on[..], &rule.gives[..]), (&["gauge"][..], &["signal"][..]));
    }
}
