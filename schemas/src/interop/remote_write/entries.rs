//! Series in the order in which OTLP has them: of one target together, of one metric together, the parts of one series together.
//!
//! Senders put each sample, exemplar and histogram into a series of its own, with the same labels.

#![deny(clippy::indexing_slicing)]

use std::collections::{BTreeMap, HashMap};

use xxhash_rust::xxh3::Xxh3;

use super::request::{COUNTER, HISTOGRAM, Labels, Metadata, Request, SUMMARY};
use crate::{
    interop::{
        model::ForeignError,
        prometheus::{INSTANCE, JOB, SCOPE_NAME, SCOPE_VERSION, TARGET_INFO},
    },
    otlp::Rejected,
};

pub(super) const NAME: &[u8] = b"__name__";

/// Why a series is refused alone.
pub(super) const NO_NAME: &str = "a series has no __name__";

/// Where a series comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Target<'a> {
    pub job: &'a [u8],
    pub instance: &'a [u8],
    pub scope_name: &'a [u8],
    pub scope_version: &'a [u8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Metric<'a> {
    pub name: &'a [u8],
    pub counts: bool,
    pub help: &'a [u8],
    pub unit: &'a [u8],
}

/// A part of a series.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    pub target: Target<'a>,
    pub metric: Metric<'a>,
    /// A hash of the labels.
    pub series: u64,
    pub message: &'a [u8],
}

/// Labels of `target_info`, by job and instance.
pub(super) type TargetInfo<'a> = HashMap<(&'a [u8], &'a [u8]), BTreeMap<&'a [u8], &'a [u8]>>;

/// All series with a name, sorted.
///
/// # Errors
/// When a series is malformed. One without a name is rejected alone.
pub(super) fn entries<'a>(request: &Request<'a>, rejected: &mut Rejected) -> Result<(Vec<Entry<'a>>, TargetInfo<'a>), ForeignError> {
    let (mut entries, mut info) = (Vec::new(), TargetInfo::default());
    let mut labels = Labels::new();
    for message in &request.series {
        request.labels(message, &mut labels)?;
        let find = |name: &[u8]| labels.iter().find(|(found, _)| *found == name).map(|(_, value)| *value).unwrap_or_default();
        let name = find(NAME);
        if name.is_empty() {
            rejected.add(NO_NAME);
            continue;
        }
        let target = Target { job: find(JOB), instance: find(INSTANCE), scope_name: find(SCOPE_NAME), scope_version: find(SCOPE_VERSION) };
        if name == TARGET_INFO {
            let own = labels.iter().filter(|(name, _)| ![NAME, JOB, INSTANCE].contains(name));
            info.entry((target.job, target.instance)).or_default().extend(own.copied());
        }
        let Metadata { kind, help, unit } = request.metadata(message)?;
        let metric = Metric { name, counts: counts_up(kind, name), help, unit };
        entries.push(Entry { target, metric, series: hash(&labels), message });
    }
    entries.sort_by_key(|entry| (entry.target, entry.metric, entry.series));
    Ok((entries, info))
}

/// Whether samples of this metric only grow until the process starts anew.
fn counts_up(kind: u64, name: &[u8]) -> bool {
    let part = |ends: &[&[u8]]| ends.iter().any(|end| name.ends_with(end));
    match kind {
        0 => part(&[b"_total", b"_sum", b"_count", b"_bucket"]),
        COUNTER => true,
        HISTOGRAM | SUMMARY => part(&[b"_sum", b"_count", b"_bucket"]),
        _ => false,
    }
}

fn hash(labels: &Labels<'_>) -> u64 {
    let mut hasher = Xxh3::new();
    for (name, value) in labels {
        for text in [name, value] {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text);
        }
    }
    hasher.digest()
}
