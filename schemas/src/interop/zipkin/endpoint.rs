//! Who is at the ends of a call: attributes to endpoints and back.

use core::net::{IpAddr, SocketAddr};

use super::document::Endpoint;
use crate::{
    interop::{
        model::{Span, SpanKind},
        text::value_text,
    },
    otlp::attributes_json::{Attributes, Value},
};

const PEER_SERVICE: &str = "peer.service";
const PEER_ADDRESS: &str = "network.peer.address";
const PEER_PORT: &str = "network.peer.port";
const LOCAL_ADDRESS: &str = "network.local.address";
const LOCAL_PORT: &str = "network.local.port";

/// Attributes that can name the remote side, best first, each with that of its port. Those of a client or producer.
const RANKING: [(&str, Option<&str>); 11] = [
    (PEER_SERVICE, None),
    ("server.address", None),
    ("net.peer.name", None),
    (PEER_ADDRESS, Some(PEER_PORT)),
    ("server.socket.domain", None),
    ("server.socket.address", Some("server.socket.port")),
    ("net.sock.peer.name", None),
    ("net.sock.peer.addr", Some("net.sock.peer.port")),
    ("peer.hostname", None),
    ("peer.address", None),
    ("db.name", None),
];
/// Of others: `server.address` of a server is its own.
const RANKING_OF_OTHERS: [(&str, Option<&str>); 2] = [(PEER_SERVICE, None), (PEER_ADDRESS, Some(PEER_PORT))];

pub(super) fn remote(span: &Span<'_>) -> Option<Endpoint> {
    let ranking: &[_] = if matches!(span.kind, SpanKind::Client | SpanKind::Producer) { &RANKING } else { &RANKING_OF_OTHERS };
    let (text, port) = ranking.iter().find_map(|(key, port)| Some((find(&span.attributes, key)?, port)))?;
    let mut endpoint = Endpoint::default();
    if !endpoint.set_address(&text) {
        endpoint.service_name = Some(text);
    }
    endpoint.port = port.and_then(|port| find(&span.attributes, port)?.parse().ok()).or(endpoint.port);
    Some(endpoint)
}

pub(super) fn local(service: String, span: &Span<'_>) -> Endpoint {
    let mut endpoint = Endpoint { service_name: Some(service), ..Endpoint::default() };
    if find(&span.attributes, LOCAL_ADDRESS).is_some_and(|address| endpoint.set_address(&address)) {
        endpoint.port = find(&span.attributes, LOCAL_PORT).and_then(|port| port.parse().ok()).or(endpoint.port);
    }
    endpoint
}

/// Adds what the endpoints say and no tag does.
pub(super) fn add(span: &mut Span<'static>, local: Option<Endpoint>, remote: Option<Endpoint>) {
    let ends = [
        local.map(|endpoint| Endpoint { service_name: None, ..endpoint }).map(|endpoint| (endpoint, LOCAL_ADDRESS, LOCAL_PORT)),
        remote.map(|endpoint| (endpoint, PEER_ADDRESS, PEER_PORT)),
    ];
    for (Endpoint { service_name, ipv4, ipv6, port }, address_key, port_key) in ends.into_iter().flatten() {
        let texts = [(PEER_SERVICE, service_name), (address_key, ipv4.or(ipv6))]
            .map(|(key, text)| (key, text.map(|text| Value::String(text.into()))));
        let port = (port_key, port.filter(|port| *port > 0).map(|port| Value::Int(port.into())));
        for (key, value) in texts.into_iter().chain([port]) {
            if let Some(value) = value.filter(|_| find(&span.attributes, key).is_none()) {
                span.attributes.push((key.into(), value));
            }
        }
    }
}

impl Endpoint {
    /// Whether `text` is an address, with a port or without.
    fn set_address(&mut self, text: &str) -> bool {
        let with_port = text.parse::<SocketAddr>().ok();
        let Some(address) = with_port.map(|both| both.ip()).or_else(|| text.parse().ok()) else { return false };
        match address {
            IpAddr::V4(address) => self.ipv4 = Some(address.to_string()),
            IpAddr::V6(address) => self.ipv6 = Some(address.to_string()),
        }
        self.port = with_port.map(|both| both.port());
        true
    }
}

fn find(attributes: &Attributes<'_>, key: &str) -> Option<String> {
    let (_, value) = attributes.iter().find(|(found, _)| found == key)?;
    Some(value_text(value).into_owned()).filter(|text| !text.is_empty())
}
