//! Steps 2 and 5: Kratos, and the texts and classes of resilience libraries.

use super::{build::point, *};

const REJECTED: &str =
    "error: code = 503 reason = CIRCUITBREAKER message = request failed due to circuit breaker triggered metadata = map[] cause = <nil>";
const LIMITED: &str =
    "error: code = 429 reason = RATELIMIT message = service unavailable due to rate limit exceeded metadata = map[] cause = <nil>";

fn kratos(kind: i32, name: &str, class: &str, text: &str, status: i64) -> Otlp {
    span("kratos", kind, name).failed(text).exception(class, text).with(attr("rpc.status_code", status))
}

fn reason(reason: &'static str, rejection: bool) -> Expect {
    Expect { code: reason, reason, rejection, ..Expect::default() }
}

/// Cases 1, 4 and 7.
#[test]
fn kratos_spans() {
    let operation = "/user.v1.User/Get";
    let expect = Expect {
        http: Some(503),
        message: Some("request failed due to circuit breaker triggered"),
        source: Some(CodeSource::Kratos),
        ..reason("CIRCUITBREAKER", true)
    };
    let error = check("1: refused here", kratos(3, operation, "*errors.Error", REJECTED, 503), expect);
    assert_eq!((error.operation.as_str(), error.framework.as_str()), (operation, "kratos"));

    let text = "rpc error: code = Unavailable desc = request failed due to circuit breaker triggered";
    check(
        "4: came over gRPC",
        kratos(3, operation, "*status.Error", text, 503),
        Expect { grpc: Some("UNAVAILABLE"), http: Some(503), ..reason("CIRCUITBREAKER", true) },
    );
    let text = "rpc error: code = ResourceExhausted desc = service unavailable due to rate limit exceeded";
    check(
        "the limiter's",
        kratos(3, operation, "*status.Error", text, 429),
        Expect { grpc: Some("RESOURCE_EXHAUSTED"), ..reason("RATELIMIT", true) },
    );

    check(
        "7: limited",
        kratos(2, "/order.v1.Order/Create", "*errors.Error", LIMITED, 429),
        Expect { http: Some(429), ..reason("RATELIMIT", true) },
    );
    check_none("5: success is Ok", span("kratos", 2, operation).status(1, "OK").with(attr("rpc.system", "grpc")));
}

/// Edge cases 1 to 4: cut, wrapped, strange metadata, no reason.
#[test]
fn kratos_texts() {
    let failed = |text: &str| span("kratos", 2, "/order.v1.Order/Create").failed(text);
    check("cut in the message", failed(&REJECTED[..70]), Expect { http: Some(503), ..reason("CIRCUITBREAKER", true) });
    check("cut in the reason", failed(&REJECTED[..35]), Expect { code: "http:503", http: Some(503), ..Expect::default() });
    check("wrapped", failed(&format!("get user: {REJECTED}")), reason("CIRCUITBREAKER", true));
    check("behind Error #01", failed(&format!("Error #01: {REJECTED}\n")), reason("CIRCUITBREAKER", true));
    let text =
        "error: code = 409 reason = OUT_OF_STOCK message = no stock metadata = map[biz_code:5001003 solution:order less] cause = <nil>";
    check(
        "a code in the metadata",
        failed(text),
        Expect {
            code: "5001003",
            reason: "OUT_OF_STOCK",
            http: Some(409),
            message: Some("no stock"),
            solution: Some("order less"),
            source: Some(CodeSource::Kratos),
            ..Expect::default()
        },
    );
    let text = "error: code = 500 reason =  message = broken metadata = map[] cause = <nil>";
    check("no reason", failed(text), Expect { code: "http:500", message: Some("broken"), http: Some(500), ..Expect::default() });
    let text = "error: code = 500 reason = X message = m metadata = map[a:b] cause = c biz_code:1] cause = inner";
    check("metadata with `] cause = `", failed(text), Expect { code: "1", reason: "X", ..Expect::default() });
    let text = "error: code = 5001003 reason = X message = m metadata = map[] cause = <nil>";
    check("a code of the business where the class belongs", failed(text), Expect { code: "5001003", reason: "X", ..Expect::default() });
    check(
        "before `cause` was there",
        failed("error: code = 404 reason = USER_NOT_FOUND message = gone metadata = map[]"),
        reason("USER_NOT_FOUND", false),
    );
}

