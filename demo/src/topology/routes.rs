//! What each route does, leaves first.

use super::{
    Call, OnFailure, Protocol, Publish, Query, Refusal, Route, ServiceId, Step, Store,
    stores::{CACHE, CARTS, CATALOG, ORDERS, PAYMENTS, STOCK, USERS},
};
use crate::latency::Latency;
use {OnFailure::*, Protocol::*, ServiceId::*};

/// A way into the shop and how often it is taken.
#[derive(Debug)]
pub(crate) struct Entrance {
    pub(crate) weight: u32,
    pub(crate) route: &'static Route,
}

/// The gateway's routes as customers use them.
pub(crate) static ENTRANCES: [Entrance; 9] = [
    Entrance { weight: 32, route: &EDGE_PRODUCT },
    Entrance { weight: 17, route: &EDGE_SEARCH },
    Entrance { weight: 12, route: &EDGE_CART },
    Entrance { weight: 11, route: &EDGE_ADD_ITEM },
    Entrance { weight: 9, route: &EDGE_ORDER },
    Entrance { weight: 7, route: &EDGE_CHECKOUT },
    Entrance { weight: 6, route: &EDGE_LOGIN },
    Entrance { weight: 4, route: &EDGE_PROFILE },
    Entrance { weight: 2, route: &EDGE_RECOMMENDATIONS },
];

const fn call(to: &'static Route, timeout_ms: u32) -> Step {
    Step::Call(Call { to, timeout_ms, attempts: 1, on_failure: Fail })
}

const fn patient_call(to: &'static Route, timeout_ms: u32, attempts: u32) -> Step {
    Step::Call(Call { to, timeout_ms, attempts, on_failure: Fail })
}

const fn optional_call(to: &'static Route, timeout_ms: u32) -> Step {
    Step::Call(Call { to, timeout_ms, attempts: 1, on_failure: GoOn })
}

const fn query(
    store: &'static Store,
    operation: &'static str,
    target: &'static str,
    statement: &'static str,
    median_us: u32,
    share: f64,
) -> Step {
    Step::Query(Query { store, operation, target, statement, latency: Latency::of(median_us, 0.5), share, on_failure: Fail })
}

/// A cache is asked first; the service lives without it.
const fn cached(operation: &'static str, key: &'static str) -> Step {
    Step::Query(Query {
        store: &CACHE,
        operation,
        target: key,
        statement: key,
        latency: Latency::of(420, 0.35),
        share: 1.0,
        on_failure: GoOn,
    })
}

const fn redis(store: &'static Store, operation: &'static str, key: &'static str, median_us: u32) -> Step {
    Step::Query(Query {
        store,
        operation,
        target: key,
        statement: key,
        latency: Latency::of(median_us, 0.35),
        share: 1.0,
        on_failure: Fail,
    })
}

macro_rules! route {
    ($name:ident, $service:ident, $protocol:expr, $operation:literal, $work:expr, [$($step:expr),* $(,)?], [$($refusal:expr),* $(,)?], $log:literal) => {
        static $name: Route = Route {
            service: $service,
            protocol: $protocol,
            operation: $operation,
            work: $work,
            steps: &[$($step),*],
            refusals: &[$($refusal),*],
            log: $log,
        };
    };
}

const fn refusal(share: f64, http: u16, reason: &'static str, message: &'static str) -> Refusal {
    Refusal { share, http, reason, message }
}

const fn us(median_us: u32) -> Latency {
    Latency::of(median_us, 0.45)
}

// inventory
route!(
    STOCK_GET,
    Inventory,
    Grpc,
    "/inventory.v1.Inventory/GetStock",
    us(600),
    [query(
        &STOCK,
        "SELECT",
        "stock_levels",
        "SELECT sku, on_hand, reserved FROM stock_levels WHERE sku = ? AND warehouse_id = ?",
        1_100,
        1.0
    ),],
    [refusal(0.004, 404, "SKU_NOT_FOUND", "sku does not exist in any warehouse")],
    "stock level read"
);

