//! Error codes over HTTP, from OTLP as libraries send it: half of it in blocks.

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use schemas::Signal;
use serde_json::{Value, json};

use crate::loaded::Loaded;

/// 2026-09-21T14:13:20Z.
const START_NS: i64 = 1_790_000_000_000_000_000;
const HOUR: f64 = 3600.0;
pub(crate) const WINDOW: &str = "start=2026-09-21T14:10:00Z&end=2026-09-21T14:20:00Z";

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

fn int(key: &str, value: i64) -> Value {
    json!({"key": key, "value": {"intValue": value.to_string()}})
}

/// A span of a trace: its service and name, its number and that of its parent, its kind, and why it failed.
struct Made {
    service: &'static str,
    name: &'static str,
    id: u8,
    parent: u8,
    kind: u8,
    failed: Option<&'static str>,
    attributes: Vec<Value>,
}

fn trace(number: u16, seconds: f64, spans: Vec<Made>) -> Value {
    let trace = format!("{number:032x}");
    let id = |id: u8| if id == 0 { String::new() } else { format!("{id:02x}").repeat(8) };
    let span = |made: Made| {
        // Callers take longer than whom they call.
        let start = START_NS + (seconds * 1e9) as i64 + i64::from(made.id) * 1_000_000;
        let end = start + 100_000_000 - 2_000_000 * i64::from(made.id);
        let status = made.failed.map_or(json!({}), |message| json!({"code": 2, "message": message}));
        json!({
            "resource": {"attributes": [text("service.name", made.service), text("deployment.environment.name", "prod")]},
            "scopeSpans": [{"scope": {"name": "shop"}, "spans": [{
                "traceId": trace, "spanId": id(made.id), "parentSpanId": id(made.parent), "name": made.name, "kind": made.kind,
                "startTimeUnixNano": start.to_string(), "endTimeUnixNano": end.to_string(), "status": status, "attributes": made.attributes,
            }]}],
        })
    };
    json!({"resourceSpans": spans.into_iter().map(span).collect::<Vec<_>>()})
}

/// `5001003` of `stock` becomes `4002001` of `order`, which becomes HTTP 500 of `gateway`.
fn sold_out(number: u16, seconds: f64) -> Value {
    let made =
        |service, name, id, kind, failed, attributes| Made { service, name, id, parent: id - 1, kind, failed: Some(failed), attributes };
    let spans = vec![
        made("gateway", "GET /order", 1, 2, "", vec![int("http.response.status_code", 500)]),
        made("order", "CreateOrder", 2, 2, "order could not be created", vec![text("biz.code", "4002001")]),
        made("order", "stock.Deduct", 3, 3, "insufficient stock", vec![int("rpc.grpc.status_code", 2)]),
        made("stock", "Deduct", 4, 2, "insufficient stock", vec![int("error.code", 5_001_003), text("warehouse", "berlin")]),
    ];
    trace(number, seconds, spans)
}

/// `order` has a fallback: what `stock` says goes no further.
fn absorbed(number: u16, seconds: f64) -> Value {
    let fine = |service, name, id| Made { service, name, id, parent: id - 1, kind: 2, failed: None, attributes: vec![] };
    let failed = Some("insufficient stock");
    let stock = Made { failed, attributes: vec![int("error.code", 5_001_003)], ..fine("stock", "Deduct", 3) };
    trace(number, seconds, vec![fine("gateway", "GET /order", 1), fine("order", "CreateOrder", 2), stock])
}

/// Calls that end well.
fn sold(number: u16, seconds: f64) -> Value {
    let stock =
        Made { service: "stock", name: "Deduct", id: 1, parent: 0, kind: 2, failed: None, attributes: vec![text("warehouse", "paris")] };
    trace(number, seconds, vec![stock])
}

fn logs(service: &str, seconds: f64, body: &str) -> Value {
    let time = (START_NS + (seconds * 1e9) as i64).to_string();
    json!({"resourceLogs": [{
        "resource": {"attributes": [text("service.name", service)]},
        "scopeLogs": [{"logRecords": [{"timeUnixNano": time, "severityNumber": 17, "severityText": "ERROR", "body": {"stringValue": body}}]}],
    }]})
}

/// Four sold-out orders, one that a fallback saved, three that were sold; two lines with a code of `cart` that nobody knows.
pub(crate) fn fill(loaded: &Loaded) {
    (0..2).for_each(|number| loaded.receive(Signal::Traces, &sold_out(1 + number, f64::from(number))));
    loaded.receive(Signal::Logs, &logs("cart", 1.0, "错误码：9920001 购物车已满"));
    loaded.store.flush().expect("a working disk");
    (2..4).for_each(|number| loaded.receive(Signal::Traces, &sold_out(1 + number, f64::from(number))));
    loaded.receive(Signal::Traces, &absorbed(5, 10.0));
    (0..3).for_each(|number| loaded.receive(Signal::Traces, &sold(10 + number, f64::from(number))));
    loaded.receive(Signal::Logs, &logs("cart", 2.0, "错误码：9920002 优惠券过期"));
}

fn filled() -> Loaded {
    let loaded = Loaded::empty();
    fill(&loaded);
    loaded
}

