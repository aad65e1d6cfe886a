//! Step 3: JSON bodies.

use super::*;

/// Case 25.
#[test]
fn json_in_json() {
    let body = r#"{"level":"error","msg":"{\"code\":5001003,\"message\":\"insufficient stock\",\"solution\":\"replenish\"}","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}"#;
    for severity in [0, 13, 17] {
        check(
            "25",
            log(severity, body),
            Expect {
                code: "5001003",
                message: Some("insufficient stock"),
                solution: Some("replenish"),
                source: Some(CodeSource::Json),
                ..Expect::default()
            },
        );
    }
    check_none("25 at INFO", log(0, &body.replace("error", "info")));
}

#[test]
fn places_of_the_code() {
    for body in [
        r#"{"code":5001003}"#,
        r#"{"code":"5001003"}"#,
        r#"{"code":5001003.0}"#,
        r#"{"error":{"code":5001003}}"#,
        r#"{"err":{"code":"5001003"}}"#,
        r#"{"data":{"code":5001003}}"#,
        r#"{"errno":5001003}"#,
        r#"{"errcode":5001003}"#,
        r#"{"error_code":5001003}"#,
        r#"{"status":5001003}"#,
        r#"{"code":0,"errno":5001003}"#,
    ] {
        check(body, log(0, body), Expect { code: "5001003", ..Expect::default() });
        check(body, log(17, body), Expect { code: "5001003", ..Expect::default() });
        check(body, span("app", 3, "x").failed(body), Expect { code: "5001003", ..Expect::default() });
    }
    for body in [r#"{"errcode":40013,"errmsg":"invalid appid"}"#, r#"{"error":{"code":40013}}"#] {
        check(body, log(9, body), Expect { code: "40013", ..Expect::default() });
    }
    let body = r#"{"error":{"code":5001003,"message":"inner"},"message":"outer"}"#;
    check("the message beside the code", log(17, body), Expect { code: "5001003", message: Some("inner"), ..Expect::default() });
}

#[test]
fn classes_are_no_codes() {
    let body = r#"{"code":503,"reason":"CIRCUITBREAKER","message":"request failed due to circuit breaker triggered","metadata":{}}"#;
    check(
        "Kratos over HTTP",
        log(17, body),
        Expect { code: "CIRCUITBREAKER", reason: "CIRCUITBREAKER", http: Some(503), rejection: true, ..Expect::default() },
    );
    let body = r#"{"code":409,"reason":"OUT_OF_STOCK","message":"m","metadata":{"biz_code":"5001003"}}"#;
    check("with a code", log(17, body), Expect { code: "5001003", reason: "OUT_OF_STOCK", http: Some(409), ..Expect::default() });
    let body = r#"{"code":14,"message":"down","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"NO_STOCK","domain":"shop"}]}"#;
    let error = check(
        "google.rpc.Status",
        log(17, body),
        Expect { code: "NO_STOCK", reason: "NO_STOCK", grpc: Some("UNAVAILABLE"), ..Expect::default() },
    );
    assert_eq!(error.domain, "shop");
    let body = r#"{"error":{"code":404,"message":"no such bucket","status":"NOT_FOUND"}}"#;
    check(
        "Google over HTTP",
        log(17, body),
        Expect { code: "grpc:NOT_FOUND", http: Some(404), message: Some("no such bucket"), ..Expect::default() },
    );
    let body = r#"{"level":"error","msg":"answer","status":502}"#;
    check("an access log", log(0, body), Expect { code: "http:502", http: Some(502), ..Expect::default() });
}

#[test]
fn problem_documents() {
    let body =
        r#"{"type":"https://example.com/problems/out-of-stock","title":"Out of stock","status":409,"detail":"3 left","code":"5001003"}"#;
    check(
        "with a code",
        log(17, body),
        Expect { code: "5001003", reason: "out-of-stock", message: Some("3 left"), http: Some(409), ..Expect::default() },
    );
    let body = r#"{"type":"https://example.com/problems/out-of-stock","title":"Out of stock","status":409}"#;
    check(
        "without",
        log(0, body),
        Expect { code: "out-of-stock", reason: "out-of-stock", message: Some("Out of stock"), ..Expect::default() },
    );
    let body = r#"{"type":"about:blank","title":"Not Found","status":404}"#;
    check("blank", log(17, body), Expect { code: "http:404", message: Some("Not Found"), ..Expect::default() });
}

#[test]
fn levels_inside_the_line() {
    check(
        "an error without a code",
        log(0, r#"{"level":"error","msg":"pay failed"}"#),
        Expect { message: Some("pay failed"), ..Expect::default().named_by_message() },
    );
    check(
        "a code in its text",
        log(0, r#"{"L":"ERROR","msg":"pay failed, code=5001003"}"#),
        Expect { code: "5001003", ..Expect::default() },
    );
    check(
        "a breaker in its error",
        log(0, r#"{"level":"error","msg":"pay","error":"circuit breaker is open"}"#),
        Expect { code: BREAKER_OPEN, reason: BREAKER_OPEN, rejection: true, ..Expect::default() },
    );
    check_none("nothing wrong", log(0, r#"{"level":"info","msg":"pay","code":5001003}"#));
}
