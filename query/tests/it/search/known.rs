//! Searches and the SQL that says the same: they find the same spans.

use super::span_ids;
use crate::loaded::Loaded;

/// A search, and the condition on spans that it is. Most find something, none but `*` finds all.
const SAME: &[(&str, &str)] = &[
    ("*", "true"),
    ("service:frontend", "service_name = 'frontend'"),
    ("service:(frontend OR cart)", "service_name IN ('frontend', 'cart')"),
    ("service:front*", "service_name LIKE 'front%'"),
    ("service:*a*", "service_name LIKE '%a%'"),
    ("service:c?rt", "service_name LIKE 'c_rt'"),
    ("service!=frontend", "service_name <> 'frontend'"),
    ("-service:frontend", "service_name IS DISTINCT FROM 'frontend'"),
    ("service=~\"^(cart|frontend)$\"", "service_name IN ('frontend', 'cart')"),
    ("service!~\"^[a-f]\"", "service_name !~ '^[a-f]'"),
    ("service>frontend", "service_name > 'frontend'"),
    ("resource.service.name:cart", "service_name = 'cart'"),
    ("service.name:cart", "service_name = 'cart'"),
    ("status:error", "status_code = 2"),
    ("status!=STATUS_CODE_ERROR", "status_code <> 2"),
    ("status>=1", "status_code >= 1"),
    ("status:e*", "status_code = 2"),
    ("-status:(error OR unset)", "status_code NOT IN (0, 2)"),
    ("kind:server", "kind = 2"),
    ("kind:(client OR producer)", "kind IN (3, 4)"),
    ("kind:SPAN_KIND_INTERNAL", "kind = 1"),
    ("kind:/^2$/", "kind = 2"),
    ("kind!~\"^(2|client)$\"", "kind NOT IN (2, 3)"),
    ("duration>10ms", "duration_ns > 10000000"),
    ("duration:[1ms TO 5ms]", "duration_ns BETWEEN 1000000 AND 5000000"),
    ("duration:{1ms TO 5ms}", "duration_ns > 1000000 AND duration_ns < 5000000"),
    ("duration>=0.5ms duration<2ms", "duration_ns >= 500000 AND duration_ns < 2000000"),
    ("duration_ns<100000", "duration_ns < 100000"),
    ("http.response.status_code:200", "attr_int(attributes, 'http.response.status_code') = 200"),
    ("http.status_code:200", "attr_int(attributes, 'http.status_code') = 200"),
    ("http.response.status_code>=200.5", "attr_double(attributes, 'http.status_code') >= 200.5"),
    ("http.response.status_code:2*", "attr(attributes, 'http.status_code') LIKE '2%'"),
    ("http.response.status_code:[200 TO 299]", "attr_int(attributes, 'http.status_code') BETWEEN 200 AND 299"),
    (
        "-http.response.status_code>=200",
        "attr_int(attributes, 'http.status_code') IS NULL OR attr_int(attributes, 'http.status_code') < 200",
    ),
    ("http.request.method:(GET OR POST)", "attr(attributes, 'http.method') IN ('GET', 'POST')"),
    ("has:http.request.method", "attr(attributes, 'http.method') IS NOT NULL"),
    ("-has:http.route", "attr(attributes, 'http.route') IS NULL"),
    ("rpc.system:grpc", "rpc_system = 'grpc'"),
    ("rpc.method:Get*", "rpc_method LIKE 'Get%'"),
    ("rpc.grpc.status_code:0", "attr_int(attributes, 'rpc.grpc.status_code') = 0"),
    ("has:events", "events IS NOT NULL"),
    ("-has:parent", "parent_span_id IS NULL"),
    (r"name:*\ * -kind:server", "name LIKE '% %' AND kind <> 2"),
    ("name:/^(GET|POST)/ OR name:/Cart$/i", "name ~ '^(GET|POST)' OR name ~* 'cart$'"),
    ("name:*%* OR name:*_*", "name LIKE '%\\%%' OR name LIKE '%\\_%'"),
    ("scope.name:*http*", "scope_name LIKE '%http%'"),
    ("start>2020-01-01 start<now+10000d", "start_time > TIMESTAMP '2020-01-01T00:00:00Z'"),
    ("event.name:message", "span_id IN (SELECT span_id FROM (SELECT span_id, unnest(events) AS e FROM spans) WHERE e['name'] = 'message')"),
    (
        "has:event.name -event.name:message",
        "events IS NOT NULL AND span_id NOT IN (SELECT span_id FROM (SELECT span_id, unnest(events) AS e FROM spans) WHERE e['name'] = 'message')",
    ),
    ("trace.spans>10", "trace_id IN (SELECT trace_id FROM spans GROUP BY 1 HAVING count(*) > 10)"),
    ("-trace.spans>10", "trace_id IN (SELECT trace_id FROM spans GROUP BY 1 HAVING count(*) <= 10)"),
    ("trace.errors>0 status:unset", "trace_id IN (SELECT trace_id FROM spans WHERE status_code = 2) AND status_code = 0"),
    (
        "service:cart OR trace.errors:1",
        "service_name = 'cart' OR trace_id IN (SELECT trace_id FROM spans GROUP BY 1 HAVING sum(CASE WHEN status_code = 2 THEN 1 ELSE 0 END) = 1)",
    ),
    ("trace.services>=5", "trace_id IN (SELECT trace_id FROM spans GROUP BY 1 HAVING count(DISTINCT service_name) >= 5)"),
    (
        "trace.root.service:load-generator",
        "trace_id IN (SELECT trace_id FROM spans WHERE parent_span_id IS NULL AND service_name = 'load-generator')",
    ),
    (
        "{service:frontend} > {kind:server}",
        "kind = 2 AND EXISTS (SELECT 1 FROM spans p WHERE p.trace_id = spans.trace_id AND p.span_id = spans.parent_span_id AND p.service_name = 'frontend')",
    ),
    (
        "{kind:server} > {has:name} > {kind:client}",
        "kind = 3 AND parent_span_id IN (SELECT c.span_id FROM spans c JOIN spans p ON p.trace_id = c.trace_id AND p.span_id = c.parent_span_id WHERE p.kind = 2)",
    ),
    ("{service:frontend} >> {service:cart}", DESCENDANTS),
    ("{service:frontend} >> {service:cart} AND trace.spans>20", DESCENDANTS_OF_LARGE),
    ("GetCart", "name ~* '(^|[^a-z0-9])getcart($|[^a-z0-9])'"),
];

