//! Runs to the bytes of an index.

#![deny(clippy::indexing_slicing)]

use super::{
    buckets::Buckets,
    format::{CRC_AT, ENTRY_BYTES, Layout, MAGIC, PAGE_ENTRIES, Place, VERSION, checksum},
    runs::TraceRun,
};

/// The index of `runs`, which ascend by row and cover all of `rows`.
pub(in crate::block) fn encode(runs: &[TraceRun], rows: u32) -> Vec<u8> {
    let mut entries = entries(runs, rows);
    entries.sort_unstable();
    let count = entries.len() as u32;
    let places: Vec<Place> = entries.iter().map(|entry| Place::of(entry.hash, count)).collect();
    let layout = Layout::of(count);

    let mut bytes = Vec::with_capacity(layout.file_bytes());
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend([0; 2]);
    bytes.extend(count.to_le_bytes());
    bytes.extend(rows.to_le_bytes());
    bytes.extend([0; CRC_AT.end - CRC_AT.start]);
    bytes.extend(places.iter().map(|place| place.fingerprint));
    let buckets = Buckets::encode(places.iter().map(|place| place.bucket), layout.bucket_words);
    bytes.extend(buckets.into_iter().flat_map(u64::to_le_bytes));
    let pages: Vec<u8> = entries.iter().zip(&places).flat_map(|(entry, place)| entry.encode(place.rest)).collect();
    bytes.extend(pages.chunks(PAGE_ENTRIES * ENTRY_BYTES).flat_map(|page| crc32fast::hash(page).to_le_bytes()));
    let crc = checksum(&bytes).expect("the header was just written");
    if let Some(place) = bytes.get_mut(CRC_AT) {
        place.copy_from_slice(&crc.to_le_bytes());
    }
    bytes.extend(pages);
    bytes
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    hash: u64,
    first_row: u32,
    rows: u16,
}

impl Entry {
    fn encode(self, rest: u16) -> [u8; ENTRY_BYTES] {
        let ([p0, p1], [r0, r1], [f0, f1, f2, f3]) = (rest.to_le_bytes(), self.rows.to_le_bytes(), self.first_row.to_le_bytes());
        [p0, p1, r0, r1, f0, f1, f2, f3]
    }
}

fn entries(runs: &[TraceRun], rows: u32) -> Vec<Entry> {
    let mut entries = Vec::with_capacity(runs.len());
    let ends = runs.iter().skip(1).map(|next| next.first_row).chain([rows]);
    for (run, end) in runs.iter().zip(ends) {
        let mut first_row = run.first_row;
        while first_row < end {
            let rows = u16::try_from(end - first_row).unwrap_or(u16::MAX);
            entries.push(Entry { hash: run.hash, first_row, rows });
            first_row += u32::from(rows);
        }
    }
    entries
}
