//! Step 1, explicit attributes, and step 6, typed status.

use super::*;

#[test]
fn every_key_of_either_type() {
    for key in ExtractConfig::default().code_keys {
        let expect = || Expect { code: "5001003", source: Some(CodeSource::Attribute), ..Expect::default() };
        check(&key, span("app", 2, "pay").failed("").with(attr(&key, 5_001_003)), expect());
        check(&key, span("app", 2, "pay").with(attr(&key, "5001003")), expect());
        check(&key, span("app", 2, "pay").with(attr(&key, 5_001_003.0)), expect());
        check(&key, log(9, "an answer with a code").with(attr(&key, 5_001_003)), expect());
        let event = span("app", 2, "pay").failed("").event("biz", vec![attr(&key, 5_001_003)]);
        check(&key, event, Expect { code: "5001003", source: Some(CodeSource::Event), ..Expect::default() });
        for success in ["0", "200", "00000", "OK", "SUCCESS", "success", " 0 ", ""] {
            check_none(&format!("{key}={success}"), span("app", 2, "pay").with(attr(&key, success)));
        }
        check_none(&key, span("app", 2, "pay").with(attr(&key, 0)));
        check_none(&key, log(9, "fine").with(attr(&key, 200)));
    }
}

#[test]
fn texts_beside_the_code() {
    let otlp = span("app", 2, "pay")
        .failed("boom")
        .with(attr("error.code", "5001003"))
        .with(attr("error.reason", "INSUFFICIENT_STOCK"))
        .with(attr("error.message", "insufficient stock"))
        .with(attr("error.solution", "replenish"))
        .with(attr("error.domain", "shop"));
    let error = check(
        "all of them",
        otlp,
        Expect {
            code: "5001003",
            reason: "INSUFFICIENT_STOCK",
            message: Some("insufficient stock"),
            solution: Some("replenish"),
            ..Expect::default()
        },
    );
    assert_eq!(error.domain, "shop");
    check(
        "a reason alone",
        span("app", 2, "pay").with(attr("error.reason", "OUT_OF_STOCK")),
        Expect { code: "OUT_OF_STOCK", reason: "OUT_OF_STOCK", ..Expect::default() },
    );
    check(
        "biz.message and a hint",
        span("app", 2, "pay").with(attr("biz_code", 7)).with(attr("biz.message", "m")).with(attr("error.hint", "h")),
        Expect { code: "7", message: Some("m"), solution: Some("h"), ..Expect::default() },
    );
    check_none("Kubernetes starts a pod for a reason", log(9, "Started container").with(attr("reason", "Started")));
}

#[test]
fn a_success_code_hides_neither_the_next_key_nor_a_failure() {
    let otlp = span("app", 2, "pay").with(attr("error.code", 0)).with(attr("biz_code", 5_001_003));
    check("the next key", otlp, Expect { code: "5001003", ..Expect::default() });
    let otlp = span("app", 2, "pay").failed("").with(attr("error.code", 0)).with(attr("http.response.status_code", 500));
    check("a failure", otlp, Expect { code: "http:500", http: Some(500), source: Some(CodeSource::Status), ..Expect::default() });
}

#[test]
fn negative_codes_are_kept_and_texts_are_none() {
    check("negative", span("app", 2, "pay").with(attr("error.code", -1001)), Expect { code: "-1001", ..Expect::default() });
    check_none("a sentence", span("app", 2, "pay").with(attr("error.code", "no such user")));
    check_none("a long one", span("app", 2, "pay").with(attr("error.code", "x".repeat(200).as_str())));
}

/// Case 8 and its like.
#[test]
fn typed_status() {
    let kratos = |status: i64| span("kratos", 3, "/user.v1.User/Get").failed("").with(attr("rpc.status_code", status));
    let http = |status| Expect { code: "http:503", http: Some(status), ..Expect::default() };
    let grpc = |name| Expect { code: "grpc:UNAVAILABLE", grpc: Some(name), ..Expect::default() };
    check("int of Kratos", kratos(503), http(503));
    check("string", span("otelgrpc", 3, "x").failed("").with(attr("rpc.status_code", "UNAVAILABLE")), grpc("UNAVAILABLE"));
    check("older string", span("otelgrpc", 3, "x").failed("").with(attr("rpc.response.status_code", "UNAVAILABLE")), grpc("UNAVAILABLE"));
    check("in Go's spelling", span("otelgrpc", 3, "x").failed("").with(attr("rpc.status_code", "Unavailable")), grpc("UNAVAILABLE"));
    check("int of otelgrpc", span("otelgrpc", 3, "x").failed("").with(attr("rpc.grpc.status_code", 14)), grpc("UNAVAILABLE"));
    check("int under 17, not Kratos", span("other", 3, "x").failed("").with(attr("rpc.status_code", 14)), grpc("UNAVAILABLE"));
    check("grpc.status_code", span("envoy", 3, "x").with(attr("grpc.status_code", "14")), grpc("UNAVAILABLE"));
    check("status of HTTP, Unset", span("otelgin", 2, "GET /x").with(attr("http.response.status_code", 503)), http(503));
    check("older key", span("otelgin", 2, "GET /x").with(attr("http.status_code", 503)), http(503));
    check("error.type of HTTP", span("net/http", 3, "GET").failed("").with(attr("error.type", "503")), http(503));
    check_none("int 0 is OK", span("otelgrpc", 3, "x").with(attr("rpc.grpc.status_code", 0)));
    check_none("string OK", span("otelgrpc", 3, "x").with(attr("rpc.status_code", "OK")));
    check_none("302", span("otelgin", 2, "GET /x").with(attr("http.response.status_code", 302)));
    let error = check("small int of Kratos is nothing", kratos(14), Expect::default().named_by_message());
    assert_eq!(error.grpc_status, "");
}

/// Case 9: a span alone says only its status; that it was refused is the rule engine's to say.
#[test]
fn otelgin_429_unset() {
    let otlp = span("go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin", 2, "GET /api/order/:id")
        .with(attr("http.response.status_code", 429));
    let error = check("429", otlp, Expect { code: "http:429", http: Some(429), ..Expect::default() });
    assert!(!error.span_failed);
}

#[test]
fn exceptions() {
    let failed = || span("io.opentelemetry.tomcat-10.0", 2, "GET /x").failed("");
    let class = "java.net.ConnectException";
    check(
        "of Java",
        failed().exception(class, "Connection refused"),
        Expect {
            code: "exc:java.net.ConnectException",
            message: Some("Connection refused"),
            source: Some(CodeSource::ExceptionType),
            ..Expect::default()
        },
    );
    check("error.type", failed().with(attr("error.type", class)), Expect { code: "exc:java.net.ConnectException", ..Expect::default() });
    check(
        "a log",
        log(17, "request failed").with(attr("exception.type", class)),
        Expect { code: "exc:java.net.ConnectException", ..Expect::default() },
    );
    check(
        "the last decides",
        failed().exception("A", "first").exception("B", "second"),
        Expect { code: "exc:B", message: Some("second"), ..Expect::default() },
    );
    for meaningless in ["*errors.errorString", "*fmt.wrapError", "_OTHER"] {
        let error = check(meaningless, failed().exception(meaningless, "order 42 is gone"), Expect::default().named_by_message());
        assert_eq!(error.fingerprint, fingerprint("order 7 is gone"));
        check(meaningless, failed().with(attr("error.type", meaningless)), Expect::default().named_by_message());
    }
    check_none("handled, on a span that is Ok", span("app", 2, "x").status(1, "").exception(class, "tried again"));
    check_none("told at INFO", log(9, "retrying").with(attr("exception.type", class)));
}