route!(
    STOCK_RESERVE,
    Inventory,
    Grpc,
    "/inventory.v1.Inventory/Reserve",
    us(1_400),
    [
        query(
            &STOCK,
            "SELECT",
            "stock_levels",
            "SELECT sku, on_hand, reserved FROM stock_levels WHERE sku IN (?,?,?) FOR UPDATE",
            2_400,
            1.0
        ),
        query(
            &STOCK,
            "UPDATE",
            "stock_levels",
            "UPDATE stock_levels SET reserved = reserved + ? WHERE sku = ? AND on_hand - reserved >= ?",
            2_900,
            1.0
        ),
        query(
            &STOCK,
            "INSERT",
            "reservations",
            "INSERT INTO reservations (id, order_id, sku, quantity, expires_at) VALUES (?,?,?,?,?)",
            1_800,
            1.0
        ),
    ],
    [refusal(0.02, 409, "INSUFFICIENT_STOCK", "insufficient stock for the requested quantity")],
    "stock reserved"
);

// user
route!(
    USER_VERIFY,
    User,
    Grpc,
    "/user.v1.Session/Verify",
    us(350),
    [
        cached("GET", "session:{token}"),
        query(
            &USERS,
            "SELECT",
            "sessions",
            "SELECT user_id, expires_at FROM sessions WHERE token_hash = $1 AND revoked_at IS NULL",
            900,
            0.12
        ),
    ],
    [refusal(0.011, 401, "TOKEN_EXPIRED", "token has expired")],
    "session verified"
);

route!(
    USER_LOGIN,
    User,
    Grpc,
    "/user.v1.User/Login",
    Latency::of(62_000, 0.12),
    [
        query(&USERS, "SELECT", "accounts", "SELECT id, password_hash, locked_until FROM accounts WHERE email = $1", 1_200, 1.0),
        query(&USERS, "INSERT", "sessions", "INSERT INTO sessions (token_hash, user_id, expires_at) VALUES ($1, $2, $3)", 1_900, 1.0),
        cached("SET", "session:{token}"),
    ],
    [
        refusal(0.06, 401, "PASSWORD_INCORRECT", "account or password incorrect"),
        refusal(0.004, 403, "ACCOUNT_LOCKED", "account locked after too many attempts"),
    ],
    "user logged in"
);

route!(
    USER_GET,
    User,
    Grpc,
    "/user.v1.User/GetProfile",
    us(500),
    [query(&USERS, "SELECT", "profiles", "SELECT id, display_name, email, locale, tier FROM profiles WHERE user_id = $1", 1_000, 1.0),],
    [refusal(0.003, 404, "USER_NOT_FOUND", "user not found")],
    "profile read"
);

// catalog
route!(
    CATALOG_GET,
    Catalog,
    Http("GET"),
    "/internal/products/:id",
    us(900),
    [
        cached("GET", "product:{id}"),
        query(
            &CATALOG,
            "SELECT",
            "products",
            "SELECT * FROM `products` WHERE `products`.`id` = ? AND `products`.`deleted_at` IS NULL LIMIT 1",
            1_500,
            0.22
        ),
        query(
            &CATALOG,
            "SELECT",
            "prices",
            "SELECT * FROM `prices` WHERE `product_id` = ? AND `currency` = ? ORDER BY `valid_from` DESC LIMIT 1",
            900,
            0.22
        ),
    ],
    [refusal(0.012, 404, "PRODUCT_NOT_FOUND", "record not found")],
    "product loaded"
);

route!(
    CATALOG_SEARCH,
    Catalog,
    Http("GET"),
    "/internal/products",
    Latency::of(4_500, 0.6).tailed(0.02),
    [
        query(
            &CATALOG,
            "SELECT",
            "products",
            "SELECT `id`,`name`,`thumbnail`,`rating` FROM `products` WHERE MATCH(`name`,`brand`) AGAINST (? IN BOOLEAN MODE) AND `deleted_at` IS NULL ORDER BY `score` DESC LIMIT 24",
            21_000,
            1.0
        ),
        cached("MGET", "price:{id}"),
    ],
    [refusal(0.006, 400, "QUERY_INVALID", "Key: 'SearchQuery.Page' Error:Field validation for 'Page' failed on the 'max' tag")],
    "search finished"
);

// recommendation
route!(
    RECOMMEND,
    Recommendation,
    Grpc,
    "/recommendation.v1.RecommendationService/ListRecommendations",
    Latency::of(14_000, 0.35).tailed(0.015),
    [cached("ZREVRANGE", "reco:user:{id}"), optional_call(&CATALOG_SEARCH, 400),],
    [],
    "receive ListRecommendations for product ids"
);

