//! T7: a segment damaged in every way that one byte or one cut can. Never a panic, never a request that was not written,
//! never more lost than what was hit, and what is lost is counted.

use std::path::PathBuf;

use storage::{
    io::Io,
    wal::{Damage, Lsn},
};
use testkit::RecordingIo;

use crate::wal_log::{config, dir, numbers, open};

const RECORDS: u64 = 9;
const BODY_LEN: usize = 61;
const RECORD_LEN: usize = 64 + BODY_LEN;

/// A disk with one sealed segment of [`RECORDS`] records, then one that says so, with two more. The files of both.
fn two_segments() -> (RecordingIo, Vec<(PathBuf, Vec<u8>)>) {
    let io = RecordingIo::new();
    let (log, _) = open(&io, config(), Lsn::ZERO);
    (0..RECORDS).for_each(|number| assert!(log.append(number, BODY_LEN).is_ok()));
    drop(log);
    let (log, _) = open(&io, config(), Lsn::ZERO);
    (RECORDS..RECORDS + 2).for_each(|number| assert!(log.append(number, BODY_LEN).is_ok()));
    drop(log);
    let files: Vec<_> = io.list(&dir()).expect("listed").into_iter().map(|path| (path.clone(), io.read(&path).expect("there"))).collect();
    assert_eq!(files.len(), 2);
    (io, files)
}

fn found(files: &[(PathBuf, Vec<u8>)]) -> (Vec<u64>, Damage) {
    let io = RecordingIo::new();
    for (path, bytes) in files {
        io.put(path, bytes.clone());
    }
    let (log, mut replay) = open(&io, config(), Lsn::ZERO);
    let numbers = numbers(&mut replay);
    assert!(log.append(99, 5).is_ok(), "new data is taken whatever the old files look like");
    (numbers, replay.damage())
}

fn counted(damage: Damage) -> bool {
    damage.corrupt_records + damage.doubtful_records + damage.torn_tails + damage.quarantined_files > 0
}

fn all() -> Vec<u64> {
    (0..RECORDS + 2).collect()
}

/// The used part of a segment of `records` records, with the end mark.
fn used_bytes(records: u64) -> usize {
    64 + records as usize * RECORD_LEN + 8
}

#[test]
fn undamaged_files_give_everything() {
    let (_, files) = two_segments();
    assert_eq!(found(&files), (all(), Damage::default()));
}

#[test]
fn every_flipped_byte_costs_at_most_its_record() {
    let (_, files) = two_segments();
    for (index, first, records) in [(0, 0, RECORDS), (1, RECORDS, 2)] {
        for at in 0..used_bytes(records) {
            for mask in [0x01, 0xff] {
                let mut files = files.clone();
                files[index].1[at] ^= mask;
                let (found, damage) = found(&files);
                let hit = at.checked_sub(64).map(|at| first + (at / RECORD_LEN) as u64).filter(|hit| *hit < first + records);
                let expected: Vec<u64> = all().into_iter().filter(|number| Some(*number) != hit).collect();
                assert_eq!(found, expected, "file {index} byte {at} mask {mask}");
                assert!(hit.is_none() || counted(damage), "file {index} byte {at}: {damage:?}");
            }
        }
    }
}

#[test]
fn every_truncation_costs_what_was_cut_off() {
    let (_, files) = two_segments();
    for (index, first, records) in [(0, 0, RECORDS), (1, RECORDS, 2)] {
        for len in 0..used_bytes(records) {
            let mut files = files.clone();
            files[index].1.truncate(len);
            let (found, damage) = found(&files);
            let whole = first + (len.saturating_sub(64) / RECORD_LEN) as u64;
            let expected: Vec<u64> = all().into_iter().filter(|number| !(whole..first + records).contains(number)).collect();
            assert_eq!(found, expected, "file {index} cut to {len}");
            let in_the_open = len.saturating_sub(64) % RECORD_LEN > 0 && len < used_bytes(records) - 8;
            assert!(!(in_the_open || index == 0 && expected != all()) || counted(damage), "file {index} cut to {len}: {damage:?}");
        }
    }
}

#[test]
fn zeroed_sectors_cost_the_records_they_touch() {
    let (_, files) = two_segments();
    for start in (64..used_bytes(RECORDS) - 8).step_by(16) {
        let mut files = files.clone();
        let end = (start + 512).min(used_bytes(RECORDS));
        files[0].1[start..end].fill(0);
        let (found, damage) = found(&files);
        let touched = (start - 64) / RECORD_LEN..(end - 64).div_ceil(RECORD_LEN);
        let expected: Vec<u64> = all().into_iter().filter(|number| !touched.contains(&(*number as usize)) || *number >= RECORDS).collect();
        assert_eq!(found, expected, "zeros from {start}");
        assert!(damage.corrupt_records > 0 && damage.lost_bytes >= (touched.len().min(RECORDS as usize) - 1) as u64 * RECORD_LEN as u64);
    }
}

#[test]
fn swapped_duplicated_and_missing_segments() {
    let (_, files) = two_segments();
    let [(first_path, first), (second_path, second)] = [&files[0], &files[1]];
    let swapped = [(first_path.clone(), second.clone()), (second_path.clone(), first.clone())];
    assert_eq!(found(&swapped), (all(), Damage::default()), "headers tell the order");
    let copy = dir().join("00000000000000aa-0000000000000001.wal");
    let duplicated = [files[0].clone(), files[1].clone(), (copy, first.clone())];
    assert_eq!(found(&duplicated).0, all(), "each once");
    assert_eq!(found(&files[1..]).0, [RECORDS, RECORDS + 1]);
    assert_eq!(found(&files[..1]).0, (0..RECORDS).collect::<Vec<_>>());
}

#[test]
fn a_damaged_segment_is_set_aside_when_its_time_comes() {
    let (io, files) = two_segments();
    let (path, mut bytes) = files[0].clone();
    bytes[64 + 70] ^= 1;
    io.put(&path, bytes.clone());
    let (log, mut replay) = open(&io, config(), Lsn::ZERO);
    assert_eq!(numbers(&mut replay).len() as u64, RECORDS + 1);
    log.wal.trim(replay.end()).expect("trimmed");
    let aside = io.list(&dir().with_file_name("quarantine")).expect("made");
    assert_eq!(aside.len(), 1);
    assert_eq!(io.read(&aside[0]).expect("there"), bytes, "as it was found");
}
