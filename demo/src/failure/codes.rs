//! gRPC status codes, and the two tables Kratos translates between them and HTTP with (`transport/http/status`).
//!
//! The tables are no inverses: a status without a row becomes `Unknown`, and `Unknown` becomes 500. A 402 or a 502 that crosses
//! one gRPC call is a 500 afterwards.

/// A code other than `OK`, by its number on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum GrpcCode {
    Canceled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

impl GrpcCode {
    /// `status.ToGRPCCode`: what a Kratos server answers for an error with this code.
    pub(crate) fn from_http(http: u16) -> Self {
        match http {
            400 => Self::InvalidArgument,
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 => Self::NotFound,
            409 => Self::Aborted,
            412 => Self::FailedPrecondition,
            429 => Self::ResourceExhausted,
            499 => Self::Canceled,
            500 => Self::Internal,
            501 => Self::Unimplemented,
            503 => Self::Unavailable,
            504 => Self::DeadlineExceeded,
            _ => Self::Unknown,
        }
    }

    /// `status.FromGRPCCode`: what a caller takes the answer for. Gateways in other languages use the same table.
    pub(crate) fn to_http(self) -> u16 {
        match self {
            Self::Canceled => 499,
            Self::InvalidArgument => 400,
            Self::DeadlineExceeded => 504,
            Self::NotFound => 404,
            Self::PermissionDenied => 403,
            Self::ResourceExhausted => 429,
            Self::FailedPrecondition => 412,
            Self::Aborted => 409,
            Self::Unimplemented => 501,
            Self::Unavailable => 503,
            Self::Unauthenticated => 401,
            Self::Unknown | Self::Internal => 500,
        }
    }

    pub(crate) fn number(self) -> u8 {
        self as u8
    }

    /// `codes.Code.String()` of Go.
    pub(crate) fn go_name(self) -> &'static str {
        self.names().0
    }

    /// The name in the specification, as Java and Python print it.
    pub(crate) fn canonical_name(self) -> &'static str {
        self.names().1
    }

    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Canceled => ("Canceled", "CANCELLED"),
            Self::Unknown => ("Unknown", "UNKNOWN"),
            Self::InvalidArgument => ("InvalidArgument", "INVALID_ARGUMENT"),
            Self::DeadlineExceeded => ("DeadlineExceeded", "DEADLINE_EXCEEDED"),
            Self::NotFound => ("NotFound", "NOT_FOUND"),
            Self::PermissionDenied => ("PermissionDenied", "PERMISSION_DENIED"),
            Self::ResourceExhausted => ("ResourceExhausted", "RESOURCE_EXHAUSTED"),
            Self::FailedPrecondition => ("FailedPrecondition", "FAILED_PRECONDITION"),
            Self::Aborted => ("Aborted", "ABORTED"),
            Self::Unimplemented => ("Unimplemented", "UNIMPLEMENTED"),
            Self::Internal => ("Internal", "INTERNAL"),
            Self::Unavailable => ("Unavailable", "UNAVAILABLE"),
            Self::Unauthenticated => ("Unauthenticated", "UNAUTHENTICATED"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_cross_grpc_as_kratos_translates_them() {
        let check = |http: u16, number: u8, name: &str, back: u16| {
            let code = GrpcCode::from_http(http);
            assert_eq!((code.number(), code.go_name(), code.to_http()), (number, name, back), "{http}");
        };
        check(400, 3, "InvalidArgument", 400);
        check(401, 16, "Unauthenticated", 401);
        check(402, 2, "Unknown", 500);
        check(403, 7, "PermissionDenied", 403);
        check(404, 5, "NotFound", 404);
        check(409, 10, "Aborted", 409);
        check(412, 9, "FailedPrecondition", 412);
        check(429, 8, "ResourceExhausted", 429);
        check(499, 1, "Canceled", 499);
        check(500, 13, "Internal", 500);
        check(501, 12, "Unimplemented", 501);
        check(502, 2, "Unknown", 500);
        check(503, 14, "Unavailable", 503);
        check(504, 4, "DeadlineExceeded", 504);
    }
}
