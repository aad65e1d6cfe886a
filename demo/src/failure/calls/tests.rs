use super::*;
use crate::{
    latency::Latency,
    spans::tests::callee,
    topology::{Refusal, Route, ServiceId, tests::called},
};

const STOCK: &str = "/inventory.v1.Inventory/GetStock";
const RECOMMEND: &str = "/recommendation.v1.RecommendationService/ListRecommendations";
const PRODUCT: &str = "/internal/products/:id";
const CHARGE: &str = "/v2/charges";
const ACQUIRER: &str = "https://api.acquirer-gateway.com/v1/authorizations";

/// A Kratos service that speaks HTTP; the shop has none.
static KRATOS_HTTP: Route = Route {
    service: ServiceId::Cart,
    protocol: Protocol::Http("POST"),
    operation: "/v1/carts",
    work: Latency::of(1, 0.1),
    steps: &[],
    log: "",
};

/// Status, gRPC code, type, text; then type and text of what is beneath.
fn told(failure: &Failure) -> (u16, &str, &str, String, &str, &str) {
    let (exception, message) = failure.beneath();
    (failure.http, failure.grpc.go_name(), failure.exception, failure.go_text(), exception, message)
}

#[test]
fn a_deadline_is_told_in_the_words_of_the_client() {
    let check = |client, operation, http, grpc, exception, text: &str, beneath: (&str, &str)| {
        let failure = Failure::deadline(&callee(client, called(operation)), 800);
        assert_eq!(told(&failure), (http, grpc, exception, text.to_owned(), beneath.0, beneath.1), "{client:?} {operation}");
        assert_eq!(failure.reason, "", "{client:?} {operation}");
    };
    let beneath = ("context.deadlineExceededError", "context deadline exceeded");
    let product = "http://catalog.shop.svc.cluster.local:8080/internal/products/41234";
    let text = format!("Get \"{product}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
    check(Stack::Gin, PRODUCT, 504, "DeadlineExceeded", "*url.Error", &text, beneath);
    let charge = "http://payment.shop.svc.cluster.local:8080/v2/charges";
    let text = format!("Post \"{charge}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
    check(Stack::KratosV2, CHARGE, 500, "DeadlineExceeded", "*url.Error", &text, beneath);
    let text = "rpc error: code = DeadlineExceeded desc = context deadline exceeded";
    check(Stack::KratosV3, STOCK, 504, "DeadlineExceeded", "*status.Error", text, ("*status.Error", "context deadline exceeded"));
    let text = format!("I/O error on POST request for \"{ACQUIRER}\": request timed out");
    let beneath = ("java.net.http.HttpTimeoutException", "request timed out");
    let exception = "org.springframework.web.client.ResourceAccessException";
    check(Stack::Spring, ACQUIRER, 504, "DeadlineExceeded", exception, &text, beneath);
    let text = "HTTPConnectionPool(host='catalog', port=8080): Read timed out. (read timeout=0.8)";
    let exception = "requests.exceptions.ReadTimeout";
    check(Stack::Python, PRODUCT, 504, "DeadlineExceeded", exception, text, (exception, text));
}

#[test]
fn a_refused_connection_is_told_in_the_words_of_the_client() {
    let check = |client, operation, http, grpc, exception, text: &str, beneath: (&str, &str)| {
        let failure = Failure::unreachable(&callee(client, called(operation)));
        assert_eq!(told(&failure), (http, grpc, exception, text.to_owned(), beneath.0, beneath.1), "{client:?} {operation}");
        assert_eq!(failure.reason, "", "{client:?} {operation}");
    };
    let beneath = ("*net.OpError", "dial tcp 10.244.1.7:8080: connect: connection refused");
    let text = format!("Get \"http://catalog.shop.svc.cluster.local:8080/internal/products/41234\": {}", beneath.1);
    check(Stack::Gin, PRODUCT, 503, "Unavailable", "*url.Error", &text, beneath);
    let text = format!("Post \"http://payment.shop.svc.cluster.local:8080/v2/charges\": {}", beneath.1);
    check(Stack::KratosV2, CHARGE, 500, "Unknown", "*url.Error", &text, beneath);
    let status = "connection error: desc = \"transport: Error while dialing: dial tcp 10.244.1.7:9000: connect: connection refused\"";
    let text = format!("rpc error: code = Unavailable desc = {status}");
    check(Stack::Gin, STOCK, 503, "Unavailable", "*status.Error", &text, ("*status.Error", status));
    let exception = "org.springframework.web.client.ResourceAccessException";
    let text = format!("I/O error on POST request for \"{ACQUIRER}\": null");
    check(Stack::Spring, ACQUIRER, 503, "Unavailable", exception, &text, ("java.net.ConnectException", ""));
}

fn refused(stack: Stack, http: u16, reason: &'static str) -> Failure {
    Failure::refused(&Refusal { share: 1.0, http, reason, message: "the words" }, stack)
}

#[test]
fn a_border_keeps_what_the_client_library_decodes() {
    let check = |failure: &Failure, client, route, expected: (u16, &str, &str), text: &str| {
        let seen = failure.seen_from(&callee(client, route));
        let printed = if client == Stack::Gin { seen.go_text() } else { seen.kratos_text() };
        assert_eq!((seen.http, seen.grpc.go_name(), seen.reason, printed.as_str()), (expected.0, expected.1, expected.2, text));
    };
    let (stock, charge) = (called(STOCK), called(CHARGE));
    // Kratos to Kratos: gRPC carries the reason in its details, HTTP in its body.
    let text = "rpc error: code = Aborted desc = the words";
    check(&refused(Stack::KratosV2, 409, "SOLD_OUT"), Stack::KratosV3, stock, (409, "Aborted", "SOLD_OUT"), text);
    let text = "error: code = 402 reason = NO_CREDIT message = the words metadata = map[] cause = <nil>";
    check(&refused(Stack::KratosV3, 402, "NO_CREDIT"), Stack::KratosV2, &KRATOS_HTTP, (402, "Unknown", "NO_CREDIT"), text);
    // A status without a gRPC code.
    let text = "rpc error: code = Unknown desc = the words";
    check(&refused(Stack::KratosV2, 402, "NO_CREDIT"), Stack::KratosV3, stock, (500, "Unknown", "NO_CREDIT"), text);
    // Spring's body has neither; what Kratos is left with goes on over gRPC.
    let declined = refused(Stack::Spring, 402, "CARD_DECLINED");
    let text = "error: code = 402 reason =  message =  metadata = map[] cause = <nil>";
    check(&declined, Stack::KratosV2, charge, (402, "Unknown", ""), text);
    let at_order = declined.seen_from(&callee(Stack::KratosV2, charge));
    check(&at_order, Stack::Gin, called("/order.v1.Order/Create"), (500, "Unknown", ""), "rpc error: code = Unknown desc = ");
    // A developer's own words.
    check(&refused(Stack::Gin, 404, "NOT_THERE"), Stack::Gin, called(PRODUCT), (404, "NotFound", ""), "catalog: unexpected status 404");
    let bug = Failure::of_bug(Stack::Python).expect("Python has bugs");
    let text = "rpc error: code = Unknown desc = Exception calling application: list index out of range";
    check(&bug, Stack::Gin, called(RECOMMEND), (500, "Unknown", ""), text);
    // A call without an answer is no error of Kratos: its server sends the text, and knows only deadlines.
    let unreachable = Failure::unreachable(&callee(Stack::KratosV2, charge));
    let text = format!("rpc error: code = Unknown desc = {}", unreachable.message);
    check(&unreachable, Stack::Gin, called("/order.v1.Order/Create"), (500, "Unknown", ""), &text);
    let late = Failure::deadline(&callee(Stack::KratosV2, charge), 5_000);
    let text = format!("rpc error: code = DeadlineExceeded desc = {}", late.message);
    check(&late, Stack::Gin, called("/order.v1.Order/Create"), (504, "DeadlineExceeded", ""), &text);
}
