//! Attributes in columns and remainders.

use super::*;

/// The columns of a span with these attributes.
fn check(kind: i32, attributes: &[(&str, Value)], expected: &[(&str, Option<&str>)]) {
    let attributes = attributes.iter().map(|(key, value)| attribute(key, value.clone())).collect();
    let batch = batch(Signal::Traces, &traces(vec![Span { kind, attributes, ..valid_span() }]));
    check_row(&batch, 0, expected);
}

#[test]
fn values_of_every_type_stay_what_they_are() {
    let array = |values: Vec<Value>| Value::ArrayValue(ArrayValue { values: values.into_iter().map(any).collect() });
    let map = |values: Vec<KeyValue>| Value::KvlistValue(KeyValueList { values });
    let check = |value: Value, json: &str| check(0, &[("k", value)], &[(c::ATTRIBUTES, Some(&format!(r#"{{"k":{json}}}"#)))]);
    check(text("a\"b\\c\n\u{1}ü"), r#""a\"b\\c\n\u0001ü""#);
    check(text(""), r#""""#);
    check(Value::BoolValue(false), "false");
    check(Value::IntValue(i64::MIN), "-9223372036854775808");
    check(Value::DoubleValue(1.0), "1.0");
    check(Value::DoubleValue(-0.0), "-0.0");
    check(Value::DoubleValue(1e300), "1e300");
    check(Value::DoubleValue(5e-324), "5e-324");
    check(Value::DoubleValue(f64::NAN), r#"{"$double":"NaN"}"#);
    check(Value::DoubleValue(f64::INFINITY), r#"{"$double":"Infinity"}"#);
    check(Value::DoubleValue(f64::NEG_INFINITY), r#"{"$double":"-Infinity"}"#);
    check(Value::BytesValue(vec![0, 255]), r#"{"$bytes":"AP8="}"#);
    check(array(vec![]), "[]");
    check(array(vec![text("a"), Value::IntValue(1), array(vec![Value::BoolValue(true)])]), r#"["a",1,[true]]"#);
    check(map(vec![]), "{}");
    check(map(vec![attribute("a", Value::IntValue(1)), attribute("a", Value::IntValue(2))]), r#"{"a":1,"a":2}"#);
    check(map(vec![attribute("$double", text("NaN"))]), r#"{"$map":{"$double":"NaN"}}"#);
    check(array(vec![map(vec![attribute("x", map(vec![attribute("$", Value::IntValue(1))]))])]), r#"[{"x":{"$map":{"$":1}}}]"#);
}

#[test]
fn empty_values_and_odd_keys_are_kept() {
    let attributes = vec![
        KeyValue { key: "none".to_owned(), ..Default::default() },
        KeyValue { key: "empty".to_owned(), value: Some(AnyValue::default()), ..Default::default() },
        attribute("", Value::IntValue(1)),
        attribute("$double", text("top-level keys are no tags")),
        attribute("twice", Value::IntValue(1)),
        attribute("twice", text("1")),
    ];
    let batch = batch(Signal::Traces, &traces(vec![Span { attributes, ..valid_span() }]));
    let json = r#"{"none":{"$empty":true},"empty":{"$empty":true},"":1,"$double":"top-level keys are no tags","twice":1,"twice":"1"}"#;
    check_row(&batch, 0, &[(c::ATTRIBUTES, Some(json))]);
}

#[test]
fn promoted_keys_have_their_columns_by_type() {
    check(
        0,
        &[("http.request.method", text("GET")), ("http.response.status_code", Value::IntValue(200)), ("other", text("x"))],
        &[
            (c::HTTP_REQUEST_METHOD, Some("GET")),
            (c::HTTP_RESPONSE_STATUS_CODE, Some("200")),
            (c::ATTRIBUTES, Some(r#"{"other":"x"}"#)),
            (c::RENAMED_KEYS, None),
        ],
    );
    check(
        0,
        &[("http.status_code", text("200")), ("rpc.status_code", Value::IntValue(503))],
        &[
            (c::HTTP_RESPONSE_STATUS_CODE, None),
            (c::RPC_STATUS_CODE, None),
            (c::ATTRIBUTES, Some(r#"{"http.status_code":"200","rpc.status_code":503}"#)),
        ],
    );
    check(0, &[("http.route", text(""))], &[(c::HTTP_ROUTE, Some("")), (c::ATTRIBUTES, None)]);
}

#[test]
fn aliases_fill_the_column_and_are_remembered() {
    check(
        0,
        &[("http.method", text("GET")), ("http.status_code", Value::IntValue(404)), ("http.url", text("u"))],
        &[
            (c::HTTP_REQUEST_METHOD, Some("GET")),
            (c::HTTP_RESPONSE_STATUS_CODE, Some("404")),
            (c::URL_FULL, Some("u")),
            (c::RENAMED_KEYS, Some("7")),
            (c::ATTRIBUTES, None),
        ],
    );
    for attributes in [
        [("http.method", text("old")), ("http.request.method", text("new"))],
        [("http.request.method", text("new")), ("http.method", text("old"))],
    ] {
        check(
            0,
            &attributes,
            &[(c::HTTP_REQUEST_METHOD, Some("new")), (c::RENAMED_KEYS, None), (c::ATTRIBUTES, Some(r#"{"http.method":"old"}"#))],
        );
    }
}

#[test]
fn an_alias_that_means_another_side_stays_what_it_is() {
    let client = [("net.peer.name", text("callee")), ("net.host.name", text("me"))];
    check(
        3,
        &client,
        &[(c::SERVER_ADDRESS, Some("callee")), (c::RENAMED_KEYS, Some("8")), (c::ATTRIBUTES, Some(r#"{"net.host.name":"me"}"#))],
    );
    let server = [("net.peer.name", text("caller")), ("net.host.name", text("me"))];
    check(
        2,
        &server,
        &[(c::SERVER_ADDRESS, Some("me")), (c::RENAMED_KEYS, Some("16")), (c::ATTRIBUTES, Some(r#"{"net.peer.name":"caller"}"#))],
    );
}

#[test]
fn of_equal_keys_the_last_has_the_column_and_the_order_is_kept() {
    check(
        0,
        &[("error.type", text("1")), ("error.type", text("2")), ("error.type", text("3"))],
        &[(c::ERROR_TYPE, Some("3")), (c::ATTRIBUTES, Some(r#"{"error.type":"1","error.type":"2"}"#))],
    );
    check(
        0,
        &[("error.type", text("1")), ("error.type", Value::IntValue(2))],
        &[(c::ERROR_TYPE, None), (c::ATTRIBUTES, Some(r#"{"error.type":"1","error.type":2}"#))],
    );
    check(
        0,
        &[("error.type", Value::IntValue(1)), ("error.type", text("2"))],
        &[(c::ERROR_TYPE, Some("2")), (c::ATTRIBUTES, Some(r#"{"error.type":1}"#))],
    );
    check(
        0,
        &[("http.method", text("1")), ("http.request.method", text("2")), ("http.request.method", Value::IntValue(3))],
        &[
            (c::HTTP_REQUEST_METHOD, None),
            (c::ATTRIBUTES, Some(r#"{"http.method":"1","http.request.method":"2","http.request.method":3}"#)),
            (c::RENAMED_KEYS, None),
        ],
    );
}

#[test]
fn resource_and_scope_have_their_columns_in_every_row() {
    let group = |service: &str, scope: &str| ResourceSpans {
        resource: Some(Resource {
            attributes: vec![
                attribute("service.name", text(service)),
                attribute("deployment.environment", text("prod")),
                attribute("pid", Value::IntValue(1)),
            ],
            dropped_attributes_count: 2,
            entity_refs: vec![EntityRef {
                schema_url: "s".to_owned(),
                r#type: "host".to_owned(),
                id_keys: vec!["a".to_owned(), "b".to_owned()],
                description_keys: vec![],
            }],
        }),
        scope_spans: vec![ScopeSpans {
            scope: Some(InstrumentationScope {
                name: scope.to_owned(),
                version: "1".to_owned(),
                attributes: vec![attribute("x", text("y"))],
                dropped_attributes_count: 3,
            }),
            spans: vec![valid_span(), valid_span()],
            schema_url: "scope-url".to_owned(),
        }],
        schema_url: "resource-url".to_owned(),
    };
    let bare = ResourceSpans { scope_spans: vec![ScopeSpans { spans: vec![valid_span()], ..Default::default() }], ..Default::default() };
    let empty = ResourceSpans { resource: Some(Resource::default()), ..Default::default() };
    let body = ExportTraceServiceRequest { resource_spans: vec![group("a", "s1"), empty, bare, group("b", "s2")] }.encode_to_vec();
    let batch = batch(Signal::Traces, &body);
    assert_eq!(batch.num_rows(), 5);
    for (row, service, scope) in [(0, "a", "s1"), (1, "a", "s1"), (3, "b", "s2"), (4, "b", "s2")] {
        check_row(
            &batch,
            row,
            &[
                (c::SERVICE_NAME, Some(service)),
                (c::DEPLOYMENT_ENVIRONMENT, Some("prod")),
                (c::RESOURCE_ATTRIBUTES, Some(r#"{"pid":1}"#)),
                (c::RESOURCE_DROPPED_ATTRIBUTES_COUNT, Some("2")),
                (c::RESOURCE_SCHEMA_URL, Some("resource-url")),
                (c::RESOURCE_ENTITY_REFS, Some(r#"[{"schemaUrl":"s","type":"host","idKeys":["a","b"],"descriptionKeys":[]}]"#)),
                (c::RESOURCE_RENAMED_KEYS, Some("1")),
                (c::SCOPE_NAME, Some(scope)),
                (c::SCOPE_VERSION, Some("1")),
                (c::SCOPE_ATTRIBUTES, Some(r#"{"x":"y"}"#)),
                (c::SCOPE_DROPPED_ATTRIBUTES_COUNT, Some("3")),
                (c::SCOPE_SCHEMA_URL, Some("scope-url")),
            ],
        );
    }
    let nulls = [
        c::SERVICE_NAME,
        c::RESOURCE_ATTRIBUTES,
        c::RESOURCE_DROPPED_ATTRIBUTES_COUNT,
        c::RESOURCE_RENAMED_KEYS,
        c::SCOPE_NAME,
        c::SCOPE_SCHEMA_URL,
    ];
    check_row(&batch, 2, &nulls.map(|column| (column, None)));
}

#[test]
fn strings_that_are_not_utf8_are_repaired_and_counted() {
    let mut body = traces(vec![Span { name: "n@me".to_owned(), attributes: vec![attribute("k@y", text("v@lue"))], ..valid_span() }]);
    body.iter_mut().filter(|byte| **byte == b'@').for_each(|byte| *byte = 0xff);
    let decoded = decoded(Signal::Traces, &body);
    assert_eq!((decoded.accepted, decoded.repaired_strings), (1, 3));
    check_row(&decoded.batches[0].batch, 0, &[(c::NAME, Some("n\u{fffd}me")), (c::ATTRIBUTES, Some("{\"k\u{fffd}y\":\"v\u{fffd}lue\"}"))]);
}