// cart
route!(CART_GET, Cart, Grpc, "/cart.v1.Cart/Get", us(400), [redis(&CARTS, "HGETALL", "cart:{user}", 520)], [], "cart read");
route!(
    CART_ADD,
    Cart,
    Grpc,
    "/cart.v1.Cart/AddItem",
    us(700),
    [call(&STOCK_GET, 500), redis(&CARTS, "HINCRBY", "cart:{user}", 560), redis(&CARTS, "EXPIRE", "cart:{user}", 380),],
    [refusal(0.008, 400, "CART_FULL", "cart holds 100 items at most")],
    "item added"
);
route!(CART_CLEAR, Cart, Grpc, "/cart.v1.Cart/Clear", us(300), [redis(&CARTS, "DEL", "cart:{user}", 480)], [], "cart cleared");

// payment
route!(
    PAY_CHARGE,
    Payment,
    Http("POST"),
    "/v2/charges",
    us(3_800),
    [
        query(&PAYMENTS, "SELECT", "idempotency_keys", "select response_body from idempotency_keys where key=?", 1_100, 1.0),
        query(
            &PAYMENTS,
            "INSERT",
            "charges",
            "insert into charges (amount_minor,currency,customer_id,order_id,status,id) values (?,?,?,?,?,?)",
            2_100,
            1.0
        ),
        patient_call(&ACQUIRER, 2_500, 2),
        query(&PAYMENTS, "UPDATE", "charges", "update charges set acquirer_reference=?,status=? where id=?", 1_900, 1.0),
        Step::Publish(Publish { topic: "payments.events", consumers: &[&NOTIFY_PAYMENT] }),
    ],
    [refusal(0.035, 402, "CARD_DECLINED", "Card was declined by the issuer: 05 Do not honor")],
    "Charge captured"
);

/// The bank's own service: its spans are not ours to see.
static ACQUIRER: Route = Route {
    service: Payment,
    protocol: Http("POST"),
    operation: "https://api.acquirer-gateway.com/v1/authorizations",
    work: Latency::of(180_000, 0.35).tailed(0.02),
    steps: &[],
    refusals: &[],
    log: "",
};

// order
route!(
    ORDER_CREATE,
    Order,
    Grpc,
    "/order.v1.Order/Create",
    us(1_800),
    [
        call(&CART_GET, 800),
        patient_call(&STOCK_RESERVE, 1_500, 2),
        query(
            &ORDERS,
            "INSERT",
            "orders",
            "INSERT INTO orders (id, user_id, status, total_minor, currency) VALUES ($1, $2, $3, $4, $5) RETURNING created_at",
            2_300,
            1.0
        ),
        query(
            &ORDERS,
            "INSERT",
            "order_lines",
            "INSERT INTO order_lines (order_id, line_no, sku, quantity, price_minor) SELECT * FROM unnest($1::bigint[], $2::int[], $3::text[], $4::int[], $5::bigint[])",
            3_100,
            1.0
        ),
        call(&PAY_CHARGE, 5_000),
        query(&ORDERS, "UPDATE", "orders", "UPDATE orders SET status = $2, updated_at = now() WHERE id = $1", 1_900, 1.0),
        Step::Publish(Publish { topic: "orders.created", consumers: &[&SHIP_ORDER, &NOTIFY_ORDER] }),
        optional_call(&CART_CLEAR, 500),
    ],
    [refusal(0.006, 400, "ORDER_EMPTY", "order has no lines")],
    "order created"
);

route!(
    ORDER_GET,
    Order,
    Grpc,
    "/order.v1.Order/Get",
    us(700),
    [
        query(
            &ORDERS,
            "SELECT",
            "orders",
            "SELECT id, user_id, status, total_minor, currency, created_at FROM orders WHERE id = $1",
            1_100,
            1.0
        ),
        query(
            &ORDERS,
            "SELECT",
            "order_lines",
            "SELECT line_no, sku, quantity, price_minor FROM order_lines WHERE order_id = $1 ORDER BY line_no",
            1_300,
            1.0
        ),
    ],
    [refusal(0.015, 404, "ORDER_NOT_FOUND", "order not found")],
    "order read"
);

route!(
    ORDER_SHIPPED,
    Order,
    Grpc,
    "/order.v1.Order/MarkShipping",
    us(600),
    [query(&ORDERS, "UPDATE", "orders", "UPDATE orders SET status = 'shipping', shipment_id = $2 WHERE id = $1", 1_700, 1.0),],
    [],
    "order handed to shipping"
);

