use super::*;
use crate::{spans::tests::callee, topology::tests::called};

const CHARGE: &str = "/v2/charges";
const PRODUCT: &str = "/internal/products/:id";
const CREATE: &str = "/order.v1.Order/Create";

#[test]
fn outcomes_differ_where_the_library_tells_them_apart() {
    let check = |stack, side, operation, one: &Failure, other: &Failure, expected: bool| {
        let of = |failure| Outcome::of(stack, side, called(operation), Some(failure));
        assert_eq!(of(one) != of(other), expected, "{stack:?} {side:?} {operation}: {one:?} {other:?}");
    };
    let bug = |stack| Failure::of_bug(stack).expect("not Envoy");
    // Two errors without a reason are one code to Kratos, though gRPC would know the deadline.
    let charge = callee(Stack::KratosV2, called(CHARGE));
    let (late, refused) = (Failure::deadline(&charge, 5_000), Failure::unreachable(&charge));
    check(Stack::KratosV2, Side::Client, CHARGE, &late, &refused, false);
    check(Stack::KratosV2, Side::Server, CREATE, &late, &refused, false);
    check(Stack::KratosV2, Side::Server, CREATE, &late, &bug(Stack::KratosV2), true);
    // An HTTP server has its status, whatever it got from below.
    let create = callee(Stack::Gin, called(CREATE));
    let (late, unknown) = (late.seen_from(&create), refused.seen_from(&create));
    check(Stack::Gin, Side::Client, CREATE, &late, &unknown, true);
    check(Stack::Gin, Side::Client, CREATE, &unknown, &bug(Stack::KratosV2).seen_from(&create), true);
    check(Stack::Gin, Side::Server, PRODUCT, &unknown, &bug(Stack::Gin), false);
    // An HTTP client has the status or the error.
    let product = callee(Stack::Gin, called(PRODUCT));
    let (late, refused) = (Failure::deadline(&product, 800), Failure::unreachable(&product));
    check(Stack::Gin, Side::Client, PRODUCT, &late, &refused, true);
    check(Stack::Gin, Side::Client, PRODUCT, &bug(Stack::Gin).seen_from(&product), &refused, true);
    check(Stack::Gin, Side::Server, PRODUCT, &late, &Failure { origin: Origin::Local, ..late.clone() }, false);
}
