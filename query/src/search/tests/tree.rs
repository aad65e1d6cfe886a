//! Which tree a text becomes.

use std::ops::Bound;

use super::parsed;
use crate::search::{Expr, FreeTextKind, Pattern, Predicate, Regex, Search, WildcardPart};

/// Operators in front, leaves in brackets: `[field predicate value]`.
fn tree(expr: &Expr) -> String {
    let list = |name: &str, parts: &[Expr]| format!("({name} {})", parts.iter().map(tree).collect::<Vec<_>>().join(" "));
    match expr {
        Expr::Or(parts) => list("or", parts),
        Expr::And(parts) => list("and", parts),
        Expr::Not(inner) => format!("(not {})", tree(inner)),
        Expr::Text(text) => match &text.kind {
            FreeTextKind::Word(word) => format!("[word {word}]"),
            FreeTextKind::Wildcard(wildcard) => format!("[wildcard {}]", parts(wildcard.parts())),
            FreeTextKind::Phrase(phrase) => format!("[phrase {phrase}]"),
            FreeTextKind::Regex(regex) => format!("[regex {}]", regex.pattern()),
        },
        Expr::Field(test) => format!("[{} {}]", test.field, predicate(&test.predicate)),
    }
}

fn predicate(predicate: &Predicate) -> String {
    let regex = |name: &str, regex: &Regex| format!("{name} {}", regex.pattern());
    let bound = |bound: &Bound<_>, included: &str, excluded: &str| match bound {
        Bound::Included(value) => format!("{included}{}", crate::search::Value::text(value)),
        Bound::Excluded(value) => format!("{excluded}{}", crate::search::Value::text(value)),
        Bound::Unbounded => "open".to_owned(),
    };
    match predicate {
        Predicate::Exists => "exists".into(),
        Predicate::Is(one) => format!("is {}", pattern(one)),
        Predicate::AnyOf(patterns) => format!("in {}", patterns.iter().map(pattern).collect::<Vec<_>>().join(",")),
        Predicate::Compare(comparison, value) => format!("{} {}", comparison.symbol(), value.text()),
        Predicate::Between(from, to) => format!("{} {}", bound(from, ">=", ">"), bound(to, "<=", "<")),
        Predicate::Matches(one) => regex("matches", one),
        Predicate::MatchesNot(one) => regex("matches-not", one),
    }
}

fn pattern(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Value(value) => value.text().to_owned(),
        Pattern::Wildcard(wildcard) => parts(wildcard.parts()),
    }
}

fn parts(parts: &[WildcardPart]) -> String {
    parts
        .iter()
        .map(|part| match part {
            WildcardPart::Text(text) => format!("<{text}>"),
            WildcardPart::One => "?".into(),
            WildcardPart::Any => "*".into(),
        })
        .collect()
}

fn check(text: &str, expected: &str) {
    match parsed(text) {
        Search::Records(expr) => assert_eq!(tree(&expr), expected, "{text}"),
        other => panic!("{text} is {other:?}"),
    }
}

#[test]
fn the_example_of_the_documentation() {
    check(
        r#"service:pay AND duration>200ms AND http.response.status_code>=500 AND -http.route:/health AND "lock lost" AND error_code:5001* AND resource.k8s.pod.name:/^pay-.*/"#,
        "(and [service is pay] [duration > 200ms] [http.response.status_code >= 500] (not [http.route is /health]) [phrase lock lost] \
         [error_code is <5001>*] [resource.k8s.pod.name matches ^pay-.*])",
    );
}

#[test]
fn operators_bind_as_everywhere() {
    check("a OR b AND c", "(or [word a] (and [word b] [word c]))");
    check("a b OR c d", "(or (and [word a] [word b]) (and [word c] [word d]))");
    check("(a OR b) c", "(and (or [word a] [word b]) [word c])");
    check("a AND (b AND (c d))", "(and [word a] [word b] [word c] [word d])");
    check("NOT a b", "(and (not [word a]) [word b])");
    check("-a OR !b OR NOT c", "(or (not [word a]) (not [word b]) (not [word c]))");
    check("-(a OR b)", "(not (or [word a] [word b]))");
    check("NOT -a", "[word a]");
    check("--!a", "(not [word a])");
    check("((((a))))", "[word a]");
    check("a AND NOT(b)", "(and [word a] (not [word b]))");
    check("and or not", "(and [word and] [word or] [word not])");
    check("black and white", "(and [word black] [word and] [word white])");
}

