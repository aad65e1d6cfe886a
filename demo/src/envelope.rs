//! The outer layers of an export request around records that are already encoded.
//!
//! ```text
//! Export{Trace,Logs}ServiceRequest { 1: Resource{Spans,Logs} { 1: resource, 2: Scope{Spans,Logs} { 1: scope, 2: record..., 3: url }, 3: url } }
//! ```
//!
//! The field numbers are the same for spans and logs. A record is encoded when it is made, because a few hundred bytes wait more
//! cheaply than a tree of strings.

use prost::{
    Message,
    encoding::{WireType, encode_key, encode_varint},
};

use crate::otlp::Scope;

const HEAD: u32 = 1;
const BODY: u32 = 2;
const SCHEMA_URL: u32 = 3;

/// A whole request of one resource. `resource` is the encoded message; records of one scope stay in order.
pub(crate) fn request<'a>(resource: &[u8], schema_url: &str, records: impl Iterator<Item = (&'static Scope, &'a [u8])>) -> Vec<u8> {
    let mut group = vec![];
    field(HEAD, resource, &mut group);
    for (scope, records) in by_scope(records) {
        let mut body = vec![];
        field(HEAD, &scope.to_otlp().encode_to_vec(), &mut body);
        body.extend(records);
        text_field(SCHEMA_URL, scope.schema_url, &mut body);
        field(BODY, &body, &mut group);
    }
    text_field(SCHEMA_URL, schema_url, &mut group);
    let mut request = Vec::with_capacity(group.len() + 8);
    field(HEAD, &group, &mut request);
    request
}

/// The records of each scope as fields, scopes in the order of their first record.
fn by_scope<'a>(records: impl Iterator<Item = (&'static Scope, &'a [u8])>) -> Vec<(&'static Scope, Vec<u8>)> {
    let mut groups: Vec<(&'static Scope, Vec<u8>)> = vec![];
    for (scope, record) in records {
        let known = groups.iter().position(|(known, _)| std::ptr::eq(*known, scope)).unwrap_or_else(|| {
            groups.push((scope, vec![]));
            groups.len() - 1
        });
        field(BODY, record, &mut groups[known].1);
    }
    groups
}

fn field(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn text_field(number: u32, text: &str, out: &mut Vec<u8>) {
    if !text.is_empty() {
        field(number, text.as_bytes(), out);
    }
}