const DESCENDANTS: &str = "service_name = 'cart' AND span_id IN (
    WITH RECURSIVE below AS (
        SELECT trace_id, span_id FROM spans WHERE parent_span_id IN (SELECT span_id FROM spans WHERE service_name = 'frontend')
        UNION ALL
        SELECT c.trace_id, c.span_id FROM spans c JOIN below b ON c.trace_id = b.trace_id AND c.parent_span_id = b.span_id
    ) SELECT span_id FROM below)";
const DESCENDANTS_OF_LARGE: &str =
    "service_name = 'cart' AND trace_id IN (SELECT trace_id FROM spans GROUP BY 1 HAVING count(*) > 20) AND span_id IN (
    WITH RECURSIVE below AS (
        SELECT trace_id, span_id FROM spans WHERE parent_span_id IN (SELECT span_id FROM spans WHERE service_name = 'frontend')
        UNION ALL
        SELECT c.trace_id, c.span_id FROM spans c JOIN below b ON c.trace_id = b.trace_id AND c.parent_span_id = b.span_id
    ) SELECT span_id FROM below)";

#[tokio::test]
async fn searches_find_what_sql_finds() {
    let loaded = Loaded::otel_demo();
    let (mut empty, mut different) = (Vec::new(), Vec::new());
    for (search, condition) in SAME {
        let found = span_ids(&loaded, search).await;
        let mut expected = loaded.rows(&format!("SELECT span_id FROM spans WHERE {condition}")).await;
        expected.sort();
        if found != expected {
            different.push(format!("{search}: {} found, {} expected", found.len(), expected.len()));
        }
        if found.is_empty() {
            empty.push(*search);
        }
    }
    assert!(different.is_empty(), "{different:#?}");
    assert!(empty.len() <= 6, "{empty:?}");
}

#[tokio::test]
async fn ids_are_found_whole_and_by_their_beginning() {
    let loaded = Loaded::otel_demo();
    let rows = loaded.sql("SELECT trace_id, count(*) FROM spans GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1").await;
    let id = rows["rows"][0][0].as_str().expect("an id");
    let spans = usize::try_from(rows["rows"][0][1].as_u64().expect("a number")).expect("few");
    let traceparent = format!("00-{id}-00f067aa0ba902b7-01");
    for search in [
        id.to_owned(),
        format!("trace_id:{}", id.to_uppercase()),
        format!("trace={traceparent}"),
        format!("trace.id:{id}"),
        format!("trace_id:{}*", &id[..12].to_uppercase()),
        format!("trace_id:/^{}/", &id[..12]),
        format!("\"{id}\" OR trace_id:{id}"),
    ] {
        assert_eq!(span_ids(&loaded, &search).await.len(), spans, "{search}");
    }
    assert_eq!(span_ids(&loaded, &format!("trace_id!={id}")).await.len(), testkit::captures::otel_demo().spans - spans);
}

#[tokio::test]
async fn order_limit_and_time() {
    let loaded = Loaded::otel_demo();
    let check = async |parameters: &[(&str, &str)], expected: &str| {
        let answer = super::ask(&loaded, "spans", parameters).await;
        let found: Vec<String> = answer["spans"].as_array().expect("rows").iter().map(|span| span["duration_ns"].to_string()).collect();
        assert_eq!(found, loaded.rows(&format!("SELECT duration_ns FROM spans {expected}")).await, "{parameters:?}");
        assert!(answer["meta"]["scanned_rows"].as_u64() > Some(0), "{}", answer["meta"]);
    };
    check(&[("limit", "7")], "ORDER BY start_time DESC, span_id LIMIT 7").await;
    check(&[("limit", "7"), ("sort", "oldest"), ("q", "service:cart")], "WHERE service_name = 'cart' ORDER BY start_time, span_id LIMIT 7")
        .await;
    check(&[("limit", "7"), ("sort", "slowest")], "ORDER BY duration_ns DESC, span_id LIMIT 7").await;
    let middle = loaded.sql("SELECT start_time FROM spans ORDER BY start_time LIMIT 1 OFFSET 400").await;
    let middle = middle["rows"][0][0].as_str().expect("a time");
    let before = format!("WHERE start_time < TIMESTAMP '{middle}' ORDER BY start_time DESC, span_id LIMIT 5");
    check(&[("end", middle), ("limit", "5")], &before).await;
    let after = format!("WHERE start_time >= TIMESTAMP '{middle}' ORDER BY start_time, span_id LIMIT 5");
    check(&[("start", middle), ("limit", "5"), ("sort", "oldest")], &after).await;
}
