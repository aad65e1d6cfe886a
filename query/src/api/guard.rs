//! Keeps web pages of other sites away from a server on loopback.
//!
//! A page anywhere on the web can make the reader's browser call `http://127.0.0.1:4319`, or point its own DNS name at
//! 127.0.0.1 (DNS rebinding) and read the answers. So:
//!
//! - the `Host` must be a loopback name, the address the API is bound to, or a configured name;
//! - an `Origin`, which browsers add, must be this very host;
//! - a write must be `application/json`, which no HTML form can send and for which browsers ask first;
//! - answers carry headers that forbid framing, sniffing and foreign scripts.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, uri::Authority};

use super::problem::Problem;
use crate::self_metrics::API_REFUSED;

/// Which names this server answers to.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    bound: IpAddr,
    allowed_hosts: Arc<[String]>,
}

/// Why a request is turned away. The value is the metric label and the problem code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    ForeignHost,
    ForeignOrigin,
    NotJson,
}

impl Guard {
    pub(crate) fn new(bound: SocketAddr, allowed_hosts: &[String]) -> Self {
        Self { bound: bound.ip(), allowed_hosts: allowed_hosts.iter().map(|host| host.to_ascii_lowercase()).collect() }
    }

    fn check(&self, method: &Method, uri_authority: Option<&Authority>, headers: &HeaderMap) -> Result<(), Refusal> {
        let host = single(headers, header::HOST).or(uri_authority.map(Authority::as_str)).ok_or(Refusal::ForeignHost)?;
        let host: Authority = host.parse().map_err(|_| Refusal::ForeignHost)?;
        if !self.is_ours(host.host()) || uri_authority.is_some_and(|authority| !self.is_ours(authority.host())) {
            return Err(Refusal::ForeignHost);
        }
        if headers.contains_key(header::ORIGIN) {
            let origin = single(headers, header::ORIGIN).ok_or(Refusal::ForeignOrigin)?;
            let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            if !authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host.as_str())) {
                return Err(Refusal::ForeignOrigin);
            }
        }
        // Browsers send a DELETE to another origin only after asking, and nobody is told that it may.
        let needs_no_type = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::DELETE);
        if !needs_no_type && !single(headers, header::CONTENT_TYPE).is_some_and(is_json) {
            return Err(Refusal::NotJson);
        }
        Ok(())
    }

    fn is_ours(&self, host: &str) -> bool {
        let name = host.trim_end_matches('.').to_ascii_lowercase();
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match address {
            // Rebinding needs a name, so on a wildcard address every literal address is as good as another.
            Ok(address) => address.is_loopback() || address == self.bound || self.bound.is_unspecified(),
            Err(_) => name == "localhost" || name.ends_with(".localhost") || self.allowed_hosts.contains(&name),
        }
    }
}

/// The header's value when it is there exactly once.
fn single(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

impl Refusal {
    fn label(self) -> &'static str {
        match self {
            Self::ForeignHost => "foreign_host",
            Self::ForeignOrigin => "foreign_origin",
            Self::NotJson => "not_json",
        }
    }

    fn problem(self) -> Problem {
        match self {
            Self::ForeignHost => Problem::new(
                StatusCode::FORBIDDEN,
                self.label(),
                "This host name is not served",
                "the Host header names neither a loopback address nor a configured name",
            )
            .hint("use http://127.0.0.1 or http://localhost, or add the name to `api.allowed_hosts` in the configuration"),
            Self::ForeignOrigin => Problem::new(
                StatusCode::FORBIDDEN,
                self.label(),
                "Pages of other sites may not call this API",
                "the Origin header is not the address of this server",
            )
            .hint("call the API from a program, or through a reverse proxy whose name is in `api.allowed_hosts`"),
            Self::NotJson => Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                self.label(),
                "Only JSON is taken",
                "a request that changes something must have Content-Type application/json",
            ),
        }
    }
}

/// The layer in front of every route.
pub(crate) async fn refuse_foreign(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let verdict = guard.check(request.method(), request.uri().authority(), request.headers());
    let mut response = match verdict {
        Ok(()) => next.run(request).await,
        Err(refusal) => {
            metrics::counter!(API_REFUSED, "reason" => refusal.label()).increment(1);
            refusal.problem().into_response()
        }
    };
    for (name, value) in SECURITY_HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

const SECURITY_HEADERS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bound: &str, method: Method, headers: &[(&str, &str)], expected: Result<(), Refusal>) {
        let guard = Guard::new(bound.parse().expect("an address"), &["fusebox.example.com".to_owned()]);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.parse::<HeaderName>().expect("a name"), value.parse().expect("a value"));
        }
        assert_eq!(guard.check(&method, None, &map), expected, "{method} {headers:?} on {bound}");
    }

    const LOOPBACK: &str = "127.0.0.1:4319";

    #[test]
    fn hosts() {
        for host in ["127.0.0.1:4319", "localhost:4319", "LOCALHOST", "[::1]:4319", "127.8.8.8", "fusebox.example.com", "ui.localhost"] {
            check(LOOPBACK, Method::GET, &[("host", host)], Ok(()));
        }
        for host in
            ["evil.example", "localhost.evil.example", "fusebox.example.com.evil", "192.168.1.5:4319", "", "a b", "user@localhost@x"]
        {
            check(LOOPBACK, Method::GET, &[("host", host)], Err(Refusal::ForeignHost));
        }
        check(LOOPBACK, Method::GET, &[], Err(Refusal::ForeignHost));
        check(LOOPBACK, Method::GET, &[("host", "localhost"), ("host", "localhost")], Err(Refusal::ForeignHost));
        check("192.168.1.5:4319", Method::GET, &[("host", "192.168.1.5:4319")], Ok(()));
        check("0.0.0.0:4319", Method::GET, &[("host", "10.0.0.7:4319")], Ok(()));
        check("0.0.0.0:4319", Method::GET, &[("host", "evil.example")], Err(Refusal::ForeignHost));
    }

    #[test]
    fn origins() {
        let from = |origin: &'static str| [("host", "localhost:4319"), ("origin", origin)];
        check(LOOPBACK, Method::GET, &from("http://localhost:4319"), Ok(()));
        for origin in ["http://localhost:3000", "https://evil.example", "null", "", "file://", "http://localhost:4319.evil.example"] {
            check(LOOPBACK, Method::GET, &from(origin), Err(Refusal::ForeignOrigin));
        }
    }

    #[test]
    fn hints_name_the_key_of_the_configuration() {
        for refusal in [Refusal::ForeignHost, Refusal::ForeignOrigin] {
            let problem = format!("{:?}", refusal.problem());
            assert!(problem.contains("`api.allowed_hosts`"), "{problem}");
        }
    }

    #[test]
    fn writes_are_json() {
        let post = |content_type: &'static str| [("host", "localhost"), ("content-type", content_type)];
        check(LOOPBACK, Method::POST, &post("application/json"), Ok(()));
        check(LOOPBACK, Method::POST, &post("Application/JSON; charset=utf-8"), Ok(()));
        check(LOOPBACK, Method::POST, &post("text/plain"), Err(Refusal::NotJson));
        check(LOOPBACK, Method::DELETE, &[("host", "localhost")], Ok(()));
    }
}
