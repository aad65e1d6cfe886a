//! Records as an OTLP logs request.

use std::borrow::Cow;

use super::record::{self, LineFormat, Record};
pub use super::time::LocalOffset;
use crate::otlp::{attributes_json::Value, encoder::Encoder, export::value::write_attribute, text::utf8};

/// What all lines of a file have in common.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    pub format: LineFormat,
    /// Attributes of the resource.
    pub resource: Vec<(String, String)>,
    /// Attributes of every record, for instance `log.file.name`.
    pub record: Vec<(String, String)>,
}

/// A logs request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// The same records always become the same bytes, so that a retry is recognised.
    pub protobuf: Vec<u8>,
    pub records: u64,
    /// Of which invalid UTF-8 was replaced.
    pub repaired: u64,
}

/// `records` of one file, each one line or several that belong together, without the last end of line. Empty ones are left out.
///
/// `observed_ns`: when they were read. It tells requests apart that would else be the same, such as those of equal lines without a time.
pub fn write<'a>(source: &Source, records: impl Iterator<Item = &'a [u8]>, observed_ns: u64, local: LocalOffset<'_>) -> Written {
    let mut written = Written::default();
    let mut out = Encoder::default();
    let resource_logs = out.open(1);
    let resource = out.open(1);
    write_texts(&mut out, 1, &source.resource);
    out.close(resource);
    let scope_logs = out.open(2);
    for bytes in records {
        let mut repaired = 0;
        let mut text: Cow<'_, str> = utf8(bytes, &mut repaired);
        if text.trim().is_empty() {
            continue;
        }
        if text.contains("\r\n") {
            text = text.replace("\r\n", "\n").into();
        }
        written.repaired += u64::from(repaired > 0);
        written.records += 1;
        write_record(&mut out, &record::read(source.format, text.trim_end_matches(['\r', '\n']), local), observed_ns, &source.record);
    }
    out.close(scope_logs);
    out.close(resource_logs);
    written.protobuf = out.into_bytes();
    written
}

fn write_record(out: &mut Encoder, record: &Record<'_>, observed_ns: u64, attributes: &[(String, String)]) {
    let message = out.open(2);
    out.optional_fixed64(1, record.time_ns);
    if let Some((text, number)) = &record.severity {
        out.non_zero_int32(2, *number);
        out.string(3, text);
    }
    let body = out.open(5);
    out.string(1, &record.body);
    out.close(body);
    write_texts(out, 6, attributes);
    record.attributes.iter().for_each(|(key, value)| write_attribute(out, 6, key, value));
    out.optional_bytes(9, record.trace_id.as_ref().map(|id| id.as_bytes().as_slice()));
    out.optional_bytes(10, record.span_id.as_ref().map(|id| id.as_bytes().as_slice()));
    out.fixed64(11, observed_ns);
    out.close(message);
}

fn write_texts(out: &mut Encoder, number: u32, texts: &[(String, String)]) {
    texts.iter().for_each(|(key, value)| write_attribute(out, number, key, &Value::String(value.as_str().into())));
}
