//! Where to: `http://host:port[/prefix]`, or `https`.

use std::str::FromStr;

use http::{
    Uri,
    uri::{Authority, Scheme},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    is_tls: bool,
    authority: Authority,
    port: u16,
    /// Without a slash at the end.
    prefix: String,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum EndpointError {
    #[error("{text:?} is not an address of the form http://host:port or https://host")]
    Malformed { text: String },
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    /// Reads a URL, or `host:port` alone.
    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let malformed = || EndpointError::Malformed { text: text.to_owned() };
        let url = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let uri: Uri = url.parse().map_err(|_| malformed())?;
        let is_tls = uri.scheme() == Some(&Scheme::HTTPS);
        if !(is_tls || uri.scheme() == Some(&Scheme::HTTP)) || uri.query().is_some() {
            return Err(malformed());
        }
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(malformed)?.clone();
        let port = authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        Ok(Self { is_tls, authority, port, prefix: uri.path().trim_end_matches('/').to_owned() })
    }
}

impl Endpoint {
    /// What a socket connects to: name or address, and port.
    pub(crate) fn target(&self) -> (&str, u16) {
        (self.authority.host().trim_start_matches('[').trim_end_matches(']'), self.port)
    }

    /// Whether TLS is spoken there.
    pub(crate) fn is_tls(&self) -> bool {
        self.is_tls
    }

    pub(crate) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// `path` below the prefix.
    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{}{path}", if self.is_tls { "https" } else { "http" }, self.authority, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let check = |text: &str, expected: Option<(&str, u16, &str)>| {
            let endpoint = text.parse::<Endpoint>().ok();
            let seen = endpoint.as_ref().map(|endpoint| (endpoint.target().0, endpoint.target().1, endpoint.path("/v1/logs")));
            assert_eq!(seen, expected.map(|(host, port, path)| (host, port, path.to_owned())), "{text}");
        };
        check("http://127.0.0.1:4318", Some(("127.0.0.1", 4318, "/v1/logs")));
        check("localhost:4318/", Some(("localhost", 4318, "/v1/logs")));
        check("http://[::1]:4317/otlp/", Some(("::1", 4317, "/otlp/v1/logs")));
        check("http://collector", Some(("collector", 80, "/v1/logs")));
        check("https://collector", Some(("collector", 443, "/v1/logs")));
        check("https://collector:4318/x", Some(("collector", 4318, "/x/v1/logs")));
        check("ftp://collector", None);
        check("http://user@collector", None);
        check("", None);
    }
}
