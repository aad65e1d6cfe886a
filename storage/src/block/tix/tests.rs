use std::{
    io::{Error, ErrorKind, Result},
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use proptest::prelude::*;
use schemas::TraceId;

use super::{
    TraceIndex, TraceRun, TraceRuns, encode,
    format::{ENTRY_BYTES, HEADER_BYTES, PAGE_ENTRIES, TixError},
};
use crate::io::IoFile;

/// What the first builds of each version wrote for traces 2, 9, 2 from rows 0, 4 and 7 on, of 9.
const VERSION_1: &str = "465449580100000003000000090000008bfcb2d0df37a77fdf37a77f8a5196f7000000000700000004000000";
const VERSION_2: &str =
    "465449580200000003000000090000004090199c7e7ee616000000000000002d29359aa7f5040000000000a7f5020007000000f4c2030004000000";

/// A file in memory that counts what is read of it.
#[derive(Clone, Default)]
struct Bytes {
    bytes: Arc<Vec<u8>>,
    read: Arc<AtomicU64>,
}

impl IoFile for Bytes {
    fn write_all_at(&self, _: &[u8], _: u64) -> Result<()> {
        Err(Error::from(ErrorKind::ReadOnlyFilesystem))
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> Result<()> {
        let from = usize::try_from(offset).map_err(Error::other)?;
        let found = self.bytes.get(from..).and_then(|rest| rest.get(..buf.len())).ok_or(ErrorKind::UnexpectedEof)?;
        buf.copy_from_slice(found);
        self.read.fetch_add(buf.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    fn sync_data(&self) -> Result<()> {
        Ok(())
    }

    fn set_len(&self, _: u64) -> Result<()> {
        Err(Error::from(ErrorKind::ReadOnlyFilesystem))
    }

    fn len(&self) -> Result<u64> {
        Ok(self.bytes.len() as u64)
    }
}

/// An index and its file.
struct Opened {
    file: Bytes,
    index: TraceIndex,
}

impl Opened {
    fn new(bytes: Vec<u8>) -> std::result::Result<Self, TixError> {
        let file = Bytes { bytes: Arc::new(bytes), ..Bytes::default() };
        let index = TraceIndex::load(&file, file.bytes.len() as u64)?;
        Ok(Self { file, index })
    }

    fn find(&self, id: TraceId) -> std::result::Result<Vec<Range<usize>>, TixError> {
        self.index.find(id, || Ok(Box::new(self.file.clone()) as Box<dyn IoFile>))
    }

    /// What is read of the file for `id`.
    fn bytes_read_for(&self, id: TraceId) -> u64 {
        let before = self.file.read.load(Ordering::Relaxed);
        self.find(id).unwrap();
        self.file.read.load(Ordering::Relaxed) - before
    }
}

fn id(number: u64) -> TraceId {
    let mut id = [7; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    TraceId(id)
}

/// Traces of `lengths` rows, one after the other: trace 0, 1, ...
fn runs(lengths: &[u32]) -> (Vec<TraceRun>, u32) {
    let mut row = 0;
    let mut runs = Vec::new();
    for (number, length) in lengths.iter().enumerate() {
        runs.push(TraceRun::new(id(number as u64).as_bytes(), row));
        row += length;
    }
    (runs, row)
}

fn opened(lengths: &[u32]) -> Opened {
    let (runs, rows) = runs(lengths);
    Opened::new(encode(&runs, rows)).unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn finds_every_run_of_a_trace_and_no_other() {
    let run = |number: u8, first_row| TraceRun::new(&[number; 16], first_row);
    let runs = vec![run(2, 0), run(9, 4), run(2, 7)];
    let in_memory = TraceRuns::new(runs.clone(), 9);
    let check = |number: u8, expected: &[Range<usize>]| {
        let id = TraceId([number; 16]);
        assert_eq!(in_memory.find(id), expected, "in memory");
        for bytes in [encode(&runs, 9), hex(VERSION_1), hex(VERSION_2)] {
            assert_eq!(Opened::new(bytes).unwrap().find(id).unwrap(), expected, "in a file");
        }
    };
    check(2, &[0..4, 7..9]);
    check(9, &[4..7; 1]);
    check(3, &[]);
}

#[test]
fn a_trace_of_more_rows_than_an_entry_can_say() {
    let opened = opened(&[3, 200_000, 1]);
    assert_eq!(opened.find(id(1)).unwrap(), [3..65_538, 65_538..131_073, 131_073..196_608, 196_608..200_003]);
    assert_eq!(opened.find(id(2)).unwrap(), vec![200_003..200_004; 1]);
}

/// The figures that the module's page promises.
#[test]
fn a_trace_costs_11_bits_of_memory_a_hit_one_page_and_a_miss_nothing() {
    const TRACES: u64 = 50_000;
    let opened = opened(&[1; TRACES as usize]);
    let bits = (opened.index.memory_bytes() * 8) as f64 / TRACES as f64;
    assert!(bits < 11.0, "{bits:.2} bits a trace");

    let hits: Vec<u64> = (0..1000).map(|number| opened.bytes_read_for(id(number * 50))).collect();
    let page = (PAGE_ENTRIES * ENTRY_BYTES) as u64;
    assert!(hits.iter().all(|read| (1..=2 * page).contains(read)), "{hits:?}");
    assert!(hits.iter().sum::<u64>() < 1010 * page, "two pages only where equal fingerprints lie across their border");

    let misses = (0..100_000).filter(|number| opened.bytes_read_for(id(TRACES + number)) > 0).count();
    assert!((200..600).contains(&misses), "one in 256 of 100,000 reads a page: {misses}");
    let false_rows = (0..100_000).filter(|number| !opened.find(id(TRACES + number)).unwrap().is_empty()).count();
    assert!(false_rows <= 1, "{false_rows} led to rows");
}

#[test]
fn damage_is_named() {
    let (runs, rows) = runs(&[1; 3]);
    let bytes = encode(&runs, rows);
    let check = |damage: &dyn Fn(&mut Vec<u8>), expected: &str| {
        let mut bytes = bytes.clone();
        damage(&mut bytes);
        let found = Opened::new(bytes).and_then(|opened| opened.find(id(0)));
        assert_eq!(found.unwrap_err().to_string(), expected);
    };
    check(&|b| b[0] = b'X', "not a trace index");
    check(&|b| b[4] = 3, "trace index version 3 is unknown");
    check(&|b| b.truncate(3), "trace index has 3 bytes, 20 were expected");
    check(&|b| b[8] = 9, "trace index has 59 bytes, 113 were expected");
    check(&|b| b[12] ^= 1, "trace index does not match its checksum");
    check(&|b| b[HEADER_BYTES] ^= 1, "trace index does not match its checksum");
    check(&|b| *b.last_mut().unwrap() ^= 1, "trace index does not match its checksum");
    let file = Bytes { bytes: Arc::new(bytes.clone()), ..Bytes::default() };
    assert!(matches!(TraceIndex::load(&file, 60), Err(TixError::Length { expected: 60, actual: 59 })), "the catalog knows better");
    let mut version_1 = hex(VERSION_1);
    version_1[20] ^= 1;
    assert!(matches!(Opened::new(version_1), Err(TixError::Checksum)));
}

/// Neither a wrong row nor a trace that is not found: the index says that it is damaged, or the damage is elsewhere.
#[test]
fn every_flipped_byte_is_seen_or_harmless() {
    let lengths = [2; 520];
    let (runs, rows) = runs(&lengths);
    let (whole, bytes) = (opened(&lengths), encode(&runs, rows));
    let mut seen = 0;
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x40;
        let Ok(opened) = Opened::new(damaged) else {
            seen += 1;
            continue;
        };
        for number in (0..600).step_by(57) {
            match opened.find(id(number)) {
                Ok(ranges) => assert_eq!(ranges, whole.find(id(number)).unwrap(), "trace {number}, byte {at}"),
                Err(error) => assert!(matches!(error, TixError::Checksum), "{error}"),
            }
        }
    }
    assert_eq!(seen, bytes.len() - 520 * ENTRY_BYTES, "all of the head is checked when it is loaded");
}

proptest! {
    #[test]
    fn every_trace_is_found_where_it_is(lengths in prop::collection::vec(1u32..4, 0..700)) {
        let (runs, rows) = runs(&lengths);
        let (opened, in_memory) = (opened(&lengths), TraceRuns::new(runs, rows));
        for number in 0..lengths.len() as u64 + 50 {
            let (found, expected) = (opened.find(id(number)).unwrap(), in_memory.find(id(number)));
            prop_assert!(expected.iter().all(|range| found.contains(range)), "trace {}: {:?}", number, found);
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..100), version in 0u8..4) {
        let header = [b'F', b'T', b'I', b'X', version, 0, 0, 0];
        bytes.iter_mut().zip(header).for_each(|(byte, header)| *byte = header);
        if let Ok(opened) = Opened::new(bytes) {
            let _ = opened.find(id(1));
        }
    }
}
