//! The one form in which a search is written.

use super::parsed;
use crate::search::{Comparison, Expr, Field, FieldTest, FreeText, FreeTextKind, Place, Predicate, Search, Value};

fn check(text: &str, expected: &str) {
    let search = parsed(text);
    assert_eq!(search.to_string(), expected, "{text}");
    assert_eq!(parsed(expected), search, "{text}");
}

#[test]
fn variants_become_one() {
    check("", "*");
    check("a b", "a AND b");
    check("a OR(b c)", "a OR b AND c");
    check("(a OR b) NOT c", "(a OR b) AND -c");
    check("!(a b)", "-(a AND b)");
    check("a:*", "has:a");
    check("a:[b, c]", "a:(b OR c)");
    check("duration > 200ms", "duration>200ms");
    check("trace:rootName=x", "trace.root.name=x");
    check("span:name:x", "span.name:x");
    check("a=~\"b.*\"", "a:/b.*/");
    check("a!~/b.*/", "a!~\"b.*\"");
    check("a:/b/i", "a:/(?i)b/");
    check("a:(/b/ OR c)", "a:c OR a:/b/");
    check("'a b' “c d”", "\"a b\" AND \"c d\"");
    check("trace.errors>0 {a}>>{b}", "{a} >> {b} AND trace.errors>0");
}

#[test]
fn quotes_and_escapes_only_where_needed() {
    check("name:\"pay\"", "name:pay");
    check("http.route:\"/users/{id}\"", "http.route:/users/{id}");
    check("name:\"GET /api\"", "name:\"GET /api\"");
    check("name:\"a*\"", "name:\"a*\"");
    check("name:\"/a/\"", "name:\"/a/\"");
    check("name:\"\"", "name:\"\"");
    check("name:\"a)\"", "name:\"a)\"");
    check("name:\"f(\"", "name:\"f(\"");
    check("name:(\"a,b\" OR c)", "name:(\"a,b\" OR c)");
    check("name:\"a,b\"", "name:a,b");
    check("name=\">=\"", "name=\">=\"");
    check(r"name:C:\temp", r#"name:"C:\\temp""#);
    check(r"name:GET\ /a*", r"name:GET\ /a*");
    check(r"\-x 12:30 a\:b", r"\-x AND 12:30 AND a\:b");
    check("a=~\"b c\"", "a=~\"b c\"");
    check(r"a:/b\/c/", r"a:/b\/c/");
    check("\"service\":pay", "\"service\":pay");
    check("has=~a", "\"has\":/a/");
    check("a- > 5", "\"a-\">5");
    check("a AND ~=b", "a AND ~=b");
    check("peer:\"a:b\" span:\"a:b\"", "peer:a:b AND span:\"a:b\"");
}

#[test]
fn searches_made_by_code_read_back() {
    let word = |text: &str| Expr::Text(FreeText { kind: FreeTextKind::Word(text.into()), place: Place::default() });
    let check = |expr: Expr, expected: &str| assert_eq!(Search::Records(expr).to_string(), expected);
    check(word("AND"), "\"AND\"");
    check(word(""), "\"\"");
    check(word("-x"), r"\-x");
    check(word("a:b"), r"a\:b");
    check(word("(x"), r"\(x");
    check(word("has:x"), r"has\:x");
    let predicate = Predicate::Compare(Comparison::Equal, Value::new("a b"));
    let test = FieldTest { field: Field::key(None, "trace.x"), predicate, place: Place::default() };
    check(Expr::Field(Box::new(test)), "\"trace.x\"=\"a b\"");
}
