//! Step 0: leaves rows without any error where they are, after a few numbers and one search for key names.

use aho_corasick::{AhoCorasick, Match};
use arrow::array::{Array, AsArray, StringArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{Int32Type, Int64Type};
use arrow::record_batch::RecordBatch;
use schemas::{Table, columns as c};

use super::{
    config::ExtractConfig,
    json,
    status::{self, HTTP_ERROR_MIN},
};
use crate::codes::record::{Record, SEVERITY_WARN};

/// Members of a JSON text that may hold a code, besides the configured ones.
const JSON_MEMBERS: [&str; 7] = ["code", "status", "errno", "errcode", "error_code", "reason", "details"];
/// Levels as log lines in JSON spell them, from WARN on.
const LEVELS: [&str; 10] = ["warn", "WARN", "Warn", "err", "ERR", "Err", "fatal", "FATAL", "panic", "PANIC"];

/// Says which rows are worth a look. It may say yes for nothing, never no to a row that carries an error.
#[derive(Debug, Clone)]
pub struct Precheck {
    /// Of attributes and events.
    keys: Keys,
    /// As `keys`, with quotes or without, escaped or not: for JSON in bodies.
    members: AhoCorasick,
    /// The members that count below WARN too: the rows of most logs.
    quiet_members: AhoCorasick,
}

impl Precheck {
    pub(super) fn new(config: &ExtractConfig) -> Self {
        let mut members = JSON_MEMBERS.to_vec();
        members.extend(config.json_code.iter().filter_map(|pointer| pointer.rsplit('/').next()));
        members.extend(config.code_keys.iter().map(String::as_str));
        members.extend(LEVELS);
        let first_members =
            config.json_code.iter().filter(|pointer| !json::is_vague(pointer)).filter_map(|pointer| pointer.split('/').nth(1));
        let quiet_members = first_members.flat_map(|member| [format!("{member}\""), format!("{member}\\\"")]).collect();
        let build = |patterns: Vec<String>| AhoCorasick::new(patterns).expect("a few short patterns make a searcher");
        Self {
            keys: Keys::new(config),
            quiet_members: build(quiet_members),
            members: build(members.iter().map(|&member| member.to_owned()).collect()),
        }
    }

    /// One row.
    pub fn may_carry(&self, record: &Record<'_>) -> bool {
        record.is_alarming()
            || record.http_status.is_some_and(|status| status >= HTTP_ERROR_MIN)
            || status::grpc_by_name(record.rpc_status).is_some_and(status::is_grpc_error)
            || record.rpc_grpc_status.is_some_and(|status| status != 0)
            || !(record.error_type.is_empty() && record.exception_type.is_empty() && record.exception_message.is_empty())
            || self.keys.may_tell(record.attributes)
            || record.events.iter().any(|event| event.name == "exception" || self.keys.may_tell(event.attributes))
            || (may_be_json(record.body) && self.members_at(record.severity).is_match(record.body))
    }

    /// A batch of `spans` or `logs`, column by column: which rows [`Precheck::may_carry`] would let through, and perhaps a few more.
    pub fn rows(&self, table: Table, batch: &RecordBatch) -> BooleanBuffer {
        let mut marks = vec![false; batch.num_rows()];
        let column = |name: &str| batch.column_by_name(name);
        let texts = |name: &str| column(name).and_then(|array| array.as_string_opt::<i32>());
        for name in [c::ERROR_TYPE, c::EXCEPTION_TYPE, c::EXCEPTION_MESSAGE] {
            texts(name).into_iter().for_each(|array| mark(&mut marks, array, |row| array.is_valid(row)));
        }
        if let Some(array) = texts(c::ATTRIBUTES) {
            self.keys.mark(&mut marks, array);
        }
        let ints = |name: &str| column(name).and_then(|array| array.as_primitive_opt::<Int32Type>());
        let longs = |name: &str| column(name).and_then(|array| array.as_primitive_opt::<Int64Type>());
        match table {
            Table::Spans => {
                if let Some(array) = ints(c::STATUS_CODE) {
                    mark(&mut marks, array, |row| array.value(row) == 2);
                }
                if let Some(array) = longs(c::HTTP_RESPONSE_STATUS_CODE) {
                    mark(&mut marks, array, |row| array.is_valid(row) && array.value(row) >= HTTP_ERROR_MIN);
                }
                if let Some(array) = longs(c::RPC_GRPC_STATUS_CODE) {
                    mark(&mut marks, array, |row| array.is_valid(row) && array.value(row) != 0);
                }
                if let Some(array) = texts(c::RPC_STATUS_CODE) {
                    mark(&mut marks, array, |row| status::grpc_by_name(array.value(row)).is_some_and(status::is_grpc_error));
                }
                self.mark_events(&mut marks, batch);
            }
            Table::Logs => {
                if let Some(array) = ints(c::SEVERITY_NUMBER) {
                    mark(&mut marks, array, |row| array.value(row) >= SEVERITY_WARN);
                }
                if let Some((bodies, severities)) = texts(c::BODY).zip(ints(c::SEVERITY_NUMBER)) {
                    mark(&mut marks, bodies, |row| {
                        let body = bodies.value(row);
                        may_be_json(body) && self.members_at(severities.value(row)).is_match(body)
                    });
                }
            }
            _ => {}
        }
        BooleanBuffer::from(marks)
    }

    fn members_at(&self, severity: i32) -> &AhoCorasick {
        if (1..SEVERITY_WARN).contains(&severity) { &self.quiet_members } else { &self.members }
    }

    fn mark_events(&self, marks: &mut [bool], batch: &RecordBatch) {
        let Some(list) = batch.column_by_name(c::EVENTS).and_then(|array| array.as_list_opt::<i32>()) else { return };
        let Some(events) = list.values().as_struct_opt() else { return };
        let mut hits = vec![false; events.len()];
        if let Some(names) = events.column_by_name(c::NAME).and_then(|array| array.as_string_opt::<i32>()) {
            mark(&mut hits, names, |row| names.value(row) == "exception");
        }
        if let Some(attributes) = events.column_by_name(c::ATTRIBUTES).and_then(|array| array.as_string_opt::<i32>()) {
            self.keys.mark(&mut hits, attributes);
        }
        if !hits.contains(&true) {
            return;
        }
        for (row, mark) in marks.iter_mut().enumerate().filter(|(row, _)| list.is_valid(*row)) {
            let (from, to) = (list.value_offsets()[row] as usize, list.value_offsets()[row + 1] as usize);
            *mark |= hits.get(from..to).is_some_and(|hits| hits.contains(&true));
        }
    }
}

/// Whether a body can be a JSON object.
pub(super) fn may_be_json(body: &str) -> bool {
    body.trim_start().starts_with('{')
}

fn mark(marks: &mut [bool], array: &dyn Array, says: impl Fn(usize) -> bool) {
    for (row, mark) in marks.iter_mut().enumerate().take(array.len()) {
        *mark = *mark || says(row);
    }
}

/// `"key":` of every key that names a code, and of typed status that has no column: in JSON as our columns have it, without blanks.
#[derive(Debug, Clone)]
struct Keys {
    search: AhoCorasick,
    /// Of each pattern.
    quiet: Vec<Quiet>,
}

/// Whether a number says that all is well.
type Quiet = fn(i64) -> bool;

impl Keys {
    fn new(config: &ExtractConfig) -> Self {
        let never: Quiet = |_| false;
        let named = config.code_keys.iter().chain(&config.reason_keys).map(String::as_str).chain(["exception.type"]);
        let mut keys: Vec<(&str, Quiet)> = named.map(|key| (key, never)).collect();
        let http: Quiet = |status| status < HTTP_ERROR_MIN;
        let statuses: [(&str, Quiet); 4] = [
            ("http.status_code", http),
            ("http.response.status_code", http),
            ("grpc.status_code", |status| status == 0),
            // With HTTP's meaning in Kratos.
            ("rpc.status_code", |status| status == 0 || (100..HTTP_ERROR_MIN).contains(&status)),
        ];
        for status in statuses {
            if keys.iter().all(|(key, _)| *key != status.0) {
                keys.push(status);
            }
        }
        let pattern = |(key, _): &(&str, _)| serde_json::to_string(key).map(|key| format!("{key}:")).unwrap_or_default();
        let search = AhoCorasick::new(keys.iter().map(pattern)).expect("a few short patterns make a searcher");
        Self { search, quiet: keys.into_iter().map(|(_, quiet)| quiet).collect() }
    }

    /// Whether attributes may say something of an error.
    fn may_tell(&self, json: &str) -> bool {
        self.telling(json.as_bytes()).next().is_some()
    }

    /// Marks the rows that may say something of an error: one search of the whole column.
    fn mark(&self, marks: &mut [bool], array: &StringArray) {
        let offsets = array.value_offsets();
        let (Some(first), Some(last)) = (offsets.first(), offsets.last()) else { return };
        let all = array.value_data().get(*first as usize..*last as usize).unwrap_or_default();
        for at in self.telling(all) {
            let row = offsets.partition_point(|offset| (*offset - *first) as usize <= at).saturating_sub(1);
            if let Some(mark) = marks.get_mut(row).filter(|_| array.is_valid(row)) {
                *mark = true;
            }
        }
    }

    /// Where keys are that may tell of an error.
    fn telling<'t>(&'t self, json: &'t [u8]) -> impl Iterator<Item = usize> + 't {
        let is_telling = |found: &Match| {
            let number = number_at(json.get(found.end()..).unwrap_or_default());
            !number.is_some_and(self.quiet[found.pattern().as_usize()])
        };
        self.search.find_iter(json).filter(is_telling).map(|found| found.start())
    }
}

/// The number of up to three digits that a JSON text begins with, in quotes or without, when it is all of a value.
fn number_at(json: &[u8]) -> Option<i64> {
    let is_quoted = json.first() == Some(&b'"');
    let text = &json[usize::from(is_quoted)..];
    let digits = text.iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
    let ends = match text.get(digits)? {
        b'"' => is_quoted,
        b',' | b'}' => !is_quoted,
        _ => false,
    };
    (ends && (1..=3).contains(&digits)).then(|| text[..digits].iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_of_success_tells_nothing() {
        let keys = Precheck::new(&ExtractConfig::default()).keys;
        let check = |json: &str, expected: bool| {
            assert_eq!(keys.may_tell(json), expected, "{json}");
            let column = StringArray::from(vec![Some("{}"), None, Some(json), Some("{}"), Some(json)]);
            let mut marks = vec![false; 5];
            keys.mark(&mut marks, &column);
            assert_eq!(marks, [false, false, expected, false, expected], "{json}");
            let mut marks = vec![false; 3];
            keys.mark(&mut marks, &column.slice(2, 3));
            assert_eq!(marks, [expected, false, expected], "{json} in a slice");
        };
        check(r#"{"http.status_code":"200","a":1}"#, false);
        check(r#"{"http.status_code":200}"#, false);
        check(r#"{"http.response.status_code":399}"#, false);
        check(r#"{"http.status_code":"200","http.response.status_code":500}"#, true);
        check(r#"{"http.status_code":"404"}"#, true);
        check(r#"{"http.status_code":" 404"}"#, true);
        check(r#"{"http.status_code":4e2}"#, true);
        check(r#"{"http.status_code":"OK"}"#, true);
        check(r#"{"http.status_code":2000}"#, true);
        check(r#"{"http.status_code":200"#, true);
        check(r#"{"rpc.status_code":200,"grpc.status_code":0}"#, false);
        check(r#"{"rpc.status_code":14}"#, true);
        check(r#"{"rpc.status_code":503}"#, true);
        check(r#"{"grpc.status_code":"4"}"#, true);
        check(r#"{"exception.type":"0"}"#, true);
        check(r#"{"error.code":0}"#, true);
        check(r#"{"x":"http.status_code"}"#, false);
    }
}
