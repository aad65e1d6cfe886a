//! Requests that wait, in segments of one directory, and how far they are sent.
//!
//! ```text
//! 0000000007.seg   0000000008.seg   …      appended to the last; the first is removed once all of it is sent
//! sent                                     the first request that is not: segment and offset
//! ```
//! Appending syncs nothing: what was offered in the last moments before a power loss is not sent on.

use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::segment::{Frame, Frames};

/// A queue is so many segments, so that the oldest share of a full one goes.
const SEGMENTS: u64 = 16;
const SEGMENT_BYTES_MAX: u64 = 16 << 20;

pub(super) struct Queue {
    dir: PathBuf,
    bytes_max: u64,
    segments: VecDeque<Segment>,
    /// The last segment.
    writing: Option<File>,
    sent: Place,
}

#[derive(Debug, Clone, Copy)]
struct Segment {
    ordinal: u64,
    bytes: u64,
    requests: u64,
}

/// Where a request begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Place {
    ordinal: u64,
    offset: u64,
}

/// What an append did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Appended {
    /// Requests that were not sent and had to go for it.
    pub dropped: u64,
}

impl Queue {
    /// What waited when the last process ended waits again.
    ///
    /// # Errors
    /// When the directory cannot be created or read.
    pub(super) fn open(dir: &Path, bytes_max: u64) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let sent: Place = match fs::read(dir.join("sent")) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Place::default(),
            Err(error) => return Err(error),
        };
        let mut queue = Self { dir: dir.to_owned(), bytes_max, segments: VecDeque::new(), writing: None, sent };
        let mut ordinals = Vec::new();
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            let is_segment = path.extension().is_some_and(|ending| ending == "seg");
            ordinals.extend(path.file_stem().filter(|_| is_segment).and_then(|stem| stem.to_str()?.parse::<u64>().ok()));
        }
        ordinals.sort_unstable();
        for ordinal in ordinals {
            let path = queue.path(ordinal);
            if ordinal < sent.ordinal {
                fs::remove_file(path)?;
                continue;
            }
            let mut frames = Frames::open(&path, 0)?;
            let mut requests = 0;
            while frames.next()?.is_some() {
                requests += u64::from(ordinal > sent.ordinal || frames.offset > sent.offset);
            }
            queue.segments.push_back(Segment { ordinal, bytes: frames.offset, requests });
        }
        if let Some(first) = queue.segments.front().filter(|first| first.ordinal > sent.ordinal) {
            queue.sent = Place { ordinal: first.ordinal, offset: 0 };
        }
        Ok(queue)
    }

    /// Bytes that wait.
    pub(super) fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum::<u64>().saturating_sub(self.sent.offset)
    }

    /// Appends `frame`; the oldest segments go when there is no room.
    pub(super) fn append(&mut self, frame: &Frame) -> io::Result<Appended> {
        let bytes = frame.to_bytes();
        let mut appended = Appended::default();
        if bytes.len() as u64 > self.bytes_max {
            return Ok(Appended { dropped: 1 });
        }
        while self.on_disk() + bytes.len() as u64 > self.bytes_max {
            let Some(oldest) = self.segments.pop_front() else { break };
            if self.segments.is_empty() {
                self.writing = None;
            }
            appended.dropped += oldest.requests;
            self.sent = Place { ordinal: oldest.ordinal + 1, offset: 0 };
            remove(&self.path(oldest.ordinal))?;
        }
        let segment_bytes_max = (self.bytes_max / SEGMENTS).min(SEGMENT_BYTES_MAX);
        if self.writing.is_none() || self.segments.back().is_none_or(|last| last.bytes >= segment_bytes_max) {
            let ordinal = self.segments.back().map_or(self.sent.ordinal.max(1), |last| last.ordinal + 1);
            self.writing = Some(OpenOptions::new().append(true).create_new(true).open(self.path(ordinal))?);
            if self.segments.is_empty() {
                self.sent = Place { ordinal, offset: 0 };
            }
            self.segments.push_back(Segment { ordinal, bytes: 0, requests: 0 });
        }
        if let (Some(file), Some(last)) = (&mut self.writing, self.segments.back_mut()) {
            if let Err(error) = file.write_all(&bytes) {
                // Half a request may be there: the next one goes to a segment of its own.
                self.writing = None;
                return Err(error);
            }
            last.bytes += bytes.len() as u64;
            last.requests += 1;
        }
        Ok(appended)
    }

    /// The requests that wait longest, `requests_max` at most, and the place behind them.
    pub(super) fn peek(&mut self, requests_max: usize) -> io::Result<(Vec<Frame>, Place)> {
        let (mut frames, mut place) = (Vec::new(), self.sent);
        for segment in &self.segments {
            if segment.ordinal < place.ordinal {
                continue;
            }
            let offset = if segment.ordinal == place.ordinal { place.offset } else { 0 };
            let mut of_segment = Frames::open(&self.path(segment.ordinal), offset)?;
            while frames.len() < requests_max
                && of_segment.offset < segment.bytes
                && let Some(frame) = of_segment.next()?
            {
                frames.push(frame);
            }
            place = Place { ordinal: segment.ordinal, offset: of_segment.offset };
            if frames.len() >= requests_max {
                break;
            }
        }
        Ok((frames, place))
    }

    /// All before `place` is answered. Segments that are sent as a whole are removed.
    pub(super) fn acknowledge(&mut self, place: Place, requests: u64) -> io::Result<()> {
        if place <= self.sent {
            return Ok(());
        }
        self.sent = place;
        let mut answered = requests;
        while let Some(first) = self.segments.front_mut() {
            let is_last = first.ordinal == place.ordinal;
            let of_first = if is_last { answered } else { answered.min(first.requests) };
            first.requests = first.requests.saturating_sub(of_first);
            answered -= of_first;
            if is_last {
                break;
            }
            let ordinal = first.ordinal;
            self.segments.pop_front();
            remove(&self.path(ordinal))?;
        }
        let temporary = self.dir.join("sent.tmp");
        fs::write(&temporary, serde_json::to_vec(&self.sent).map_err(io::Error::other)?)?;
        fs::rename(&temporary, self.dir.join("sent"))
    }

    fn on_disk(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    fn path(&self, ordinal: u64) -> PathBuf {
        self.dir.join(format!("{ordinal:010}.seg"))
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use schemas::{
        Signal,
        otlp::{ContentEncoding, Format},
    };

    use super::*;

    const MIB: u64 = 1 << 20;

    fn frame(number: u32, bytes: usize) -> Frame {
        let mut body = number.to_le_bytes().to_vec();
        body.resize(bytes.max(4), 7);
        Frame { signal: Signal::Logs, format: Format::Json, encoding: ContentEncoding::Zstd, body: body.into() }
    }

    fn numbers(frames: &[Frame]) -> Vec<u32> {
        frames.iter().map(|frame| u32::from_le_bytes(frame.body[..4].try_into().expect("four"))).collect()
    }

    #[test]
    fn what_waits_survives_and_is_sent_in_order() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut queue = Queue::open(dir.path(), MIB).expect("opens");
        (0..300).for_each(|number| assert_eq!(queue.append(&frame(number, 1000)).expect("written"), Appended::default()));
        let (first, place) = queue.peek(100).expect("readable");
        assert_eq!((numbers(&first), first[7].clone()), ((0..100).collect(), frame(7, 1000)));
        queue.acknowledge(place, 100).expect("written");
        let waiting = queue.bytes();
        drop(queue);
        let mut queue = Queue::open(dir.path(), MIB).expect("opens");
        assert_eq!(queue.bytes(), waiting);
        queue.append(&frame(300, 1000)).expect("written");
        let (rest, place) = queue.peek(1000).expect("readable");
        assert_eq!(numbers(&rest), (100..=300).collect::<Vec<_>>());
        queue.acknowledge(place, 201).expect("written");
        assert_eq!((queue.bytes(), queue.peek(9).expect("readable").0.len()), (0, 0));
        queue.append(&frame(301, 10)).expect("written");
        assert_eq!(numbers(&queue.peek(9).expect("readable").0), [301]);
        assert!(fs::read_dir(dir.path()).expect("there").count() <= 4);
    }

    #[test]
    fn the_oldest_go_first_and_are_counted() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut queue = Queue::open(dir.path(), MIB).expect("opens");
        let dropped: u64 = (0..2000).map(|number| queue.append(&frame(number, 1000)).expect("written").dropped).sum();
        let (left, place) = queue.peek(5000).expect("readable");
        assert_eq!(numbers(&left), (dropped as u32..2000).collect::<Vec<_>>());
        assert!(left.len() > 900 && queue.bytes() <= MIB, "{dropped}");
        assert_eq!(queue.append(&frame(0, 2 << 20)).expect("written").dropped, 1, "it never fits");
        // What was under way when its segment went is not acknowledged again.
        let (_, early) = queue.peek(1).expect("readable");
        queue.acknowledge(place, left.len() as u64).expect("written");
        queue.acknowledge(early, 1).expect("nothing");
        assert_eq!(queue.peek(9).expect("readable").0.len(), 0);
    }

    #[test]
    fn half_a_request_is_left_out() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut queue = Queue::open(dir.path(), MIB).expect("opens");
        for number in 0..3 {
            queue.append(&frame(number, 100)).expect("written");
        }
        drop(queue);
        let path = dir.path().join("0000000001.seg");
        let bytes = fs::read(&path).expect("there");
        fs::write(&path, &bytes[..bytes.len() - 5]).expect("written");
        let mut queue = Queue::open(dir.path(), MIB).expect("opens");
        queue.append(&frame(9, 100)).expect("written");
        assert_eq!(numbers(&queue.peek(9).expect("readable").0), [0, 1, 9]);
    }
}
