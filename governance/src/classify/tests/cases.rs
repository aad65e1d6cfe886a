//! Each rule: records that match it, and records that nearly do.

use std::collections::BTreeSet;

use schemas::TableBatch;

use super::*;

const CLIENT: i32 = 3;
const SERVER: i32 = 2;
const REFUSED: &str =
    "error: code = 503 reason = CIRCUITBREAKER message = request failed due to circuit breaker triggered metadata = map[] cause = <nil>";
const LIMITED: &str =
    "error: code = 429 reason = RATELIMIT message = service unavailable due to rate limit exceeded metadata = map[] cause = <nil>";
const OTELGIN: &str = "go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin";

pub(super) type Case = (Vec<TableBatch>, &'static [&'static str]);

fn event(name: &str, pairs: Vec<opentelemetry_proto::tonic::common::v1::KeyValue>) -> Vec<TableBatch> {
    use opentelemetry_proto::tonic::trace::v1::{Span, span::Event};
    let event = Event { time_unix_nano: otlp::START, name: name.to_owned(), attributes: pairs, ..Default::default() };
    otlp::of_span("shop", Span { trace_id: vec![1; 16], span_id: vec![2; 8], events: vec![event], ..Default::default() })
}

pub(super) fn spans() -> Vec<Case> {
    vec![
        // Kratos: 1, 4, 5, 7 of the reference, and what must not match.
        (
            span("kratos", CLIENT, REFUSED, "*errors.Error", "rpc.system=grpc|rpc.status_code=503"),
            &["kratos.span.reject breaker_open kratos op:/user.v1.User/Get"],
        ),
        (
            span("kratos", CLIENT, &format!("get user: {}", &REFUSED[..60]), "", ""),
            &["kratos.span.reject breaker_open kratos op:/user.v1.User/Get"],
        ),
        (
            span("kratos", SERVER, REFUSED, "*errors.Error", ""),
            &["kratos.span.reject.server breaker_open propagated kratos op:/user.v1.User/Get"],
        ),
        (
            span(
                "kratos",
                CLIENT,
                "rpc error: code = Unavailable desc = request failed due to circuit breaker triggered",
                "*status.Error",
                "",
            ),
            &["kratos.span.prop breaker_open propagated kratos op:/user.v1.User/Get"],
        ),
        (span("kratos", SERVER, LIMITED, "*errors.Error", ""), &["kratos.span.ratelimit rate_limit kratos op:/user.v1.User/Get"]),
        (
            span("kratos", CLIENT, LIMITED, "*errors.Error", ""),
            &["kratos.span.ratelimit.client rate_limit propagated kratos op:/user.v1.User/Get"],
        ),
        (span("kratos", SERVER, "error: code = 500 reason = DB message = x metadata = map[] cause = <nil>", "*errors.Error", ""), &[]),
        (span("other", CLIENT, REFUSED, "", ""), &[]),
        // Sentinel.
        (
            span("x", SERVER, "SentinelBlockError: BlockTypeIsolation, message: concurrency exceeds threshold", "", ""),
            &["sentinel.text bulkhead sentinel-go op:/user.v1.User/Get"],
        ),
        (span("x", SERVER, "SentinelBlockError", "", ""), &[]),
        (
            span("x", SERVER, "SentinelBlockException: DegradeException", "", ""),
            &["sentinel.java.text breaker_open sentinel-java op:/user.v1.User/Get"],
        ),
        (span("x", SERVER, "Blocked by Sentinels", "", ""), &[]),
        (
            span("x", SERVER, "", "", "exception.type=com.alibaba.csp.sentinel.slots.block.flow.param.ParamFlowException"),
            &["sentinel.java.exception rate_limit sentinel-java op:/user.v1.User/Get"],
        ),
        (span("x", SERVER, "", "", "exception.type=com.alibaba.csp.sentinel.slots.block.RuleException"), &[]),
        // Hystrix: 10 of the reference.
        (
            span(OTELGIN, SERVER, "Error #01: hystrix: circuit open\n", "", "http.response.status_code=500"),
            &["hystrix-go.text breaker_open hystrix-go op:/user.v1.User/Get"],
        ),
        (span("x", CLIENT, "hystrix: timeout", "", ""), &["hystrix-go.timeout timeout hystrix-go op:/user.v1.User/Get"]),
        (span("x", CLIENT, "hystrix: circuits", "", ""), &[]),
        (
            span("x", CLIENT, "GetUser short-circuited and no fallback available.", "", ""),
            &["hystrix.java.text breaker_open hystrix GetUser"],
        ),
        (span("x", CLIENT, "GetUser timed-out and fallback failed.", "", ""), &["hystrix.java.timeout timeout hystrix GetUser"]),
        (span("x", CLIENT, "GetUser timed-out", "", ""), &[]),
        (
            span("io.opentelemetry.hystrix-1.4", 1, "", "", "hystrix.command=GetUser|hystrix.circuit_open='true'"),
            &["hystrix.java.span seen open hystrix GetUser"],
        ),
        (span("io.opentelemetry.hystrix-1.4", 1, "", "", "hystrix.command=GetUser|hystrix.circuit_open='false'"), &[]),
        // The texts that several libraries share.
        (span("x", CLIENT, "circuit breaker is open", "*errors.errorString", ""), &["go.breaker.open breaker_open  op:/user.v1.User/Get"]),
        (span("x", CLIENT, "the circuit breaker is opened by hand", "", ""), &[]),
        // The span is Kratos', the breaker around the call is not: its own says CIRCUITBREAKER.
        (
            span("kratos", CLIENT, "circuit breaker is open", "*errors.errorString", "rpc.system=http"),
            &["go.breaker.open breaker_open  op:/user.v1.User/Get"],
        ),
        (
            span("github.com/sony/gobreaker/v2", CLIENT, "circuit breaker is open", "*errors.errorString", ""),
            &["go.breaker.open breaker_open gobreaker op:/user.v1.User/Get"],
        ),
        (
            span("github.com/failsafe-go/failsafe-go", CLIENT, "circuit breaker open", "*errors.errorString", ""),
            &["go.breaker.open breaker_open failsafe-go op:/user.v1.User/Get"],
        ),
        (
            span("github.com/sony/gobreaker/v2", CLIENT, "too many requests", "", ""),
            &[
                "gobreaker.half_open half_open_limit gobreaker op:/user.v1.User/Get",
                "gobreaker.half_open seen half_open gobreaker op:/user.v1.User/Get",
            ],
        ),
        (span("x", CLIENT, "too many requests", "", ""), &["gobreaker.half_open.unsaid unknown_429  op:/user.v1.User/Get"]),
        (span("x", CLIENT, "too many requests for this account", "", ""), &[]),
        (
            span("github.com/failsafe-go/failsafe-go", CLIENT, "bulkhead full", "", ""),
            &["failsafe-go.limits bulkhead failsafe-go op:/user.v1.User/Get"],
        ),
        (span("x", CLIENT, "bulkhead full", "", ""), &[]),
        (
            span("x", CLIENT, "failed", "", "circuit_breaker.name=pay|circuit_breaker.state=open"),
            &["breaker.span.state breaker_open  pay", "breaker.span.state seen open  pay"],
        ),
        (span("x", CLIENT, "failed", "", "circuit_breaker.name=pay|circuit_breaker.state=closed"), &[]),
        (
            span("x", CLIENT, "failed", "", "circuitbreaker.name=pay|circuitbreaker.state=open"),
            &["breaker.span.state.semconv breaker_open  pay", "breaker.span.state.semconv seen open  pay"],
        ),
        (span("x", CLIENT, "", "", "circuitbreaker.name=pay|circuitbreaker.state=open"), &[]),
        (
            event(
                "circuit_breaker_state_change",
                vec![otlp::text("circuit_breaker.state", "open"), otlp::text("circuit_breaker.name", "pay")],
            ),
            &["breaker.span.event ?>open  pay"],
        ),
        (event("circuit_breaker_state_changes", vec![otlp::text("circuit_breaker.state", "open")]), &[]),
        // Python, Node.js.
        (
            span(
                "opentelemetry.instrumentation.flask",
                SERVER,
                "Timeout not elapsed yet, circuit breaker still open",
                "pybreaker.CircuitBreakerError",
                "",
            ),
            &["pybreaker.open breaker_open pybreaker op:/user.v1.User/Get"],
        ),
        (span("x", SERVER, "Failures threshold reached, circuit breaker opened", "pybreaker.CircuitBreakerError", ""), &[]),
        (span("x", CLIENT, "Timeout not elapsed yet, circuit breaker still closed", "", ""), &[]),
        (
            span("@opentelemetry/instrumentation-http", SERVER, "Breaker is open", "EOPENBREAKER", ""),
            &["opossum.open breaker_open opossum op:/user.v1.User/Get"],
        ),
        (span("x", SERVER, "Breaker is open for business", "Error", ""), &[]),
        // resilience4j: 18 of the reference.
        (
            span("x", CLIENT, "CircuitBreaker 'backendA' is HALF_OPEN and does not permit further calls", "", ""),
            &["resilience4j.text half_open_limit resilience4j backendA", "resilience4j.text seen half_open resilience4j backendA"],
        ),
        (span("x", CLIENT, "RateLimiter 'a' does not permit further calls", "", ""), &["resilience4j.limits rate_limit resilience4j a"]),
        (
            span("x", CLIENT, "Bulkhead 'a' is full and does not permit further calls", "", ""),
            &["resilience4j.limits bulkhead resilience4j a"],
        ),
        (span("x", CLIENT, "The policy does not permit further calls", "", ""), &[]),
        (span("x", CLIENT, "TimeLimiter 'a' recorded a timeout exception.", "", ""), &["resilience4j.timelimiter timeout resilience4j a"]),
        (span("x", CLIENT, "recorded a timeout exception", "", ""), &[]),
        (
            span("x", CLIENT, "The circuit is manually held open and is not allowing calls.", "", ""),
            &["polly.text breaker_open polly op:/user.v1.User/Get", "polly.text seen forced_open polly op:/user.v1.User/Get"],
        ),
        (span("x", CLIENT, "The circuit is now open", "", ""), &[]),
        // go-zero, Kitex.
        (span("go-zero", CLIENT, "circuit breaker is open", "", ""), &["go-zero.rpc breaker_open go-zero op:/user.v1.User/Get"]),
        (
            span("go-zero", SERVER, "rpc error: code = Unavailable desc = circuit breaker is open", "", ""),
            &["go-zero.rpc.server breaker_open propagated go-zero op:/user.v1.User/Get"],
        ),
        (span("go-zero", SERVER, "service overloaded", "", ""), &["go-zero.shed.rpc load_shed go-zero op:/user.v1.User/Get"]),
        (span("x", SERVER, "service overloaded", "", ""), &[]),
        // A 503 of its time-out, which is no refusal of its breaker.
        (span("go-zero", SERVER, "Request Timeout", "", "http.response.status_code=503"), &[]),
        (
            span("x", CLIENT, "forbidden by circuitbreaker: service circuitbreak", "*kerrors.DetailedError", ""),
            &["kitex.breaker breaker_open kitex op:/user.v1.User/Get"],
        ),
        (span("x", CLIENT, "forbidden by policy", "", ""), &[]),
        (span("x", SERVER, "request over limit: request too frequent", "", ""), &["kitex.limit rate_limit kitex op:/user.v1.User/Get"]),
        (span("x", SERVER, "request over the limit", "", ""), &[]),
        // Envoy.
        (
            span("", CLIENT, "", "", "response_flags=UO,URX|upstream_cluster.name=pay"),
            &["envoy.flags concurrency_cap envoy pay", "envoy.flags retry_budget envoy pay"],
        ),
        (span("", CLIENT, "", "", "response_flags=UT|upstream_cluster.name=pay"), &["envoy.flags.timeout timeout envoy pay"]),
        (span("", CLIENT, "", "", "response_flags=FI|http.response.status_code=200"), &[]),
        // The status alone, and its types: 8 and 9 of the reference.
        (span("x", CLIENT, "x", "", "http.response.status_code=503"), &["status.503 unknown_503  op:/user.v1.User/Get"]),
        (span("kratos", CLIENT, "x", "", "rpc.status_code=503"), &["status.503 unknown_503 kratos op:/user.v1.User/Get"]),
        (span("x", CLIENT, "x", "", "rpc.status_code=UNAVAILABLE"), &["status.unavailable unknown_503  op:/user.v1.User/Get"]),
        (span("x", CLIENT, "x", "", "rpc.grpc.status_code=14"), &["status.unavailable unknown_503  op:/user.v1.User/Get"]),
        (span("x", CLIENT, "x", "", "rpc.grpc.status_code=8"), &["status.exhausted unknown_429  op:/user.v1.User/Get"]),
        (span("x", CLIENT, "", "", "http.response.status_code=429"), &["status.429 unknown_429  op:/user.v1.User/Get"]),
        (span(OTELGIN, SERVER, "", "", "http.response.status_code=429"), &[]),
        (span("x", CLIENT, "x", "", "rpc.grpc.status_code=5"), &[]),
        // Records that have what makes a rule look, and not the rest.
        (span("other", CLIENT, "rpc error: code = Unavailable desc = request failed due to circuit breaker triggered", "", ""), &[]),
        (span("x", SERVER, "SentinelBlockError: none", "", ""), &[]),
        (span("x", CLIENT, "GetUser short-circuited and tried again", "", ""), &[]),
        (span("x", CLIENT, "GetUser timed-out and tried again", "", ""), &[]),
        (span("x", 1, "", "", "hystrix.command=GetUser|hystrix.circuit_open='false'|hystrix.cached='true'"), &[]),
        (span("x", CLIENT, "The circuit is now open and is not allowing retries", "", ""), &[]),
        (span("x", CLIENT, "", "", "http.response.status_code=200"), &[]),
    ]
}

