//! Rule files of users: what is wrong with one is said by line, and what takes the place of what.

use super::*;

fn check(text: &str, expected: &[&str]) {
    let errors = Rules::with_overlay("my.toml", text).expect_err(text).0;
    assert_eq!(errors.iter().map(ToString::to_string).collect::<Vec<_>>(), expected, "{text}");
}

#[test]
fn a_bad_rule_names_its_line_field_and_why() {
    let rule = |lines: &str| format!("[[rule]]\nid = \"mine\"\non = [\"span\"]\n{lines}");
    check(
        &rule(
            "when = [\n  { field = \"text\", contains = \"refused\" },\n  { field = \"text\", regex = \"(\" },\n]\nrejection = { kind = \"rate_limit\" }",
        ),
        &["my.toml:6: rule `mine`, `when[1].regex`: unclosed group in \"(\""],
    );
    check(
        &rule("when = [{ field = \"text\", contains = \"refused\" }]\nrejection = { kind = \"tired\" }"),
        &["my.toml:5: rule `mine`, `rejection.kind`: unknown kind \"tired\" of a rejection"],
    );
    check(
        &rule("when = [{ field = \"text\", contains = \"refused\" }]\nrejection = { kind = \"rate_limit\", half_open_of = \"mine\" }"),
        &["my.toml:5: rule `mine`, `rejection.half_open_of`: is for refusals of the kind unknown_429"],
    );
    check(
        &rule("when = [{ field = \"text\", contains = \"refused\" }]\nname = \"{re.who}\"\nrejection = { kind = \"rate_limit\" }"),
        &["my.toml:1: rule `mine`, `re.who`: no regex of the rule has this group"],
    );
    check(
        &rule("when = [{ field = \"text\", contains = \"ab\" }]\nrejection = { kind = \"rate_limit\" }"),
        &["my.toml:1: rule `mine`, `when`: a text that is looked for in every record must have at least 4 bytes"],
    );
}

#[test]
fn numbers_of_a_library_are_the_users_to_say() {
    let mine = "[[framework]]\nid = \"ours\"\nopen_n = 5\nopen_within_s = 2.5\nclose_gap_s = 30\nwindow_s = 6\nk = 2.5\ncalls_min = 50\n";
    let parameters = Rules::with_overlay("my.toml", mine).expect("valid").parameters();
    let inference = parameters.of("ours");
    assert_eq!((inference.open_n, inference.open_w_ns, inference.close_gap_ns), (5.0, 2_500_000_000, 30_000_000_000));
    let library = parameters.library("ours");
    assert_eq!((library.window_ns, library.k, library.calls_min), (Some(6_000_000_000), Some(2.5), Some(50.0)));
    assert_eq!(Rules::shipped().parameters().libraries, [].into(), "those that are shipped have the defaults");
    check(
        "[[framework]]\nid = \"ours\"\nk = 0.5\nwindow_s = nan\n",
        &[
            "my.toml:3: framework `ours`, `k`: 0.5 is not from 1 to 86400",
            "my.toml:4: framework `ours`, `window_s`: NaN is not from 0.001 to 86400",
        ],
    );
}

#[test]
fn where_codes_are_looked_for_is_the_users_to_say() {
    let failed = |key: &str| span("shop", 2, "it broke", "", &format!("{key}=5001003"));
    let codes = |rules: &Rules, key: &str| classify(rules, &failed(key)).errors.iter().map(|error| error.code.clone()).collect::<Vec<_>>();
    let mine = Rules::with_overlay("my.toml", "[extract]\ncode_keys = [\"shop.fault\"]\nsuccess_codes = [\"1\"]\n").expect("valid");
    assert_eq!(
        (codes(&mine, "shop.fault"), codes(Rules::shipped(), "error.code")),
        (vec!["5001003".to_owned()], vec!["5001003".to_owned()])
    );
    assert_ne!(codes(&mine, "error.code"), ["5001003"], "the list takes the place of the usual one");
    check("[extract]\njson_code = [\"code\"]\n", &["my.toml:1: `extract`: json_code: \"code\" is no JSON pointer such as /error/code"]);
}

#[test]
fn a_misspelt_key_is_named_with_its_line() {
    let errors = Rules::with_overlay("my.toml", "[[rule]]\nid = \"a\"\non = [\"span\"]\nprioity = 3\n").expect_err("misspelt").0;
    assert_eq!((errors[0].line, errors[0].why.contains("prioity")), (4, true), "{errors:?}");
}

#[test]
fn an_overlay_takes_the_place_of_what_has_its_id() {
    let gauge = || point("gauge", "circuit_breaker_state", 1.0, "name=pay");
    let overlay = "[[rule]]\nid = \"breaker.gauge\"\non = [\"gauge\"]\nmetric = [\"circuit_breaker_state\"]\nname = \"{attr.name}\"\nsignal = { kind = \"gauge\", encoding = \"failsafe-go\" }\n";
    let rules = Rules::with_overlay("my.toml", overlay).expect("valid");
    assert_eq!(said(&classify(&rules, &gauge())), ["breaker.gauge 1=open  pay"]);
    assert_ne!(rules.version(), Rules::built_in().version());
    let off = "[[rule]]\nid = \"breaker.gauge\"\non = [\"gauge\"]\nenabled = false\n";
    assert!(said(&classify(&Rules::with_overlay("my.toml", off).expect("valid"), &gauge())).is_empty());
}

#[test]
fn a_rule_says_whose_half_open_breakers_refuse_like_this() {
    let mine = "[[rule]]\nid = \"mine\"\non = [\"span\"]\nwhen = [{ field = \"text\", contains = \"no probe left\" }]\nrejection = { kind = \"unknown_429\", half_open_of = \"ours\" }\n";
    let half_open = Rules::with_overlay("my.toml", mine).expect("valid").parameters().half_open;
    let expected = [("gobreaker.half_open.unsaid", "gobreaker"), ("mine", "ours")].map(|(rule, of)| (rule.to_owned(), of.to_owned()));
    assert_eq!(half_open, expected.into());
}

/// `FUSEBOX_UPDATE=1` writes the schema again.
#[test]
fn the_json_schema_is_that_of_the_types() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/rules.schema.json");
    let schema = format!("{}\n", serde_json::to_string_pretty(&schemars::schema_for!(RuleFile)).expect("JSON"));
    if std::env::var_os("FUSEBOX_UPDATE").is_some() {
        std::fs::write(path, &schema).expect("writable");
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), schema, "run again with FUSEBOX_UPDATE=1");
}
