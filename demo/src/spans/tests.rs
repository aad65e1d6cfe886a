use opentelemetry_proto::tonic::common::v1::any_value::Value;
use rand::{SeedableRng, rngs::SmallRng};

use super::*;
use crate::{
    failure::Trouble,
    scenario::Caller,
    topology::{
        ServiceId,
        tests::{called, queried},
    },
};

const STOCK: &str = "/inventory.v1.Inventory/GetStock";
const PRODUCT: &str = "/internal/products/:id";
const CHARGE: &str = "/v2/charges";
const PROFILE: &str = "/user.v1.User/GetProfile";
const ACQUIRER: &str = "https://api.acquirer-gateway.com/v1/authorizations";

pub(crate) static REQUEST: Request =
    Request { subject: 41_234, user: 512_345, client_ip: [84, 1, 2, 3], user_agent: "", caller: Caller::Anyone };
/// Half a second long.
pub(crate) const PLACE: Place =
    Place { trace: TraceId([1; 16]), id: SpanId([2; 8]), parent: None, start: UnixNanos(1_000_000_000), end: UnixNanos(1_500_000_000) };

/// A call of [`REQUEST`] to `route` of an instance at 10.244.1.7.
pub(crate) fn callee(client: Stack, route: &'static Route) -> Callee<'static> {
    let service = route.service.service();
    let inside = Peer { service: service.name, ip: "10.244.1.7", port: service.port };
    Callee { client, route, peer: if route.is_outside() { Peer::outside() } else { inside }, request: &REQUEST }
}

fn instance(service: ServiceId) -> Instance {
    Instance::start(service.service(), "1.0.0", 1, &mut SmallRng::seed_from_u64(1))
}

fn value(span: &Span, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key == key)?;
    Some(match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        other => panic!("{key} is {other:?}"),
    })
}

/// Type and message of every recorded exception.
fn exceptions(span: &Span) -> Vec<(String, Option<String>)> {
    let of = |event: &Event, key: &str| {
        let attributes = event.attributes.clone();
        value(&Span { attributes, ..Span::default() }, key)
    };
    span.events.iter().map(|event| (of(event, "exception.type").unwrap_or_default(), of(event, "exception.message"))).collect()
}

fn status_of(span: &Span) -> (i32, &str) {
    span.status.as_ref().map_or((0, ""), |status| (status.code, status.message.as_str()))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Well,
    Late,
    Unreachable,
}

/// The span `from` makes of a call to `operation`.
fn of_call(from: ServiceId, operation: &str, end: End) -> Span {
    let to = callee(from.service().stack, called(operation));
    let failure = match end {
        End::Well => None,
        End::Late => Some(Failure::deadline(&to, 500)),
        End::Unreachable => Some(Failure::unreachable(&to)),
    };
    let facts = CallSpan { place: PLACE, to, failure: failure.as_ref(), attempt: 1, connected: end != End::Unreachable };
    call(&facts).1
}

#[test]
fn kratos_knows_its_peer_when_a_header_went_out() {
    let check = |from, operation, end, ip: Option<&str>, port: Option<&str>| {
        let span = of_call(from, operation, end);
        let peer = (value(&span, "net.peer.ip"), value(&span, "net.peer.port"));
        assert_eq!((peer.0.as_deref(), peer.1.as_deref()), (ip, port), "{operation} {end:?}");
        assert_eq!(value(&span, "network.peer.address"), None);
    };
    for from in [ServiceId::Cart, ServiceId::Order] {
        check(from, STOCK, End::Well, Some("10.244.1.7"), Some("9000"));
        check(from, STOCK, End::Late, Some("10.244.1.7"), Some("9000"));
        check(from, STOCK, End::Unreachable, None, None);
    }
    // Over HTTP it is the host of the request.
    let host = Some("payment.shop.svc.cluster.local");
    check(ServiceId::Order, CHARGE, End::Well, host, Some("8080"));
    check(ServiceId::Order, CHARGE, End::Unreachable, host, Some("8080"));
}

#[test]
fn kratos_says_ok_without_a_description() {
    let span = of_call(ServiceId::Cart, STOCK, End::Well);
    assert_eq!((status_of(&span), span.events.len()), ((1, ""), 0));
}

#[test]
fn kratos_passes_errors_of_the_http_client_on() {
    let span = of_call(ServiceId::Order, CHARGE, End::Unreachable);
    let text = "Post \"http://payment.shop.svc.cluster.local:8080/v2/charges\": dial tcp 10.244.1.7:8080: connect: connection refused";
    assert_eq!(status_of(&span), (2, text));
    assert_eq!(exceptions(&span), [("*url.Error".to_owned(), Some(text.to_owned()))]);
    assert_eq!(value(&span, "rpc.status_code").as_deref(), Some("500"));
}

