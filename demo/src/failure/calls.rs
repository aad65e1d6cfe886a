//! Failures of calls between services: no answer, no connection, and what is left of the callee's failure on the caller's side.

use super::{Cause, Failure, GrpcCode, Origin};
use crate::{
    spans::{Callee, http_method},
    topology::{Protocol, Stack},
};

impl Failure {
    /// The caller's deadline passed before an answer came.
    pub(crate) fn deadline(call: &Callee<'_>, timeout_ms: u32) -> Self {
        let seconds = f64::from(timeout_ms) / 1_000.0;
        match (call.client, call.route.protocol) {
            (Stack::Envoy, _) => no_answer(504, "", "upstream request timeout", None),
            (Stack::Spring, Protocol::Grpc) => grpc_status(
                GrpcCode::DeadlineExceeded,
                "io.grpc.StatusRuntimeException",
                format!(
                    "DEADLINE_EXCEEDED: CallOptions deadline exceeded after {seconds:.9}s. Name resolution delay 0.000000000 seconds. \
                     [closed=[], open=[[remote_addr={}/{}]]]",
                    call.host(),
                    call.peer.address()
                ),
            ),
            (Stack::Spring, _) => rest_client(504, call, "java.net.http.HttpTimeoutException", "request timed out"),
            (Stack::Python, Protocol::Grpc) => {
                grpc_status(GrpcCode::DeadlineExceeded, "grpc._channel._InactiveRpcError", "Deadline Exceeded")
            }
            (Stack::Python, _) => no_answer(
                504,
                "requests.exceptions.ReadTimeout",
                format!("HTTPConnectionPool(host='{}', port={}): Read timed out. (read timeout={seconds})", call.host(), call.peer.port),
                None,
            ),
            (_, Protocol::Grpc) => grpc_status(GrpcCode::DeadlineExceeded, "*status.Error", "context deadline exceeded"),
            (_, _) => {
                let cause = Cause { exception: "context.deadlineExceededError", message: "context deadline exceeded".to_owned() };
                go_http(504, call, cause, " (Client.Timeout exceeded while awaiting headers)")
            }
        }
    }

    /// The callee takes no connection.
    pub(crate) fn unreachable(call: &Callee<'_>) -> Self {
        let (host, address) = (call.host(), call.peer.address());
        match (call.client, call.route.protocol) {
            (Stack::Envoy, _) => no_answer(
                503,
                "",
                "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure, \
                 transport failure reason: delayed connect error: Connection refused",
                None,
            ),
            (Stack::Spring, Protocol::Grpc) => {
                let cause = Cause {
                    exception: "io.grpc.netty.shaded.io.netty.channel.AbstractChannel$AnnotatedConnectException",
                    message: format!("finishConnect(..) failed: Connection refused: {host}/{address}"),
                };
                let status = grpc_status(GrpcCode::Unavailable, "io.grpc.StatusRuntimeException", "UNAVAILABLE: io exception");
                Self { cause: Some(cause), ..status }
            }
            // The client of the JDK throws it without a message, and the one above prints that.
            (Stack::Spring, _) => rest_client(503, call, "java.net.ConnectException", ""),
            (Stack::Python, Protocol::Grpc) => grpc_status(
                GrpcCode::Unavailable,
                "grpc._channel._InactiveRpcError",
                format!(
                    "failed to connect to all addresses; last error: UNKNOWN: ipv4:{address}: Failed to connect to remote host: \
                     connect: Connection refused (111)"
                ),
            ),
            (Stack::Python, _) => no_answer(
                503,
                "requests.exceptions.ConnectionError",
                format!(
                    "HTTPConnectionPool(host='{host}', port={}): Max retries exceeded with url: {} (Caused by NewConnectionError(\
                     '<urllib3.connection.HTTPConnection object at 0x7f3c5c0b5f10>: Failed to establish a new connection: \
                     [Errno 111] Connection refused'))",
                    call.peer.port,
                    call.request.path(call.route.operation)
                ),
                None,
            ),
            (_, Protocol::Grpc) => grpc_status(
                GrpcCode::Unavailable,
                "*status.Error",
                format!("connection error: desc = \"transport: Error while dialing: dial tcp {address}: connect: connection refused\""),
            ),
            (_, _) => {
                let cause = Cause { exception: "*net.OpError", message: format!("dial tcp {address}: connect: connection refused") };
                go_http(503, call, cause, "")
            }
        }
    }

    /// The bank's own service failed.
    pub(crate) fn of_acquirer() -> Self {
        Self {
            http: 502,
            grpc: GrpcCode::from_http(502),
            reason: "",
            message: "502 Bad Gateway: \"{\"code\":\"processor_unavailable\",\"message\":\"issuer processor did not answer\"}\"".to_owned(),
            exception: "org.springframework.web.client.HttpServerErrorException$BadGateway",
            origin: Origin::Answer,
            cause: None,
            code: None,
        }
    }