pub(super) fn logs() -> Vec<Case> {
    vec![
        (
            log("client request", "kind=client|component=grpc|operation=/a.B/C|code=503|reason=CIRCUITBREAKER"),
            &["kratos.log.v3 breaker_open kratos-v3 op:/a.B/C"],
        ),
        (
            log("", "kind=client|component=grpc|operation=/a.B/C|code=503|reason=CIRCUITBREAKER"),
            &["kratos.log breaker_open kratos op:/a.B/C"],
        ),
        (
            log("server request", "kind=server|operation=/a.B/C|code=429|reason=RATELIMIT"),
            &["kratos.log.ratelimit rate_limit kratos op:/a.B/C"],
        ),
        (log("server request", "kind=server|operation=/a.B/C|code=503|reason=CIRCUITBREAKER"), &[]),
        (
            log(
                "ERROR ts=2024 kind=client component=grpc operation=/a.B/C args=id:1 code=503 reason=CIRCUITBREAKER stack=x latency=0.1",
                "",
            ),
            &["kratos.log.text breaker_open kratos op:/a.B/C"],
        ),
        (
            log("ERROR ts=2024 kind=server component=grpc operation=/a.B/C args=id:1 code=429 reason=RATELIMIT stack=x latency=0.1", ""),
            &["kratos.log.text.ratelimit rate_limit kratos op:/a.B/C"],
        ),
        (log("INFO kind=server component=grpc operation=/a.B/C args= code=200 reason= latency=0.1", ""), &[]),
        (
            log("1529998904000|2018-06-26 15:41:44|GET:/a|10|7|10|0|3|0|0|0", "log.file.name=shop-metrics.log.2018-06-26"),
            &["sentinel.metriclog unknown_429  GET:/a"],
        ),
        (log("1529998904000|2018-06-26 15:41:44|GET:/a|10|0|10|0|3|0|0|0", "log.file.name=shop-metrics.log.2018-06-26"), &[]),
        (log("2024-01-01 10:00:00|1|get,a,DegradeException,default,,7|5,0", ""), &["sentinel.java.block breaker_open sentinel-java get,a"]),
        (log("DegradeException, somewhere", ""), &[]),
        (
            log(
                r#"{"timestamp":"x","logLevel":"INFO","msg":"[CircuitBreakerRuleManager] Circuit breaking rules were loaded","rules":"[]"}"#,
                "",
            ),
            &["sentinel.rules reload sentinel-go *"],
        ),
        (log("[FlowRuleManager] Flow rules were loaded", ""), &[]),
        // 13 of the reference, line by line.
        (log("hystrix-go: opening circuit pay", ""), &["hystrix-go.log.open ?>open hystrix-go pay"]),
        (
            log("hystrix-go: allowing single test to possibly close circuit pay", ""),
            &["hystrix-go.log.probe open>half_open hystrix-go pay"],
        ),
        (log("hystrix-go: closing circuit pay", ""), &["hystrix-go.log.close ?>closed hystrix-go pay"]),
        (log("opening circuit pay", ""), &[]),
        (
            otlp::event_log("circuit_breaker.state_change", "", "circuitbreaker.name=pay|from=closed|to=open"),
            &["breaker.event closed>open  pay"],
        ),
        (otlp::event_log("circuit_breaker.created", "", "circuitbreaker.name=pay"), &[]),
        (
            otlp::event_log("fusebox.rules.reload", "governance rules were loaded again: mine.toml", ""),
            &["fusebox.rules.reload reload fusebox *"],
        ),
        (otlp::event_log("fusebox.started", "governance rules were loaded", ""), &[]),
        (log("Circuit breaker state changed", "name=pay|from=closed|to=open"), &["breaker.log.fields closed>open  pay"]),
        (
            log(r#"{"level":"warn","msg":"circuit breaker state changed","name":"pay","from":"half-open","to":"closed"}"#, ""),
            &["breaker.log.fields half_open>closed  pay"],
        ),
        (log("circuit breaker 'pay' changed from closed to open", ""), &["breaker.log.text closed>open  pay"]),
        (
            log(
                "WARN ts=2024-06-01T12:00:00.000Z caller=data/payment.go:47 service.id=order-1 service.name=order trace.id= span.id= \
                 msg=Circuit breaker state changed name=pay from=half-open to=closed",
                "",
            ),
            &["breaker.log.pairs half_open>closed  pay"],
        ),
        (log("INFO msg=Circuit breaker settings changed name=pay from=3 to=5", ""), &[]),
        (log("circuit breaker created", "name=pay"), &[]),
        (
            log("Event STATE_TRANSITION published: 2024: CircuitBreaker 'backendA' changed state from CLOSED to OPEN", ""),
            &["resilience4j.log closed>open resilience4j backendA"],
        ),
        (log("CircuitBreaker 'backendA' changed its state from here", ""), &[]),
        // 19 of the reference.
        (
            log(
                "Resilience event occurred. EventName: 'OnCircuitOpened', Source: 'orders-http/(null)/cb', Operation Key: '', Result: '500'",
                "",
            ),
            &["polly.log ?>open polly orders-http//cb"],
        ),
        (log("Resilience event occurred. EventName: 'OnRetry', Source: 'a/b/c', Operation Key: '', Result: '500'", ""), &[]),
        (
            log("2024\nhost: h\nproc(shop/1), callee: pay, breaker is open and requests dropped\nlast errors:\n15:04:05 timeout", ""),
            &["go-zero.alert seen open go-zero pay"],
        ),
        (log("breaker is open and requests were dropped", ""), &[]),
        (
            log("2024\nproc(rec/1), callee: GET:///charge, breaker is open and requests dropped\nlast errors:\n15:04:05 500", ""),
            &["go-zero.alert seen open go-zero op:/charge"],
        ),
        (log("[HTTP] GET http://127.0.0.1:80/pay?id=1 - circuit breaker is open", ""), &["go-zero.httpc.log breaker_open go-zero op:/pay"]),
        // 22 of the reference: the fold joins the two lines.
        (log("[http] dropped, /a - 1.2.3.4 - curl", ""), &["go-zero.drop unknown_503 go-zero op:/a"]),
        (log("dropreq, cpu: 950, maxPass: 10", ""), &["go-zero.dropreq load_shed go-zero shedder"]),
        (log("concurrent connections over 100, rejected with code 503", ""), &["go-zero.maxconns concurrency_cap go-zero max_conns"]),
        (log("[http] kept, /a - 1.2.3.4 - curl", ""), &[]),
        (log("fail - etcd:///pay.rpc - id:1 - circuit breaker is open", ""), &["go-zero.rpc.log breaker_open go-zero op:etcd:///pay.rpc"]),
        (log("call failed", "error=circuit breaker is open"), &["go.breaker.open breaker_open  "]),
        (
            log("service_cb: shop/pay/Charge: CLOSED -> OPEN, (succ: 3, err: 197, timeout: 0, rate: 0.985000)", ""),
            &["kitex.event closed>open kitex shop/pay/Charge"],
        ),
        (log("service_cb ready", ""), &[]),
        (
            log("[Filter][TPS] the invocation was rejected due to over the limiter limitation, url=x", ""),
            &["dubbo.tps rate_limit dubbo-go "],
        ),
        (log("[Filter][TPS] the invocation was accepted", ""), &[]),
        // 20 and 21 of the reference.
        (
            log(
                r#"[2024-06-01T12:00:07.000Z] "GET /a HTTP/1.1" 503 UO,URX upstream_reset_before_response_started{overflow} - "-" 0 81 0 -"#,
                "",
            ),
            &["istio.accesslog concurrency_cap envoy op:GET /a", "istio.accesslog retry_budget envoy op:GET /a"],
        ),
        (
            log(r#"[2024-06-01T12:00:07.000Z] "GET /a HTTP/1.1" 504 UT upstream_response_timeout - "-" 0 24 0 -"#, ""),
            &["istio.accesslog.timeout timeout envoy op:GET /a"],
        ),
        (log("GET /a HTTP/1.1", "response_flags=UO|upstream_cluster.name=pay"), &["envoy.flags concurrency_cap envoy pay"]),
        (log("GET /a HTTP/1.1", "response_flags=UT|upstream_cluster.name=pay"), &["envoy.flags.timeout timeout envoy pay"]),
        (log("GET /a HTTP/1.1", "response_flags=-|upstream_cluster.name=pay"), &[]),
        (log(r#"[2024-06-01T12:00:07.000Z] "GET /a HTTP/1.1" 503 UF upstream_reset - "-" 0 81 0 -"#, ""), &[]),
        (
            log(r#"{"type":"CONSECUTIVE_5XX","cluster_name":"pay","upstream_url":"10.0.0.1:80","action":"EJECT","enforced":true}"#, ""),
            &["envoy.outlier.log ?>open envoy pay@10.0.0.1:80", "envoy.outlier.log eject envoy pay@10.0.0.1:80"],
        ),
        (
            log(r#"{"cluster_name":"pay","upstream_url":"10.0.0.1:80","action":"UNEJECT"}"#, ""),
            &["envoy.outlier.log.uneject ?>closed envoy pay@10.0.0.1:80", "envoy.outlier.log.uneject uneject envoy pay@10.0.0.1:80"],
        ),
        (log(r#"{"cluster_name":"pay","upstream_url":"10.0.0.1:80","action":"EJECT","enforced":false}"#, ""), &[]),
        (log("Consecutive failure-accrual breaker closed", "addr=10.0.0.1:80"), &["linkerd ?>open linkerd 10.0.0.1:80"]),
        (log("Consecutive failure-accrual breaker reopened", "addr=10.0.0.1:80"), &["linkerd ?>closed linkerd 10.0.0.1:80"]),
        (log("Consecutive failure-accrual breaker configured", ""), &[]),
        // Records that have what makes a rule look, and not the rest.
        (log("dropreq, mem: 950", ""), &[]),
        (log("concurrent connections: 100", ""), &[]),
        (log("hystrix-go: opening file pay", ""), &[]),
        (log("hystrix-go: allowing single retry", ""), &[]),
        (log("hystrix-go: closing connection pay", ""), &[]),
        (log("ERROR kind=server component=grpc operation=/a.B/C args= code=503 reason=CIRCUITBREAKER latency=0.1", ""), &[]),
        (log("ERROR kind=client component=grpc operation=/a.B/C args= code=429 reason=RATELIMIT latency=0.1", ""), &[]),
        (log("Resilience event occurred. EventName: 'OnCircuitReset', Source: 'a/b/c', Operation Key: ''", ""), &[]),
        (log("Order 7 changed state from NEW to PAID", ""), &[]),
        (log(r#"{"cluster_name":"pay","action":"UNEJECT"}"#, ""), &[]),
        (log("the invocation was rejected due to over the limiter quota", ""), &[]),
        (log(r#"[2024-06-01T12:00:07.000Z] "GET /a HTTP/1.1" 504 - upstream_response_timeout - "-" 0 24 0 -"#, ""), &[]),
        // 25 of the reference: an error, but nobody refused anything.
        (log(r#"{"level":"error","msg":"{\"code\":5001003,\"message\":\"insufficient stock\",\"solution\":\"replenish\"}"}"#, ""), &[]),
    ]
}

pub(super) fn points() -> Vec<Case> {
    vec![
        (
            point("sum", "client_requests_code_total", 10.0, "kind=grpc|operation=/a.B/C|code=503|reason=CIRCUITBREAKER"),
            &["kratos.metric breaker_open kratos op:/a.B/C"],
        ),
        (
            point("sum", "client.requests.code", 10.0, "operation=/a.B/C|code='503'|reason=CIRCUITBREAKER"),
            &["kratos.metric breaker_open kratos op:/a.B/C"],
        ),
        (point("sum", "client_requests_code_total", 10.0, "operation=/a.B/C|code=200|reason="), &[]),
        (
            point("sum", "server_requests_code_total", 1.0, "operation=/a.B/C|reason=CIRCUITBREAKER"),
            &["kratos.metric.server breaker_open propagated kratos op:/a.B/C"],
        ),
        (
            point("sum", "server_requests_code_total", 1.0, "operation=/a.B/C|reason=RATELIMIT"),
            &["kratos.metric.ratelimit rate_limit kratos op:/a.B/C"],
        ),
        (
            point("sum", "client_requests_code_total", 1.0, "operation=/a.B/C|reason=RATELIMIT"),
            &["kratos.metric.ratelimit.client rate_limit propagated kratos op:/a.B/C"],
        ),
        (
            point("sum", "go_gateway_requests_circuit_breaker_denied_total", 1.0, "method=GET|path=/a|service=pay"),
            &["kratos.gateway breaker_open kratos op:GET /a"],
        ),
        (
            point("sum", "go_gateway_requests_retry_state", 1.0, "method=GET|path=/a|success=breaker"),
            &["kratos.gateway.retry retry_budget kratos op:GET /a"],
        ),
        (point("sum", "go_gateway_requests_retry_state", 1.0, "method=GET|path=/a|success='true'"), &[]),
        (
            point("sum", "sentinel_go_circuit_breaker_state_changed_total", 1.0, "resource=GET:/a|from_state=HalfOpen|to_state=Open"),
            &["sentinel.transition count half_open>open sentinel-go GET:/a"],
        ),
        // 9 of the reference.
        (
            point("sum", "sentinel_go_handled_total", 17.0, "resource=GET:/api/order/:id|result=block|block_type=BlockTypeFlowControl"),
            &["sentinel.block rate_limit sentinel-go GET:/api/order/:id"],
        ),
        (point("sum", "sentinel_go_handled_total", 17.0, "resource=GET:/a|result=pass|block_type="), &[]),
        (point("gauge", "shop.pay.circuitOpen", 1.0, ""), &["hystrix.gauge 1=open hystrix-go pay"]),
        (point("gauge", "hystrix.circuitOpen", 0.0, "hystrixcircuit=pay"), &["hystrix.gauge 0=closed hystrix-go pay"]),
        (point("gauge", "shop.pay.attempts", 1.0, ""), &[]),
        // 15 of the reference: a number without a meaning.
        (point("gauge", "circuit_breaker_state", 2.0, "name=pay"), &["breaker.gauge 2=?  pay"]),
        (point("gauge", "gobreaker_circuit_breaker_state", 2.0, "name=pay"), &["breaker.gauge 2=open gobreaker pay"]),
        (point("gauge", "app_circuit_breaker_state", 1.0, "name=pay|state=half-open"), &["breaker.gauge.onehot half_open=1  pay"]),
        (point("gauge", "circuit_breaker_size", 2.0, "name=pay"), &[]),
        (point("sum", "app_circuit_breaker_trips_total", 2.0, "name=pay"), &["breaker.trips count ?>open  pay"]),
        (
            point("gauge", "resilience4j.circuitbreaker.state", 1.0, "name=a|state=forced_open"),
            &["resilience4j.state forced_open=1 resilience4j a"],
        ),
        (point("gauge", "resilience4j_circuitbreaker_state", 0.0, "name=a|state=open"), &["resilience4j.state open=0 resilience4j a"]),
        (
            point("sum", "resilience4j.circuitbreaker.not.permitted.calls", 12.0, "name=a|kind=not_permitted"),
            &["resilience4j.not_permitted breaker_open resilience4j a"],
        ),
        (point("sum", "resilience4j.retry.calls", 1.0, "name=a|kind=failed_with_retry"), &["resilience4j.retry retry resilience4j a"]),
        (point("sum", "resilience4j.retry.calls", 1.0, "name=a|kind=successful_without_retry"), &[]),
        (
            point("sum", "resilience4j.timelimiter.calls", 1.0, "name=a|kind=timeout"),
            &["resilience4j.timelimiter.calls timeout resilience4j a"],
        ),
        (point("sum", "resilience4j.timelimiter.calls", 1.0, "name=a|kind=successful"), &[]),
        (
            point(
                "sum",
                "failsafe.circuit_breaker.state_change.count",
                1.0,
                "failsafe.circuit_breaker.name=a|failsafe.circuit_breaker.state=half_open",
            ),
            &["failsafe.java count ?>half_open failsafe a"],
        ),
        (
            point("sum", "failsafe.retry_policy.execution.count", 1.0, "failsafe.retry_policy.name=a"),
            &["failsafe.java.retry retry failsafe a"],
        ),
        (point("sum", "failsafe.circuit_breaker.execution.count", 1.0, "failsafe.circuit_breaker.name=a"), &[]),
        (
            point(
                "sum",
                "resilience.polly.strategy.events",
                1.0,
                "event.name=OnCircuitOpened|pipeline.name=p|pipeline.instance=i|strategy.name=s",
            ),
            &["polly.counter count ?>open polly p/i/s"],
        ),
        (
            point("sum", "resilience.polly.strategy.events", 1.0, "event.name=OnCircuitHalfOpened|pipeline.name=p|strategy.name=s"),
            &["polly.counter.unnamed count ?>half_open polly p//s"],
        ),
        (
            point("sum", "resilience.polly.strategy.events", 1.0, "event.name=OnRateLimiterRejected|pipeline.name=p|strategy.name=s"),
            &["polly.ratelimit rate_limit polly p//s"],
        ),
        (
            point("sum", "resilience.polly.strategy.events", 1.0, "event.name=OnRetry|pipeline.name=p|strategy.name=s"),
            &["polly.actions retry polly p//s"],
        ),
        (point("sum", "resilience.polly.strategy.events", 1.0, "event.name=Chaos.OnFault|pipeline.name=p"), &[]),
        (
            point(
                "histogram",
                "resilience.polly.pipeline.duration",
                4.0,
                "pipeline.name=p|exception.type=Polly.CircuitBreaker.BrokenCircuitException",
            ),
            &["polly.reject breaker_open polly p//"],
        ),
        (point("histogram", "resilience.polly.pipeline.duration", 4.0, "pipeline.name=p|exception.type=System.Exception"), &[]),
        (
            point("sum", "dubbo_provider_requests_limit_total", 4.0, "interface=a.B|method=c"),
            &["dubbo.metric.limit rate_limit dubbo-go op:a.B/c"],
        ),
        (
            point("sum", "dubbo_consumer_requests_timeout_total", 4.0, "interface=a.B|method=c"),
            &["dubbo.metric.timeout timeout dubbo-go op:a.B/c"],
        ),
        (point("sum", "dubbo_consumer_requests_total", 4.0, "interface=a.B|method=c"), &[]),
        // 27 of the reference.
        (
            point("gauge", "cluster.circuit_breakers.default.rq_open", 1.0, "envoy.cluster_name=pay"),
            &["envoy.gauge 1=open envoy pay/default/rq"],
        ),
        (
            point("gauge", "cluster.circuit_breakers.default.rq_open", 0.0, "envoy.cluster_name=pay"),
            &["envoy.gauge 0=closed envoy pay/default/rq"],
        ),
        (point("gauge", "cluster.circuit_breakers.default.remaining_rq", 0.0, "envoy.cluster_name=pay"), &[]),
        (
            point("sum", "cluster.upstream_rq_pending_overflow", 3.0, "envoy.cluster_name=pay"),
            &["envoy.overflow concurrency_cap envoy pay/upstream_rq_pending_overflow"],
        ),
        (point("sum", "cluster.upstream_rq_retry", 3.0, "envoy.cluster_name=pay"), &["envoy.retry retry envoy pay"]),
        (point("sum", "cluster.upstream_rq_total", 3.0, "envoy.cluster_name=pay"), &[]),
        (point("sum", "a.http_local_rate_limit.enforced", 3.0, ""), &["envoy.ratelimit rate_limit envoy a"]),
        (point("sum", "a.http_local_rate_limit.rate_limited", 3.0, ""), &[]),
        (
            point("sum", "istio_requests_total", 3.0, "destination_service_name=pay|response_code=503|response_flags=UO"),
            &["istio.metric concurrency_cap envoy pay"],
        ),
        (point("sum", "istio_requests_total", 3.0, "destination_service_name=pay|response_code=200|response_flags=-"), &[]),
        (point("gauge", "cluster.outlier_detection.ejections_active", 2.0, "envoy.cluster_name=pay"), &["envoy.outlier 2=open envoy pay"]),
        (
            point("sum", "grpc.lb.outlier_detection.ejections_enforced", 2.0, "grpc.target=dns:///pay"),
            &["grpc.outlier eject grpc dns:///pay"],
        ),
        (point("sum", "grpc.lb.outlier_detection.ejections_unenforced", 2.0, "grpc.target=dns:///pay"), &[]),
        (
            point(
                "sum",
                "aspnetcore.rate_limiting.requests",
                2.0,
                "aspnetcore.rate_limiting.policy=p|aspnetcore.rate_limiting.result=global_limiter",
            ),
            &["aspnetcore.ratelimit rate_limit aspnetcore p"],
        ),
        (
            point(
                "sum",
                "aspnetcore.rate_limiting.requests",
                2.0,
                "aspnetcore.rate_limiting.policy=p|aspnetcore.rate_limiting.result=acquired",
            ),
            &[],
        ),
        // Records that have what makes a rule look, and not the rest.
        (point("sum", "failsafe.circuit_breaker.state_change.rate", 1.0, "failsafe.circuit_breaker.name=a"), &[]),
        (point("sum", "failsafe.retry_policy.execution.rate", 1.0, "failsafe.retry_policy.name=a"), &[]),
        (point("histogram", "hystrix.circuitOpen", 1.0, "hystrixcircuit=pay"), &[]),
        (point("sum", "go_gateway_requests_circuit_breaker_allowed_total", 1.0, "method=GET|path=/a|service=pay"), &[]),
        (point("sum", "resilience4j.circuitbreaker.not.permitted.ratio", 1.0, "name=a"), &[]),
        (point("gauge", "sentinel_go_circuit_breaker_state_age", 1.0, "resource=GET:/a"), &[]),
        (point("delta", "dubbo_provider_requests_limit_total", 0.0, "interface=a.B|method=c"), &[]),
    ]
}

#[test]
fn records_of_real_libraries_become_their_facts() {
    let rules = Rules::built_in();
    let mut wrong = Vec::new();
    let mut matched = BTreeSet::new();
    for (signal, cases) in [("span", spans()), ("log", logs()), ("point", points())] {
        for (index, (batches, expected)) in cases.into_iter().enumerate() {
            let lines = said(&classify(&rules, &batches));
            matched.extend(lines.iter().filter_map(|line| line.split(' ').next()).map(str::to_owned));
            if lines != expected {
                wrong.push(format!("{signal} {index}: {lines:?}, expected {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let all = rules.spans.iter().chain(&rules.logs).chain(&rules.metrics).map(|rule| rule.id.clone());
    let without_case: BTreeSet<String> = all.filter(|id| !matched.contains(id)).collect();
    assert_eq!(without_case, BTreeSet::new(), "rules that no case matches");
}
