//! Step 0: leaves rows without any error where they are, after a few numbers and one search for key names.

use aho_corasick::AhoCorasick;
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
    /// `"key":` of every key that names a code, and of typed status that has no column.
    keys: AhoCorasick,
    /// As `keys`, with quotes or without, escaped or not: for JSON in bodies.
    members: AhoCorasick,
    /// The members that count below WARN too: the rows of most logs.
    quiet_members: AhoCorasick,
}

impl Precheck {
    pub(super) fn new(config: &ExtractConfig) -> Self {
        let mut keys = vec!["rpc.status_code", "grpc.status_code", "http.response.status_code", "http.status_code", "exception.type"];
        keys.extend(config.code_keys.iter().map(String::as_str));
        keys.extend(config.reason_keys.iter().map(String::as_str));
        let mut members = JSON_MEMBERS.to_vec();
        members.extend(config.json_code.iter().filter_map(|pointer| pointer.rsplit('/').next()));
        members.extend(config.code_keys.iter().map(String::as_str));
        members.extend(LEVELS);
        let first_members =
            config.json_code.iter().filter(|pointer| !json::is_vague(pointer)).filter_map(|pointer| pointer.split('/').nth(1));
        let quiet_members = first_members.flat_map(|member| [format!("{member}\""), format!("{member}\\\"")]).collect();
        let build = |patterns: Vec<String>| AhoCorasick::new(patterns).expect("a few short patterns make a searcher");
        Self {
            keys: build(keys.iter().filter_map(|key| serde_json::to_string(key).ok()).map(|key| format!("{key}:")).collect()),
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
            || self.keys.is_match(record.attributes)
            || record.events.iter().any(|event| event.name == "exception" || self.keys.is_match(event.attributes))
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
            mark_hits(&mut marks, array, &self.keys);
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
                    mark(&mut marks, array, |row| array.is_valid(row));
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
            mark_hits(&mut hits, attributes, &self.keys);
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

/// Searches a whole column at once: most batches have no hit.
fn mark_hits(marks: &mut [bool], array: &StringArray, search: &AhoCorasick) {
    let offsets = array.value_offsets();
    let (Some(first), Some(last)) = (offsets.first(), offsets.last()) else { return };
    let all = array.value_data().get(*first as usize..*last as usize).unwrap_or_default();
    if !search.is_match(all) {
        return;
    }
    for (row, mark) in marks.iter_mut().enumerate().take(array.len()) {
        *mark |= !*mark && array.is_valid(row) && search.is_match(array.value(row));
    }
}
