//! `query.filter` of version 3 as one of our searches: the tree of `jaeger/expression/v1/expression.proto`, whose meaning is that of Jaeger's RFC 0005.
//!
//! | filter | search |
//! |---|---|
//! | `and`, `or`, `not` | `AND`, `OR`, `-` |
//! | `eq`, `gt`, `gte`, `lt`, `lte`, `regex`, `exists`, `in` | any value of the operand is so |
//! | `ne`, `not_in` | it has a value, and none is so |
//! | `some` | one condition on events, which is what it says without `some` as well |
//!
//! A key without a level is one of the span or its resource. What cannot be answered exactly is refused by name: links, references compared with
//! each other, several conditions on the same event. One thing is wider than there: whatever type a constant says it has, `500` finds the
//! number and the text.

use serde::Deserialize;

use super::{super::condition::quoted, reference::Reference};
use crate::search::parse;

/// An operator and what it is applied to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    op: String,
    args: Vec<Term>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Term {
    Attr(Attribute),
    Field(BuiltIn),
    Nested(Nested),
    Scalar(Scalar),
    List(List),
    Call(Call),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attribute {
    key: String,
    #[serde(default)]
    level: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BuiltIn {
    name: String,
    level: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nested {
    level: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scalar {
    value: String,
    #[serde(default, rename = "type")]
    kind: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    values: Vec<String>,
    #[serde(default, rename = "type")]
    kind: String,
}

/// The search that asks what the filter `json` does.
///
/// # Errors
/// What is wrong with it, or not answered here.
pub(super) fn search_of(json: &str) -> Result<String, String> {
    let filter: Call = serde_json::from_str(json).map_err(|error| format!("the filter is no call of an operator: {error}"))?;
    let search = condition(&filter)?;
    parse(&search).map_err(|error| format!("the filter cannot be asked: {error}"))?;
    Ok(search)
}

fn condition(call: &Call) -> Result<String, String> {
    match (call.op.as_str(), call.args.as_slice()) {
        ("and", terms) if terms.len() > 1 => joined(terms, " AND "),
        ("or", terms) if terms.len() > 1 => joined(terms, " OR "),
        ("and" | "or", _) => Err(format!("{} takes two conditions or more", call.op)),
        ("not", [Term::Call(inner)]) => Ok(format!("-({})", condition(inner)?)),
        ("not", _) => Err("not takes one condition".to_owned()),
        ("some", [Term::Nested(nested), Term::Call(inner)]) => some(nested, inner),
        ("some", _) => Err("some takes a collection and a condition".to_owned()),
        _ => comparison(call),
    }
}

fn joined(terms: &[Term], operator: &str) -> Result<String, String> {
    let conditions = terms.iter().map(|term| match term {
        Term::Call(call) => condition(call),
        _ => Err("and and or join conditions, not values".to_owned()),
    });
    Ok(format!("({})", conditions.collect::<Result<Vec<_>, _>>()?.join(operator)))
}

/// One condition holds for some event exactly when it holds for an event: only several would have to meet in the same one.
fn some(nested: &Nested, inner: &Call) -> Result<String, String> {
    let of_events = |term: &Term| match term {
        Term::Attr(Attribute { level, .. }) | Term::Field(BuiltIn { level, .. }) => level == "event",
        _ => true,
    };
    let is_one =
        matches!(inner.op.as_str(), "eq" | "gt" | "gte" | "lt" | "lte" | "regex" | "exists" | "in") && inner.args.iter().all(of_events);
    match nested.level.as_str() {
        "event" if is_one => comparison(inner),
        "event" => Err("some with more than one condition on an event is not answered here".to_owned()),
        level => Err(format!("{level}s of spans are not searched")),
    }
}

fn comparison(Call { op, args }: &Call) -> Result<String, String> {
    match args.as_slice() {
        [one] if op == "exists" => Ok(reference(one)?.exists()),
        _ if op == "exists" => Err("exists takes one reference".to_owned()),
        [left, Term::List(list)] => membership(op, &reference(left)?, list),
        _ if matches!(op.as_str(), "in" | "not_in") => Err(format!("{op} takes a reference and a list")),
        [left, Term::Scalar(constant)] => compared(op, &reference(left)?, constant),
        [Term::Scalar(constant), right] if op != "regex" => compared(mirrored(op), &reference(right)?, constant),
        [_, _] => Err(format!("{op} compares a reference with a constant here")),
        _ => Err(format!("{op} takes two operands")),
    }
}

fn membership(op: &str, reference: &Reference, List { values, kind }: &List) -> Result<String, String> {
    if values.is_empty() {
        return Err(format!("{op} needs a list that is not empty"));
    }
    let tests = values.iter().map(|value| reference.test("=", &reference.constant(value, kind)?));
    let any = format!("({})", tests.collect::<Result<Vec<_>, String>>()?.join(" OR "));
    match op {
        "in" => Ok(any),
        "not_in" => Ok(reference.and_not(&any)),
        _ => Err(format!("{op} takes no list")),
    }
}

fn compared(op: &str, reference: &Reference, Scalar { value, kind }: &Scalar) -> Result<String, String> {
    let sign = match op {
        "eq" => "=",
        "ne" => return Ok(reference.and_not(&reference.test("=", &reference.constant(value, kind)?)?)),
        "gt" => ">",
        "gte" => ">=",
        "lt" => "<",
        "lte" => "<=",
        "regex" => return reference.test("=~", &quoted(value)),
        other => return Err(format!("{other:?} is no operator")),
    };
    if sign != "=" && kind == "bool" {
        return Err("a truth value has no order".to_owned());
    }
    reference.test(sign, &reference.constant(value, kind)?)
}

/// The operator that asks the same with its operands changed about.
fn mirrored(op: &str) -> &str {
    match op {
        "gt" => "lt",
        "gte" => "lte",
        "lt" => "gt",
        "lte" => "gte",
        other => other,
    }
}

fn reference(term: &Term) -> Result<Reference, String> {
    match term {
        Term::Attr(Attribute { key, .. }) if key.is_empty() => Err("an attribute needs a key".to_owned()),
        Term::Attr(Attribute { key, level }) => Reference::attribute(level, key),
        Term::Field(BuiltIn { name, level }) => Reference::built_in(level, name),
        Term::Nested(Nested { level }) => Err(format!("the collection of {level}s stands only in some")),
        Term::Scalar(_) | Term::List(_) | Term::Call(_) => Err("an operand must be an attribute or a field".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: Result<&str, &str>) {
        match (search_of(json), expected) {
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{json}: {found}"),
            (found, expected) => assert_eq!(found.as_deref().map_err(String::as_str), expected, "{json}"),
        }
    }

    fn call(op: &str, args: &[&str]) -> String {
        format!(r#"{{"op":"{op}","args":[{}]}}"#, args.join(","))
    }

    fn inner(op: &str, args: &[&str]) -> String {
        format!(r#"{{"call":{}}}"#, call(op, args))
    }

    const CODE: &str = r#"{"attr":{"key":"http.status_code"}}"#;
    const OF_SPAN: &str = r#"{"attr":{"key":"k","level":"span"}}"#;
    const NAME: &str = r#"{"field":{"name":"name","level":"span"}}"#;
    const DURATION: &str = r#"{"field":{"name":"duration","level":"span"}}"#;
    const KIND: &str = r#"{"field":{"name":"kind","level":"span"}}"#;
    const EVENT: &str = r#"{"field":{"name":"name","level":"event"}}"#;
    const TEXT: &str = r#"{"scalar":{"value":"500"}}"#;

    fn scalar(value: &str, kind: &str) -> String {
        format!(r#"{{"scalar":{{"value":"{value}","type":"{kind}"}}}}"#)
    }

    #[test]
    fn comparisons() {
        check(&call("eq", &[CODE, TEXT]), Ok(r#"(span."http.status_code"="500" OR resource."http.status_code"="500")"#));
        check(&call("eq", &[OF_SPAN, TEXT]), Ok(r#"span."k"="500""#));
        check(&call("gt", &[TEXT, OF_SPAN]), Ok(r#"span."k"<"500""#));
        check(&call("lte", &[TEXT, OF_SPAN]), Ok(r#"span."k">="500""#));
        check(&call("ne", &[OF_SPAN, TEXT]), Ok(r#"(has:span."k" AND -span."k"="500")"#));
        check(
            &call("ne", &[CODE, TEXT]),
            Ok(
                r#"((has:span."http.status_code" OR has:resource."http.status_code") AND -(span."http.status_code"="500" OR resource."http.status_code"="500"))"#,
            ),
        );
        check(&call("exists", &[OF_SPAN]), Ok(r#"has:span."k""#));
        check(&call("regex", &[NAME, r#"{"scalar":{"value":"^GET \\d"}}"#]), Ok(r#"operation=~"^GET \\d""#));
        check(&call("gte", &[DURATION, &scalar("1.5s", "")]), Ok("duration>=1500000000ns"));
        check(&call("eq", &[KIND, &scalar("server", "string")]), Ok(r#"kind="server""#));
    }

    #[test]
    fn lists() {
        let list = r#"{"list":{"values":["a","b"],"type":"string"}}"#;
        check(&call("in", &[OF_SPAN, list]), Ok(r#"(span."k"="a" OR span."k"="b")"#));
        check(&call("not_in", &[OF_SPAN, list]), Ok(r#"(has:span."k" AND -(span."k"="a" OR span."k"="b"))"#));
        check(&call("in", &[DURATION, r#"{"list":{"values":["1ms","2ms"]}}"#]), Ok("(duration=1000000ns OR duration=2000000ns)"));
    }

    #[test]
    fn conditions_are_joined() {
        let (one, two) = (inner("eq", &[OF_SPAN, TEXT]), inner("exists", &[NAME]));
        check(&call("and", &[&one, &two]), Ok(r#"(span."k"="500" AND has:operation)"#));
        check(&call("or", &[&one, &inner("not", &[&two])]), Ok(r#"(span."k"="500" OR -(has:operation))"#));
        check(&call("some", &[r#"{"nested":{"level":"event"}}"#, &inner("eq", &[EVENT, TEXT])]), Ok(r#"event.name="500""#));
    }

    #[test]
    fn what_is_wrong_or_not_answered_is_named() {
        check("{}", Err("the filter is no call of an operator: missing field `op`"));
        check(r#"{"call":{"op":"eq","args":[]}}"#, Err("unknown field `call`"));
        check(&call("matches", &[OF_SPAN, TEXT]), Err("\"matches\" is no operator"));
        check(&call("and", &[]), Err("and takes two conditions or more"));
        check(&call("and", &[OF_SPAN, OF_SPAN]), Err("and and or join conditions"));
        check(&call("not", &[OF_SPAN]), Err("not takes one condition"));
        check(&call("eq", &[OF_SPAN]), Err("eq takes two operands"));
        check(&call("eq", &[OF_SPAN, CODE]), Err("eq compares a reference with a constant here"));
        check(&call("eq", &[TEXT, TEXT]), Err("an operand must be an attribute or a field"));
        check(&call("in", &[OF_SPAN, TEXT]), Err("in takes a reference and a list"));
        check(&call("in", &[OF_SPAN, r#"{"list":{"values":[]}}"#]), Err("a list that is not empty"));
        check(&call("gt", &[OF_SPAN, &scalar("true", "bool")]), Err("a truth value has no order"));
        check(&call("gt", &[KIND, &scalar("server", "")]), Err("kind has no order"));
        check(&call("eq", &[KIND, &scalar("SERVER", "")]), Err("kind is one of unspecified, internal, server, client, producer, consumer"));
        check(&call("regex", &[DURATION, TEXT]), Err("duration is no text"));
        check(&call("gt", &[DURATION, &scalar("5", "int")]), Err("\"5\" is not a duration"));
        check(&call("eq", &[OF_SPAN, &scalar("x", "int")]), Err("\"x\" is not of type int"));
        check(&call("eq", &[OF_SPAN, &scalar("x", "float")]), Err("\"float\" is no type"));
        check(&call("regex", &[NAME, &scalar("(", "")]), Err("the filter cannot be asked"));
        check(&call("exists", &[r#"{"attr":{"key":"k","level":"link"}}"#]), Err("links of spans are not searched"));
        check(&call("exists", &[r#"{"attr":{"key":"k","level":"trace"}}"#]), Err("\"trace\" is no level"));
        check(&call("exists", &[r#"{"field":{"name":"endTime","level":"span"}}"#]), Err("endTime of a span cannot be searched"));
        check(&call("exists", &[r#"{"field":{"name":"x","level":"span"}}"#]), Err("a span has no field \"x\""));
        let both = inner("and", &[&inner("eq", &[EVENT, TEXT]), &inner("exists", &[EVENT])]);
        check(&call("some", &[r#"{"nested":{"level":"event"}}"#, &both]), Err("more than one condition on an event"));
        check(&call("some", &[r#"{"nested":{"level":"link"}}"#, &both]), Err("links of spans are not searched"));
        let mut deep = call("exists", &[OF_SPAN]);
        for _ in 0..200 {
            deep = format!(r#"{{"op":"not","args":[{{"call":{deep}}}]}}"#);
        }
        check(&deep, Err("recursion limit exceeded"));
    }
}
