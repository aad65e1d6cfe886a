//! What went wrong, in the words of the library that says it.
//!
//! ```text
//! stores  a database or cache failed under its client
//! guards  a breaker or limiter let nothing through
//! calls   a call was not answered, or the callee's failure as its caller sees it
//! codes   gRPC codes and their HTTP statuses
//! ```

mod calls;
mod codes;
mod guards;
mod stores;

pub(crate) use codes::GrpcCode;
pub(crate) use stores::{Stage, Trouble};

use crate::{
    business::Coded,
    topology::{Refusal, Stack},
};

/// An error on its way up the call chain, as the service that has it now knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The status an HTTP server answers, and the code of a Kratos error.
    pub(crate) http: u16,
    /// The status a gRPC server answers, or what came back from one.
    pub(crate) grpc: GrpcCode,
    /// Machine-readable, upper snake case. Only Kratos has one; empty where a border lost it.
    pub(crate) reason: &'static str,
    /// The status message of a gRPC answer; otherwise what the error prints.
    pub(crate) message: String,
    /// Type of the error in its language.
    pub(crate) exception: &'static str,
    pub(crate) origin: Origin,
    /// The error beneath: an instrumentation below the client library records this one.
    pub(crate) cause: Option<Cause>,
    /// The shop's own error code, where services pass it on.
    pub(crate) code: Option<Coded>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Local,
    /// A breaker or limiter of this service refused it; an error of its library.
    Refused,
    /// A gRPC call ended with a status, the server's or the client's own.
    Grpc,
    /// Came back as an HTTP answer.
    Answer,
    /// No HTTP answer came.
    NoAnswer,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) exception: &'static str,
    /// Empty: the exception has none.
    pub(crate) message: String,
}

impl Failure {
    /// A failure of the service itself.
    fn local(stack: Stack, http: u16, reason: &'static str, message: impl Into<String>, exception: &'static str) -> Self {
        // An exception that leaves a Python servicer is `UNKNOWN`, whatever it was.
        let grpc = if stack == Stack::Python { GrpcCode::Unknown } else { GrpcCode::from_http(http) };
        Self { http, grpc, reason, message: message.into(), exception, origin: Origin::Local, cause: None, code: None }
    }

    pub(crate) fn refused(refusal: &Refusal, stack: Stack) -> Self {
        let exception = match stack {
            Stack::KratosV2 | Stack::KratosV3 => "*errors.Error",
            Stack::Gin => "*errors.errorString",
            Stack::Spring => "com.harborgoods.payment.charge.CardDeclinedException",
            Stack::Python | Stack::Envoy => "ValueError",
        };
        Self::local(stack, refusal.http, refusal.reason, refusal.message, exception)
    }

    /// The same with the shop's own code, in its words.
    pub(crate) fn coded(self, code: Coded) -> Self {
        Self { message: code.message.to_owned(), code: Some(code), ..self }
    }

    /// A bug: a panic, a nil map, a bad index. Envoy has none.
    pub(crate) fn of_bug(stack: Stack) -> Option<Self> {
        let (exception, message) = match stack {
            Stack::Gin => ("*errors.errorString", "runtime error: invalid memory address or nil pointer dereference"),
            Stack::KratosV2 | Stack::KratosV3 => ("*errors.Error", "unknown request error"),
            Stack::Spring => (
                "java.lang.NullPointerException",
                "Cannot invoke \"com.harborgoods.payment.acquirer.Authorization.reference()\" because \"authorization\" is null",
            ),
            Stack::Python => ("IndexError", "list index out of range"),
            Stack::Envoy => return None,
        };
        Some(Self::local(stack, 500, "UNKNOWN", message, exception))
    }

    /// 5xx: the service is to blame, not the caller.
    pub(crate) fn is_server_fault(&self) -> bool {
        self.http >= 500
    }

    /// Type and text of the error beneath, or of this one when nothing is beneath.
    pub(crate) fn beneath(&self) -> (&'static str, &str) {
        match &self.cause {
            Some(cause) => (cause.exception, &cause.message),
            None => (self.exception, &self.message),
        }
    }

    /// `err.Error()` in a Go service without Kratos.
    pub(crate) fn go_text(&self) -> String {
        match self.origin {
            Origin::Grpc => format!("rpc error: code = {} desc = {}", self.grpc.go_name(), self.message),
            Origin::Local | Origin::Refused | Origin::Answer | Origin::NoAnswer => self.message.clone(),
        }
    }

    /// `err.Error()` in a Kratos service: its own errors and decoded HTTP answers are `*errors.Error`.
    pub(crate) fn kratos_text(&self) -> String {
        match self.origin {
            Origin::Local | Origin::Answer => {
                let Self { http, reason, message, .. } = self;
                let metadata = self.code.map(|code| format!("code:{} solution:{}", code.number, code.solution)).unwrap_or_default();
                let cause = self.cause.as_ref().map_or("<nil>", |cause| cause.message.as_str());
                format!("error: code = {http} reason = {reason} message = {message} metadata = map[{metadata}] cause = {cause}")
            }
            Origin::Grpc | Origin::Refused | Origin::NoAnswer => self.go_text(),
        }
    }

    /// The type of that error.
    pub(crate) fn kratos_type(&self) -> &'static str {
        match self.origin {
            Origin::Local | Origin::Answer => "*errors.Error",
            Origin::Grpc => "*status.Error",
            Origin::NoAnswer => "*url.Error",
            Origin::Refused => self.exception,
        }
    }
}