struct Answer {
    status: StatusCode,
    headers: http::HeaderMap,
    body: Value,
}

impl Answer {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

async fn send(loaded: &Loaded, method: Method, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
    let mut request =
        Request::builder().method(method).uri(path).header("host", "127.0.0.1:4319").header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let (head, body) = loaded.begin(request.body(body).expect("a request")).await.into_parts();
    let bytes = body.collect().await.expect("a body").to_bytes();
    let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
    Answer { status: head.status, headers: head.headers, body }
}

async fn ask_in(loaded: &Loaded, path: &str, language: &str) -> Value {
    let answer = send(loaded, Method::GET, path, &[("accept-language", language)], None).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    answer.body
}

async fn ask(loaded: &Loaded, path: &str) -> Value {
    ask_in(loaded, path, "en").await
}

/// The problem a path is answered with: status and code.
async fn refused(loaded: &Loaded, path: &str) -> (u16, String) {
    let answer = send(loaded, Method::GET, path, &[], None).await;
    (answer.status.as_u16(), answer.body["code"].as_str().expect("a problem").to_owned())
}

async fn change(loaded: &Loaded, method: Method, path: &str, body: &Value) -> Answer {
    send(loaded, method, path, &[], Some(body)).await
}

async fn import(loaded: &Loaded, body: Value) -> Value {
    let answer = change(loaded, Method::POST, "/api/v1/error-catalog:import", &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.body
}

fn codes(answer: &Value) -> Vec<(&str, f64)> {
    let rows = answer["codes"].as_array().expect("codes");
    rows.iter().map(|row| (row["code"].as_str().expect("a text"), row["count"].as_f64().expect("a number"))).collect()
}

#[tokio::test]
async fn once_where_born_or_at_every_hop() {
    let loaded = filled();
    let list = ask(&loaded, &format!("/api/v1/errors/codes?{WINDOW}")).await;
    assert_eq!(codes(&list), [("5001003", 5.0), ("9920001", 1.0), ("9920002", 1.0)]);
    assert_eq!((&list["count"], &list["codes_total"]), (&json!(7.0), &json!(3)));
    let row = &list["codes"][0];
    assert_eq!(row["born"], json!([{"service": "stock", "count": 5.0}]));
    assert_eq!(row["reaches"], json!(["gateway", "order", "stock"]));
    assert_eq!((&row["message"], &row["records"], &row["traces"]), (&json!("insufficient stock"), &json!(5), &json!(5)));
    assert_eq!((&row["first_seen"], &row["status"]), (&json!("2026-09-21T14:13:20.096000000Z"), &json!("unknown")), "nothing was before");
    assert_eq!(row["exemplars"]["newest"], format!("{:032x}", 5));
    let trend: Vec<f64> = row["trend"].as_array().expect("a trend").iter().filter_map(Value::as_f64).collect();
    // Stretches of ten seconds, from 14:10:00 on.
    assert_eq!((trend.len(), trend[20], trend[21], trend.iter().sum::<f64>()), (60, 4.0, 1.0, 5.0));
    assert!((row["share"].as_f64().unwrap() - 5.0 / 7.0).abs() < 1e-9 && (row["rate_per_s"].as_f64().unwrap() - 5.0 / 600.0).abs() < 1e-9);

    let hops = ask(&loaded, &format!("/api/v1/errors/codes?{WINDOW}&count=every_hop")).await;
    assert_eq!(
        codes(&hops),
        [("5001003", 5.0), ("4002001", 4.0), ("grpc:UNKNOWN", 4.0), ("http:500", 4.0), ("9920001", 1.0), ("9920002", 1.0)]
    );
    for (filter, expected) in [
        ("q=5001*", &["5001003"][..]),
        ("q=%E8%B4%AD%E7%89%A9%E8%BD%A6", &["9920001"]),
        ("q=INSUFFICIENT", &["5001003"]),
        ("service=order", &[]),
        ("service=order&count=hops", &["4002001", "grpc:UNKNOWN"]),
        ("environment=prod", &["5001003"]),
        ("environment=test", &[]),
        ("limit=1", &["5001003"]),
    ] {
        let answer = ask(&loaded, &format!("/api/v1/errors/codes?{WINDOW}&{filter}")).await;
        assert_eq!(codes(&answer).iter().map(|(code, _)| *code).collect::<Vec<_>>(), expected, "{filter}");
    }
    let one = ask(&loaded, &format!("/api/v1/errors/codes/5001003?{WINDOW}")).await;
    let mut listed = row.clone();
    listed["meta"] = one["meta"].clone();
    listed["completeness"] = one["completeness"].clone();
    assert_eq!(one, listed);
}

#[tokio::test]
async fn what_becomes_of_a_code_and_what_sets_it_apart() {
    let loaded = filled();
    let told = ask(&loaded, &format!("/api/v1/errors/codes/5001003/propagation?{WINDOW}")).await;
    let chains: Vec<(String, f64)> = told["chains"]
        .as_array()
        .expect("chains")
        .iter()
        .map(|chain| {
            let steps = chain["steps"].as_array().expect("steps").iter();
            let steps: Vec<String> =
                steps.map(|step| format!("{} {}", step["service"].as_str().unwrap(), step["code"].as_str().unwrap())).collect();
            (steps.join(" > "), chain["count"].as_f64().unwrap())
        })
        .collect();
    let whole = "stock 5001003 > order 4002001 > gateway http:500".to_owned();
    assert_eq!(chains, [(whole, 4.0), ("stock 5001003".to_owned(), 1.0)]);
    assert_eq!(told["chains"][0]["services"], json!(["stock", "order", "gateway"]));
    assert_eq!((&told["roles"], &told["swallowed_by"]), (&json!({"origin": 5.0}), &json!([{"service": "order", "count": 1.0}])));
    assert_eq!((&told["traces"], &told["traces_looked_at"]), (&json!(5), &json!(5)));
    let translated = ask(&loaded, &format!("/api/v1/errors/codes/4002001/propagation?{WINDOW}")).await;
    assert_eq!((&translated["roles"], &translated["chains_total"]), (&json!({"translated": 4.0}), &json!(1)));

    // More of both, so that there is something to tell apart.
    (0..40).for_each(|number| loaded.receive(Signal::Traces, &sold(100 + number, 20.0)));
    (0..40).for_each(|number| loaded.receive(Signal::Traces, &sold_out(200 + number, 20.0)));
    let deltas = ask(&loaded, &format!("/api/v1/errors/codes/5001003/deltas?{WINDOW}&limit=50")).await;
    assert_eq!((&deltas["selection"]["records"], &deltas["baseline"]["records"]), (&json!(45), &json!(43)), "other spans of stock");
    let warehouse = deltas["attributes"].as_array().and_then(|all| all.iter().find(|one| one["attribute"] == "warehouse"));
    assert!(warehouse.is_some_and(|one| one["values"].to_string().contains("berlin")), "{deltas}");
}

/// `gateway` says another code than `stock` did, and the span of `order` between them did not fail.
#[tokio::test]
async fn a_code_that_was_translated_over_a_span_that_did_not_fail_counts_once() {
    let loaded = Loaded::empty();
    let translated = |number: u16, seconds: f64| {
        let made = |service, name, id, failed, attributes| Made { service, name, id, parent: id - 1, kind: 2, failed, attributes };
        let spans = vec![
            made("gateway", "GET /order", 1, Some("try again later"), vec![text("biz.code", "4002001")]),
            made("order", "CreateOrder", 2, None, vec![]),
            made("stock", "Deduct", 3, Some("insufficient stock"), vec![text("biz.code", "5001003")]),
        ];
        trace(number, seconds, spans)
    };
    loaded.receive(Signal::Traces, &translated(1, 1.0));
    loaded.store.flush().expect("a working disk");
    loaded.receive(Signal::Traces, &translated(2, 2.0));
    for window in [WINDOW, "start=2026-09-21T13:10:00Z&end=2026-09-21T14:20:00Z"] {
        let born = ask(&loaded, &format!("/api/v1/errors/codes?{window}")).await;
        assert_eq!(codes(&born), [("5001003", 2.0)], "{window}");
        let hops = ask(&loaded, &format!("/api/v1/errors/codes?{window}&count=every_hop")).await;
        assert_eq!(codes(&hops), [("4002001", 2.0), ("5001003", 2.0)], "{window}");
    }
    let propagation = ask(&loaded, &format!("/api/v1/errors/codes/5001003/propagation?{WINDOW}")).await;
    assert_eq!(propagation["roles"], json!({"origin": 2.0}), "the same as of the spans of each trace");
}

/// A gateway answers a code of `stock` that `stock` never said in that trace.
#[tokio::test]
async fn a_code_of_another_service_that_did_not_fail_is_fabricated() {
    let loaded = filled();
    let roles = async || ask(&loaded, &format!("/api/v1/errors/codes/5001003/propagation?{WINDOW}")).await["roles"].clone();
    let made_up = |number: u16| {
        let attributes = vec![int("error.code", 5_001_003)];
        let gateway = Made { service: "gateway", name: "GET /order", id: 1, parent: 0, kind: 2, failed: Some("sold out"), attributes };
        let stock = Made { service: "stock", name: "Deduct", id: 2, parent: 1, kind: 2, failed: None, attributes: vec![] };
        trace(number, 20.0, vec![gateway, stock])
    };
    loaded.receive(Signal::Traces, &made_up(30));
    assert_eq!(roles().await, json!({"origin": 6.0}), "nobody says whose code it is");
    import(&loaded, json!({"format": "toml", "text": "[[code]]\ncode = \"5001003\"\nservice = \"stock\"\n"})).await;
    assert_eq!(roles().await, json!({"origin": 5.0, "fabricated": 1.0}));
    // Of `stock` itself it is none, and a service that passes it on does not make it up.
    loaded.receive(Signal::Traces, &sold_out(31, 21.0));
    assert_eq!(roles().await, json!({"origin": 6.0, "fabricated": 1.0}));
}

#[tokio::test]
async fn a_code_is_ambiguous_until_somebody_says_how_it_splits() {
    let loaded = filled();
    let reading = async |path: &str| {
        let list = ask(&loaded, path).await;
        list["codes"][0]["layout"].clone()
    };
    let list = format!("/api/v1/errors/codes?{WINDOW}&q=5001003");
    let ambiguous = json!({"reading": "ambiguous", "layouts": ["1-3-3", "2-2-3", "http-1-3"], "parts": {}, "names": {}});
    assert_eq!(reading(&list).await, ambiguous);
    let tree = ask(&loaded, &format!("/api/v1/errors/tree?{WINDOW}")).await;
    assert_eq!(tree["children"][0], json!({"name": "stock", "count": 5.0, "children": [{"name": "5001003", "count": 5.0}]}));

    // The catalogue knows its parts in one layout.
    let parts = "[[part]]\nlayout = '2-2-3'\nservice = '50'\nname = { en = 'stock', zh = '库存' }\n";
    let imported = import(&loaded, json!({"format": "toml", "text": parts})).await;
    assert_eq!(imported["parts_added"], 1);
    let decided = json!({
        "reading": "parts", "layouts": ["2-2-3"], "parts": {"service": "50", "module": "01", "code": "003"}, "names": {"service": "stock"},
    });
    assert_eq!(reading(&list).await, decided);
    let tree = ask_in(&loaded, &format!("/api/v1/errors/tree?{WINDOW}"), "zh-CN").await;
    let leaf = json!({"name": "5001003", "count": 5.0});
    let module = json!({"name": "01", "count": 5.0, "children": [leaf]});
    assert_eq!(tree["children"][0], json!({"name": "50", "title": "库存", "count": 5.0, "children": [module]}));
    let by_class = ask(&loaded, &format!("/api/v1/errors/tree?{WINDOW}&by=class&count=every_hop")).await;
    let classes: Vec<&str> = by_class["children"].as_array().unwrap().iter().map(|node| node["name"].as_str().unwrap()).collect();
    assert_eq!(classes, ["unknown", "system"], "500 is the service's own fault");

    // A layout that is bound to the service beats it.
    let bound =
        json!({"layouts": [{"id": "stock-codes", "pattern": r"^(?P<service>\d)(?P<module>\d{3})(?P<code>\d{3})$", "services": ["st*"]}]});
    let changed = change(&loaded, Method::PUT, "/api/v1/settings/code-layouts", &bound).await;
    assert_eq!((changed.status, &changed.body["changeable"]), (StatusCode::OK, &json!(["stock-codes"])), "{}", changed.body);
    assert_eq!(changed.body["layouts"][0]["id"], "stock-codes");
    assert_eq!(reading(&list).await["parts"], json!({"service": "5", "module": "001", "code": "003"}));
    let test = async |body: Value| {
        let answer = change(&loaded, Method::POST, "/api/v1/settings/code-layouts:test", &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        (answer.body["reading"].clone(), answer.body["layouts"].clone())
    };
    assert_eq!(test(json!({"code": "5001003", "service": "stock"})).await, (json!("parts"), json!(["stock-codes"])));
    assert_eq!(test(json!({"code": "7001003", "service": "cart"})).await, (json!("ambiguous"), json!(["1-3-3", "2-2-3"])));
    assert_eq!(test(json!({"code": "B0001", "layouts": []})).await, (json!("whole"), json!([])));

    for (body, status, code, said) in [
        (json!({"layouts": [{"id": "x", "pattern": "("}]}), 400, "invalid_layout", "`pattern` is no regular expression"),
        (json!({"layouts": [{"id": "x", "pattern": "a"}]}), 400, "invalid_layout", "names no part"),
        (json!({"layouts": [{"id": "x", "patern": "a"}]}), 400, "invalid_body", "unknown field `patern`"),
        (json!({}), 400, "invalid_body", "layouts"),
    ] {
        let answer = change(&loaded, Method::PUT, "/api/v1/settings/code-layouts", &body).await;
        let said_too = answer.body["detail"].as_str().is_some_and(|detail| detail.contains(said));
        assert!(answer.status.as_u16() == status && answer.body["code"] == code && said_too, "{body}: {}", answer.body);
    }
    let shown = ask(&loaded, "/api/v1/settings/code-layouts").await;
    assert_eq!(shown["changeable"], json!(["stock-codes"]), "nothing was changed by what was wrong");
}

const CSV: &str = "code,service,title,title_zh,solution,solution_zh,class,owner\n\
    5001003,stock,Insufficient stock,库存不足,Replenish,补货,business,team-stock\n\
    9920001,,Cart is full,,,,client,\n";

#[tokio::test]
async fn the_catalogue_speaks_the_language_of_the_reader() {
    let loaded = filled();
    assert_eq!(refused(&loaded, "/api/v1/error-catalog/5001003").await, (404, "code_not_found".to_owned()));
    let dry = import(&loaded, json!({"format": "csv", "text": CSV, "dry_run": true})).await;
    assert_eq!((&dry["added"], &dry["codes_total"]), (&json!(2), &json!(2)));
    assert_eq!(ask(&loaded, "/api/v1/error-catalog").await["codes_total"], 0, "it was only tried");
    let imported = import(&loaded, json!({"format": "csv", "text": CSV})).await;
    assert_eq!((&imported["added"], &imported["conflicts"]), (&json!(2), &json!([])));

    let row = |list: Value| list["codes"][0].clone();
    let list = format!("/api/v1/errors/codes?{WINDOW}");
    let (english, chinese) = (row(ask(&loaded, &list).await), row(ask_in(&loaded, &list, "zh-CN,zh;q=0.9,en;q=0.8").await));
    assert_eq!((&english["title"], &chinese["title"]), (&json!("Insufficient stock"), &json!("库存不足")));
    assert_eq!((&english["solution"], &chinese["solution"]), (&json!("Replenish"), &json!("补货")));
    let facts = (&english["catalogued"], &english["class"], &english["owner"]);
    assert_eq!(facts, (&json!(true), &json!("business"), &json!("team-stock")));
    assert_eq!(
        codes(&ask(&loaded, &format!("{list}&q=%E5%BA%93%E5%AD%98")).await),
        [("5001003", 5.0)],
        "titles are looked through in every language"
    );

    let path = "/api/v1/error-catalog/5001003";
    let first = send(&loaded, Method::GET, path, &[("accept-language", "zh")], None).await;
    assert_eq!(
        (&first.body["title"], &first.body["solution"], &first.body["language"]),
        (&json!("库存不足"), &json!("补货"), &json!("zh"))
    );
    assert_eq!(first.header(header::CONTENT_LANGUAGE), "zh");
    assert!(first.header(header::VARY).contains("accept-language") && first.header(header::CACHE_CONTROL).contains("max-age"));
    let tag = first.header(header::ETAG).to_owned();
    let again = |language: &'static str, tag: String| {
        let loaded = &loaded;
        async move { send(loaded, Method::GET, path, &[("accept-language", language), ("if-none-match", tag.as_str())], None).await }
    };
    let same = again("zh", tag.clone()).await;
    assert_eq!((same.status, &same.body, same.header(header::ETAG)), (StatusCode::NOT_MODIFIED, &Value::Null, tag.as_str()));
    assert_eq!(again("en", tag.clone()).await.status, StatusCode::OK, "another language is another answer");
    let half = ask_in(&loaded, "/api/v1/error-catalog/9920001", "zh").await;
    assert_eq!((&half["title"], &half["language"]), (&json!("Cart is full"), &json!("en")), "the other language is better than none");

    // What is there stays, unless it is to give way.
    let other = json!({"format": "csv", "text": "code,service,title\n5001003,stock,Sold out\n"});
    let kept = import(&loaded, other.clone()).await;
    let conflict = json!({"line": 2, "code": "5001003", "field": "title.en", "kept": "Insufficient stock", "refused": "Sold out"});
    assert_eq!((&kept["conflicts"], &kept["added"]), (&json!([conflict]), &json!(0)));
    let mut replacing = other;
    replacing["replace"] = json!(true);
    assert_eq!(import(&loaded, replacing).await["replaced"], 1);
    assert_eq!(again("zh", tag).await.status, StatusCode::OK, "it changed");
    let loaded = loaded.restarted();
    assert_eq!(ask(&loaded, path).await["title"], "Sold out", "an import survives a restart");
    let list = ask(&loaded, "/api/v1/error-catalog?q=cart").await;
    assert_eq!((&list["codes"][0]["title"], &list["codes_total"]), (&json!({"en": "Cart is full"}), &json!(1)));
}

#[tokio::test]
async fn every_source_is_read_and_mistakes_are_named() {
    let loaded = Loaded::empty();
    let proto = "enum ErrorReason {\n  option (errors.default_code) = 500;\n  // 库存不足\n  OUT_OF_STOCK = 0 [(errors.code) = 409];\n}\n";
    let java = "enum Codes { FULL(9920001, \"购物车已满\"); }";
    assert_eq!(import(&loaded, json!({"format": "proto", "text": proto, "service": "stock"})).await["added"], 1);
    assert_eq!(import(&loaded, json!({"format": "java", "text": java})).await["added"], 1);
    let list = ask(&loaded, "/api/v1/error-catalog?service=stock").await;
    let entry = &list["codes"][0];
    assert_eq!((&entry["code"], &entry["http_status"], &entry["title"]["zh"]), (&json!("OUT_OF_STOCK"), &json!(409), &json!("库存不足")));
    for (body, code, line, said) in [
        (json!({"format": "csv", "text": "code,title\n5001003,a,b\n"}), "invalid_import", Some(2), "3 fields where the header has 2"),
        (json!({"format": "csv", "text": "code,class\n5001003,mine\n"}), "invalid_import", Some(2), "class \"mine\""),
        (json!({"format": "toml", "text": "[[code]]\ncode = 'a'\nkolor = 1\n"}), "invalid_import", Some(3), "unknown field `kolor`"),
        (json!({"format": "proto", "text": "enum A { B = 0; }"}), "invalid_import", Some(1), "no enum"),
        (json!({"format": "java", "text": "enum A {"}), "invalid_import", Some(1), "not closed"),
        (json!({"format": "xml", "text": ""}), "invalid_parameter", None, "xml"),
        (json!({"format": "csv", "txt": ""}), "invalid_body", None, "unknown field `txt`"),
    ] {
        let answer = change(&loaded, Method::POST, "/api/v1/error-catalog:import", &body).await;
        assert_eq!((answer.status, &answer.body["code"]), (StatusCode::BAD_REQUEST, &json!(code)), "{body}: {}", answer.body);
        assert_eq!(answer.body["errors"][0]["line"].as_u64(), line, "{}", answer.body);
        assert!(answer.body["detail"].as_str().is_some_and(|detail| detail.contains(said)), "{}", answer.body);
    }
    assert_eq!(ask(&loaded, "/api/v1/error-catalog").await["codes_total"], 2);
}

#[tokio::test]
async fn codes_that_nobody_wrote_down_come_with_samples_and_a_rule() {
    let loaded = filled();
    let unknown = async || ask(&loaded, &format!("/api/v1/errors/codes?{WINDOW}")).await["unknown"].clone();
    let before = unknown().await;
    assert_eq!((&before[0]["shape"], &before[0]["forms"], &before[0]["count"]), (&json!(r"^\d{7}$"), &json!(3), &json!(7.0)));
    let sample = json!({"code": "5001003", "service": "stock", "message": "insufficient stock", "count": 5.0});
    assert_eq!(before[0]["samples"][0], sample);
    assert!(before[0]["suggestion"].as_str().is_some_and(|rule| rule.starts_with("[[layout]]") && rule.contains("stock")), "{before}");
    // The rule to begin with can be taken as it is.
    assert_eq!(import(&loaded, json!({"format": "toml", "text": before[0]["suggestion"]})).await["layouts_added"], 1);
    import(&loaded, json!({"format": "csv", "text": CSV})).await;
    let after = unknown().await;
    assert_eq!((&after[0]["forms"], &after[0]["samples"][0]["code"]), (&json!(1), &json!("9920002")));
}

#[tokio::test]
async fn rules_and_files_of_the_configuration() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("codes.toml");
    std::fs::write(&file, "[[layout]]\nid = 'mine'\npattern = '^(?P<code>.+)$'\n\n[[code]]\ncode = '5001003'\ntitle = 'From a file'\n")
        .expect("written");
    let loaded = Loaded::with_codes(|codes| {
        codes.files = vec![file];
        codes.count =
            serde_json::from_value(json!([{"services": ["cart"], "ignore": ["99*"]}, {"services": ["stock"], "ignore": ["5001003"]}]))
                .expect("rules");
    });
    fill(&loaded);
    let list = ask(&loaded, &format!("/api/v1/errors/codes?{WINDOW}")).await;
    assert_eq!(codes(&list), [("grpc:UNKNOWN", 4.0)], "what stock and cart do not count is born where it is counted first");
    assert_eq!(ask(&loaded, "/api/v1/error-catalog/5001003").await["title"], "From a file");
    let replaced = import(&loaded, json!({"format": "csv", "text": "code,title\n5001003,Mine\n", "replace": true})).await;
    assert_eq!(replaced["conflicts"][0]["kept"], "From a file", "files never give way");
    let mine = json!({"layouts": [{"id": "mine", "pattern": "^(?P<code>x)$"}]});
    let answer = change(&loaded, Method::PUT, "/api/v1/settings/code-layouts", &mine).await;
    assert_eq!((answer.status, &answer.body["code"]), (StatusCode::CONFLICT, &json!("layout_not_changeable")));
}

#[tokio::test]
async fn against_its_own_past() {
    let loaded = Loaded::empty();
    let days = |days: f64| -days * 24.0 * HOUR;
    let mut number = 100;
    let mut report = |seconds: f64, code: i64, times: u16| {
        for nth in 0..times {
            number += 1;
            let attributes = vec![int("error.code", code)];
            let made = Made { service: "pay", name: "Charge", id: 1, parent: 0, kind: 2, failed: Some("declined"), attributes };
            loaded.receive(Signal::Traces, &trace(number, seconds + f64::from(nth), vec![made]));
        }
    };
    // One of 1000000 every hour and a half of the last ten days, roughly; 2000000 was last seen nine days ago.
    (0..160).for_each(|nth| report(days(10.0) + f64::from(nth) * 1.5 * HOUR, 1_000_000, 1));
    report(days(9.0), 2_000_000, 2);
    report(0.0, 1_000_000, 30);
    report(0.0, 2_000_000, 1);
    report(0.0, 3_000_000, 1);
    let list = ask(&loaded, "/api/v1/errors/codes?start=2026-09-21T14:00:00Z&end=2026-09-21T15:00:00Z").await;
    let shown: Vec<(&str, &str)> =
        list["codes"].as_array().unwrap().iter().map(|row| (row["code"].as_str().unwrap(), row["status"].as_str().unwrap())).collect();
    assert_eq!(shown, [("1000000", "spiking"), ("2000000", "regressed"), ("3000000", "new")]);
    let usual = list["codes"][0]["usual"].as_f64().expect("ten days are known");
    assert!((0.6..0.7).contains(&usual), "{usual}");
    assert_eq!(list["codes"][1]["first_seen"], "2026-09-12T14:13:20.099000000Z");
    let day = ask(&loaded, "/api/v1/errors/codes?start=2026-09-15T00:00:00Z&end=2026-09-16T00:00:00Z").await;
    assert_eq!((&day["codes"][0]["code"], &day["codes"][0]["status"]), (&json!("1000000"), &json!("steady")));

    // Hours that are over are counted once, until something late comes.
    loaded.store.flush().expect("a working disk");
    let since = async |start: &str| {
        let list = ask(&loaded, &format!("/api/v1/errors/codes?start=2026-09-21T{start}:00Z&end=2026-09-21T15:00:00Z")).await;
        let of_row = |row: &Value| format!("{} {} {}", row["code"], row["status"], row["first_seen"]).replace('"', "");
        let rows: Vec<String> = list["codes"].as_array().expect("codes").iter().map(of_row).collect();
        (rows, list["meta"]["scanned_rows"].as_u64().expect("a number"))
    };
    let (first, scanned) = since("13:00").await;
    assert_eq!(first[1..], ["2000000 regressed 2026-09-12T14:13:20.099000000Z", "3000000 new 2026-09-21T14:13:20.099000000Z"]);
    let (again, scanned_again) = since("12:00").await;
    assert_eq!(again, first);
    assert!(scanned_again < scanned / 5, "an hour of the window is read, no day of the past: {scanned_again} rows, {scanned} before");
    report(days(8.0), 3_000_000, 1);
    assert_eq!(since("11:00").await.0[2], "3000000 regressed 2026-09-13T14:13:20.099000000Z");
}

#[tokio::test]
async fn pages_show_each_code_once() {
    let loaded = filled();
    let whole = ask(&loaded, &format!("/api/v1/errors/codes?{WINDOW}&count=every_hop")).await;
    let expected: Vec<String> = codes(&whole).iter().map(|(code, _)| (*code).to_owned()).collect();
    assert!(expected.len() > 2, "{expected:?}");
    assert_eq!(whole["next_page_token"], Value::Null);
    let mut shown: Vec<String> = Vec::new();
    let mut page = ask(&loaded, &format!("/api/v1/errors/codes?{WINDOW}&count=every_hop&limit=2")).await;
    loop {
        assert_eq!((&page["codes_total"], &page["count"]), (&whole["codes_total"], &whole["count"]), "of all pages");
        shown.extend(codes(&page).iter().map(|(code, _)| (*code).to_owned()));
        let Some(token) = page["next_page_token"].as_str() else { break };
        let token = token.replace(':', "%3A").replace(' ', "%20");
        page = ask(&loaded, &format!("/api/v1/errors/codes?count=every_hop&limit=2&page_token={token}")).await;
    }
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn what_cannot_be_asked() {
    let loaded = filled();
    for (path, expected) in [
        ("/api/v1/errors/codes?colour=red", (400, "invalid_parameter")),
        ("/api/v1/errors/codes?count=twice", (400, "invalid_parameter")),
        ("/api/v1/errors/codes?range=8d", (400, "invalid_parameter")),
        ("/api/v1/errors/codes?limit=0", (400, "invalid_parameter")),
        ("/api/v1/errors/codes?page_token=x", (400, "invalid_parameter")),
        ("/api/v1/errors/tree?by=colour", (400, "invalid_parameter")),
        ("/api/v1/errors/codes/5001003?range=1h&end=2026-01-01T00:00:00Z", (404, "code_not_found")),
        ("/api/v1/errors/codes/nothing/propagation?range=1h", (404, "code_not_found")),
        ("/api/v1/errors/codes/nothing/deltas?range=1h", (404, "code_not_found")),
        ("/api/v1/error-catalog?limit=x", (400, "invalid_parameter")),
        ("/api/v1/error-catalog/1?language=zh", (400, "invalid_parameter")),
    ] {
        assert_eq!(refused(&loaded, path).await, (expected.0, expected.1.to_owned()), "{path}");
    }
    let translated = format!("/api/v1/errors/codes/4002001?{WINDOW}");
    assert_eq!(refused(&loaded, &translated).await, (404, "code_not_found".to_owned()), "it is born as another");
    assert_eq!(ask(&loaded, &format!("{translated}&count=every_hop")).await["count"], 4.0);
}

/// One trace came late, one stands for another that sampling left out; the third is in memory.
#[tokio::test]
async fn statistics_say_how_complete_they_are() {
    let loaded = Loaded::empty();
    let mut sampled = sold_out(2, 0.0);
    for resource in sampled["resourceSpans"].as_array_mut().expect("resources") {
        resource["scopeSpans"][0]["spans"][0]["traceState"] = json!("ot=th:8");
    }
    loaded.receive(Signal::Traces, &sold_out(1, -100.0));
    loaded.receive(Signal::Traces, &sampled);
    loaded.store.flush().expect("a working disk");
    loaded.receive(Signal::Traces, &sold_out(3, 1.0));
    let hour = "start=2026-09-21T13:50:00Z&end=2026-09-21T16:20:00Z";
    let code = "/api/v1/errors/codes/5001003";
    for (path, late, sampled_out) in [
        (format!("/api/v1/errors/codes?{WINDOW}"), 1, 1.0),
        (format!("/api/v1/errors/codes?{WINDOW}&count=every_hop"), 4, 4.0),
        (format!("/api/v1/errors/codes?{WINDOW}&count=every_hop&q=4002*"), 1, 1.0),
        (format!("/api/v1/errors/codes?{hour}"), 1, 1.0),
        (format!("/api/v1/errors/codes?{hour}&service=stock"), 1, 1.0),
        (format!("/api/v1/errors/tree?{WINDOW}"), 1, 1.0),
        (format!("{code}?{WINDOW}"), 1, 1.0),
        (format!("{code}/propagation?{WINDOW}"), 1, 1.0),
        (format!("{code}/deltas?{WINDOW}"), 1, 0.0),
    ] {
        let complete = ask(&loaded, &path).await["completeness"].take();
        assert_eq!((&complete["late"], &complete["sampled_out"]), (&json!(late), &json!(sampled_out)), "{path}");
        assert_eq!(complete["watermark"], "2026-09-21T14:13:20.002000000Z", "{path}");
        assert_eq!((&complete["partial"], &complete["left_out"]), (&json!(false), &json!(0)), "{path}");
    }
    // What receivers refused is known as of the start of the server.
    let of_all = json!({"since": "1970-01-01T00:00:00.000000000Z", "requests": 2, "put_off": 0, "records": 3, "service": null});
    let list = ask(&loaded, &format!("/api/v1/errors/codes?{WINDOW}&q=nothing")).await;
    assert_eq!((&list["completeness"]["watermark"], &list["completeness"]["dropped"]), (&Value::Null, &of_all));
    let of_pay = ask(&loaded, &format!("/api/v1/errors/tree?{WINDOW}&service=pay")).await["completeness"]["dropped"].take();
    assert_eq!(of_pay["service"], json!({"requests": 0, "put_off": 2, "records": 0}));
}

/// Quarters of an hour that are over are added up once. Traces reach over their edges: the first error ends at 14:14:59.999, the others later.
#[tokio::test]
async fn what_is_over_is_read_once_and_answers_stay_the_same() {
    const OVER_AN_EDGE: f64 = 99.903;
    const QUARTER: f64 = 900.0;
    let fill = |loaded: &Loaded| {
        (0..8).for_each(|number| loaded.receive(Signal::Traces, &sold_out(1 + number, OVER_AN_EDGE + f64::from(number / 2) * QUARTER)));
        (0..4).for_each(|number| loaded.receive(Signal::Logs, &logs("cart", f64::from(number) * 1000.0, "错误码：9920001 购物车已满")));
    };
    let (kept, fresh) = (Loaded::empty(), Loaded::empty());
    fill(&kept);
    fill(&fresh);
    kept.store.flush().expect("a working disk");
    // A window has not been asked for before, so that no answer is one that was kept; nothing is in what is left over of quarters.
    let path = |seconds: u8, filter: &str| {
        format!("/api/v1/errors/codes?start=2026-09-21T13:50:{seconds:02}Z&end=2026-09-21T16:20:{seconds:02}Z&{filter}")
    };
    let both = async |path: &str| {
        let (mut known, mut read) = (ask(&kept, path).await, ask(&fresh, path).await);
        let (meta, _) = (known["meta"].take(), read["meta"].take());
        assert_eq!(known, read, "{path}");
        (meta["scanned_rows"].as_u64().expect("a number"), known)
    };
    let (rows, first) = both(&path(0, "")).await;
    assert_eq!(codes(&first), [("5001003", 8.0), ("9920001", 4.0)]);
    assert_eq!((&first["codes"][0]["traces"], &first["codes"][0]["born"][0]["service"]), (&json!(8), &json!("stock")));
    assert!(rows > 0);
    for (seconds, filter) in [(1, ""), (2, "service=stock"), (3, "count=every_hop"), (4, "count=every_hop&service=order&environment=prod")]
    {
        let (rows, answer) = both(&path(seconds, filter)).await;
        assert!(rows == 0 && answer["count"] != 0.0, "{filter}: {rows} rows, {answer}");
    }
    let (_, hops) = both(&path(5, "count=every_hop")).await;
    assert_eq!(codes(&hops), [("4002001", 8.0), ("5001003", 8.0), ("grpc:UNKNOWN", 8.0), ("http:500", 8.0), ("9920001", 4.0)]);
    // Late rows make other quarters of those that they are in or near.
    for loaded in [&kept, &fresh] {
        loaded.receive(Signal::Traces, &sold_out(99, OVER_AN_EDGE + QUARTER));
    }
    kept.store.flush().expect("a working disk");
    let (rows, late) = both(&path(6, "")).await;
    assert_eq!(codes(&late), [("5001003", 9.0), ("9920001", 4.0)]);
    assert!(rows > 0);
    assert_eq!(both(&path(7, "")).await.0, 0);
    // Less than an hour is read as it is.
    let (_, short) = both("/api/v1/errors/codes?start=2026-09-21T14:14:59.999Z&end=2026-09-21T14:15:00Z&count=every_hop").await;
    assert_eq!(codes(&short), [("5001003", 2.0)], "the other errors of the traces are outside");
}
