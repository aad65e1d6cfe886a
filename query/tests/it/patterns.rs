//! Templates of real logs: few, complete, and true of every line.

use std::collections::HashMap;

use arrow::{array::AsArray, datatypes::Int32Type, record_batch::RecordBatch};
use query::analytics::patterns::{Limits, Line, Miner, Patterns, Severities};
use schemas::{
    Signal, UnixNanos, columns as c,
    otlp::{DecodeLimits, Format, decode},
};

const PLACEHOLDERS: [&str; 8] = ["<*>", "<num>", "<hex>", "<uuid>", "<ip>", "<time>", "<duration>", "<size>"];

/// Body, severity number and service of every log of a capture.
fn logs(capture: &str) -> Option<Vec<(String, i32, Option<String>)>> {
    let mut logs = Vec::new();
    for body in testkit::captures::requests(capture)? {
        let decoded = decode(Signal::Logs, Format::Protobuf, &body, UnixNanos(1), &DecodeLimits::NONE).expect("a capture is valid");
        decoded.batches.iter().for_each(|batch| logs.extend(rows(&batch.batch)));
    }
    Some(logs)
}

fn rows(batch: &RecordBatch) -> Vec<(String, i32, Option<String>)> {
    let column = |name| batch.column_by_name(name).expect("a column of the logs table");
    let services = column(c::SERVICE_NAME).as_dictionary::<Int32Type>();
    let services = services.downcast_dict::<arrow::array::StringArray>().expect("text");
    let severities = column(c::SEVERITY_NUMBER).as_primitive::<Int32Type>();
    let bodies = arrow::compute::cast(column(c::BODY), &arrow::datatypes::DataType::Utf8).expect("text");
    let rows = bodies.as_string::<i32>().iter().zip(severities).zip(services);
    rows.map(|((body, severity), service)| (body.unwrap_or_default().to_owned(), severity.unwrap_or_default(), service.map(str::to_owned)))
        .collect()
}

/// The patterns, and the id that each line was given.
fn mined(logs: &[(String, i32, Option<String>)]) -> (Patterns, Vec<usize>) {
    let mut miner = Miner::new(Limits::default());
    let line = |(body, severity, service): &(String, i32, Option<String>)| {
        miner.add(&Line { body, severity_number: *severity, service_name: service.as_deref() })
    };
    let ids = logs.iter().map(line).collect();
    (miner.finish(), ids)
}

/// Whether the fixed texts of `template` are in `body`, in this order; white space aside, which templates do not keep.
fn is_true_of(template: &str, body: &str) -> bool {
    let without_space = |text: &str| text.split_whitespace().collect::<String>();
    let fixed = PLACEHOLDERS.iter().fold(template.to_owned(), |text, placeholder| text.replace(placeholder, "\n"));
    let body = without_space(body);
    let mut at = 0;
    fixed.split('\n').map(without_space).all(|text| match body[at..].find(&text) {
        Some(found) => {
            at += found + text.len();
            true
        }
        None => false,
    })
}

#[test]
fn train_ticket() {
    let Some(logs) = logs("train-ticket/logs.otlp.zst") else { return };
    let (mined, ids) = mined(&logs);
    assert_eq!((mined.line_count, ids.len()), (48_078, 48_078));
    assert!((100..200).contains(&mined.patterns.len()), "{} templates", mined.patterns.len());

    let by_id: HashMap<usize, _> = mined.patterns.iter().map(|pattern| (pattern.id, pattern)).collect();
    let mut counts: HashMap<usize, u64> = HashMap::new();
    for (id, (body, _, _)) in ids.iter().zip(&logs) {
        *counts.entry(*id).or_default() += 1;
        assert!(is_true_of(&by_id[id].template, body), "{}\n{body}", by_id[id].template);
    }
    let mut severities = Severities::default();
    for pattern in &mined.patterns {
        assert_eq!(pattern.count, counts[&pattern.id]);
        assert_eq!(pattern.count, pattern.severities.total());
        assert_eq!(pattern.count, pattern.services.iter().map(|service| service.count).sum::<u64>() + pattern.other_services_count);
        assert!((1..=3).contains(&pattern.samples.len()));
        severities.info += pattern.severities.info;
        severities.warn += pattern.severities.warn;
        severities.error += pattern.severities.error;
    }
    assert_eq!(severities, Severities { info: 46_043, warn: 1_765, error: 270, ..Severities::default() });
    assert!((mined.patterns.iter().map(|pattern| pattern.share).sum::<f64>() - 1.0).abs() < 1e-9);
    assert!(mined.patterns.is_sorted_by_key(|pattern| std::cmp::Reverse(pattern.count)));
    check_one(&mined, &logs);
}

/// A sentence of the seat service, with its values.
fn check_one(mined: &Patterns, logs: &[(String, i32, Option<String>)]) {
    let template = "<time> INFO s.c.SeatController#<num> TraceID: <hex> SpanID: <hex> [getLeftTicketOfInterval][Get left ticket of interval]\
                    [TravelDate: <time>,TrainNumber: <*>,SeatType: <num>]";
    let pattern = mined.patterns.iter().find(|pattern| pattern.template == template).expect("this template");
    let said = logs.iter().filter(|(body, _, _)| body.contains("[getLeftTicketOfInterval][Get left ticket of interval]")).count();
    assert_eq!(pattern.count, said as u64);
    assert_eq!(pattern.services[0].service_name, "ts-seat-service");
}
