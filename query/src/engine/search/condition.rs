//! What is asked of a text that is a value: a comparison, a pattern, or several of them. Pure.

use std::{
    cmp::Ordering,
    hash::{Hash, Hasher},
};

use datafusion::logical_expr::Operator;
use regex::{Regex as Automaton, RegexBuilder};

use super::literal::Literal;
use crate::search::{Comparison, Regex, Wildcard, WildcardPart};

/// Memory of the automaton of one pattern: [`REGEXES_MAX`](crate::search::REGEXES_MAX) of them in a search.
const AUTOMATON_BYTES_MAX: usize = 2 << 20;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Condition {
    /// Equal, not equal, less, and so on.
    Compare(Operator, Literal),
    Matches(Matcher),
    MatchesNot(Matcher),
    Any(Vec<Self>),
    All(Vec<Self>),
}

impl Condition {
    pub(crate) fn holds(&self, text: &str) -> bool {
        match self {
            Self::Compare(Operator::Eq, literal) => literal.equals(text),
            Self::Compare(Operator::NotEq, literal) => !literal.equals(text),
            Self::Compare(operator, literal) => literal.order_of(text).is_some_and(|order| is(*operator, order)),
            Self::Matches(matcher) => matcher.matches(text),
            Self::MatchesNot(matcher) => !matcher.matches(text),
            Self::Any(any) => any.iter().any(|condition| condition.holds(text)),
            Self::All(all) => all.iter().all(|condition| condition.holds(text)),
        }
    }
}

impl Condition {
    /// Texts of which one must be equal to a text that it holds for: as a number where it reads as one, else in whatever case. `None` when
    /// there is no such list.
    pub(crate) fn equal_texts(&self) -> Option<Vec<String>> {
        match self {
            Self::Compare(Operator::Eq, literal) => literal.is_text_or_number().then(|| vec![literal.text().to_owned()]),
            Self::Any(any) => any.iter().map(Self::equal_texts).collect::<Option<Vec<_>>>().map(|texts| texts.concat()),
            Self::All(all) => all.iter().find_map(Self::equal_texts),
            Self::Compare(..) | Self::Matches(_) | Self::MatchesNot(_) => None,
        }
    }
}

pub(super) fn operator(comparison: Comparison) -> Operator {
    match comparison {
        Comparison::Equal => Operator::Eq,
        Comparison::NotEqual => Operator::NotEq,
        Comparison::Greater => Operator::Gt,
        Comparison::GreaterOrEqual => Operator::GtEq,
        Comparison::Less => Operator::Lt,
        Comparison::LessOrEqual => Operator::LtEq,
    }
}

fn is(operator: Operator, order: Ordering) -> bool {
    match operator {
        Operator::Gt => order.is_gt(),
        Operator::GtEq => order.is_ge(),
        Operator::Lt => order.is_lt(),
        Operator::LtEq => order.is_le(),
        _ => false,
    }
}

/// A regular expression, compiled.
#[derive(Debug, Clone)]
pub(crate) struct Matcher {
    automaton: Automaton,
}

impl Matcher {
    /// # Errors
    /// Why the automaton would need too much.
    pub(super) fn regex(regex: &Regex) -> Result<Self, String> {
        Self::compiled(regex.pattern())
    }

    /// The whole text, in the very case.
    ///
    /// # Errors
    /// Why the automaton would need too much.
    pub(super) fn whole(wildcard: &Wildcard) -> Result<Self, String> {
        Self::compiled(&format!("(?s)^{}$", body(wildcard, ".*", ".")))
    }

    /// # Errors
    /// Why the automaton would need too much.
    pub(super) fn compiled(pattern: &str) -> Result<Self, String> {
        let automaton = RegexBuilder::new(pattern).size_limit(AUTOMATON_BYTES_MAX).dfa_size_limit(AUTOMATON_BYTES_MAX).build();
        automaton.map(|automaton| Self { automaton }).map_err(|error| match error {
            regex::Error::CompiledTooBig(bytes) => format!("the pattern compiles to more than {bytes} bytes"),
            other => other.to_string(),
        })
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        self.automaton.is_match(text)
    }
}

/// A wildcard as a regular expression, with these for `*` and `?`.
pub(super) fn body(wildcard: &Wildcard, any: &str, one: &str) -> String {
    let part = |part: &WildcardPart| match part {
        WildcardPart::Text(text) => regex::escape(text),
        WildcardPart::Any => any.to_owned(),
        WildcardPart::One => one.to_owned(),
    };
    wildcard.parts().iter().map(part).collect()
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        self.automaton.as_str() == other.automaton.as_str()
    }
}

impl Eq for Matcher {}

impl Hash for Matcher {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.automaton.as_str().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_the_whole_text() {
        use WildcardPart::{Any, One, Text};
        let check = |parts: Vec<WildcardPart>, text: &str, expected: bool| {
            let matcher = Matcher::whole(&Wildcard::new(parts).expect("wild")).expect("small");
            assert_eq!(matcher.matches(text), expected, "{matcher:?} in {text:?}");
        };
        check(vec![Text("5001".into()), Any], "50010", true);
        check(vec![Text("5001".into()), Any], "15001", false);
        check(vec![Text("a.c".into()), Any], "abc", false);
        check(vec![Any, Text("b%_\\".into()), One], "ab%_\\\n", true);
        check(vec![One], "库", true);
        check(vec![One], "库存", false);
    }

    #[test]
    fn equal_texts_are_known_of_texts_and_numbers_only() {
        let is = |text: &str| Condition::Compare(Operator::Eq, Literal::new(&crate::search::Value::new(text), schemas::UnixNanos(0)));
        let check = |condition: Condition, expected: Option<&[&str]>| {
            let expected = expected.map(|texts| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
            assert_eq!(condition.equal_texts(), expected, "{condition:?}");
        };
        check(is("o-1"), Some(&["o-1"]));
        check(is("5e2"), Some(&["5e2"]));
        check(is("True"), Some(&["True"]));
        check(is("1s"), None);
        check(is("4KiB"), None);
        check(is("now-1h"), None);
        check(Condition::Any(vec![is("a"), is("2")]), Some(&["a", "2"]));
        check(Condition::Any(vec![is("a"), is("1s")]), None);
        check(Condition::All(vec![is("1s"), is("a")]), Some(&["a"]));
        check(Condition::Compare(Operator::GtEq, Literal::number(1)), None);
    }

    #[test]
    fn large_automata_are_refused() {
        let found = Matcher::compiled(r"(?i)(\w{50}){50}");
        assert!(found.is_err_and(|message| message.contains("compiles to more than")));
    }
}