#[test]
fn kratos_logs_and_metrics() {
    let line = |severity, code: i64, reason: &str| {
        log(severity, "")
            .with(attr("kind", "client"))
            .with(attr("operation", "/user.v1.User/Get"))
            .with(attr("code", code))
            .with(attr("reason", reason))
    };
    check(
        "a log",
        line(17, 503, "CIRCUITBREAKER").with(attr("stack", REJECTED)),
        Expect { http: Some(503), ..reason("CIRCUITBREAKER", true) },
    );
    check(
        "v3 says it in `error`",
        line(17, 409, "OUT_OF_STOCK")
            .with(attr("error", "error: code = 409 reason = OUT_OF_STOCK message = m metadata = map[code:5001003] cause = <nil>")),
        Expect { code: "5001003", reason: "OUT_OF_STOCK", message: Some("m"), ..Expect::default() },
    );
    check_none("success", line(9, 0, ""));
    check_none("success of HTTP", line(9, 200, ""));
    let counter = |code: &str, reason: &str| {
        point("client_requests_code_total").with(attr("kind", "grpc")).with(attr("code", code)).with(attr("reason", reason))
    };
    check(
        "a counter, text",
        counter("503", "CIRCUITBREAKER"),
        Expect { source: Some(CodeSource::Metric), ..reason("CIRCUITBREAKER", true) },
    );
    let counter_int = point("server_requests_code_total").with(attr("code", 429)).with(attr("reason", "RATELIMIT"));
    check("a counter, int", counter_int, reason("RATELIMIT", true));
    check("without a reason", counter("500", ""), Expect { code: "http:500", ..Expect::default() });
    check_none("a counter of successes", counter("200", ""));
    check_none("a counter of somebody else", point("gin_requests_total").with(attr("code", "503")));
    check_none("a histogram's label", point("http.server.request.duration").with(attr("http.response.status_code", 500)));
}

