//! T4: a power cut at every moment, with what was not synced kept, dropped, torn or zeroed. And the log against a model.

use std::collections::HashMap;

use proptest::prelude::*;
use storage::wal::{Lsn, WalConfig};
use testkit::{
    RecordingIo,
    recording_io::{Fate, Recorded},
};

use crate::wal_log::{config, numbers, open};

/// What a client knows: at this moment (in operations of the disk) request `number` was acknowledged.
type Ledger = Vec<(usize, u64)>;

/// Appends with rotations, trims and a restart. Also the commits of a catalog, which is never behind a trim.
fn workload(io: &RecordingIo) -> (Ledger, Vec<(usize, Lsn)>) {
    let (mut ledger, mut commits) = (Ledger::new(), vec![(0, Lsn::ZERO)]);
    for run in 0..2 {
        let committed = commits.last().expect("one").1;
        let (log, _) = open(io, config(), committed);
        for number in run * 30..run * 30 + 30 {
            let lsn = log.append(number, 400).expect("durable");
            ledger.push((io.recorded(), number));
            if number % 13 == 12 {
                commits.push((io.recorded(), lsn));
                log.wal.trim(lsn).expect("trimmed");
            }
        }
    }
    (ledger, commits)
}

fn check(after: &RecordingIo, cut: usize, ledger: &Ledger, commits: &[(usize, Lsn)], case: &str) {
    let committed = commits.iter().rev().find(|(at, _)| *at <= cut).expect("one at 0").1;
    let (log, mut replay) = open(after, config(), committed);
    let found = numbers(&mut replay);
    let acknowledged: Vec<u64> = ledger.iter().filter(|(at, _)| *at <= cut).map(|(_, number)| *number).collect();
    // In this workload each request is acknowledged before the next is sent: number + 1 is the lsn.
    let expected: Vec<u64> = acknowledged.iter().copied().filter(|number| number + 1 > committed.0).collect();
    assert!(found == expected || found.len() == expected.len() + 1 && found.starts_with(&expected), "{case}: {found:?}, not {expected:?}");
    assert_eq!(replay.damage().corrupt_records, 0, "{case}");
    log.append(1000, 10).expect("writable");
    drop((log, replay));
    let again = numbers(open(after, config(), committed).1);
    assert_eq!(again, [found, vec![1000]].concat(), "{case}: a second crash changes nothing");
}

#[test]
fn a_cut_at_every_moment() {
    let io = RecordingIo::new();
    let (ledger, commits) = workload(&io);
    for cut in 0..=io.recorded() {
        let fates = [Fate::Kept, Fate::Dropped, Fate::Zeroed, Fate::Torn(0), Fate::Torn(7), Fate::Torn(64), Fate::Torn(300)];
        for all in fates {
            check(&io.after_cut(cut, |_, _| all), cut, &ledger, &commits, &format!("cut {cut}, all {all:?}"));
        }
        for dropped in 0..3 {
            let mut seen = 0;
            let after = io.after_cut(cut, |_, operation| {
                seen += usize::from(!matches!(operation, Recorded::Sync { .. } | Recorded::SyncDir { .. }));
                if seen == dropped + 1 { Fate::Dropped } else { Fate::Kept }
            });
            check(&after, cut, &ledger, &commits, &format!("cut {cut}, uncovered operation {dropped} dropped"));
        }
    }
}