#[test]
fn words_and_phrases() {
    check("lock", "[word lock]");
    check("库存不足", "[word 库存不足]");
    check("4bf92f3577b34da6a3ce929d0e0e4736", "[word 4bf92f3577b34da6a3ce929d0e0e4736]");
    check("lock*", "[wildcard <lock>*]");
    check("l?ck", "[wildcard <l>?<ck>]");
    check(r"5001\*", "[word 5001*]");
    check("\"锁丢失 \\\"a\\\"\"", "[phrase 锁丢失 \"a\"]");
    check("“锁 丢失”", "[phrase 锁 丢失]");
    check("'lock lost'", "[phrase lock lost]");
    check("/lock.(lost|stolen)/", "[regex lock.(lost|stolen)]");
    check("12:30:05", "[word 12:30:05]");
    check("2026-11-06T10:00:00Z", "[word 2026-11-06T10:00:00Z]");
    check("https://shop.example/cart?id=5", "[wildcard <https://shop.example/cart>?<id=5>]");
    check("std::sync::Mutex", "[word std::sync::Mutex]");
    check("order->pay", "[word order->pay]");
    check("/api/v1/pay", "[word /api/v1/pay]");
    check("[error] f(x) can't", "(and [word [error]] [word f(x)] [word can't])");
    check("错误：库存不足", "[word 错误：库存不足]");
}

#[test]
fn values_are_what_people_paste() {
    for value in [
        "pay",
        "支付服务",
        "/health",
        "/api/v1/orders/",
        "/users/{id}/orders",
        "{id}",
        "https://shop.example/cart;id=5&x=[1]#top",
        "10.0.0.1:8080",
        "::1",
        "user@example.com",
        "a,b",
        "50%",
        "-5",
        "2026-11-06T10:00:00+08:00",
        "com.shop.Order.create(Order)",
        "pay.(*Server).Charge",
        "a=b",
        "C:\\temp\\new",
        "AND",
    ] {
        check(&format!("peer={value} x"), &format!("(and [peer = {value}] [word x])"));
        if !value.starts_with(':') && !value.contains('*') {
            check(&format!("(peer:{value})"), &format!("[peer is {value}]"));
            check(&format!("peer:{value} x"), &format!("(and [peer is {value}] [word x])"));
        }
    }
    check(r"name:GET\ /api", "[name is GET /api]");
    check("name:\"GET /api\"", "[name is GET /api]");
    check("name:\"5001*\"", "[name is 5001*]");
    check("name:''", "[name is ]");
}

