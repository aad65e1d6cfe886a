//! Any input: no panic, and what the columns let through is what the rows say.

use proptest::prelude::*;

use super::*;

/// Pieces of real texts, so that random ones come near.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,12}",
        prop::sample::select(vec![
            "error: code = ",
            "503",
            " reason = ",
            "CIRCUITBREAKER",
            " message = ",
            " metadata = map[",
            "biz_code:5001003",
            "] cause = ",
            "biz error: code=",
            ", msg=",
            "错误码",
            "：",
            "[5001003]",
            "{\"code\":",
            "\"msg\":\"",
            "}",
            "\"",
            "\\",
            "rpc error: code = ",
            "Unavailable",
            " desc = ",
            "hystrix: circuit open",
            "0x",
            "-",
            "'",
        ])
        .prop_map(str::to_owned),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_span(texts in prop::collection::vec(text(), 6), number in any::<i64>(), status in 0..3i32, key in 0..11usize) {
        let key = &ExtractConfig::default().code_keys[key];
        let otlp = span(&texts[0], 3, &texts[1])
            .status(status, &texts[2])
            .exception(&texts[3], &texts[4])
            .with(attr(key, texts[5].as_str()))
            .with(attr("rpc.status_code", number));
        only("any span", &otlp);
    }

    #[test]
    fn any_log(body in text(), texts in prop::collection::vec(text(), 3), severity in 0..25i32, code in any::<f64>()) {
        let otlp = log(severity, &body).with(attr("reason", texts[0].as_str())).with(attr("code", code)).with(attr("error", texts[1].as_str()));
        if let Some(error) = only("any log", &otlp) {
            prop_assert!(!error.code.is_empty() && error.message.len() <= 1024 && error.fingerprint != 0);
        }
    }

    #[test]
    fn damaged_json_of_attributes(json in text()) {
        let mut record = crate::codes::Record::empty(crate::facts::Source::Log, schemas::UnixNanos(0));
        record.severity = 17;
        record.attributes = &json;
        record.body = &json;
        prop_assert!(Extractor::default().extract(&record).is_some());
    }

    #[test]
    fn masks_twice_as_once(message in text()) {
        let once = mask(&message).into_owned();
        prop_assert!(mask(&once).len() <= once.len());
    }
}
