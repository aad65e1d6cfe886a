//! Step 6: typed status. `rpc.status_code` is an int with HTTP's meaning in Kratos, a string in the conventions.

use schemas::grpc::STATUS;

use super::{attributes::Found, finding::Finding};
use crate::codes::record::Record;

/// The first HTTP status that is an error of somebody.
pub(super) const HTTP_ERROR_MIN: i64 = 400;

/// The canonical name of a gRPC status in any of its spellings: `Unavailable`, `UNAVAILABLE`, `14`, `Canceled`.
pub(super) fn grpc_by_name(text: &str) -> Option<&'static str> {
    if let Ok(number) = text.parse() {
        return grpc_by_number(number);
    }
    let same = |name: &&&str| {
        let mut letters = name.chars().filter(|&c| c != '_');
        let mut others = text.chars().filter(|&c| c != '_' && c != ' ');
        loop {
            match (letters.next(), others.next()) {
                (None, None) => return true,
                (Some(a), Some(b)) if a.eq_ignore_ascii_case(&b) => {}
                _ => return false,
            }
        }
    };
    // Go spells it with one l.
    if text.eq_ignore_ascii_case("canceled") {
        return Some("CANCELLED");
    }
    STATUS.iter().find(same).copied()
}

pub(super) fn grpc_by_number(number: i64) -> Option<&'static str> {
    usize::try_from(number).ok().and_then(|index| STATUS.get(index).copied())
}

/// Notes the status that columns and attributes say. Success is noted too: the record's own typed status is a fact.
pub(super) fn note(finding: &mut Finding, record: &Record<'_>, found: &Found<'_>) {
    let is_kratos = record.scope == "kratos";
    if let Some(name) = grpc_by_name(record.rpc_status).or_else(|| record.rpc_grpc_status.and_then(grpc_by_number)) {
        finding.set_grpc(name);
    }
    match found.rpc_status {
        Some(status) if status >= 100 => finding.set_http(status),
        Some(status) if !is_kratos => {
            if let Some(name) = grpc_by_number(status) {
                finding.set_grpc(name);
            }
        }
        _ => {}
    }
    if let Some(name) = found.grpc_status.and_then(grpc_by_number) {
        finding.set_grpc(name);
    }
    if let Some(status) = record.http_status.or(found.http_status) {
        finding.set_http(status);
    }
    // The conventions put the status into `error.type` when nothing better is known.
    if finding.http_status.is_none() && record.error_type.len() == 3 {
        record.error_type.parse().into_iter().for_each(|status| finding.set_http(status));
    }
}

/// `grpc:UNAVAILABLE` or `http:503`, when the status is an error's.
pub(super) fn code(finding: &Finding) -> Option<String> {
    match (finding.grpc_status, finding.http_status) {
        (grpc, _) if is_grpc_error(grpc) => Some(format!("grpc:{grpc}")),
        (_, Some(http)) if http >= HTTP_ERROR_MIN => Some(format!("http:{http}")),
        _ => None,
    }
}

pub(super) fn is_grpc_error(name: &str) -> bool {
    !matches!(name, "" | "OK")
}