#[test]
fn predicates() {
    check("a:b*c?", "[a is <b>*<c>?]");
    check("a:*", "[a exists]");
    check("a:**", "[a exists]");
    check("has:a", "[a exists]");
    check("-has:\"odd key\"", "(not [\"odd key\" exists])");
    check("a=b*", "[a = b*]");
    check("a=/b/", "[a = /b/]");
    check("a!=b", "[a != b]");
    check("a>1 b>=1 c<1 d<=1", "(and [a > 1] [b >= 1] [c < 1] [d <= 1])");
    check("duration > 200ms", "[duration > 200ms]");
    check("duration >200ms AND a != b", "(and [duration > 200ms] [a != b])");
    check("a:>1 b:>=1 c:<1 d:<=1 e:=1 f==1", "(and [a > 1] [b >= 1] [c < 1] [d <= 1] [e = 1] [f = 1])");
    check("a:/^b c/d", "(and [a is /^b] [word c/d])");
    check(r"a:/b\/c/i", "[a matches (?i)b/c]");
    check("a=~\"b c\" d!~e.*", "(and [a matches b c] [d matches-not e.*])");
    check("a=~/b/ c!~/d/", "(and [a matches b] [c matches-not d])");
    check(r#"a=~"\d+\\.""#, r"[a matches \d+\.]");
}

#[test]
fn sets_and_ranges() {
    check("a:(b OR c*)", "[a in b,<c>*]");
    check("a:[b, \"c d\"]", "[a in b,c d]");
    check("a:(b,c) d", "(and [a in b,c] [word d])");
    check("a:(f(x,y) OR -5)", "[a in f(x,y),-5]");
    check("a:(b)", "[a is b]");
    check("a:(/b/ OR c OR d)", "(or [a in c,d] [a matches b])");
    check("-a:(/b/ OR /c/)", "(not (or [a matches b] [a matches c]))");
    check("a:(*)", "[a exists]");
    check("a:[1 TO 5]", "[a >=1 <=5]");
    check("a:{1 TO 5}", "[a >1 <5]");
    check("a:[now-1h TO *]", "[a >=now-1h open]");
    check("a:{* TO \"2026-11-06 10:00\"]", "[a open <=2026-11-06 10:00]");
    check("a:[1 TO 5] OR b", "(or [a >=1 <=5] [word b])");
}

#[test]
fn fields() {
    check("resource.k8s.pod.name:a", "[resource.k8s.pod.name is a]");
    check("\"odd key\":a", "[\"odd key\" is a]");
    check("\"odd key\" > 5", "[\"odd key\" > 5]");
    check("resource.\"odd key\":a", "[resource.\"odd key\" is a]");
    check("k8s.pod.labels.app.kubernetes.io/name:a", "[k8s.pod.labels.app.kubernetes.io/name is a]");
    check("订单号:5001", "[订单号 is 5001]");
    check("@timestamp>now-15m", "[@timestamp > now-15m]");
    check(
        "trace.root.service:web trace.duration>2s trace.spans>100",
        "(and [trace.root.service is web] [trace.duration > 2s] [trace.spans > 100])",
    );
    check("trace:rootServiceName:web trace:duration>2s", "(and [trace.root.service is web] [trace.duration > 2s])");
    check("trace:4bf92f3577b34da6a3ce929d0e0e4736", "[trace is 4bf92f3577b34da6a3ce929d0e0e4736]");
    check("span:name=\"GET /\" resource:service.name:web", "(and [span.name = GET /] [resource.service.name is web])");
    check("level=error msg=\"lock lost\"", "(and [level = error] [msg = lock lost])");
}

#[test]
fn everything() {
    for text in ["", " ", "\n\t", "*", " * "] {
        assert_eq!(parsed(text), Search::Everything, "{text:?}");
    }
}

#[test]
fn structures() {
    let check = |text: &str, first: &str, steps: &[(&str, &str)], traces: Option<&str>| {
        let Search::Structure(structure) = parsed(text) else { panic!("{text} is no structure") };
        assert_eq!(tree(&structure.first), first, "{text}");
        let found: Vec<_> = structure.steps.iter().map(|step| (step.relation.symbol(), tree(&step.spans))).collect();
        assert_eq!(found.iter().map(|(symbol, spans)| (*symbol, spans.as_str())).collect::<Vec<_>>(), steps, "{text}");
        assert_eq!(structure.traces.as_ref().map(tree).as_deref(), traces, "{text}");
    };
    let pay = "(and [service is pay] [status is error])";
    check("{service:web} >> {service:pay AND status:error}", "[service is web]", &[(">>", pay)], None);
    check("{a}>{b}>>{c OR d}", "[word a]", &[(">", "[word b]"), (">>", "(or [word c] [word d])")], None);
    check("{http.route:/users/{id}} > {b}", "[http.route is /users/{id}]", &[(">", "[word b]")], None);
    check("{a} >> {b} AND trace.duration>2s", "[word a]", &[(">>", "[word b]")], Some("[trace.duration > 2s]"));
    let both = Some("(and (not [trace.spans > 5]) (or [trace.errors > 1] [trace.duration > 2s]))");
    check("-trace.spans>5 {a} >> {b} (trace.errors>1 OR trace.duration>2s)", "[word a]", &[(">>", "[word b]")], both);
}

#[test]
fn every_part_knows_its_place() {
    let check = |text: &str, expected: &[&str]| {
        let Search::Records(expr) = parsed(text) else { panic!("{text}") };
        let mut found = Vec::new();
        expr.for_each_term(&mut |term| found.push(&text[term.place().range()]));
        assert_eq!(found, expected, "{text}");
    };
    check("-lock (\"a b\" OR 库存:不足) has:x", &["lock", "\"a b\"", "库存:不足", "has:x"]);
    check("a > 5 b:(c OR d) e:[1 TO 2]", &["a > 5", "b:(c OR d)", "e:[1 TO 2]"]);
}
