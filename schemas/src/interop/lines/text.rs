//! A time, a level, a text: whatever no other layout is. The body is the line as it is.
//!
//! A line of Sentinel's metric file (`ms|time|resource|pass|block|complete|error|rt|…`) has its numbers as attributes too.

#![deny(clippy::indexing_slicing)]

use super::{
    field::text_value,
    record::Record,
    time::{self, LocalOffset},
};
use crate::{interop::severity, otlp::attributes_json::Value};

/// Words behind the time among which the level is.
const LEVEL_WITHIN: usize = 5;
/// Bytes of the first line in which it is looked for.
const HEAD_BYTES: usize = 160;

/// What a line of Sentinel's metric file has behind the resource.
const SENTINEL_NUMBERS: [&str; 5] = ["sentinel.pass", "sentinel.block", "sentinel.complete", "sentinel.exception", "sentinel.rt_ms"];

pub(super) fn read<'a>(text: &'a str, local: LocalOffset<'_>) -> Record<'a> {
    if let Some(record) = sentinel(text) {
        return record;
    }
    let mut record = Record { body: text.into(), ..Record::default() };
    let head = text.lines().next().unwrap_or_default();
    let head = head.get(..head.floor_char_boundary(HEAD_BYTES)).unwrap_or(head);
    let rest = match dated(head, local) {
        Some((time_ns, rest)) => {
            record.time_ns = Some(time_ns);
            rest
        }
        None => head,
    };
    let words = rest.split(|character: char| character.is_whitespace() || "|[]:,-".contains(character)).filter(|word| !word.is_empty());
    // Without a time a level is one only as the first word.
    let within = if record.time_ns.is_some() { LEVEL_WITHIN } else { 1 };
    let is_level = |word: &&str| severity::number(word) > 0 && word.chars().all(|character| character.is_ascii_alphabetic());
    if let Some(level) = words.take(within).find(is_level) {
        record.severity = Some((level.into(), severity::number(level)));
    }
    record
}

/// The time at the start, or behind one word in brackets (`[GIN]`), itself in brackets or not.
pub(super) fn dated<'a>(head: &'a str, local: LocalOffset<'_>) -> Option<(u64, &'a str)> {
    let head = head.trim_start_matches('[');
    time::leading(head, local).or_else(|| {
        let (tag, rest) = head.split_once("] ")?;
        (tag.len() <= 20 && !tag.contains(' ')).then_some(())?;
        time::leading(rest, local)
    })
}

/// `None`: it is no line of that file.
pub(super) fn sentinel(text: &str) -> Option<Record<'_>> {
    let mut fields = text.split('|');
    let ms = fields.next().filter(|ms| ms.len() == 13)?;
    let time_ns = time::number(ms)?;
    fields.next().filter(|time| time.len() == 19)?;
    let resource = fields.next()?;
    let mut record = Record { time_ns: Some(time_ns), body: text.into(), ..Record::default() };
    record.attributes.push(("sentinel.resource".into(), text_value(resource)));
    for name in SENTINEL_NUMBERS {
        let number: i64 = fields.next()?.trim().parse().ok()?;
        record.attributes.push((name.into(), Value::Int(number)));
    }
    Some(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interop::text::attributes_json;

    #[test]
    fn times_and_levels() {
        let check = |line: &str, timed: bool, level: Option<&str>| {
            let record = read(line, &|_| 0);
            assert_eq!(record.time_ns, timed.then_some(1_714_536_000_000_000_000), "{line}");
            assert_eq!(record.severity.as_ref().map(|(text, _)| text.as_ref()), level, "{line}");
            assert_eq!(record.body, line);
        };
        check("2024-05-01 04:00:00 INFO started", true, Some("INFO"));
        check("2024-05-01 04:00:00,000 [main] WARN com.example.A - slow", true, Some("WARN"));
        check("[2024-05-01 04:00:00] app.ERROR: no", true, None);
        check("[2024-05-01T04:00:00Z ERROR app] no", true, Some("ERROR"));
        check("2024/05/01 04:00:00 | error | no", true, Some("error"));
        check("[GIN] 2024/05/01 - 04:00:00 | 503 | 1.2ms | ::1 | GET \"/pay\"", true, None);
        check("2024-05-01 04:00:00 a b c d e error", true, None);
        check("ERROR: no", false, Some("ERROR"));
        check("an error", false, None);
        check("库存不足", false, None);
        check("", false, None);
        check("2024-05-01 04:00:00|1|GET:/a,DegradeException,default,,7|3,0", true, None);
    }

    #[test]
    fn lines_of_sentinels_metric_file() {
        let line = "1714536000000|2024-05-01 12:00:00|GET:/a|10|7|10|1|3|0|2|1";
        let record = read(line, &|_| 0);
        assert_eq!((record.time_ns, record.body.as_ref()), (Some(1_714_536_000_000_000_000), line));
        assert_eq!(
            attributes_json(&record.attributes),
            r#"{"sentinel.resource":"GET:/a","sentinel.pass":10,"sentinel.block":7,"sentinel.complete":10,"sentinel.exception":1,"sentinel.rt_ms":3}"#
        );
        assert!(read("1714536000000|2024-05-01 12:00:00|GET:/a|10|x|10|1|3", &|_| 0).attributes.is_empty());
    }
}
