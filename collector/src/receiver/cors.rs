//! Which web pages may send: none unless their origins are configured.
//!
//! Browsers add an `Origin` to every request that is no GET or HEAD, SDKs to none. A page of an origin that is not listed is therefore
//! refused, whatever it sends and wherever it came from: a name of its own that it points at 127.0.0.1 (DNS rebinding) is no exception.
//! The `Host` is not looked at, because SDKs in a cluster reach this port by any name.
//!
//! A page that is listed asks before it sends, because OTLP's content types are not "simple": that question is the preflight.

use http::{
    HeaderMap, HeaderValue, Method,
    header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
    },
};

use crate::config::Cors;

impl Cors {
    /// # Errors
    /// The origin of a web page that may not send.
    pub(crate) fn admit(&self, request: &HeaderMap) -> Result<(), String> {
        let text = |origin: &HeaderValue| String::from_utf8_lossy(origin.as_bytes()).into_owned();
        let mut foreign = request.get_all(ORIGIN).iter().filter(|origin| !self.lists(origin));
        foreign.next().map_or(Ok(()), |origin| Err(text(origin)))
    }

    fn lists(&self, origin: &HeaderValue) -> bool {
        self.origins.iter().any(|allowed| allowed == "*" || allowed.as_bytes() == origin.as_bytes())
    }

    /// Whether an admitted request asks for permission instead of sending data.
    pub(crate) fn is_preflight(&self, method: &Method, headers: &HeaderMap) -> bool {
        method == Method::OPTIONS && headers.contains_key(ORIGIN) && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    }

    /// Headers for the answer to any request; none for an origin that is not listed.
    pub(crate) fn headers(&self, request: &HeaderMap) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if self.origins.is_empty() {
            return headers;
        }
        headers.insert(VARY, HeaderValue::from_static("origin"));
        let Some(origin) = request.get(ORIGIN) else { return headers };
        if !self.lists(origin) {
            return headers;
        }
        let any = self.origins.iter().any(|allowed| allowed == "*");
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, if any { HeaderValue::from_static("*") } else { origin.clone() });
        if self.allow_credentials {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        headers
    }

    /// As [`Cors::headers`], with what only a preflight is told.
    pub(crate) fn preflight_headers(&self, request: &HeaderMap) -> HeaderMap {
        let mut headers = self.headers(request);
        if headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(self.max_age_s));
            if let Some(wanted) = request.get(ACCESS_CONTROL_REQUEST_HEADERS) {
                headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
            }
        }
        headers
    }
}
