//! The window of known requests and its file.

use std::{path::Path, sync::Arc};

use schemas::{RequestHash, UnixNanos};
use storage::{
    dedup::{Begin, DedupWindow, LoadError, load, save},
    io::Io,
    wal::{Known, Lsn},
};
use testkit::{
    FaultIo, RecordingIo,
    fault_io::{Fault, Lasting, Op},
    recording_io::Fate,
};

fn known(number: u64) -> Known {
    Known { lsn: Lsn(number), hash: RequestHash(u128::from(number)), received_at: UnixNanos(number as i64) }
}

fn begin(window: &mut DedupWindow<&'static str>, hash: u64, now: i64) -> Begin {
    window.begin(RequestHash(u128::from(hash)), UnixNanos(now), "waiter").0
}

#[test]
fn a_retry_joins_then_is_known() {
    let mut window = DedupWindow::default();
    assert_eq!(begin(&mut window, 1, 1), Begin::First);
    assert_eq!(begin(&mut window, 1, 2), Begin::Joined);
    assert_eq!(begin(&mut window, 1, 3), Begin::Joined);
    assert_eq!(window.stored(known(1)), ["waiter", "waiter"]);
    assert_eq!(begin(&mut window, 1, 4), Begin::Stored);
    assert_eq!(begin(&mut window, 2, 4), Begin::First);
}

#[test]
fn a_failed_first_attempt_leaves_the_retry_free() {
    let mut window = DedupWindow::default();
    assert_eq!(begin(&mut window, 1, 1), Begin::First);
    assert_eq!(begin(&mut window, 1, 2), Begin::Joined);
    assert_eq!(window.failed(RequestHash(1)), ["waiter"]);
    assert_eq!(begin(&mut window, 1, 3), Begin::First);
}

#[test]
fn the_window_ends_by_time_and_by_number() {
    let mut window = DedupWindow::new(100, 3);
    for number in 1..=4 {
        assert!(window.stored(known(number)).is_empty());
    }
    assert_eq!((window.len(), begin(&mut window, 1, 5)), (3, Begin::First), "the fourth pushed the first out");
    assert_eq!(begin(&mut window, 2, 102), Begin::Stored, "100 ns old");
    assert_eq!(begin(&mut window, 2, 103), Begin::First, "101 ns old");
    assert_eq!(begin(&mut window, 4, -50), Begin::Stored, "a clock that went back forgets nothing");
    assert!(window.stored(Known { lsn: Lsn(9), received_at: UnixNanos(103), ..known(2) }).is_empty());
    assert_eq!(begin(&mut window, 2, 200), Begin::Stored, "stored again, so known again");
}

#[test]
fn the_file_holds_what_the_log_lets_go() {
    let mut window = DedupWindow::<()>::default();
    window.restore((1..=10).map(known));
    window.restore((5..=10).map(known));
    let covered = window.covered_by(Lsn(7));
    assert_eq!(covered, (1..=7).map(known).collect::<Vec<_>>(), "each once, oldest first");

    let (io, path, quarantine) = (RecordingIo::new(), Path::new("/data/requests.seen"), Path::new("/data/quarantine"));
    assert!(load(&io, path, quarantine).expect("missing is empty").is_empty());
    save(&io, path, &covered).expect("written");
    save(&io, path, &covered).expect("replaced");
    assert_eq!(load(&io, path, quarantine).expect("whole"), covered);
}

#[test]
fn a_cut_leaves_the_old_file_or_the_new_one() {
    let (io, path, quarantine) = (RecordingIo::new(), Path::new("/data/requests.seen"), Path::new("/data/quarantine"));
    let (old, new): (Vec<_>, Vec<_>) = ((1..=3).map(known).collect(), (1..=6).map(known).collect());
    save(&io, path, &old).expect("written");
    let first = io.recorded();
    save(&io, path, &new).expect("written");
    for cut in first..=io.recorded() {
        for fate in [Fate::Kept, Fate::Dropped, Fate::Torn(20), Fate::Zeroed] {
            let after = io.after_cut(cut, |_, _| fate);
            let found = load(&after, path, quarantine).expect("whole");
            assert!(found == old && cut < io.recorded() || found == new, "cut {cut} {fate:?}: {found:?}");
            save(&after, path, &new).expect("leftovers are no hindrance");
        }
    }
    for nth in 1..=6 {
        let disk = io.after_cut(first, |_, _| Fate::Kept);
        let faulty = FaultIo::new(Arc::new(disk.clone()));
        faulty.fail(Op::Any, nth, Fault::Io, Lasting::Once);
        let saved = save(&faulty, path, &new).is_ok();
        let found = load(&disk, path, quarantine).expect("whole");
        assert!(if saved { found == new } else { found == old || found == new }, "operation {nth}");
    }
}

#[test]
fn a_damaged_file_is_set_aside_and_a_newer_one_refused() {
    let (io, path, quarantine) = (RecordingIo::new(), Path::new("/data/requests.seen"), Path::new("/data/quarantine"));
    save(&io, path, &(1..=3).map(known).collect::<Vec<_>>()).expect("written");
    let whole = io.read(path).expect("there");
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        io.put(path, damaged);
        assert!(load(&io, path, quarantine).expect("damage is not a version").is_empty(), "byte {at}");
        assert!(io.read(path).is_err(), "moved away");
    }
    assert_eq!(io.list(quarantine).expect("made").len(), whole.len());

    let mut newer = whole;
    newer[8] = 2;
    let mut crc = crc32fast::Hasher::new();
    crc.update(&newer[..12]);
    crc.update(&newer[16..]);
    newer[12..16].copy_from_slice(&crc.finalize().to_le_bytes());
    io.put(path, newer);
    assert!(matches!(load(&io, path, quarantine), Err(LoadError::NewerFormat { found: 2, .. })));
}
