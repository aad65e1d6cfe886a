//! Words in log bodies, Chinese ones too, in blocks and in memory.

use schemas::Signal;
use serde_json::{Value, json};

use super::ask;
use crate::loaded::Loaded;

/// Time, severity and body.
const LOGS: &[(u32, i32, &str)] = &[
    (1, 9, "商品库存不足，订单order-42创建失败"),
    (2, 17, "支付熔断器已打开"),
    (3, 13, "用户登录失败：密码错误"),
    (4, 9, "登录 失败"),
    (5, 9, "熔断器已关闭"),
    (6, 17, "ERROR: the Lock was lost after 3 s"),
    (7, 9, "lock lost"),
    (8, 5, "timeouts=3 user_id=7"),
];

pub(super) fn logs(rows: &[(u32, i32, &str)]) -> Value {
    let record = |(second, severity, body): &(u32, i32, &str)| {
        json!({
            "timeUnixNano": (1_790_000_000_000_000_000_u64 + u64::from(*second) * 1_000_000_000).to_string(),
            "severityNumber": severity,
            "body": { "stringValue": body },
            "attributes": [
                { "key": "order.items", "value": { "intValue": second.to_string() } },
                { "key": "exception.message", "value": { "stringValue": "no route" } },
            ],
        })
    };
    let records: Vec<Value> = rows.iter().map(record).collect();
    let resource = json!({ "attributes": [{ "key": "service.name", "value": { "stringValue": "shop" } }] });
    json!({ "resourceLogs": [{ "resource": resource, "scopeLogs": [{ "logRecords": records }] }] })
}

/// The first half in a block.
fn loaded() -> Loaded {
    let loaded = Loaded::empty();
    loaded.send_json(Signal::Logs, &logs(&LOGS[..4]));
    loaded.store.flush().expect("a working disk");
    loaded.send_json(Signal::Logs, &logs(&LOGS[4..]));
    loaded
}

#[tokio::test]
async fn words_of_any_language() {
    let loaded = loaded();
    let check = async |search: &str, expected: &[u64]| {
        let answer = ask(&loaded, "logs", &[("q", search), ("sort", "oldest")]).await;
        let found: Vec<u64> =
            answer["logs"].as_array().expect("rows").iter().filter_map(|log| log["attributes"]["order.items"].as_u64()).collect();
        assert_eq!(found, expected, "{search}");
    };
    check("库存不足", &[1]).await;
    check("熔断器已打开", &[2]).await;
    check("用户登录失败", &[3]).await;
    check("登录失败", &[3]).await;
    check("\"登录 失败\"", &[3, 4]).await;
    check("熔断器", &[2, 5]).await;
    check("熔断器 -已打开", &[5]).await;
    check("order-42", &[1]).await;
    check("lock lost", &[6, 7]).await;
    check("\"lock lost\"", &[7]).await;
    check("LOCK", &[6, 7]).await;
    check("time*", &[8]).await;
    check("timeout", &[]).await;
    check("*outs", &[8]).await;
    check("l?ck", &[6, 7]).await;
    check(r"/lock\s(was\s)?lost/", &[7]).await;
    check(r"/lock\s(was\s)?lost/i", &[6, 7]).await;
    check("库存不足 OR lock", &[1, 6, 7]).await;
    check("\"no route\" level:error", &[2, 6]).await;
    check("level>=warn -lock", &[2, 3]).await;
    check("level:debug", &[8]).await;
    check("body:*失败", &[1, 4]).await;
    check("order.items>6", &[7, 8]).await;
    check("order.items:7.0", &[7]).await;
    check("service:shop time<2026-09-21T14:13:23Z", &[1, 2]).await;
}

#[tokio::test]
async fn a_log_record_comes_with_all_that_is_its_own() {
    let answer = ask(&loaded(), "logs", &[("q", "库存"), ("start", "2026-09-21T00:00:00Z"), ("limit", "1")]).await;
    let mut log = answer["logs"][0].clone();
    log.as_object_mut().expect("an object").remove("received_at");
    let id = log.as_object_mut().and_then(|log| log.remove("id"));
    assert!(id.is_some_and(|id| id.as_str().is_some_and(|id| id.starts_with("18d75b845f8dca00-") && id.len() == 33)), "{answer}");
    let expected = json!({
        "time": "2026-09-21T14:13:21.000000000Z",
        "severity_number": 9,
        "service_name": "shop",
        "body": "商品库存不足，订单order-42创建失败",
        "body_type": 1,
        "flags": 0,
        "time_source": 0,
        "attributes": { "order.items": 1 },
        "exception_message": "no route",
    });
    assert_eq!(log, expected);
    assert_eq!((&answer["meta"]["partial"], &answer["meta"]["warnings"]), (&json!([]), &json!([])));
}
