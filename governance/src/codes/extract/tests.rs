//! Records as the real libraries send them: built as OTLP, decoded as at ingest, then asked.

mod build;
mod explicit;
mod json_bodies;
mod libraries;
mod negatives;
mod properties;
mod texts;

use super::*;
use crate::{
    codes::extract::fingerprint::mask,
    facts::{CodeSource, Error},
};
use build::{Otlp, attr, log, span};

/// What a test says about an error; the fields it leaves out are not compared.
#[derive(Default)]
struct Expect {
    code: &'static str,
    reason: &'static str,
    message: Option<&'static str>,
    solution: Option<&'static str>,
    http: Option<i64>,
    grpc: Option<&'static str>,
    rejection: bool,
    source: Option<CodeSource>,
    by_message: bool,
}

impl Expect {
    /// Nothing names the error but its message: the code is its fingerprint.
    fn named_by_message(mut self) -> Self {
        self.by_message = true;
        self
    }
}

#[track_caller]
fn check(what: &str, otlp: Otlp, expected: Expect) -> Error {
    let error = only(what, &otlp).unwrap_or_else(|| panic!("{what}: no error found"));
    if expected.by_message {
        assert_eq!(error.code, format!("msg:{:016x}", error.fingerprint), "{what}: named by its message");
    } else {
        assert_eq!(error.code, expected.code, "{what}: code");
    }
    assert_eq!(error.reason, expected.reason, "{what}: reason");
    assert_eq!(error.is_rejection, expected.rejection, "{what}: is a rejection");
    if let Some(message) = expected.message {
        assert_eq!(error.message, message, "{what}: message");
    }
    if let Some(solution) = expected.solution {
        assert_eq!(error.solution, solution, "{what}: solution");
    }
    if expected.http.is_some() {
        assert_eq!(error.http_status, expected.http, "{what}: http");
    }
    if let Some(grpc) = expected.grpc {
        assert_eq!(error.grpc_status, grpc, "{what}: grpc");
    }
    if let Some(source) = expected.source {
        assert_eq!(error.code_source, source, "{what}: source");
    }
    error
}

#[track_caller]
fn check_none(what: &str, otlp: Otlp) {
    if let Some(error) = only(what, &otlp) {
        panic!("{what}: found {} {} by {}", error.code, error.reason, error.evidence.rule);
    }
}

#[track_caller]
fn only(what: &str, otlp: &Otlp) -> Option<Error> {
    static EXTRACTOR: std::sync::LazyLock<Extractor> = std::sync::LazyLock::new(Extractor::default);
    let extractor = &*EXTRACTOR;
    let (table, batch) = otlp.decoded();
    let errors = extractor.errors(table, &batch);
    // What the columns say and what the row says are the same.
    let rows = crate::codes::Rows::new(table, &batch);
    let by_row = extractor.extract(&rows.record(0, &mut Vec::new()));
    assert_eq!(errors.first().map(|(_, error)| error), by_row.as_ref(), "{what}: the precheck by column lost it");
    by_row
}

#[test]
fn messages_are_masked() {
    let check = |message: &str, masked: &str| assert_eq!(mask(message), masked, "{message}");
    check("order 42 not found", "order # not found");
    check("user 550e8400-e29b-41d4-a716-446655440000 gone", "user # gone");
    check("user 550e8400-aaaa-bbbb-cccc-ffffffffffff gone", "user # gone");
    check("dial tcp 10.0.0.7:8080: connect: connection refused", "dial tcp #.#.#.#:#: connect: connection refused");
    check("trace 4bf92f3577b34da6a3ce929d0e0e4736 lost", "trace # lost");
    check("at 0xc000123", "at #");
    check("key \"a b\" and 'c d'", "key \"…\" and '…'");
    check("can't open 'x' won't", "can't open '…' won't");
    check("utf8 error in md5", "utf# error in md#");
    check("  many\n\n blanks\t ", "many blanks");
    check("库存不足，订单号12345", "库存不足，订单号#");
    check("2024-06-01T12:00:07Z", "#T#:#:#Z");
    check("unclosed 'quote", "unclosed 'quote");
    check("", "");
    assert_eq!(fingerprint("order 1 not found"), fingerprint("order 23456 not found"));
    assert_ne!(fingerprint("order 1 not found"), fingerprint("user 1 not found"));
}