#[test]
fn go_transports_name_the_error_and_record_none() {
    let check = |end, kind: &str, text: &str| {
        let span = of_call(ServiceId::Storefront, PRODUCT, end);
        assert_eq!(status_of(&span), (2, text));
        assert_eq!(value(&span, "error.type").as_deref(), Some(kind));
        assert_eq!((value(&span, "http.response.status_code"), span.events.len()), (None, 0));
    };
    check(End::Late, "context.deadlineExceededError", "context deadline exceeded");
    check(End::Unreachable, "*net.OpError", "dial tcp 10.244.1.7:8080: connect: connection refused");
    let well = of_call(ServiceId::Storefront, PRODUCT, End::Well);
    assert_eq!((status_of(&well), value(&well, "http.response.status_code").as_deref()), ((0, ""), Some("200")));
    let address = |end| value(&of_call(ServiceId::Storefront, STOCK, end), "server.address");
    assert_eq!((address(End::Late).as_deref(), address(End::Unreachable)), (Some("10.244.1.7"), None));
}

#[test]
fn java_clients_record_their_own_exceptions() {
    let check = |from, operation, end, expected: &[(&str, Option<&str>)]| {
        let span = of_call(from, operation, end);
        let recorded = exceptions(&span);
        let recorded: Vec<_> = recorded.iter().map(|(kind, message)| (kind.as_str(), message.as_deref())).collect();
        assert_eq!(recorded, expected, "{operation} {end:?}");
        assert_eq!(status_of(&span), (if end == End::Well { 0 } else { 2 }, ""), "{operation} {end:?}");
        span
    };
    check(ServiceId::Payment, ACQUIRER, End::Well, &[]);
    let late = check(ServiceId::Payment, ACQUIRER, End::Late, &[("java.net.http.HttpTimeoutException", Some("request timed out"))]);
    assert_eq!(value(&late, "error.type").as_deref(), Some("java.net.http.HttpTimeoutException"));
    let refused = check(ServiceId::Payment, ACQUIRER, End::Unreachable, &[("java.net.ConnectException", None)]);
    assert_eq!(value(&refused, "error.type").as_deref(), Some("java.net.ConnectException"));
    check(ServiceId::Notification, PROFILE, End::Late, &[]);
    let kind = "io.grpc.netty.shaded.io.netty.channel.AbstractChannel.AnnotatedConnectException";
    let text = "finishConnect(..) failed: Connection refused: user.shop.svc.cluster.local/10.244.1.7:9000";
    let unreachable = check(ServiceId::Notification, PROFILE, End::Unreachable, &[(kind, Some(text))]);
    assert_eq!(value(&unreachable, "network.peer.address"), None);
}

/// Name, statement and exceptions of what `from` shows of a statement.
fn of_query(from: ServiceId, operation: &str, target: &str, trouble: Trouble) -> Option<(String, bool, Vec<String>)> {
    let (me, query) = (instance(from), queried(from, operation, target));
    let stage = trouble.stage(query.store, me.service.stack);
    let failure = Failure::of_store(query.store, trouble, me.service.stack, 1_002_500_000);
    let facts = QuerySpan { place: PLACE, query, me: &me, request: &REQUEST, failure: Some(&failure), stage, rows: 0 };
    let (_, span) = super::query(&facts)?;
    let statement = span.attributes.iter().any(|attribute| ["db.statement", "db.query.text"].contains(&attribute.key.as_str()));
    let kinds = exceptions(&span).into_iter().map(|(kind, _)| kind).collect();
    Some((span.name, statement, kinds))
}

#[test]
fn a_statement_that_was_never_sent_has_no_span() {
    let check = |from, (operation, target), trouble, expected: Option<(&str, bool, &str)>| {
        let expected = expected.map(|(name, statement, kind)| (name.to_owned(), statement, vec![kind.to_owned()]));
        assert_eq!(of_query(from, operation, target, trouble), expected, "{from:?} {trouble:?}");
    };
    let charge = ("INSERT", "charges");
    let sent = Some(("INSERT payments.charges", true, "org.postgresql.util.PSQLException"));
    check(ServiceId::Payment, charge, Trouble::Timeout, sent);
    check(ServiceId::Payment, charge, Trouble::Unreachable, sent);
    check(ServiceId::Payment, charge, Trouble::Overloaded, None);
    let order = ("INSERT", "orders");
    check(ServiceId::Order, order, Trouble::Timeout, Some(("query INSERT orders", true, "*pgconn.PgError")));
    check(ServiceId::Order, order, Trouble::Unreachable, Some(("connect", false, "*pgconn.ConnectError")));
    check(ServiceId::Order, order, Trouble::Overloaded, Some(("connect", false, "*pgconn.ConnectError")));
    check(ServiceId::Catalog, ("SELECT", "products"), Trouble::Unreachable, Some(("select products", true, "*net.OpError")));
}

#[test]
fn a_pool_timeout_says_how_long_it_waited() {
    let query = queried(ServiceId::Payment, "INSERT", "charges");
    let failure = Failure::of_store(query.store, Trouble::Overloaded, Stack::Spring, 1_002_500_000);
    assert!(failure.message.contains("request timed out after 1002ms (total=10"), "{}", failure.message);
}
