//! Every mistake, as a person sees it.

use super::parsed;
use crate::search::parse;

fn rendered(text: &str) -> String {
    parse(text).expect_err(text).render(text)
}

/// One of each kind, whole.
const WHOLE: &[(&str, &str)] = &[
    (
        r#""lock lost"#,
        r#"column 1: this quote is never closed
  "lock lost
  ^
hint: close it: `"lock lost"`; a quote inside is written with a backslash: `"say \"hi\""`"#,
    ),
    (
        r#"foo"bar""#,
        r#"column 4: a quote begins inside a word
  foo"bar"
     ^
hint: put a space before the quote, or quote it all: `name:"say \"hi\""`"#,
    ),
    (
        r#""lock"lost"#,
        r#"column 7: text follows without a space
  "lock"lost
        ^
hint: put a space between: `"lock lost" service:pay`; a quote inside is written with a backslash: `"say \"hi\""`"#,
    ),
    (
        "(a OR b",
        r#"column 1: this `(` is never closed
  (a OR b
  ^
hint: close it: `(status:error OR duration>1s)`; as part of a text, quote it: `"f("`"#,
    ),
    (
        "a)",
        r#"column 2: nothing is open that this `)` could close
  a)
   ^
hint: remove it, or quote it as part of a text: `")"`"#,
    ),
    (
        "()",
        r#"column 1: nothing stands between these brackets
  ()
  ^^
hint: put something between: `service:(pay OR cart)`"#,
    ),
    (
        "service:pay AND",
        r#"column 13: `AND` needs something on its right
  service:pay AND
              ^^^
hint: write `service:pay AND status:error`, or quote the word: `"AND"`"#,
    ),
    (
        "AND service:pay",
        r#"column 1: `AND` needs something on its left
  AND service:pay
  ^^^
hint: write `service:pay AND status:error`, or quote the word: `"AND"`"#,
    ),
    (
        "a - b",
        r#"column 3: `-` stands alone
  a - b
    ^
hint: it touches what it leaves out: `-http.route:/health`; as text, quote it: `"-"`"#,
    ),
    (
        "service:pay and status:error",
        r#"column 13: `and` in lower case is a word to look for, not an operator
  service:pay and status:error
              ^^^
hint: write AND in capitals, as in `service:pay AND status:error`; to look for the word, quote it: `"and"`"#,
    ),
    (
        "service:pay && status:error",
        r#"column 13: `&&` is no operator here
  service:pay && status:error
              ^^
hint: write AND, as in `service:pay AND status:error`"#,
    ),
    (
        "service:pay | stats count",
        r#"column 13: a search has no pipes
  service:pay | stats count
              ^
hint: it only selects; sum and group with SQL, and quote a pipe that is text: `"a | b"`"#,
    ),
    (
        "service：pay",
        r#"column 8: `：` is a full-width character
  service：pay
         ^^
hint: write it as `service:pay`; as text, quote it: `"ERROR：库存不足"`"#,
    ),
    (
        "* AND a",
        r#"column 1: wildcards without text match everything
  * AND a
  ^
hint: leave it out, or ask for records that have a field: `has:error_code`"#,
    ),
    (
        ":pay",
        r#"column 1: `:` has no field on its left
  :pay
  ^
hint: the field touches the colon: `service:pay`; as text, quote it: `":"`"#,
    ),
    (
        "has:",
        r#"column 1: `has:` names no field
  has:
  ^^^^
hint: the field touches the colon: `has:error_code`"#,
    ),
    (
        "service:",
        r#"column 1: `service:` has no value
  service:
  ^^^^^^^^
hint: give one: `service:pay`; or ask whether there is any: `has:service`"#,
    ),
    (
        "duration=>200ms",
        r#"column 9: there is no operator `=>`
  duration=>200ms
          ^^
hint: did you mean >=, as in `duration>=200ms`?"#,
    ),
    (
        "trace.flags:web",
        r#"column 1: traces have no field `flags`
  trace.flags:web
  ^^^^^^^^^^^
hint: they have id, root.service, root.name, start, duration, spans, errors, services, as in `trace.duration>2s`; an attribute of that name is quoted: `"trace.flags":1`"#,
    ),
    (
        "name:/a(b/",
        r#"column 8: not a regular expression: unclosed group
  name:/a(b/
         ^
hint: write it as `name:/^pay-.*/`; a sign that is text needs a backslash: `name:/f\(x\)/`"#,
    ),
    (
        "name:/a b/",
        r#"column 6: a regular expression between slashes has no spaces
  name:/a b/
       ^^^^^
hint: write `name=~"connection reset"`, or quote a path: `http.route:"/health"`"#,
    ),
    (
        "service=(a OR b)",
        r#"column 9: a set follows `:`, not `=`
  service=(a OR b)
          ^
hint: write `service:(pay OR cart)`; to leave them out, `-service:(pay OR cart)`; as text, quote it: `name="(x)"`"#,
    ),
    (
        "service:(a b)",
        r#"column 12: a set is values with OR or commas between them
  service:(a b)
             ^
hint: put OR or a comma between: `service:(pay OR cart)`; quote a value with spaces: `name:("GET /" OR ping)`"#,
    ),
    (
        "service:(a AND b)",
        r#"column 12: `AND` has no place in a set
  service:(a AND b)
             ^^^
hint: leave out a set from outside: `-service:(pay OR cart)`; all of several: `service:pay AND status:error`"#,
    ),
    (
        "service:((a) OR b)",
        r#"column 10: a set stands in a set
  service:((a) OR b)
           ^
hint: one level is enough: `service:(pay OR cart OR stock)`; quote brackets that are text: `name:("f(x)" OR ping)`"#,
    ),
    (
        "a:[1 TO]",
        r#"column 3: this is no range
  a:[1 TO]
    ^^^^^^
hint: a range has two ends, of which one may be open: `duration:[1s TO 5s]`, `http.response.status_code:[500 TO *]`"#,
    ),
    (
        "{service:web}",
        r#"column 1: braces stand alone
  {service:web}
  ^^^^^^^^^^^^^
hint: leave them out: `service:pay`; or relate two: `{service:web} >> {service:pay}`; quote braces that are text: `"{id}"`"#,
    ),
    (
        "{a} >> b",
        r#"column 5: `>>` relates spans in braces
  {a} >> b
      ^^
hint: write braces on both sides: `{service:web} >> {service:pay AND status:error}`"#,
    ),
    (
        "({a} >> {b})",
        r#"column 2: a structure stands inside an expression
  ({a} >> {b})
   ^
hint: it stands outermost, with AND and fields of the trace at most: `{service:web} >> {service:pay} AND trace.duration>2s`"#,
    ),
    (
        "{a} >> {b} {c} > {d}",
        r#"column 12: a search has one structure
  {a} >> {b} {c} > {d}
             ^
hint: go on with the one there is: `{service:web} >> {service:pay} > {service:bank}`"#,
    ),
    (
        "{a} >> {b} AND status:error",
        r#"column 16: only `trace.` fields stand beside a structure
  {a} >> {b} AND status:error
                 ^^^^^^^^^^^^
hint: move it into the braces it speaks about: `{service:web} >> {service:pay AND status:error}`"#,
    ),
    (
        "{a} >> {trace.spans>5}",
        r#"column 9: a `trace.` field stands in braces
  {a} >> {trace.spans>5}
          ^^^^^^^^^^^^^
hint: move it behind them: `{service:web} >> {service:pay} AND trace.duration>2s`"#,
    ),
];

/// More of them: what is marked, and the message.
const SHORT: &[(&str, &str, &str)] = &[
    (r#"service:"pay"#, r#"""#, "column 9: this quote is never closed"),
    ("'tis", "'", "column 1: this quote is never closed"),
    ("name:“x", "“", "column 6: this quote is never closed"),
    (r#"service:pay"x""#, r#"""#, "column 12: a quote begins inside a word"),
    (r#"name:"a"b"#, "b", "column 9: text follows without a space"),
    ("has:a:b", ":", "column 6: text follows without a space"),
    ("service:(a)b", "b", "column 12: text follows without a space"),
    ("(a OR (b)", "(", "column 1: this `(` is never closed"),
    ("(a OR b))", ")", "column 9: nothing is open that this `)` could close"),
    ("service:()", "()", "column 9: nothing stands between these brackets"),
    ("service:(pay OR", "(", "column 9: this `(` is never closed"),
    ("service:[pay", "[", "column 9: this `[` is never closed"),
    ("{a", "{", "column 1: this `{` is never closed"),
    ("{a} >> {b", "{", "column 8: this `{` is never closed"),
    ("{}", "{}", "column 1: nothing stands between these brackets"),
    ("a }", "}", "column 3: nothing is open that this `}` could close"),
    ("a OR", "OR", "column 3: `OR` needs something on its right"),
    ("OR a", "OR", "column 1: `OR` needs something on its left"),
    ("a AND OR b", "AND", "column 3: `AND` needs something on its right"),
    ("NOT", "NOT", "column 1: `NOT` needs something on its right"),
    ("a AND NOT", "NOT", "column 7: `NOT` needs something on its right"),
    ("!", "!", "column 1: `!` stands alone"),
    ("-)", "-", "column 1: `-` needs something on its right"),
    ("(a AND)", "AND", "column 4: `AND` needs something on its right"),
    ("(a OR b) or c", "or", "column 10: `or` in lower case is a word to look for, not an operator"),
    ("not service:pay", "not", "column 1: `not` in lower case is a word to look for, not an operator"),
    (r#"timeout or "lock lost""#, "or", "column 9: `or` in lower case is a word to look for, not an operator"),
    ("{a} >> {b} and trace.spans>5", "and", "column 12: `and` in lower case is a word to look for, not an operator"),
    ("a || b", "||", "column 3: `||` is no operator here"),
    ("duration＞5s", "＞", "column 9: `＞` is a full-width character"),
    ("（a OR b）", "（", "column 1: `（` is a full-width character"),
    ("-*", "*", "column 2: wildcards without text match everything"),
    ("a ?*", "?*", "column 3: wildcards without text match everything"),
    ("service :pay", ":", "column 9: `:` has no field on its left"),
    (">5", ">", "column 1: `>` has no field on its left"),
    (">=5", ">=", "column 1: `>=` has no field on its left"),
    ("= 5", "=", "column 1: `=` has no field on its left"),
    ("200ms<duration", "<", "column 6: `<` has no field on its left"),
    ("a > b > c", ">", "column 7: `>` has no field on its left"),
    ("has: a", "has:", "column 1: `has:` names no field"),
    ("service: pay", "service:", "column 1: `service:` has no value"),
    ("span:name: GET", "span:name:", "column 1: `span.name:` has no value"),
    ("service: AND x", "service:", "column 1: `service:` has no value"),
    ("(service:)", "service:", "column 2: `service:` has no value"),
    ("duration>", "duration>", "column 1: `duration>` has no value"),
    ("duration > AND x", "duration >", "column 1: `duration>` has no value"),
    ("name=~", "name=~", "column 1: `name=~` has no value"),
    ("duration=<1s", "=<", "column 9: there is no operator `=<`"),
    ("a<>b", "<>", "column 2: there is no operator `<>`"),
    ("a===b", "===", "column 2: there is no operator `===`"),
    (r#"name~"x""#, "~", "column 5: there is no operator `~`"),
    ("name:~x", ":~", "column 5: there is no operator `:~`"),
    ("service:!pay", ":!", "column 8: there is no operator `:!`"),
    ("a<=>b", "<=>", "column 2: there is no operator `<=>`"),
    (r#"trace."x":1"#, r#"trace."x""#, "column 1: traces have no field `x`"),
    ("has:trace.x", "trace.x", "column 5: traces have no field `x`"),
    ("name:/支付[a/ x", "[", "column 9: not a regular expression: unclosed character class"),
    (r#"name=~"a(b""#, "(", "column 9: not a regular expression: unclosed group"),
    (r#"name=~"\\d(""#, r#""\\d(""#, "column 7: not a regular expression: unclosed group"),
    ("/a**b{/", "{", "column 6: not a regular expression: unclosed counted repetition"),
    ("name=~a(b", "(", "column 8: not a regular expression: unclosed group"),
    ("name:/(?=x)/", "(?=", "column 7: not a regular expression: look-around, including look-ahead and look-behind, is not supported"),
    ("x AND name:/connection reset/ AND b", "/connection reset/", "column 12: a regular expression between slashes has no spaces"),
    ("service!=[a]", "[", "column 10: a set follows `:`, not `!=`"),
    ("service:(a OR OR b)", "OR", "column 15: a set is values with OR or commas between them"),
    ("service:(a,,b)", ",", "column 12: a set is values with OR or commas between them"),
    ("service:(OR a)", "OR", "column 10: a set is values with OR or commas between them"),
    ("service:(a OR)", ")", "column 14: a set is values with OR or commas between them"),
    ("service:[a,]", "]", "column 12: a set is values with OR or commas between them"),
    ("service:(NOT a)", "NOT", "column 10: `NOT` has no place in a set"),
    ("service:(-a)", "-", "column 10: `-` has no place in a set"),
    ("service:(!a)", "!", "column 10: `!` has no place in a set"),
    ("service:(a OR [b])", "[", "column 15: a set stands in a set"),
    ("a:[TO 5]", "[TO 5]", "column 3: this is no range"),
    ("a:[* TO *]", "[* TO *]", "column 3: this is no range"),
    ("a:{1 TO 5", "{", "column 3: this `{` is never closed"),
    ("a:(1 TO 5)", "(1 TO 5)", "column 3: this is no range"),
    ("a:[1 TO 5, 6]", "[1 TO 5, 6]", "column 3: this is no range"),
    ("a:[1 TO /x/]", "[1 TO /x/]", "column 3: this is no range"),
    ("{a} AND b", "{a}", "column 1: braces stand alone"),
    ("{a} >>", ">>", "column 5: `>>` relates spans in braces"),
    ("a > {b}", ">", "column 3: `>` relates spans in braces"),
    ("a>>b", ">>", "column 2: `>>` relates spans in braces"),
    ("-{a} >> {b}", "{", "column 2: a structure stands inside an expression"),
    ("trace.spans>5 OR {a} >> {b}", "OR", "column 15: a structure stands inside an expression"),
    ("{a} >> {b} OR c", "OR", "column 12: a structure stands inside an expression"),
    ("库存不足 AND (service:pay", "(", "column 10: this `(` is never closed"),
    ("a\n  AND (b\nOR c", "(", "line 2, column 7: this `(` is never closed"),
];

#[test]
fn each_is_shown_with_its_place_and_a_hint() {
    for (text, expected) in WHOLE {
        assert_eq!(rendered(text), *expected);
    }
}

#[test]
fn the_mark_is_where_the_mistake_is() {
    for (text, marked, message) in SHORT {
        let error = parse(text).expect_err(text);
        assert_eq!(&text[error.range.clone()], *marked, "{text}");
        assert_eq!(error.render(text).lines().next(), Some(*message), "{text}");
    }
}

#[test]
fn a_trace_field_is_guessed() {
    assert!(rendered("trace.rot.service:web").contains("did you mean `has:trace.root.service`?"));
    assert!(rendered("trace.durations>2s").contains("did you mean `has:trace.duration`?"));
}

#[test]
fn a_long_text_is_not_repeated() {
    for text in [
        format!("trace.{}:x", "x".repeat(60_000)),
        format!("\"{}\":", "x ".repeat(30_000)),
        "=".repeat(60_000),
        format!("a{}", "<".repeat(60_000)),
    ] {
        assert!(rendered(&text).len() < 1000, "{}", rendered(&text));
    }
}

#[test]
fn examples_in_hints_are_right() {
    for text in WHOLE.iter().map(|(text, _)| text).chain(SHORT.iter().map(|(text, ..)| text)) {
        let hint = parse(text).expect_err(text).hint();
        let examples: Vec<&str> = hint.split('`').skip(1).step_by(2).collect();
        assert!(!examples.is_empty() || hint.ends_with('.'), "{hint}");
        for example in examples {
            parsed(example);
        }
    }
}
