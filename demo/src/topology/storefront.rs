//! What customers can do: the gateway's routes and the pages behind them.

use super::{
    Protocol::*,
    Route,
    ServiceId::*,
    Step,
    backend::{
        CART_ADD, CART_GET, CATALOG_GET, CATALOG_SEARCH, ORDER_CREATE, ORDER_GET, RECOMMEND, STOCK_GET, USER_GET, USER_LOGIN, USER_VERIFY,
    },
    steps::{call, optional_call, patient_call, route, us},
};
use crate::latency::Latency;

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

// storefront
route!(
    FRONT_PRODUCT,
    Storefront,
    Http("GET"),
    "/api/v1/products/:id",
    us(1_300),
    [Step::Together(&[call(&CATALOG_GET, 800), optional_call(&RECOMMEND, 250), optional_call(&STOCK_GET, 300)]),],
    "product page assembled"
);
route!(FRONT_SEARCH, Storefront, Http("GET"), "/api/v1/products", us(1_100), [call(&CATALOG_SEARCH, 2_000)], "search page assembled");
route!(
    FRONT_CART,
    Storefront,
    Http("GET"),
    "/api/v1/cart",
    us(900),
    [call(&USER_VERIFY, 500), call(&CART_GET, 500), Step::Together(&[optional_call(&CATALOG_GET, 500), optional_call(&CATALOG_GET, 500)]),],
    "cart page assembled"
);
route!(
    FRONT_ADD_ITEM,
    Storefront,
    Http("POST"),
    "/api/v1/cart/items",
    us(900),
    [call(&USER_VERIFY, 500), call(&CART_ADD, 1_000)],
    "item put into cart"
);
route!(
    FRONT_ORDER,
    Storefront,
    Http("GET"),
    "/api/v1/orders/:id",
    us(800),
    [call(&USER_VERIFY, 500), patient_call(&ORDER_GET, 1_000, 2)],
    "order page assembled"
);
route!(
    FRONT_CHECKOUT,
    Storefront,
    Http("POST"),
    "/api/v1/orders",
    us(1_600),
    [call(&USER_VERIFY, 500), call(&ORDER_CREATE, 8_000)],
    "checkout finished"
);
route!(FRONT_LOGIN, Storefront, Http("POST"), "/api/v1/login", us(800), [call(&USER_LOGIN, 2_000)], "login finished");
route!(
    FRONT_PROFILE,
    Storefront,
    Http("GET"),
    "/api/v1/me",
    us(600),
    [call(&USER_VERIFY, 500), patient_call(&USER_GET, 800, 2)],
    "profile page assembled"
);
route!(
    FRONT_RECOMMENDATIONS,
    Storefront,
    Http("GET"),
    "/api/v1/recommendations",
    us(700),
    [call(&RECOMMEND, 900)],
    "recommendations assembled"
);

// edge-gateway
macro_rules! edge {
    ($name:ident, $method:literal, $path:literal, $to:ident) => {
        route!($name, EdgeGateway, Http($method), $path, Latency::of(350, 0.3), [call(&$to, 15_000)], "");
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