/// A group is one write: a power cut can leave the end of it and not the middle. What was never acknowledged is not lost.
#[test]
fn a_cut_inside_a_group_is_no_damage() {
    const GROUP: u64 = 8;
    const RECORD: usize = 64 + 150;
    let io = RecordingIo::new();
    let (log, _) = open(&io, config(), Lsn::ZERO);
    let mut ledger = Ledger::new();
    for group in 0..6 {
        let answers = log.append_group(group * GROUP..(group + 1) * GROUP, 150);
        assert!(answers.iter().all(Result::is_ok));
        ledger.extend((group * GROUP..(group + 1) * GROUP).map(|number| (io.recorded(), number)));
    }
    drop(log);
    let holes = [(0, 64), (0, RECORD), (RECORD + 70, 10), (RECORD, RECORD), (2 * RECORD - 20, 512)].map(|(at, len)| Fate::Hole { at, len });
    let fates = [Fate::Kept, Fate::Dropped, Fate::Zeroed, Fate::Torn(64), Fate::Torn(2 * RECORD + 30)].into_iter().chain(holes);
    let mut doubtful = 0;
    for (cut, fate) in (0..=io.recorded()).flat_map(|cut| fates.clone().map(move |fate| (cut, fate))) {
        let after = io.after_cut(cut, |_, _| fate);
        let (log, mut replay) = open(&after, config(), Lsn::ZERO);
        let found = numbers(&mut replay);
        let damage = replay.damage();
        assert!(ledger.iter().filter(|(at, _)| *at <= cut).all(|(_, number)| found.contains(number)), "cut {cut} {fate:?}: {found:?}");
        assert_eq!((damage.corrupt_records, damage.lost_bytes), (0, 0), "cut {cut} {fate:?}");
        doubtful += damage.doubtful_records;
        log.append(1000, 10).expect("writable");
        drop((log, replay));
        assert_eq!(numbers(open(&after, config(), Lsn::ZERO).1), [found, vec![1000]].concat(), "cut {cut} {fate:?}: a second crash");
    }
    assert!(doubtful > 0, "no cut left the end of a group: the test shows nothing");
}

#[derive(Debug, Clone)]
enum Step {
    Append {
        body_len: usize,
    },
    /// The catalog commits this share of what is acknowledged, then the log is trimmed.
    Commit {
        percent: u64,
    },
    Restart,
    /// Power cut: what no sync covers gets these fates in turn.
    Cut {
        fates: Vec<u8>,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => prop_oneof![0usize..200, 3000usize..9000].prop_map(|body_len| Step::Append { body_len }),
        2 => (0u64..=100).prop_map(|percent| Step::Commit { percent }),
        1 => Just(Step::Restart),
        2 => prop::collection::vec(any::<u8>(), 1..6).prop_map(|fates| Step::Cut { fates }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_log_is_a_list(steps in prop::collection::vec(step(), 1..80), spare_segments in 0usize..3) {
        let config = WalConfig { spare_segments, ..config() };
        let mut io = RecordingIo::new();
        let (mut log, _) = open(&io, config.clone(), Lsn::ZERO);
        let mut model: HashMap<u64, Lsn> = HashMap::new();
        let mut committed = Lsn::ZERO;
        let mut next = 0;
        for step in steps.into_iter().chain([Step::Restart]) {
            match step {
                Step::Append { body_len } => {
                    model.insert(next, log.append(next, body_len).expect("durable"));
                    next += 1;
                }
                Step::Commit { percent } => {
                    let newest = model.values().max().copied().unwrap_or_default().max(committed);
                    committed = Lsn(committed.0 + (newest.0 - committed.0) * percent / 100);
                    log.wal.trim(committed).expect("trimmed");
                }
                Step::Restart | Step::Cut { .. } => {
                    drop(log);
                    if let Step::Cut { fates } = step {
                        let mut fates = fates.into_iter().cycle();
                        io = io.after_cut(io.recorded(), |_, _| match fates.next().expect("a cycle") % 4 {
                            0 => Fate::Kept,
                            1 => Fate::Dropped,
                            2 => Fate::Zeroed,
                            _ => Fate::Torn(40),
                        });
                    }
                    let (reopened, replay) = open(&io, config.clone(), committed);
                    log = reopened;
                    let mut expected: Vec<(Lsn, u64)> = model.iter().map(|(number, lsn)| (*lsn, *number)).filter(|(lsn, _)| *lsn > committed).collect();
                    expected.sort_unstable();
                    let expected: Vec<u64> = expected.into_iter().map(|(_, number)| number).collect();
                    prop_assert_eq!(numbers(replay), expected);
                }
            }
        }
    }
}