    /// What the caller gets to see of the callee's failure.
    pub(crate) fn seen_from(&self, call: &Callee<'_>) -> Self {
        let server = call.route.service.service().stack;
        match call.route.protocol {
            Protocol::Grpc => self.as_status(server, call.client),
            Protocol::Http(_) | Protocol::Kafka(_) => self.as_answer(server, call),
        }
    }

    /// Kratos sends its reason in the status' details, and a Kratos that only passes an error on sends the details it got.
    fn as_status(&self, server: Stack, client: Stack) -> Self {
        let message = match (server, self.origin) {
            (Stack::Python, Origin::Local) => format!("Exception calling application: {}", self.message),
            _ => self.message.clone(),
        };
        let status = match client {
            Stack::Spring => {
                let message = format!("{}: {message}", self.grpc.canonical_name());
                grpc_status(self.grpc, "io.grpc.StatusRuntimeException", message)
            }
            Stack::Python => grpc_status(self.grpc, "grpc._channel._InactiveRpcError", message),
            Stack::Envoy | Stack::Gin | Stack::KratosV2 | Stack::KratosV3 => grpc_status(self.grpc, "*status.Error", message),
        };
        // `ErrorInfo` carries the metadata too.
        let (reason, code) = if server.is_kratos() { (self.reason, self.code) } else { ("", None) };
        Self { reason, code, ..status }
    }

    /// Only the status is sure to arrive. Kratos' `DefaultErrorDecoder` reads reason and message from the body, and only Kratos
    /// writes a body that has them.
    fn as_answer(&self, server: Stack, call: &Callee<'_>) -> Self {
        let http = self.http;
        // Services of the shop decode each other's bodies.
        let code = self.code.filter(|_| call.client == Stack::Gin);
        let phrase = reason_phrase(http);
        let (exception, reason, message) = match call.client {
            Stack::KratosV2 | Stack::KratosV3 if server.is_kratos() => ("*errors.Error", self.reason, self.message.clone()),
            Stack::KratosV2 | Stack::KratosV3 => ("*errors.Error", "", String::new()),
            Stack::Gin => ("*errors.errorString", "", format!("{}: unexpected status {http}", call.peer.service)),
            Stack::Python => {
                let side = if http >= 500 { "Server" } else { "Client" };
                ("requests.exceptions.HTTPError", "", format!("{http} {side} Error: {phrase} for url: {}", call.url()))
            }
            Stack::Spring => {
                let message = format!("{http} {phrase} on {} request for \"{}\": [no body]", http_method(call.route), call.url());
                let exception = if http >= 500 {
                    "org.springframework.web.client.HttpServerErrorException"
                } else {
                    "org.springframework.web.client.HttpClientErrorException"
                };
                (exception, "", message)
            }
            Stack::Envoy => ("", "", String::new()),
        };
        Self { http, grpc: GrpcCode::from_http(http), reason, message, exception, origin: Origin::Answer, cause: None, code }
    }
}

fn grpc_status(grpc: GrpcCode, exception: &'static str, message: impl Into<String>) -> Failure {
    Failure { http: grpc.to_http(), grpc, reason: "", message: message.into(), exception, origin: Origin::Grpc, cause: None, code: None }
}

fn no_answer(http: u16, exception: &'static str, message: impl Into<String>, cause: Option<Cause>) -> Failure {
    let (grpc, message) = (GrpcCode::from_http(http), message.into());
    Failure { http, grpc, reason: "", message, exception, origin: Origin::NoAnswer, cause, code: None }
}

/// `http.Client` wraps what its transport says, and adds `note` when the error is its own timeout.
///
/// Kratos passes the `*url.Error` on: no `*errors.Error`, so its code is 500. A gRPC server knows a deadline when it sees one, and
/// anything else is `Unknown`.
fn go_http(http: u16, call: &Callee<'_>, cause: Cause, note: &str) -> Failure {
    let method = http_method(call.route);
    let (first, rest) = method.split_at(1);
    let message = format!("{first}{} \"{}\": {}{note}", rest.to_lowercase(), call.url(), cause.message);
    let failure = no_answer(http, "*url.Error", message, Some(cause));
    if !call.client.is_kratos() {
        return failure;
    }
    let grpc = if http == 504 { GrpcCode::DeadlineExceeded } else { GrpcCode::Unknown };
    Failure { http: 500, grpc, ..failure }
}

/// Spring's `RestClient` over the client of the JDK.
fn rest_client(http: u16, call: &Callee<'_>, exception: &'static str, cause: &str) -> Failure {
    let printed = if cause.is_empty() { "null" } else { cause };
    let message = format!("I/O error on {} request for \"{}\": {printed}", http_method(call.route), call.url());
    let cause = Cause { exception, message: cause.to_owned() };
    no_answer(http, "org.springframework.web.client.ResourceAccessException", message, Some(cause))
}

/// RFC 9110's phrase for the statuses of the shop.
fn reason_phrase(http: u16) -> &'static str {
    match http {
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        409 => "Conflict",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Internal Server Error",
    }
}

#[cfg(test)]
mod tests;
