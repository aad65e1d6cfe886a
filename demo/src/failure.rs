//! What went wrong, in the words of the library that says it.

use rand::{Rng, rngs::SmallRng};

use crate::topology::{Refusal, Stack, Store, StoreKind};

/// An error on its way up the call chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// As an HTTP status; the gRPC code is the one Kratos maps it to.
    pub(crate) http: u16,
    /// Machine-readable, upper snake case. Lost when the error crosses a service border.
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    /// Type of the innermost error in its language.
    pub(crate) exception: &'static str,
    pub(crate) origin: Origin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Local,
    /// Came back from a gRPC call.
    Grpc,
    /// Came back as an HTTP answer.
    Http,
}

/// How a dependency fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    Timeout,
    Unreachable,
    Overloaded,
}

impl Trouble {
    pub(crate) fn pick(rng: &mut SmallRng) -> Self {
        match rng.random_range(0..10) {
            0..5 => Self::Timeout,
            5..8 => Self::Unreachable,
            _ => Self::Overloaded,
        }
    }
}

impl Failure {
    /// 5xx: the service is to blame, not the caller.
    pub(crate) fn is_server_fault(&self) -> bool {
        self.http >= 500
    }

    pub(crate) fn refused(refusal: &Refusal, stack: Stack) -> Self {
        let exception = match stack {
            Stack::KratosV2 | Stack::KratosV3 => "*errors.Error",
            Stack::Gin => "*gorm.ErrRecordNotFound",
            Stack::Spring => "com.harborgoods.payment.charge.CardDeclinedException",
            Stack::Python | Stack::Envoy => "ValueError",
        };
        Self { http: refusal.http, reason: refusal.reason, message: refusal.message.to_owned(), exception, origin: Origin::Local }
    }

    /// The caller's deadline passed before an answer came.
    pub(crate) fn deadline(origin: Origin, timeout_ms: u32, stack: Stack) -> Self {
        let (message, exception) = match (stack, origin) {
            (Stack::Spring, _) => ("Read timed out".to_owned(), "java.net.SocketTimeoutException"),
            (Stack::Python, _) => ("Deadline Exceeded".to_owned(), "grpc._channel._InactiveRpcError"),
            (Stack::Envoy, _) => ("upstream request timeout".to_owned(), ""),
            (_, Origin::Http) => {
                (format!("context deadline exceeded (Client.Timeout of {timeout_ms}ms exceeded while awaiting headers)"), "*url.Error")
            }
            _ => ("context deadline exceeded".to_owned(), "*status.Error"),
        };
        Self { http: 504, reason: "GATEWAY_TIMEOUT", message, exception, origin }
    }

    /// No connection to `address`.
    pub(crate) fn unreachable(origin: Origin, address: &str, stack: Stack) -> Self {
        let (message, exception) = match (stack, origin) {
            (Stack::Spring, _) => (
                format!("I/O error on POST request for \"https://{address}/v1/authorizations\": Connection reset"),
                "org.springframework.web.client.ResourceAccessException",
            ),
            (Stack::Python, _) => {
                (format!("failed to connect to all addresses; last error: UNKNOWN: ipv4:{address}: Failed to connect to remote host: connect: Connection refused (111)"), "grpc._channel._InactiveRpcError")
            }
            (Stack::Envoy, _) => (
                "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure, transport failure reason: delayed connect error: Connection refused".to_owned(),
                "",
            ),
            (_, Origin::Http) => (format!("dial tcp {address}: connect: connection refused"), "*net.OpError"),
            _ => (format!("connection error: desc = \"transport: Error while dialing: dial tcp {address}: connect: connection refused\""), "*status.Error"),
        };
        Self { http: 503, reason: "SERVICE_UNAVAILABLE", message, exception, origin }
    }

    /// The bank's own service failed.
    pub(crate) fn of_acquirer() -> Self {
        Self {
            http: 502,
            reason: "ACQUIRER_ERROR",
            message: "502 Bad Gateway: \"{\"code\":\"processor_unavailable\",\"message\":\"issuer processor did not answer\"}\"".to_owned(),
            exception: "org.springframework.web.client.HttpServerErrorException$BadGateway",
            origin: Origin::Local,
        }
    }

    /// A store failed under a client written in the language of `stack`.
    pub(crate) fn of_store(store: &Store, trouble: Trouble, stack: Stack) -> Self {
        let (http, reason) = match (store.kind, trouble) {
            (StoreKind::Redis, Trouble::Timeout) => (504, "CACHE_TIMEOUT"),
            (StoreKind::Redis, _) => (503, "CACHE_UNAVAILABLE"),
            (_, Trouble::Timeout) => (504, "DATABASE_TIMEOUT"),
            (_, Trouble::Unreachable) => (503, "DATABASE_UNAVAILABLE"),
            (_, Trouble::Overloaded) => (500, "DATABASE_ERROR"),
        };
        let (exception, message) = store_error(store, trouble, stack);
        Self { http, reason, message, exception, origin: Origin::Local }
    }

