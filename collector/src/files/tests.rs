//! Real files, rotated, truncated and compressed as programs do it: each line once, in order.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, any_value::Value},
    logs::v1::{LogRecord, LogsData},
};
use prost::Message;
use tempfile::TempDir;

use super::{config::StartAt, round::Batch, *};

const SECOND: u64 = 1_000;

/// A directory with log files, a follower of them, and what it sent that was acknowledged.
struct Rig {
    dir: TempDir,
    config: FilesConfig,
    files: Files,
    now: std::time::Instant,
    time_ns: i64,
    stored: Vec<LogRecord>,
    bodies: Vec<bytes::Bytes>,
}

impl Rig {
    fn new() -> Self {
        Self::with(|_| ())
    }

    fn with(change: impl FnOnce(&mut FilesConfig)) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut config = FilesConfig::new(vec![dir.path().join("logs/app*").display().to_string()], "pay");
        config.utc_offset = Some("+00:00".into());
        change(&mut config);
        fs::create_dir(dir.path().join("logs")).expect("created");
        let files = open(&dir, &config);
        Self { dir, config, files, now: std::time::Instant::now(), time_ns: 1_790_000_000_000_000_000, stored: vec![], bodies: vec![] }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("logs").join(name)
    }

    fn append(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let mut file = OpenOptions::new().append(true).create(true).open(self.path(name)).expect("a log file");
        file.write_all(bytes.as_ref()).expect("written");
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).expect("renamed");
    }

    fn gzip(&self, name: &str) {
        let plain = fs::read(self.path(name)).expect("there");
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let packed = encoder.write_all(&plain).and_then(|()| encoder.finish()).expect("in memory");
        fs::write(self.path(&format!("{name}.gz")), packed).expect("written");
        fs::remove_file(self.path(name)).expect("removed");
    }

    /// What would be sent after so many milliseconds.
    fn round(&mut self, after_ms: u64) -> Vec<Batch> {
        self.now += std::time::Duration::from_millis(after_ms);
        self.time_ns += after_ms as i64 * 1_000_000;
        self.files.round(self.now, schemas::UnixNanos(self.time_ns)).expect("positions are written")
    }

    fn keep(&mut self, batches: &[Batch]) {
        for batch in batches {
            let data = LogsData::decode(batch.body.clone()).expect("OTLP");
            let records = data.resource_logs.into_iter().flat_map(|logs| logs.scope_logs).flat_map(|logs| logs.log_records);
            self.stored.extend(records);
            self.bodies.push(batch.body.clone());
        }
    }

    /// Rounds until there is nothing more, everything acknowledged.
    fn poll(&mut self, after_ms: u64) {
        let mut batches = self.round(after_ms);
        while !batches.is_empty() {
            self.keep(&batches);
            batches.iter().for_each(|batch| self.files.settle(batch));
            batches = self.round(0);
        }
    }

    /// Long enough for records to be whole and rotated files to be given up.
    fn settle(&mut self) {
        for _ in 0..4 {
            self.poll(3 * SECOND);
        }
    }

    fn restart(&mut self) {
        self.files = open(&self.dir, &self.config);
    }

    #[track_caller]
    fn check(&self, expected: &[&str]) {
        assert_eq!(self.stored.iter().map(body).collect::<Vec<_>>(), expected);
    }
}

fn open(dir: &TempDir, config: &FilesConfig) -> Files {
    Files::open(vec![config.clone()], &dir.path().join("positions.json"), 64 << 20, Default::default()).expect("readable")
}

fn body(record: &LogRecord) -> &str {
    match record.body.as_ref() {
        Some(AnyValue { value: Some(Value::StringValue(text)) }) => text,
        other => panic!("{other:?} is no text"),
    }
}

#[test]
fn lines_as_they_come_each_once() {
    let mut rig = Rig::new();
    rig.append("app.log", "one\ntw");
    rig.poll(SECOND);
    rig.poll(2 * SECOND);
    rig.check(&["one"]);
    rig.append("app.log", "o\r\n");
    rig.settle();
    rig.append("app.log", b"inv\xffalid\n\n\nfour\n");
    rig.settle();
    rig.check(&["one", "two", "inv\u{fffd}alid", "four"]);
    let of = |key: &str| {
        let record = rig.stored.last().expect("four");
        let value = record.attributes.iter().find(|attribute| attribute.key == key).and_then(|attribute| attribute.value.clone());
        format!("{:?}", value.and_then(|value| value.value))
    };
    assert!(of("log.file.name").contains("\"app.log\"") && of("log.file.path").contains("/logs/app.log"));
}

#[test]
fn a_restart_goes_on_where_it_was() {
    let mut rig = Rig::new();
    rig.append("app.log", "one\ntwo\nthr");
    rig.settle();
    rig.files.save().expect("written");
    rig.restart();
    rig.append("app.log", "ee\nfour\n");
    rig.settle();
    rig.restart();
    rig.settle();
    rig.check(&["one", "two", "three", "four"]);
}

