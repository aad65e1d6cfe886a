//! What must hold for any bytes at all. The fuzz targets of `schemas/fuzz` run these functions, named like them.

use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest,
};
use schemas::{
    Signal,
    interop::{Dialect, snappy},
    otlp::{ContentEncoding, DecodeError, DecodeLimits, Format, compression::decompress, json},
};

use crate::request::{Request, assert_same_records, decode, export};

pub fn otlp_proto_traces(body: &[u8]) {
    check_against_prost::<ExportTraceServiceRequest>(body);
}

pub fn otlp_proto_logs(body: &[u8]) {
    check_against_prost::<ExportLogsServiceRequest>(body);
}

pub fn otlp_proto_metrics(body: &[u8]) {
    check_against_prost::<ExportMetricsServiceRequest>(body);
}

/// JSON that is accepted becomes protobuf that prost accepts too, and reads back from the JSON written for it.
pub fn otlp_json(body: &[u8]) {
    check_json::<ExportTraceServiceRequest>(body);
    check_json::<ExportLogsServiceRequest>(body);
    check_json::<ExportMetricsServiceRequest>(body);
}

/// Whatever a body announces, no more than the limit comes out of it.
pub fn decompression(body: &[u8]) {
    const LIMIT: usize = 1 << 16;
    for encoding in [ContentEncoding::Identity, ContentEncoding::Gzip, ContentEncoding::Zstd] {
        if let Ok(bytes) = decompress(encoding, body, LIMIT) {
            assert!(bytes.len() <= LIMIT);
        }
    }
}

/// Whatever another system's agent pushes, what becomes of it is OTLP of bounded size, with as many points as its sender is told.
pub fn pushed(body: &[u8]) {
    const LIMIT: usize = 1 << 16;
    if let Ok(bytes) = snappy::decompress(body, LIMIT) {
        assert!(bytes.len() <= LIMIT);
    }
    check_pushed::<ExportTraceServiceRequest>(body, &[Dialect::ZipkinJson, Dialect::ZipkinProtobuf, Dialect::JaegerThrift]);
    check_pushed::<ExportLogsServiceRequest>(body, &[Dialect::LokiJson, Dialect::LokiProtobuf]);
    check_pushed::<ExportMetricsServiceRequest>(body, &[Dialect::RemoteWrite1, Dialect::RemoteWrite2]);
}

fn check_pushed<R: Request>(body: &[u8], dialects: &[Dialect]) {
    // What is written before the limit is looked at again: one record, or one series.
    const SLACK: usize = 1 << 20;
    for dialect in dialects {
        let Ok(translated) = dialect.translate(body, 1 << 16) else { continue };
        assert!(translated.protobuf.len() <= (1 << 16) + SLACK.min(32 * body.len()));
        assert_eq!(dialect.translate(body, 1 << 16).expect("as before"), translated, "a retry must be recognised");
        let decoded = decode(R::SIGNAL, Format::Protobuf, &translated.protobuf).expect("we read what is translated");
        match R::decode(translated.protobuf.as_slice()) {
            Ok(request) => assert_eq!(decoded.accepted + decoded.rejected.count, request.record_count()),
            // Texts of remote write are passed on as they came, and repaired where rows are made.
            Err(error) => assert!(error.to_string().contains("UTF-8"), "{error}"),
        }
        if R::SIGNAL == Signal::Metrics {
            assert_eq!((decoded.accepted, decoded.rejected.count), (translated.samples + translated.histograms, 0));
        }
    }
}

/// We accept what prost accepts, and read the same in it.
///
/// Documented differences: invalid UTF-8 is repaired instead of refused, AnyValue nests 32 levels of whatever kind, and a string index,
/// which only profiles have, is ignored: for prost it pushes out the value before it.
fn check_against_prost<R: Request>(body: &[u8]) {
    let ours = decode(R::SIGNAL, Format::Protobuf, body);
    match (R::decode(body), ours) {
        (Ok(_), Err(DecodeError::Depth { .. })) => {}
        (Ok(request), Err(error)) => panic!("prost accepts what we refuse with {error}: {request:?}"),
        (Ok(request), Ok(decoded)) => {
            assert_eq!(decoded.repaired_strings, 0);
            assert_eq!(decoded.accepted + decoded.rejected.count, request.record_count());
            let expected = request.records();
            assert_eq!(decoded.accepted, expected.len() as u64, "{:?} of {request:#?}", decoded.rejected);
            if decoded.ignored_strindex == 0 {
                assert_same_records(expected, export::<R>(&decoded).records());
            }
        }
        (Err(error), Ok(_)) => {
            let text = error.to_string();
            assert!(text.contains("UTF-8") || text.contains("recursion limit"), "we accept what prost refuses with {text}");
        }
        (Err(_), Err(_)) => {}
    }
}

fn check_json<R: Request>(body: &[u8]) {
    let Ok(protobuf) = json::to_protobuf(R::SIGNAL, body, &DecodeLimits::default()) else { return };
    if let Err(error) = R::decode(protobuf.as_slice()) {
        let text = error.to_string();
        assert!(text.contains("UTF-8") || text.contains("recursion limit"), "the transcoder wrote what prost refuses with {text}");
    }
    let text = json::from_protobuf(R::SIGNAL, &protobuf).expect("the transcoder writes protobuf");
    let again = json::to_protobuf(R::SIGNAL, text.as_bytes(), &DecodeLimits::default()).expect("what is written can be read");
    assert_eq!(json::from_protobuf(R::SIGNAL, &again).expect("the transcoder writes protobuf"), text);
    let decoded = decode(R::SIGNAL, Format::Json, body).expect("the decoder takes what the transcoder takes");
    assert_same_records(
        export::<R>(&decoded).records(),
        export::<R>(&decode(R::SIGNAL, Format::Json, text.as_bytes()).expect("as before")).records(),
    );
}
