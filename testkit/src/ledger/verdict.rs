//! The comparison of what was sent, acknowledged and stored.

use std::{collections::HashMap, fmt};

use schemas::Signal;

use super::{book::Book, record::RequestId, scan::Found};

/// Counts of records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    pub sent: u64,
    pub acked: u64,
    pub stored: u64,
    pub lost: u64,
    pub duplicated: u64,
    pub altered: u64,
    pub phantom: u64,
    /// Records of requests of which only a part is stored.
    pub halved: u64,
    /// The first few complaints, for people.
    pub examples: Vec<String>,
}

const EXAMPLES_MAX: usize = 20;

impl Verdict {
    pub fn of(book: &Book, found: &[Found]) -> Self {
        let mut verdict = Self { stored: found.len() as u64, ..Self::default() };
        let mut copies: HashMap<(Signal, u32, u32, u32), u64> = HashMap::new();
        for row in found {
            match row {
                Found::Record { signal, run, client, sequence, intact } => {
                    *copies.entry((*signal, *run, *client, *sequence)).or_default() += 1;
                    if !intact {
                        verdict.altered += 1;
                        verdict.example(|| format!("altered: {row:?}"));
                    }
                }
                Found::Stranger { .. } => {
                    verdict.phantom += 1;
                    verdict.example(|| format!("phantom: {row:?}"));
                }
            }
        }
        for entry in book.entries() {
            let RequestId { run, client, .. } = entry.request.id;
            let records = u64::from(entry.request.records);
            let counts =
                entry.request.sequences().map(|sequence| copies.remove(&(entry.request.signal, run, client, sequence)).unwrap_or(0));
            let counts: Vec<u64> = counts.collect();
            let missing = counts.iter().filter(|count| **count == 0).count() as u64;
            let doubled: u64 = counts.iter().map(|count| count.saturating_sub(1)).sum();
            verdict.sent += records;
            verdict.duplicated += doubled;
            if entry.acked {
                verdict.acked += records;
                verdict.lost += missing;
            } else if missing != 0 && missing != records {
                verdict.halved += records - missing;
            }
            if doubled > 0 || (entry.acked && missing > 0) || (missing != 0 && missing != records) {
                verdict.example(|| format!("{missing} of {records} missing, {doubled} too many: {entry:?}"));
            }
        }
        for (identity, count) in copies {
            verdict.phantom += count;
            verdict.example(|| format!("phantom: {identity:?}"));
        }
        verdict
    }

    /// Nothing lost, duplicated, altered, halved or made up.
    pub fn is_clean(&self) -> bool {
        [self.lost, self.duplicated, self.altered, self.phantom, self.halved].iter().all(|count| *count == 0)
    }

    fn example(&mut self, text: impl FnOnce() -> String) {
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(text());
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sent, acked, stored, lost, duplicated, altered, phantom, halved, examples } = self;
        write!(f, "sent {sent}, acked {acked}, stored {stored}: {lost} lost, {duplicated} duplicated, {altered} altered, ")?;
        write!(f, "{phantom} phantom, {halved} halved")?;
        examples.iter().try_for_each(|example| write!(f, "\n  {example}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Request;

    fn request(sequence: u32) -> Request {
        Request { id: RequestId { run: 1, client: 2, sequence }, signal: Signal::Logs, records: 2 }
    }

    fn row(sequence: u32) -> Found {
        Found::Record { signal: Signal::Logs, run: 1, client: 2, sequence, intact: true }
    }

    /// Request 0..2 is acknowledged, request 2..4 is not.
    fn check(found: &[Found], [lost, duplicated, altered, phantom, halved]: [u64; 5]) {
        let book = Book::default();
        book.acked(book.sent(request(0)));
        book.sent(request(2));
        let verdict = Verdict::of(&book, found);
        let expected =
            Verdict { sent: 4, acked: 2, stored: found.len() as u64, lost, duplicated, altered, phantom, halved, examples: vec![] };
        assert_eq!(Verdict { examples: vec![], ..verdict.clone() }, expected, "{verdict}");
        assert_eq!(verdict.is_clean(), verdict.examples.is_empty(), "{verdict}");
    }

    #[test]
    fn every_kind_of_harm_is_counted() {
        check(&[row(0), row(1)], [0, 0, 0, 0, 0]);
        check(&[row(0), row(1), row(2), row(3)], [0, 0, 0, 0, 0]);
        check(&[row(0)], [1, 0, 0, 0, 0]);
        check(&[], [2, 0, 0, 0, 0]);
        check(&[row(0), row(1), row(1)], [0, 1, 0, 0, 0]);
        check(&[row(0), row(1), row(2), row(2), row(3), row(3)], [0, 2, 0, 0, 0]);
        check(&[row(0), row(1), row(3)], [0, 0, 0, 0, 1]);
        check(&[row(0), row(1), row(4)], [0, 0, 0, 1, 0]);
        check(&[row(0), row(1), Found::Stranger { table: schemas::Table::Logs, attributes: "{}".into() }], [0, 0, 0, 1, 0]);
        check(&[row(0), Found::Record { signal: Signal::Logs, run: 1, client: 2, sequence: 1, intact: false }], [0, 0, 1, 0, 0]);
    }
}