#[test]
fn a_crash_sends_the_same_bytes_again() {
    let mut rig = Rig::new();
    rig.append("app.log", "same\n");
    let batches = [rig.round(0), rig.round(2 * SECOND)].concat();
    rig.keep(&batches);
    // The store has it; the process ends before the position says so, and more was written meanwhile.
    rig.append("app.log", "same\n");
    rig.rename("app.log", "app.log.1");
    rig.restart();
    rig.settle();
    assert_eq!(rig.bodies.len(), 3, "{:?}", rig.stored);
    assert_eq!(rig.bodies[0], rig.bodies[1], "the store knows it");
    assert_ne!(rig.bodies[0], rig.bodies[2], "an equal line is another one");
}

#[test]
fn what_is_refused_stays() {
    let mut rig = Rig::new();
    rig.append("app.log", "one\n");
    rig.round(0);
    let first = rig.round(2 * SECOND);
    assert_eq!(first.len(), 1);
    rig.append("app.log", "two\n");
    let again = rig.round(SECOND);
    assert_eq!(again[0].body, first[0].body, "as it was");
    rig.settle();
    rig.check(&["one", "two"]);
}

#[test]
fn rotation_by_rename() {
    let mut rig = Rig::new();
    rig.append("app.log", "one\n");
    rig.settle();
    rig.append("app.log", "two\nlast without an end");
    rig.rename("app.log", "app.log.1");
    rig.append("app.log", "three\n");
    rig.settle();
    rig.rename("app.log.1", "app.log.2");
    rig.rename("app.log", "app.log.1");
    rig.append("app.log", "four\n");
    rig.settle();
    let mut found: Vec<_> = rig.stored.iter().map(body).collect();
    found.sort_unstable();
    assert_eq!(found, ["four", "last without an end", "one", "three", "two"]);
}

#[test]
fn a_file_that_leaves_the_globs_is_read_to_its_end() {
    let mut rig = Rig::new();
    rig.append("app.log", "one\n");
    rig.settle();
    rig.append("app.log", "two\n");
    rig.rename("app.log", "old");
    rig.append("old", "three\nrest");
    rig.settle();
    rig.check(&["one", "two", "three", "rest"]);
}

#[test]
fn a_file_that_is_deleted_is_read_to_its_end() {
    let mut rig = Rig::new();
    rig.append("app.log", "one\n");
    rig.settle();
    rig.append("app.log", "two\nrest");
    fs::remove_file(rig.path("app.log")).expect("removed");
    rig.settle();
    rig.check(&["one", "two", "rest"]);
}

#[test]
fn copytruncate() {
    let mut rig = Rig::new();
    rig.append("app.log", "one\ntwo\n");
    rig.settle();
    rig.append("app.log", "three\n");
    fs::copy(rig.path("app.log"), rig.path("app.log.1")).expect("copied");
    rig.poll(0);
    rig.poll(0);
    fs::write(rig.path("app.log"), "").expect("truncated");
    rig.append("app.log", "four\n");
    rig.settle();
    let mut found: Vec<_> = rig.stored.iter().map(body).collect();
    found.sort_unstable();
    assert_eq!(found, ["four", "one", "three", "two"]);
}

#[test]
fn truncation_starts_over_also_when_the_file_has_grown_since() {
    let mut rig = Rig::new();
    rig.append("app.log", "one\ntwo\n");
    rig.settle();
    fs::write(rig.path("app.log"), "three\n").expect("truncated");
    rig.settle();
    rig.check(&["one", "two", "three"]);
    fs::write(rig.path("app.log"), "four\nand longer than before\n").expect("truncated");
    rig.settle();
    rig.check(&["one", "two", "three", "four", "and longer than before"]);
}

#[test]
fn a_rotated_file_that_is_compressed_before_it_is_read_to_its_end() {
    for is_running in [true, false] {
        let mut rig = Rig::new();
        rig.append("app.log", "one\n");
        rig.settle();
        rig.files.save().expect("written");
        rig.append("app.log", "two\nthree\n");
        rig.rename("app.log", "app.log.1");
        if !is_running {
            rig.files = open(&tempfile::tempdir().expect("a temporary directory"), &FilesConfig::new(vec![], "none"));
        }
        rig.gzip("app.log.1");
        rig.append("app.log", "four\n");
        if !is_running {
            rig.restart();
        }
        rig.settle();
        let mut found: Vec<_> = rig.stored.iter().map(body).collect();
        found.sort_unstable();
        assert_eq!(found, ["four", "one", "three", "two"], "running: {is_running}");
        rig.restart();
        rig.rename("app.log.1.gz", "app.log.2.gz");
        rig.settle();
        assert_eq!(rig.stored.len(), 4, "running: {is_running}");
    }
}

