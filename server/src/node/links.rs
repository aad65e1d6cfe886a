//! What is fetched and passed on: from the words of those who do it to those of the API.

use std::collections::BTreeMap;

use collector::{FileReport, FilesReport, TargetReport};
use query::api::{DataLink, LinkDropped, LinkError};
use schemas::UnixNanos;

use crate::forward::ForwardReport;

/// Log files; what was lost of all of them, and what went wrong beside them, is told with the first that is not one of them.
pub(super) fn of_files(FilesReport { files, waiting, dropped, last_error }: FilesReport) -> Vec<DataLink> {
    let mut links: Vec<DataLink> = files.into_iter().map(of_file).collect();
    if waiting > 0 || !dropped.is_empty() || last_error.is_some() {
        let dropped = lost(dropped.into_iter().collect());
        let name = if waiting > 0 { format!("all files; {waiting} wait for others to be closed") } else { "all files".to_owned() };
        let (of, lag_bytes, last_at) = (String::new(), None, None);
        links.push(DataLink {
            kind: "file",
            name,
            of,
            is_up: true,
            records: 0,
            lag_bytes,
            last_at,
            last_error: error(last_error),
            dropped,
        });
    }
    links
}

fn of_file(file: FileReport) -> DataLink {
    let FileReport { path, service, is_open, lag_bytes, records, last_read, last_error, .. } = file;
    let (name, last_error) = (path.display().to_string(), error(last_error));
    DataLink { kind: "file", name, of: service, is_up: is_open, records, lag_bytes, last_at: last_read, last_error, dropped: vec![] }
}

pub(super) fn of_target(target: TargetReport) -> DataLink {
    let TargetReport { url, job, is_up, samples, last_scrape, last_error, dropped } = target;
    let (last_error, dropped) = (error(last_error), lost(dropped));
    DataLink { kind: "target", name: url, of: job, is_up, records: samples, lag_bytes: None, last_at: last_scrape, last_error, dropped }
}

pub(super) fn of_forward(forward: ForwardReport) -> DataLink {
    let ForwardReport { endpoint, is_up, requests, queue_bytes, last_sent, last_error, dropped } = forward;
    let (of, lag_bytes) = (String::new(), Some(queue_bytes));
    let (last_error, dropped) = (error(last_error), lost(dropped));
    DataLink { kind: "forward", name: endpoint, of, is_up, records: requests, lag_bytes, last_at: last_sent, last_error, dropped }
}

fn lost(dropped: BTreeMap<&'static str, u64>) -> Vec<LinkDropped> {
    dropped.into_iter().map(|(reason, records)| LinkDropped { reason: reason.to_owned(), records }).collect()
}

fn error(last: Option<(UnixNanos, String)>) -> Option<LinkError> {
    last.map(|(time, message)| LinkError { time: Some(time), message })
}
