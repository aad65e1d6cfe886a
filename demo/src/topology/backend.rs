//! What the services behind the storefront do, leaves first.

use super::{
    Protocol::*,
    Publish, Route,
    ServiceId::*,
    Step,
    steps::{cached, call, optional_call, patient_call, query, redis, refuse, route, us},
    stores::{CARTS, CATALOG, ORDERS, PAYMENTS, STOCK, USERS},
};
use crate::latency::Latency;

// inventory
route!(
    STOCK_GET,
    Inventory,
    Grpc,
    "/inventory.v1.Inventory/GetStock",
    us(600),
    [
        query(
            &STOCK,
            "SELECT",
            "stock_levels",
            "SELECT sku, on_hand, reserved FROM stock_levels WHERE sku = ? AND warehouse_id = ?",
            1_100,
            1.0
        ),
        refuse(0.004, 404, "SKU_NOT_FOUND", "sku does not exist in any warehouse"),
    ],
    "stock level read"
);

route!(
    STOCK_CHECK,
    Inventory,
    Grpc,
    "/inventory.v1.Inventory/CheckAvailability",
    us(500),
    [
        query(
            &STOCK,
            "SELECT",
            "stock_levels",
            "SELECT on_hand - reserved AS available FROM stock_levels WHERE sku = ? FOR SHARE",
            1_000,
            1.0
        ),
        refuse(0.004, 409, "INSUFFICIENT_STOCK", "insufficient stock for the requested quantity"),
    ],
    "availability checked"
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
        refuse(0.02, 409, "INSUFFICIENT_STOCK", "insufficient stock for the requested quantity"),
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
        refuse(0.011, 401, "TOKEN_EXPIRED", "token has expired"),
    ],
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
        refuse(0.004, 403, "ACCOUNT_LOCKED", "account locked after too many attempts"),
        refuse(0.06, 401, "PASSWORD_INCORRECT", "account or password incorrect"),
        query(&USERS, "INSERT", "sessions", "INSERT INTO sessions (token_hash, user_id, expires_at) VALUES ($1, $2, $3)", 1_900, 1.0),
        cached("SET", "session:{token}"),
    ],
    "user logged in"
);

route!(
    USER_GET,
    User,
    Grpc,
    "/user.v1.User/GetProfile",
    us(500),
    [
        query(&USERS, "SELECT", "profiles", "SELECT id, display_name, email, locale, tier FROM profiles WHERE user_id = $1", 1_000, 1.0),
        refuse(0.003, 404, "USER_NOT_FOUND", "user not found"),
    ],
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
        refuse(0.012, 404, "PRODUCT_NOT_FOUND", "record not found"),
        // Only a new version has it; see `scenario`.
        refuse(0.0, 422, "PRICE_SNAPSHOT_MISSING", "price snapshot missing"),
        query(
            &CATALOG,
            "SELECT",
            "prices",
            "SELECT * FROM `prices` WHERE `product_id` = ? AND `currency` = ? ORDER BY `valid_from` DESC LIMIT 1",
            900,
            0.22
        ),
    ],
    "product loaded"
);

route!(
    CATALOG_SEARCH,
    Catalog,
    Http("GET"),
    "/internal/products",
    Latency::of(4_500, 0.6).tailed(0.02),
    [
        refuse(0.006, 400, "QUERY_INVALID", "Key: 'SearchQuery.Page' Error:Field validation for 'Page' failed on the 'max' tag"),
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
    "receive ListRecommendations for product ids"
);

// cart
route!(CART_GET, Cart, Grpc, "/cart.v1.Cart/Get", us(400), [redis(&CARTS, "HGETALL", "cart:{user}", 520)], "cart read");
route!(
    CART_ADD,
    Cart,
    Grpc,
    "/cart.v1.Cart/AddItem",
    us(700),
    [
        call(&STOCK_CHECK, 500),
        redis(&CARTS, "HLEN", "cart:{user}", 390),
        refuse(0.008, 400, "CART_FULL", "cart holds 100 items at most"),
        redis(&CARTS, "HINCRBY", "cart:{user}", 560),
        redis(&CARTS, "EXPIRE", "cart:{user}", 380),
    ],
    "item added"
);
route!(CART_CLEAR, Cart, Grpc, "/cart.v1.Cart/Clear", us(300), [redis(&CARTS, "DEL", "cart:{user}", 480)], "cart cleared");

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
        // Payment's body is not Kratos', so the reason is lost on the way to order; and Kratos has no gRPC code for 402, so beyond
        // order nobody can tell a declined card from a bug: the customer gets a 500.
        refuse(0.035, 402, "CARD_DECLINED", "Card was declined by the issuer: 05 Do not honor"),
        query(&PAYMENTS, "UPDATE", "charges", "update charges set acquirer_reference=?,status=? where id=?", 1_900, 1.0),
        Step::Publish(Publish { topic: "payments.events", consumers: &[&NOTIFY_PAYMENT] }),
    ],
    "Charge captured"
);

/// The bank's own service: its spans are not ours to see.
static ACQUIRER: Route = Route {
    service: Payment,
    protocol: Http("POST"),
    operation: "https://api.acquirer-gateway.com/v1/authorizations",
    work: Latency::of(180_000, 0.35).tailed(0.02),
    steps: &[],
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
        refuse(0.006, 400, "ORDER_EMPTY", "order has no lines"),
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
        refuse(0.015, 404, "ORDER_NOT_FOUND", "order not found"),
        query(
            &ORDERS,
            "SELECT",
            "order_lines",
            "SELECT line_no, sku, quantity, price_minor FROM order_lines WHERE order_id = $1 ORDER BY line_no",
            1_300,
            1.0
        ),
    ],
    "order read"
);

route!(
    ORDER_SHIPPED,
    Order,
    Grpc,
    "/order.v1.Order/MarkShipping",
    us(600),
    [query(&ORDERS, "UPDATE", "orders", "UPDATE orders SET status = 'shipping', shipment_id = $2 WHERE id = $1", 1_700, 1.0),],
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
    "shipment planned"
);
route!(
    NOTIFY_ORDER,
    Notification,
    Kafka("orders.created"),
    "orders.created process",
    Latency::of(38_000, 0.5),
    [optional_call(&USER_GET, 800)],
    "Order confirmation mail queued"
);
route!(
    NOTIFY_PAYMENT,
    Notification,
    Kafka("payments.events"),
    "payments.events process",
    Latency::of(21_000, 0.5),
    [],
    "Payment receipt rendered"
);