    /// What the caller of a service sees of this failure over `origin`.
    pub(crate) fn seen_from(&self, origin: Origin, stack: Stack) -> Self {
        let exception = match (stack, origin) {
            (Stack::Spring, _) => "org.springframework.web.client.HttpServerErrorException",
            (Stack::Python, _) => "grpc._channel._InactiveRpcError",
            (_, Origin::Grpc) => "*status.Error",
            _ => "*errors.Error",
        };
        Self { exception, origin, message: self.wire_message(), ..self.clone() }
    }

    /// The text of `err.Error()` in a Go service.
    pub(crate) fn go_text(&self) -> String {
        match self.origin {
            Origin::Grpc => format!("rpc error: code = {} desc = {}", self.grpc_name(), self.message),
            Origin::Http => format!("error: code = {} reason =  message =  metadata = map[] cause = <nil>", self.http),
            Origin::Local => {
                format!("error: code = {} reason = {} message = {} metadata = map[] cause = <nil>", self.http, self.reason, self.message)
            }
        }
    }

    /// The number of the gRPC code that stands for the HTTP status, as Kratos converts it.
    pub(crate) fn grpc_code(&self) -> u8 {
        match self.http {
            400 | 402 => 3,
            401 => 16,
            403 => 7,
            404 => 5,
            409 => 10,
            429 => 8,
            503 => 14,
            504 => 4,
            _ => 13,
        }
    }

    /// `codes.Code.String()` of Go.
    pub(crate) fn grpc_name(&self) -> &'static str {
        match self.grpc_code() {
            3 => "InvalidArgument",
            4 => "DeadlineExceeded",
            5 => "NotFound",
            7 => "PermissionDenied",
            8 => "ResourceExhausted",
            10 => "Aborted",
            14 => "Unavailable",
            16 => "Unauthenticated",
            _ => "Internal",
        }
    }

    fn wire_message(&self) -> String {
        match self.origin {
            Origin::Http => String::new(),
            Origin::Local | Origin::Grpc => self.message.clone(),
        }
    }
}

fn store_error(store: &Store, trouble: Trouble, stack: Stack) -> (&'static str, String) {
    let Store { ip, port, database, .. } = store;
    match (stack, store.kind, trouble) {
        (Stack::Python, _, Trouble::Timeout) => ("redis.exceptions.TimeoutError", "Timeout reading from socket".to_owned()),
        (Stack::Python, ..) => {
            ("redis.exceptions.ConnectionError", format!("Error 111 connecting to {}:{port}. Connection refused.", store.host))
        }
        (Stack::Spring, _, Trouble::Timeout) => {
            ("org.postgresql.util.PSQLException", "ERROR: canceling statement due to user request".to_owned())
        }
        (Stack::Spring, _, Trouble::Unreachable) => (
            "org.postgresql.util.PSQLException",
            format!(
                "Connection to {}:{port} refused. Check that the hostname and port are correct and that the postmaster is accepting TCP/IP connections.",
                store.host
            ),
        ),
        (Stack::Spring, _, Trouble::Overloaded) => (
            "java.sql.SQLTransientConnectionException",
            "HikariPool-1 - Connection is not available, request timed out after 30000ms (total=10, active=10, idle=0, waiting=23)"
                .to_owned(),
        ),
        (_, StoreKind::PostgreSql, Trouble::Timeout) => {
            ("*pgconn.PgError", "ERROR: canceling statement due to statement timeout (SQLSTATE 57014)".to_owned())
        }
        (_, StoreKind::PostgreSql, Trouble::Unreachable) => (
            "*pgconn.ConnectError",
            format!(
                "failed to connect to `user=app database={database}`: {ip}:{port} ({}): dial error: dial tcp {ip}:{port}: connect: connection refused",
                store.host
            ),
        ),
        (_, StoreKind::PostgreSql, Trouble::Overloaded) => {
            ("*pgconn.PgError", "FATAL: sorry, too many clients already (SQLSTATE 53300)".to_owned())
        }
        (_, StoreKind::MySql, Trouble::Timeout) => {
            ("*mysql.MySQLError", "Error 1205 (HY000): Lock wait timeout exceeded; try restarting transaction".to_owned())
        }
        (_, StoreKind::MySql, Trouble::Unreachable) => ("*net.OpError", format!("dial tcp {ip}:{port}: connect: connection refused")),
        (_, StoreKind::MySql, Trouble::Overloaded) => ("*mysql.MySQLError", "Error 1040 (08004): Too many connections".to_owned()),
        (_, StoreKind::Redis, Trouble::Timeout) => ("*net.OpError", format!("read tcp 10.244.3.17:48122->{ip}:{port}: i/o timeout")),
        (_, StoreKind::Redis, Trouble::Unreachable) => ("*net.OpError", format!("dial tcp {ip}:{port}: connect: connection refused")),
        (_, StoreKind::Redis, Trouble::Overloaded) => ("*errors.errorString", "redis: connection pool timeout".to_owned()),
    }
}