#[test]
fn a_compressed_file_that_is_still_being_written() {
    let mut rig = Rig::new();
    rig.append("app.log.1", (0..5000).map(|number| format!("line {number}\n")).collect::<String>());
    rig.gzip("app.log.1");
    let packed = fs::read(rig.path("app.log.1.gz")).expect("there");
    fs::write(rig.path("app.log.1.gz"), &packed[..packed.len() / 2]).expect("written");
    rig.settle();
    fs::write(rig.path("app.log.1.gz"), &packed).expect("written");
    rig.settle();
    let numbers: Vec<_> =
        rig.stored.iter().map(|record| body(record).trim_start_matches("line ").parse::<u32>().expect("a number")).collect();
    assert_eq!(numbers, (0..5000).collect::<Vec<_>>());
}

#[test]
fn two_files_that_begin_alike_are_two() {
    let mut rig = Rig::new();
    rig.append("app-1.log", "started\nat 1\n");
    rig.append("app-2.log", "started\nat 2\n");
    rig.settle();
    let mut found: Vec<_> = rig.stored.iter().map(body).collect();
    found.sort_unstable();
    assert_eq!(found, ["at 1", "at 2", "started", "started"]);
}

#[test]
fn a_line_of_a_mebibyte_and_one_that_is_longer() {
    let mut rig = Rig::new();
    let (fits, long) = ("x".repeat(1 << 20), "y".repeat((2 << 20) + 5));
    rig.append("app.log", format!("{fits}\n{long}\nshort\n"));
    rig.settle();
    let lengths: Vec<_> = rig.stored.iter().map(|record| body(record).len()).collect();
    assert_eq!(lengths, [1 << 20, 1 << 20, 1 << 20, 5, 5]);
    assert!(rig.bodies.len() > 1, "a request has a limit");
}

#[test]
fn stack_traces_are_one_record_also_when_they_come_in_parts() {
    let mut rig = Rig::new();
    rig.append("app.log", "2024-05-01T12:00:00.123Z ERROR 1 --- [main] a.B : no\njava.lang.X: no\n\tat a.B");
    rig.poll(0);
    rig.append("app.log", ".c(B.java:7)\n");
    rig.poll(100);
    rig.append("app.log", "Caused by: java.io.Y\n2024-05-01T12:00:01.000Z  INFO 1 --- [main] a.B : next\n");
    rig.settle();
    rig.check(&["no\njava.lang.X: no\n\tat a.B.c(B.java:7)\nCaused by: java.io.Y", "next"]);
}

#[test]
fn lines_of_libraries_have_their_trace_and_time() {
    let mut rig = Rig::new();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    rig.append("app.log", format!("{{\"level\":\"error\",\"ts\":1714536000.5,\"msg\":\"no\",\"trace_id\":\"{trace}\",\"code\":7}}\n"));
    rig.append("app-metrics.log.2024-05-01", "1714536000000|2024-05-01 12:00:00|GET:/a|10|7|10|1|3|0|2|1\n");
    rig.settle();
    let mut found: Vec<_> =
        rig.stored.iter().map(|record| (record.time_unix_nano, record.severity_number, record.trace_id.len(), body(record))).collect();
    found.sort_unstable();
    let sentinel = "1714536000000|2024-05-01 12:00:00|GET:/a|10|7|10|1|3|0|2|1";
    assert_eq!(found, [(1_714_536_000_000_000_000, 0, 0, sentinel), (1_714_536_000_500_000_000, 17, 16, "no")]);
}

#[test]
fn files_of_before_can_be_left_out() {
    let mut rig = Rig::with(|config| config.start_at = StartAt::End);
    rig.append("app.log", "old\n");
    rig.settle();
    rig.append("app.log", "new\n");
    rig.append("app-2.log", "also new\n");
    rig.settle();
    let mut found: Vec<_> = rig.stored.iter().map(body).collect();
    found.sort_unstable();
    assert_eq!(found, ["also new", "new"]);
}

#[test]
fn more_files_than_may_be_open_wait() {
    let mut rig = Rig::with(|config| config.open_files_max = 2);
    (0..5).for_each(|file| rig.append(&format!("app-{file}.log"), format!("{file}\n")));
    rig.settle();
    assert!(rig.stored.len() < 5);
    for _ in 0..4 {
        rig.poll(400 * SECOND);
        rig.settle();
    }
    let mut found: Vec<_> = rig.stored.iter().map(body).collect();
    found.sort_unstable();
    assert_eq!(found, ["0", "1", "2", "3", "4"]);
}

#[test]
fn an_inode_that_is_given_to_another_file() {
    let mut rig = Rig::new();
    rig.append("app.log", "one\n");
    rig.settle();
    rig.files.save().expect("written");
    // As if the file of before were gone and the system had used its inode again: other first bytes, longer.
    fs::write(Path::new(&rig.path("app.log")), "another file\nwith more\n").expect("written");
    rig.restart();
    rig.settle();
    rig.check(&["one", "another file", "with more"]);
}
