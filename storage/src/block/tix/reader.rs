//! The part of an index that is kept in memory, and the one page that it leads to.

#![deny(clippy::indexing_slicing)]

use std::{
    io,
    ops::{Deref, Range},
};

use schemas::TraceId;

use super::{
    buckets::Buckets,
    format::{ENTRY_BYTES, HEADER_BYTES, Header, Layout, PAGE_ENTRIES, Place, TixError, VERSION, checksum, hash},
    runs::TraceRuns,
    version1,
};
use crate::io::IoFile;

/// Read at once: the head of an index of up to 12,000 traces.
const FIRST_READ_BYTES: usize = 16 << 10;

/// What is known of an index file without reading it again.
pub(crate) enum TraceIndex {
    Head(Head),
    /// A file of version 1.
    Whole(TraceRuns),
}

impl TraceIndex {
    /// Version, entries and rows, as the first bytes say.
    pub(crate) fn describe(file: &dyn IoFile) -> Result<(u16, u32, u32), TixError> {
        let mut bytes = [0; HEADER_BYTES];
        file.read_exact_at(&mut bytes, 0)?;
        let Header { version, entries, rows, .. } = Header::decode(&bytes)?;
        Ok((version, entries, rows))
    }

    /// Reads the head of a file of `bytes`.
    pub(crate) fn load(file: &dyn IoFile, bytes: u64) -> Result<Self, TixError> {
        let actual = file.len()?;
        if actual != bytes {
            return Err(TixError::Length { expected: bytes, actual });
        }
        let file_bytes = usize::try_from(bytes).map_err(io::Error::other)?;
        let mut head = vec![0; FIRST_READ_BYTES.min(file_bytes)];
        file.read_exact_at(&mut head, 0)?;
        let header = Header::decode(&head)?;
        match header.version {
            version1::VERSION => {
                read_on(file, &mut head, file_bytes)?;
                Ok(Self::Whole(version1::decode(header, &head)?))
            }
            VERSION => {
                let layout = Layout::of(header.entries);
                if layout.file_bytes() != file_bytes {
                    return Err(TixError::Length { expected: layout.file_bytes() as u64, actual });
                }
                read_on(file, &mut head, layout.head_bytes())?;
                Ok(Self::Head(Head::decode(header, layout, &head)?))
            }
            other => Err(TixError::Version(other)),
        }
    }

    /// The rows that may belong to `id`: half-open ranges, ascending and disjoint. `open` is called when the file must be asked:
    /// for a trace that it has, and for one in 256 that it has not.
    pub(in crate::block) fn find<F: Deref<Target = dyn IoFile>>(
        &self,
        id: TraceId,
        open: impl FnOnce() -> io::Result<F>,
    ) -> Result<Vec<Range<usize>>, TixError> {
        match self {
            Self::Whole(runs) => Ok(runs.find(id)),
            Self::Head(head) => {
                let Some((entries, rest)) = head.candidates(id) else { return Ok(Vec::new()) };
                let mut ranges = head.read(entries, rest, &*open()?)?;
                ranges.sort_unstable_by_key(|range| range.start);
                Ok(ranges)
            }
        }
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Head(head) => head.fingerprints.len() + head.buckets.memory_bytes() + size_of_val(&*head.page_crcs),
                Self::Whole(runs) => runs.memory_bytes(),
            }
    }
}

/// Makes `head` the first `bytes` of the file.
fn read_on(file: &dyn IoFile, head: &mut Vec<u8>, bytes: usize) -> io::Result<()> {
    let known = head.len();
    head.resize(bytes, 0);
    match head.get_mut(known..) {
        Some(rest) if !rest.is_empty() => file.read_exact_at(rest, known as u64),
        _ => Ok(()),
    }
}

/// Of a file of the current version.
pub(crate) struct Head {
    entries: u32,
    fingerprints: Box<[u8]>,
    buckets: Buckets,
    page_crcs: Box<[u32]>,
    pages_at: u64,
}

impl Head {
    fn decode(header: Header, layout: Layout, head: &[u8]) -> Result<Self, TixError> {
        if checksum(head) != Some(header.crc) {
            return Err(TixError::Checksum);
        }
        let (fingerprints, rest) = head.get(HEADER_BYTES..).unwrap_or_default().split_at_checked(layout.fingerprints).unwrap_or_default();
        let (words, crcs) = rest.split_at_checked(8 * layout.bucket_words).unwrap_or_default();
        let words = words.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
        Ok(Self {
            entries: header.entries,
            fingerprints: fingerprints.into(),
            buckets: Buckets::decode(words, layout.fingerprints).ok_or(TixError::Buckets)?,
            page_crcs: crcs.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect(),
            pages_at: layout.head_bytes() as u64,
        })
    }

    /// The entries that may be of `id`, and what tells them; `None` when there are none.
    fn candidates(&self, id: TraceId) -> Option<(Range<usize>, u16)> {
        let place = Place::of(hash(id.as_bytes()), self.entries);
        let bucket = self.buckets.entries(place.bucket)?;
        let fingerprints = self.fingerprints.get(bucket.clone())?;
        let from = bucket.start + fingerprints.partition_point(|one| *one < place.fingerprint);
        let to = bucket.start + fingerprints.partition_point(|one| *one <= place.fingerprint);
        (from < to).then_some((from..to, place.rest))
    }

    /// The rows of those of `entries` that end in `rest`.
    fn read(&self, entries: Range<usize>, rest: u16, file: &dyn IoFile) -> Result<Vec<Range<usize>>, TixError> {
        let mut found = Vec::new();
        let mut page = Vec::with_capacity(PAGE_ENTRIES * ENTRY_BYTES);
        for number in entries.start / PAGE_ENTRIES..entries.end.div_ceil(PAGE_ENTRIES) {
            let first = number * PAGE_ENTRIES;
            page.resize(PAGE_ENTRIES.min(self.fingerprints.len() - first) * ENTRY_BYTES, 0);
            file.read_exact_at(&mut page, self.pages_at + (first * ENTRY_BYTES) as u64)?;
            if self.page_crcs.get(number) != Some(&crc32fast::hash(&page)) {
                return Err(TixError::Checksum);
            }
            let wanted = entries.start.saturating_sub(first)..entries.end - first;
            for [p0, p1, r0, r1, f0, f1, f2, f3] in page.as_chunks().0.iter().take(wanted.end).skip(wanted.start) {
                if u16::from_le_bytes([*p0, *p1]) == rest {
                    let first_row = u32::from_le_bytes([*f0, *f1, *f2, *f3]) as usize;
                    found.push(first_row..first_row + usize::from(u16::from_le_bytes([*r0, *r1])));
                }
            }
        }
        Ok(found)
    }
}