// consumers
route!(
    SHIP_ORDER,
    Shipping,
    Kafka("orders.created"),
    "orders.created process",
    us(4_200),
    [
        query(
            &ORDERS,
            "INSERT",
            "shipments",
            "INSERT INTO shipments (id, order_id, carrier, service_level) VALUES ($1, $2, $3, $4) ON CONFLICT (order_id) DO NOTHING",
            2_600,
            1.0
        ),
        patient_call(&ORDER_SHIPPED, 1_000, 3),
    ],
    [],
    "shipment planned"
);
route!(
    NOTIFY_ORDER,
    Notification,
    Kafka("orders.created"),
    "orders.created process",
    Latency::of(38_000, 0.5),
    [optional_call(&USER_GET, 800)],
    [],
    "Order confirmation mail queued"
);
route!(
    NOTIFY_PAYMENT,
    Notification,
    Kafka("payments.events"),
    "payments.events process",
    Latency::of(21_000, 0.5),
    [],
    [],
    "Payment receipt rendered"
);

// storefront
route!(
    FRONT_PRODUCT,
    Storefront,
    Http("GET"),
    "/api/v1/products/:id",
    us(1_300),
    [Step::Together(&[call(&CATALOG_GET, 800), optional_call(&RECOMMEND, 250), optional_call(&STOCK_GET, 300)]),],
    [],
    "product page assembled"
);
route!(FRONT_SEARCH, Storefront, Http("GET"), "/api/v1/products", us(1_100), [call(&CATALOG_SEARCH, 2_000)], [], "search page assembled");
route!(
    FRONT_CART,
    Storefront,
    Http("GET"),
    "/api/v1/cart",
    us(900),
    [call(&USER_VERIFY, 500), call(&CART_GET, 500), Step::Together(&[optional_call(&CATALOG_GET, 500), optional_call(&CATALOG_GET, 500)]),],
    [],
    "cart page assembled"
);
route!(
    FRONT_ADD_ITEM,
    Storefront,
    Http("POST"),
    "/api/v1/cart/items",
    us(900),
    [call(&USER_VERIFY, 500), call(&CART_ADD, 1_000)],
    [],
    "item put into cart"
);
route!(
    FRONT_ORDER,
    Storefront,
    Http("GET"),
    "/api/v1/orders/:id",
    us(800),
    [call(&USER_VERIFY, 500), patient_call(&ORDER_GET, 1_000, 2)],
    [],
    "order page assembled"
);
route!(
    FRONT_CHECKOUT,
    Storefront,
    Http("POST"),
    "/api/v1/orders",
    us(1_600),
    [call(&USER_VERIFY, 500), call(&ORDER_CREATE, 8_000)],
    [],
    "checkout finished"
);
route!(FRONT_LOGIN, Storefront, Http("POST"), "/api/v1/login", us(800), [call(&USER_LOGIN, 2_000)], [], "login finished");
route!(
    FRONT_PROFILE,
    Storefront,
    Http("GET"),
    "/api/v1/me",
    us(600),
    [call(&USER_VERIFY, 500), patient_call(&USER_GET, 800, 2)],
    [],
    "profile page assembled"
);
route!(
    FRONT_RECOMMENDATIONS,
    Storefront,
    Http("GET"),
    "/api/v1/recommendations",
    us(700),
    [call(&RECOMMEND, 900)],
    [],
    "recommendations assembled"
);

// edge-gateway
macro_rules! edge {
    ($name:ident, $method:literal, $path:literal, $to:ident) => {
        route!($name, EdgeGateway, Http($method), $path, Latency::of(350, 0.3), [call(&$to, 15_000)], [], "");
    };
}
edge!(EDGE_PRODUCT, "GET", "/api/v1/products/:id", FRONT_PRODUCT);
edge!(EDGE_SEARCH, "GET", "/api/v1/products", FRONT_SEARCH);
edge!(EDGE_CART, "GET", "/api/v1/cart", FRONT_CART);
edge!(EDGE_ADD_ITEM, "POST", "/api/v1/cart/items", FRONT_ADD_ITEM);
edge!(EDGE_ORDER, "GET", "/api/v1/orders/:id", FRONT_ORDER);
edge!(EDGE_CHECKOUT, "POST", "/api/v1/orders", FRONT_CHECKOUT);
edge!(EDGE_LOGIN, "POST", "/api/v1/login", FRONT_LOGIN);
edge!(EDGE_PROFILE, "GET", "/api/v1/me", FRONT_PROFILE);
edge!(EDGE_RECOMMENDATIONS, "GET", "/api/v1/recommendations", FRONT_RECOMMENDATIONS);
