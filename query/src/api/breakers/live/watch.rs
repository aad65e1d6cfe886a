//! Looks each second what became known, while somebody follows.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use governance::fold::{Breaker, BreakerId, Folded};
use schemas::UnixNanos;
use serde::Serialize;
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    super::{
        super::{
            answer::{Time, to_json},
            problem::Problem,
            search::now,
            stream::Gap,
            window::Window,
        },
        load::Folds,
        shapes::{Identity, Transition, state_word},
    },
    diff::{Known, News},
    journal::{Entry, Journal, Of},
};
use crate::engine::EndOnDrop;

/// Between two looks; longer when one look takes long.
const PAUSE: Duration = Duration::from_secs(1);
/// A look may take this part of the time.
const PAUSES_PER_LOOK: u32 = 4;
/// What one look reads. What is told is of the second half of it, so that what was before is known.
const READ_NS: i64 = 30 * 60 * 1_000_000_000;
/// Changes that become known later than that are not told.
const TOLD_NS: i64 = 15 * 60 * 1_000_000_000;
/// Without anybody who follows, looking goes on that long: a client that lost its connection comes back.
const LINGERS: Duration = Duration::from_secs(120);

/// A change of state as it became known.
#[derive(Debug, Serialize)]
struct TransitionEvent {
    breaker: Identity,
    transition: Transition,
    /// Told before, with another time or by weaker evidence.
    revised: bool,
    /// Of the service view, after it.
    state: &'static str,
    /// Open or half open instances among those of known state.
    open_fraction: f64,
}

/// A change that was told and no longer stands.
#[derive(Debug, Serialize)]
struct WithdrawnEvent {
    breaker_id: String,
    instance: String,
    from: &'static str,
    to: &'static str,
    time: Time,
}

/// One for all streams. Dropping it ends the looking.
pub(super) struct Watch {
    pub journal: Arc<Journal>,
    folds: Folds,
    stopping: CancellationToken,
    followers: Arc<Followers>,
    /// Whether what is known is known: a stream that begins before would miss what becomes known meanwhile.
    looked: Arc<watch::Sender<bool>>,
    task: Mutex<Option<EndOnDrop>>,
}

#[derive(Debug, Default)]
struct Followers {
    count: AtomicUsize,
    /// The task looks, or will look once more.
    looking: AtomicBool,
}

/// Somebody follows as long as this lives.
pub(super) struct Following(Arc<Followers>);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Watch {
    pub(super) fn new(folds: Folds, stopping: CancellationToken) -> Self {
        let run = now().0.unsigned_abs();
        let looked = Arc::new(watch::channel(false).0);
        Self { journal: Journal::new(run), folds, stopping, followers: Arc::default(), looked, task: Mutex::default() }
    }

    pub(super) fn looked(&self) -> watch::Receiver<bool> {
        self.looked.subscribe()
    }

    /// Looking begins if nobody did; what is known then is not told.
    pub(super) fn follow(&self) -> Following {
        let mut task = self.task.lock().expect("no holder panics");
        self.followers.count.fetch_add(1, Ordering::AcqRel);
        if !self.followers.looking.swap(true, Ordering::AcqRel) {
            self.journal.begin_anew();
            self.looked.send_replace(false);
            let looking = Looking {
                journal: Arc::clone(&self.journal),
                folds: self.folds.clone(),
                followers: Arc::clone(&self.followers),
                looked: Arc::clone(&self.looked),
                known: Known::default(),
                failed: false,
            };
            let stopping = self.stopping.clone();
            *task = Some(self.folds.engine.spawn(async move {
                tokio::select! {
                    () = looking.run() => {}
                    () = stopping.cancelled() => {}
                }
            }));
        }
        Following(Arc::clone(&self.followers))
    }
}

struct Looking {
    journal: Arc<Journal>,
    folds: Folds,
    followers: Arc<Followers>,
    looked: Arc<watch::Sender<bool>>,
    known: Known,
    /// The last look failed, and that was said.
    failed: bool,
}

impl Looking {
    async fn run(mut self) {
        let mut first = true;
        let mut followed = Instant::now();
        loop {
            let started = Instant::now();
            self.look(first).await;
            first &= self.failed;
            self.looked.send_replace(true);
            tokio::time::sleep(PAUSE.max(started.elapsed() * PAUSES_PER_LOOK)).await;
            if self.followers.count.load(Ordering::Acquire) > 0 {
                followed = Instant::now();
            } else if followed.elapsed() > LINGERS {
                self.followers.looking.store(false, Ordering::Release);
                // Whoever came in between found it looking, and needs it.
                let needed = self.followers.count.load(Ordering::Acquire) > 0;
                if !needed || self.followers.looking.swap(true, Ordering::AcqRel) {
                    return;
                }
            }
        }
    }

    /// `quietly`: only to know what is.
    async fn look(&mut self, quietly: bool) {
        let end = now();
        let window = Window { start: UnixNanos(end.0.saturating_sub(READ_NS)), end };
        let told = match self.folds.recent(window).await {
            Ok(told) => told,
            Err(problem) => return self.fail(&problem),
        };
        self.failed = false;
        let news = self.known.update(&told.folded, UnixNanos(end.0.saturating_sub(TOLD_NS)));
        if !quietly && !news.is_empty() {
            self.journal.push(news.iter().map(|news| entry(&told.folded, news)));
        }
    }

    fn fail(&mut self, problem: &Problem) {
        if !std::mem::replace(&mut self.failed, true) {
            let gap = Gap::unknown(format!("changes cannot be told now: {}", problem.detail()));
            self.journal.push([Entry { event: "gap", of: None, data: to_json(&gap).into() }]);
        }
    }
}

fn entry(folded: &Folded, news: &News<'_>) -> Entry {
    let of = |breaker: &Breaker| Of { breaker: breaker.id.to_string(), service: breaker.key.service.clone() };
    match news {
        News::Changed { breaker, instance, transition, revised } => {
            let last = breaker.segments.last();
            let mechanism = breaker.key.mechanism;
            let data = TransitionEvent {
                breaker: Identity::of(breaker),
                transition: Transition::of(mechanism, instance, transition),
                revised: *revised,
                state: last.map_or("unknown", |last| state_word(mechanism, last.state)),
                open_fraction: last.map_or(0.0, |last| last.open_fraction),
            };
            Entry { event: "transition", of: Some(of(breaker)), data: to_json(&data).into() }
        }
        News::Withdrawn { breaker, instance, from, to, time } => {
            let (breaker_id, instance) = (breaker.to_string(), instance.clone());
            let data = WithdrawnEvent { breaker_id, instance, from: from.word(), to: to.word(), time: Time(*time) };
            Entry { event: "withdrawn", of: whom(folded, *breaker).map(of), data: to_json(&data).into() }
        }
    }
}

/// A breaker that is gone is of all: nobody knows its service.
fn whom(folded: &Folded, id: BreakerId) -> Option<&Breaker> {
    folded.breaker(id)
}
