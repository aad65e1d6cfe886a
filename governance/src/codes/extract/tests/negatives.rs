//! What is no error.

use super::*;

#[test]
fn what_is_no_error() {
    for body in [
        r#"{"code":0,"message":"ok"}"#,
        r#"{"code":200,"message":"ok"}"#,
        r#"{"code":"00000"}"#,
        r#"{"code":"OK"}"#,
        r#"{"status":"ok"}"#,
        r#"{"status":"PENDING"}"#,
        r#"{"status":204}"#,
        r#"{"coupon":{"code":"SUMMER24"}}"#,
        r#"{"level":"info","code":"SUMMER24"}"#,
        r#"{"code":null}"#,
        r#"{"code":[5001003]}"#,
        r#"{"code":"#,
        r#"{}"#,
        "",
        "{",
    ] {
        check_none(body, log(0, body));
        check_none(body, log(9, body));
    }
    check_none("a span", span("app", 2, "GET /x").with(attr("http.response.status_code", 200)).with(attr("order.id", 5_001_003)));
    check_none("an event that is no exception", span("app", 2, "x").event("cache miss", vec![attr("key", "error code 5001003")]));
    check_none("an informative line", log(9, "error rate is 0"));
}

#[test]
fn a_code_in_no_row_costs_no_row() {
    let extractor = Extractor::default();
    let (table, batch) = span("app", 2, "GET /x").with(attr("http.response.status_code", 200)).decoded();
    assert_eq!(extractor.precheck().rows(table, &batch).count_set_bits(), 0);
    let (table, batch) = log(9, "hello").with(attr("user", "x")).decoded();
    assert_eq!(extractor.precheck().rows(table, &batch).count_set_bits(), 0);
}

#[test]
fn keys_are_configuration() {
    let config = ExtractConfig { code_keys: vec!["my.code".into()], success_codes: vec!["10000".into()], ..ExtractConfig::default() };
    let extractor = Extractor::new(config).expect("valid");
    let found = |otlp: Otlp| {
        let (table, batch) = otlp.decoded();
        extractor.errors(table, &batch).into_iter().next().map(|(_, error)| error.code)
    };
    assert_eq!(found(span("app", 2, "x").with(attr("my.code", 7))).as_deref(), Some("7"));
    assert_eq!(found(span("app", 2, "x").with(attr("my.code", 10_000))), None);
    assert_eq!(found(span("app", 2, "x").with(attr("error.code", 7))), None);

    let bad = ExtractConfig { json_code: vec!["code".into()], ..ExtractConfig::default() };
    assert_eq!(Extractor::new(bad).expect_err("no pointer").to_string(), "json_code: \"code\" is no JSON pointer such as /error/code");
    let bad = ExtractConfig { code_keys: vec![String::new()], ..ExtractConfig::default() };
    assert_eq!(Extractor::new(bad).expect_err("empty").to_string(), "code_keys: a key is empty");
}
