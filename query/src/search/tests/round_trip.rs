//! `parse(search.to_string())` is the search again, for every search there can be.

use std::ops::Bound;

use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::search::{
    Comparison, Expr, Field, FieldTest, FreeText, FreeTextKind, Level, Pattern, Place, Predicate, Regex, Relation, Search, Step, Structure,
    TEXT_BYTES_MAX, TraceField, Value, Wildcard, WildcardPart, complete, parse,
};

/// Texts that mean something to the lexer, and texts that mean nothing.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => "[a-z0-9]{1,6}",
        2 => r#"[a-z *?\\"'/(){}\[\]:=<>!~,.|&%@_-]{0,8}"#,
        1 => "\\PC{0,5}",
        1 => select(vec!["AND", "OR", "NOT", "TO", "and", "has:x", "/a/", "/a/i", "//a", "::1", "-5", "->", "“a”", "a\\", "\\*", "\n\t\r", "库存不足", "a：b", "{id}", "=~", "a:b", "a>1"])
            .prop_map(str::to_owned),
    ]
}

fn wildcard() -> impl Strategy<Value = Wildcard> {
    let wild = || prop_oneof![Just(WildcardPart::One), Just(WildcardPart::Any)];
    let parts = || vec(prop_oneof![text().prop_map(WildcardPart::Text), wild()], 0..3);
    (parts(), wild(), parts())
        .prop_filter_map("a wildcard", |(before, wild, after)| Wildcard::new(before.into_iter().chain([wild]).chain(after)))
}

/// A wildcard that says something, as a word must.
fn wild_word() -> impl Strategy<Value = Wildcard> {
    wildcard().prop_filter("text", |wildcard| wildcard.parts().iter().any(|part| matches!(part, WildcardPart::Text(_))))
}

fn regex() -> impl Strategy<Value = Regex> {
    prop_oneof![
        text(),
        select(vec!["^pay-.*", "a b", "a/b", r"a\/b", r"\d+", "a{2}", "[a)]", "", r"a\ b", "\"", "(?i)x", "x i"]).prop_map(str::to_owned),
    ]
    .prop_filter_map("a regular expression", |pattern| Regex::new(pattern).ok())
}

/// Without a field an expression stands between slashes, where white space cannot be kept as it is.
fn regex_word() -> impl Strategy<Value = Regex> {
    regex().prop_filter("no space", |regex| {
        let pattern = regex.pattern();
        !pattern.is_empty() && !pattern.contains(char::is_whitespace) && !pattern.contains("\\/")
    })
}

fn field() -> impl Strategy<Value = Field> {
    let level = || option::of(select(Level::ALL.to_vec()));
    let key = || prop_oneof![2 => "[a-z][a-z0-9._/-]{0,8}", 1 => text(), 1 => select(vec!["trace.id", "resource.x", "has", "span", "trace"]).prop_map(str::to_owned)];
    prop_oneof![
        3 => (level(), key()).prop_map(|(level, key)| Field::key(level, &key)),
        1 => (level(), key()).prop_map(|(level, key)| Field::attribute(level, &key)),
    ]
}

fn trace_field() -> impl Strategy<Value = Field> {
    select(TraceField::ALL.to_vec()).prop_map(Field::trace)
}

fn value() -> impl Strategy<Value = Value> {
    text().prop_map(Value::new)
}

fn predicate() -> impl Strategy<Value = Predicate> {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    let pattern = || {
        let wildcard = wildcard().prop_filter("more than *", |wildcard| wildcard.parts() != [WildcardPart::Any]);
        prop_oneof![value().prop_map(Pattern::Value), wildcard.prop_map(Pattern::Wildcard)]
    };
    let bound = || prop_oneof![2 => value().prop_map(Bound::Included), 2 => value().prop_map(Bound::Excluded), 1 => Just(Bound::Unbounded)];
    let comparison = select(vec![Equal, NotEqual, Greater, GreaterOrEqual, Less, LessOrEqual]);
    prop_oneof![
        Just(Predicate::Exists),
        pattern().prop_map(Predicate::Is),
        vec(pattern(), 2..4).prop_map(Predicate::AnyOf),
        (comparison, value()).prop_map(|(comparison, value)| Predicate::Compare(comparison, value)),
        (bound(), bound())
            .prop_filter("an end", |(from, to)| (from, to) != (&Bound::Unbounded, &Bound::Unbounded))
            .prop_map(|(from, to)| Predicate::Between(from, to)),
        regex().prop_map(Predicate::Matches),
        regex().prop_map(Predicate::MatchesNot),
    ]
}

fn test(field: impl Strategy<Value = Field>) -> impl Strategy<Value = Expr> {
    (field, predicate()).prop_map(|(field, predicate)| Expr::Field(Box::new(FieldTest { field, predicate, place: Place::default() })))
}

fn free_text() -> impl Strategy<Value = Expr> {
    let word = text().prop_filter("a word", |word| !word.is_empty() && !matches!(word.as_str(), "AND" | "OR" | "NOT"));
    prop_oneof![
        word.prop_map(FreeTextKind::Word),
        wild_word().prop_map(FreeTextKind::Wildcard),
        text().prop_map(FreeTextKind::Phrase),
        regex_word().prop_map(FreeTextKind::Regex),
    ]
    .prop_map(|kind| Expr::Text(FreeText { kind, place: Place::default() }))
}

fn expr(leaf: impl Strategy<Value = Expr> + 'static) -> impl Strategy<Value = Expr> {
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..4).prop_map(|parts| Expr::and(parts).expect("not empty")),
            vec(inner.clone(), 1..4).prop_map(|parts| Expr::or(parts).expect("not empty")),
            inner.prop_map(Expr::negated),
        ]
    })
}

fn search() -> impl Strategy<Value = Search> {
    let records = || expr(prop_oneof![2 => test(field()), 1 => test(trace_field()), 2 => free_text()]);
    let spans = || expr(prop_oneof![test(field()), free_text()]);
    let step = (select(vec![Relation::Child, Relation::Descendant]), spans()).prop_map(|(relation, spans)| Step { relation, spans });
    let structure = (spans(), vec(step, 1..3), option::of(expr(test(trace_field()))));
    prop_oneof![
        1 => Just(Search::Everything),
        20 => records().prop_map(Search::Records),
        5 => structure.prop_map(|(first, steps, traces)| Search::Structure(Structure { first, steps, traces })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn text_and_tree(search in search()) {
        let text = search.to_string();
        prop_assume!(text.len() <= TEXT_BYTES_MAX);
        let again = parse(&text).map_err(|error| TestCaseError::fail(error.render(&text)))?;
        prop_assert_eq!(&again, &search, "{}", text);
        prop_assert_eq!(again.to_string(), text);
    }

    #[test]
    fn completion_replaces_what_is_typed(search in search(), cut in any::<prop::sample::Index>()) {
        let text = search.to_string();
        let cursor = text.floor_char_boundary(cut.index(text.len() + 1));
        let replace = complete(&text, cursor).replace;
        prop_assert!(replace.start <= cursor && cursor <= replace.end && replace.end <= text.len());
        prop_assert!(text.is_char_boundary(replace.start) && text.is_char_boundary(replace.end));
    }
}