/// Case 10 and every line of part 1 that refuses or times out.
#[test]
fn texts_of_libraries() {
    let gin = "go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin";
    check(
        "10",
        span(gin, 2, "GET /pay").failed("Error #01: hystrix: circuit open\n").with(attr("http.response.status_code", 500)),
        Expect { http: Some(500), source: Some(CodeSource::Library), ..reason(BREAKER_OPEN, true) },
    );
    for (text, expected) in [
        ("hystrix: max concurrency", BULKHEAD_FULL),
        ("hystrix: timeout", TIMEOUT),
        ("fallback failed with 'x'. run error was 'hystrix: circuit open'", BREAKER_OPEN),
        ("circuit breaker is open", BREAKER_OPEN),
        ("circuit breaker open", BREAKER_OPEN),
        ("rate limit exceeded", RATE_LIMITED),
        ("bulkhead full", BULKHEAD_FULL),
        ("timeout exceeded", TIMEOUT),
        ("timed out waiting for function to finish", TIMEOUT),
        ("could not acquire semaphore ticket", BULKHEAD_FULL),
        ("SentinelBlockError: BlockTypeCircuitBreaking, message: circuit breaker check blocked", BREAKER_OPEN),
        ("SentinelBlockError: BlockTypeFlowControl, message: flow reject check blocked", RATE_LIMITED),
        ("SentinelBlockError: BlockTypeHotSpotParamFlow", RATE_LIMITED),
        ("SentinelBlockError: BlockTypeIsolation, message: concurrency exceeds threshold", BULKHEAD_FULL),
        ("SentinelBlockError: BlockTypeSystem", RATE_LIMITED),
        ("rpc error: code = Unknown desc = SentinelBlockError: BlockTypeFlowControl", RATE_LIMITED),
        ("Blocked by Sentinel: DegradeException", BREAKER_OPEN),
        ("Blocked by Sentinel: ParamFlowException", RATE_LIMITED),
        ("Blocked by Sentinel (flow limiting)", RATE_LIMITED),
        ("CircuitBreaker 'pay' is OPEN and does not permit further calls", BREAKER_OPEN),
        ("CircuitBreaker 'pay' is HALF_OPEN and does not permit further calls", BREAKER_OPEN),
        ("CircuitBreaker 'pay' is FORCED_OPEN and does not permit further calls", BREAKER_OPEN),
        ("RateLimiter 'pay' does not permit further calls", RATE_LIMITED),
        ("Bulkhead 'pay' is full and does not permit further calls", BULKHEAD_FULL),
        ("TimeLimiter 'pay' recorded a timeout exception.", TIMEOUT),
        ("Pay short-circuited and no fallback available.", BREAKER_OPEN),
        ("Pay could not be queued for execution and fallback failed.", BULKHEAD_FULL),
        ("Pay could not acquire a semaphore for execution and fallback disabled.", BULKHEAD_FULL),
        ("Pay timed-out and no fallback available.", TIMEOUT),
        ("Hystrix circuit short-circuited and is OPEN", BREAKER_OPEN),
        ("The circuit is now open and is not allowing calls.", BREAKER_OPEN),
        ("The circuit is manually held open and is not allowing calls.", BREAKER_OPEN),
        ("forbidden by circuitbreaker: service circuitbreak", BREAKER_OPEN),
        ("request over limit: request too frequent", RATE_LIMITED),
        ("rpc timeout: timeout=1s, to=pay", TIMEOUT),
        ("rpc error: code = ResourceExhausted desc = service overloaded", RATE_LIMITED),
        ("Request Timeout", TIMEOUT),
        ("rpc error: code = DeadlineExceeded desc = context deadline exceeded", TIMEOUT),
    ] {
        check(text, span("app", 3, "call").failed(text), reason(expected, expected != TIMEOUT));
        check(text, log(17, text), reason(expected, expected != TIMEOUT));
        check_none(text, log(9, text));
    }
    for (class, expected) in [
        ("io.github.resilience4j.circuitbreaker.CallNotPermittedException", BREAKER_OPEN),
        ("io.github.resilience4j.ratelimiter.RequestNotPermitted", RATE_LIMITED),
        ("io.github.resilience4j.bulkhead.BulkheadFullException", BULKHEAD_FULL),
        ("com.alibaba.csp.sentinel.slots.block.degrade.DegradeException", BREAKER_OPEN),
        ("com.alibaba.csp.sentinel.slots.block.flow.FlowException", RATE_LIMITED),
        ("Polly.CircuitBreaker.BrokenCircuitException", BREAKER_OPEN),
        ("Polly.CircuitBreaker.IsolatedCircuitException", BREAKER_OPEN),
        ("Polly.RateLimiting.RateLimiterRejectedException", RATE_LIMITED),
        ("Polly.Timeout.TimeoutRejectedException", TIMEOUT),
    ] {
        check(class, span("app", 3, "call").failed("").exception(class, ""), reason(expected, expected != TIMEOUT));
    }
}

#[test]
fn a_library_reason_stands_beside_a_code() {
    let otlp = span("app", 3, "call").failed("hystrix: circuit open").with(attr("error.code", "5001003"));
    check(
        "both",
        otlp,
        Expect { code: "5001003", reason: BREAKER_OPEN, rejection: true, source: Some(CodeSource::Attribute), ..Expect::default() },
    );
}

#[test]
fn texts_like_those_of_libraries() {
    for text in [
        "Circuit breaker opened for pay",
        "circuit breaker is opening",
        "breaker is open and requests dropped",
        "MyFlowExceptionHandler failed",
    ] {
        check(text, log(17, text), Expect::default().named_by_message());
    }
}
