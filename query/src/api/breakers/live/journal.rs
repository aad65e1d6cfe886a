//! The newest news, numbered, for streams that come and go.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use tokio::sync::watch;

/// Entries that are kept. Clients that come back within minutes find theirs.
const ENTRIES_MAX: usize = 4096;
/// Their data together.
const BYTES_MAX: usize = 8 << 20;

/// One event.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// `transition`, `withdrawn` or `gap`.
    pub event: &'static str,
    /// Whom it is of; of a gap: of all.
    pub of: Option<Of>,
    /// JSON.
    pub data: Bytes,
}

/// Which breaker an event is of, for whoever follows only some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Of {
    pub breaker: String,
    pub service: String,
}

/// How far somebody is: behind entry `number` of run `run`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub run: u64,
    pub number: u64,
}

impl Place {
    pub(super) fn text(self) -> String {
        format!("{:x}-{:x}", self.run, self.number)
    }

    /// `None` when it is none of ours.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (run, number) = text.split_once('-')?;
        Some(Self { run: u64::from_str_radix(run, 16).ok()?, number: u64::from_str_radix(number, 16).ok()? })
    }
}

/// What came after a place.
#[derive(Debug, Default)]
pub(super) struct After {
    pub entries: Vec<(Place, Entry)>,
    pub missing: Option<Missing>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// So many entries are gone.
    Gone(u64),
    /// The place is of another run, of which nothing is known.
    OtherRun,
}

#[derive(Debug)]
pub(super) struct Journal {
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

#[derive(Debug)]
struct State {
    run: u64,
    /// Of the newest entry.
    last: u64,
    entries: VecDeque<Entry>,
    bytes: usize,
}

impl Journal {
    /// `run` differs from that of every other journal.
    pub(super) fn new(run: u64) -> Arc<Self> {
        let state = State { run, last: 0, entries: VecDeque::new(), bytes: 0 };
        Arc::new(Self { state: Mutex::new(state), changed: watch::channel(()).0 })
    }

    pub(super) fn end(&self) -> Place {
        let state = self.state.lock().expect("no holder panics");
        Place { run: state.run, number: state.last }
    }

    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    pub(super) fn push(&self, entries: impl IntoIterator<Item = Entry>) {
        let mut state = self.state.lock().expect("no holder panics");
        for entry in entries {
            state.last += 1;
            state.bytes += entry.data.len();
            state.entries.push_back(entry);
            while state.entries.len() > ENTRIES_MAX || state.bytes > BYTES_MAX {
                let Some(oldest) = state.entries.pop_front() else { break };
                state.bytes -= oldest.data.len();
            }
        }
        drop(state);
        self.changed.send_replace(());
    }

    /// Nobody looked for so long that what happened meanwhile is not known: places before are of another run.
    pub(super) fn begin_anew(&self) {
        let mut state = self.state.lock().expect("no holder panics");
        state.run = state.run.wrapping_add(1);
        state.entries.clear();
        (state.last, state.bytes) = (0, 0);
    }

    /// At most `limit` entries after `place`, which goes on with them.
    pub(super) fn after(&self, place: &mut Place, limit: usize) -> After {
        let state = self.state.lock().expect("no holder panics");
        let mut after = After::default();
        if place.run != state.run || place.number > state.last {
            after.missing = Some(Missing::OtherRun);
            *place = Place { run: state.run, number: state.last };
            return after;
        }
        let oldest = state.last - state.entries.len() as u64;
        if place.number < oldest {
            after.missing = Some(Missing::Gone(oldest - place.number));
            place.number = oldest;
        }
        let skipped = usize::try_from(place.number - oldest).unwrap_or(usize::MAX);
        for entry in state.entries.iter().skip(skipped).take(limit) {
            place.number += 1;
            after.entries.push((*place, entry.clone()));
        }
        after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: usize) -> Entry {
        Entry { event: "transition", of: None, data: Bytes::from(number.to_string()) }
    }

    fn read(journal: &Journal, place: &mut Place, limit: usize) -> (Vec<String>, Option<Missing>) {
        let after = journal.after(place, limit);
        (after.entries.iter().map(|(_, entry)| String::from_utf8_lossy(&entry.data).into_owned()).collect(), after.missing)
    }

    #[test]
    fn goes_on_where_somebody_was() {
        let journal = Journal::new(7);
        let mut place = journal.end();
        journal.push((0..3).map(entry));
        assert_eq!(read(&journal, &mut place, 2), (vec!["0".to_owned(), "1".to_owned()], None));
        let mut again = Place::parse(&place.text()).expect("ours");
        assert_eq!(read(&journal, &mut again, 9), (vec!["2".to_owned()], None));
        assert_eq!(read(&journal, &mut again, 9), (vec![], None));
        assert_eq!(again, journal.end());
    }

    #[test]
    fn says_what_is_missing() {
        let journal = Journal::new(7);
        let mut place = journal.end();
        journal.push((0..ENTRIES_MAX + 5).map(entry));
        let (first, missing) = read(&journal, &mut place, 1);
        assert_eq!((first, missing), (vec!["5".to_owned()], Some(Missing::Gone(5))));
        let mut strange = Place { run: 6, number: 3 };
        assert_eq!(read(&journal, &mut strange, 9), (vec![], Some(Missing::OtherRun)));
        assert_eq!(strange, journal.end());
        journal.begin_anew();
        assert_eq!(read(&journal, &mut place, 9).1, Some(Missing::OtherRun));
        for text in ["", "7", "x-1", "1-2-3"] {
            assert_eq!(Place::parse(text), None, "{text}");
        }
    }

    #[test]
    fn large_entries_make_room() {
        let journal = Journal::new(7);
        let mut place = journal.end();
        let large = || Entry { data: Bytes::from(vec![b' '; BYTES_MAX / 2]), ..entry(0) };
        journal.push([large(), large(), large()]);
        assert_eq!(journal.after(&mut place, 9).missing, Some(Missing::Gone(1)));
    }
}
