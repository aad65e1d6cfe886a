//! A disk that fails on demand: the Nth operation of a kind, a named step, or for lack of space.

use std::{
    collections::BTreeSet,
    io::{Error, ErrorKind, Result},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use storage::io::{DiskSpace, Io, IoFile};

/// What can be made to fail. `Any` is every operation that changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    Create,
    Write,
    Sync,
    Rename,
    Remove,
    SyncDir,
    Read,
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// EIO. Nothing happened.
    Io,
    /// ENOSPC. Nothing happened.
    NoSpace,
    /// The first half of the write happened, then EIO.
    ShortWrite,
    /// It happened, and EIO all the same.
    Late,
    /// The code around it has a bug.
    Panic,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasting {
    Once,
    /// The Nth and all after it.
    Sticky,
}

#[derive(Debug)]
struct Plan {
    op: Op,
    /// Operations of this kind until it fails, the failing one included.
    countdown: u64,
    fault: Fault,
    lasting: Lasting,
}

#[derive(Default)]
struct State {
    plans: Vec<Plan>,
    crash_at: Option<(&'static str, u64)>,
    crashed: bool,
    free_bytes: Option<u64>,
    fired: u64,
    steps: Vec<&'static str>,
    failing_step: Option<(&'static str, Option<ErrorKind>)>,
    violations: Vec<PathBuf>,
    unsynced_dirs: BTreeSet<PathBuf>,
    reads: u64,
    read_bytes: u64,
}

/// Clones share one plan. It also watches the rule that a file whose write or sync failed is never written or synced again.
#[derive(Clone)]
pub struct FaultIo {
    inner: Arc<dyn Io>,
    state: Arc<Mutex<State>>,
}

impl FaultIo {
    pub fn new(inner: Arc<dyn Io>) -> Self {
        Self { inner, state: Arc::default() }
    }

    /// The `nth` (from 1, counted from now) `op` fails.
    pub fn fail(&self, op: Op, nth: u64, fault: Fault, lasting: Lasting) {
        self.state().plans.push(Plan { op, countdown: nth, fault, lasting });
    }

    /// From the `nth` (from 1) time that [`Io::step`] is called with `name`, nothing reaches the disk any more.
    pub fn crash_at(&self, name: &'static str, nth: u64) {
        self.state().crash_at = Some((name, nth));
    }

    /// Each [`Io::step`] of this name fails.
    pub fn fail_step(&self, name: &'static str, kind: ErrorKind) {
        self.state().failing_step = Some((name, Some(kind)));
    }

    /// Each [`Io::step`] of this name panics.
    pub fn panic_at(&self, name: &'static str) {
        self.state().failing_step = Some((name, None));
    }

    /// No more faults: the disk was repaired, or the machine started again.
    pub fn heal(&self) {
        let mut state = self.state();
        state.plans.clear();
        state.failing_step = None;
        state.crash_at = None;
        state.crashed = false;
    }

    /// Overrides the free space of the disk; `None` tells the truth again.
    pub fn set_free_bytes(&self, free_bytes: Option<u64>) {
        self.state().free_bytes = free_bytes;
    }

    /// Whether a crash was reached: reads fail too.
    pub fn is_down(&self) -> bool {
        self.state().crashed
    }

    /// How many operations were made to fail.
    pub fn fired(&self) -> u64 {
        self.state().fired
    }

    /// The names of all steps so far.
    pub fn steps(&self) -> Vec<&'static str> {
        self.state().steps.clone()
    }

    /// Files that were written or synced after a write or sync of theirs had failed.
    pub fn violations(&self) -> Vec<PathBuf> {
        self.state().violations.clone()
    }

    /// Directories that were made and whose name is not durable: a power cut may take them with all that is in them.
    pub fn unsynced_dirs(&self) -> Vec<PathBuf> {
        self.state().unsynced_dirs.iter().cloned().collect()
    }

    /// How many times bytes of a file were asked for.
    pub fn reads(&self) -> u64 {
        self.state().reads
    }

    /// How many bytes of files were asked for.
    pub fn read_bytes(&self) -> u64 {
        self.state().read_bytes
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn due(&self, op: Op) -> Option<Fault> {
        let mut state = self.state();
        if state.crashed {
            return Some(Fault::Io);
        }
        let mut due = None;
        state.plans.retain_mut(|plan| {
            if plan.op != op && (plan.op != Op::Any || op == Op::Read) {
                return true;
            }
            plan.countdown = plan.countdown.saturating_sub(1);
            if plan.countdown > 0 {
                return true;
            }
            due = due.or(Some(plan.fault));
            plan.lasting == Lasting::Sticky
        });
        state.fired += u64::from(due.is_some());
        due
    }

    fn run<R>(&self, op: Op, operation: impl FnOnce() -> Result<R>) -> Result<R> {
        match self.due(op) {
            None => operation(),
            Some(Fault::Late) => operation().and_then(|_| Err(error_of(Fault::Late))),
            Some(fault) => Err(error_of(fault)),
        }
    }

    fn file(&self, path: &Path, inner: Box<dyn IoFile>) -> Box<dyn IoFile> {
        Box::new(FaultFile { inner, io: self.clone(), path: path.to_path_buf(), failed: AtomicBool::new(false) })
    }
}

fn error_of(fault: Fault) -> Error {
    match fault {
        Fault::NoSpace => Error::from(ErrorKind::StorageFull),
        Fault::Io | Fault::ShortWrite | Fault::Late => Error::other("injected input/output error"),
        Fault::Panic => panic!("injected panic"),
    }
}

impl Io for FaultIo {
    fn create(&self, path: &Path) -> Result<Box<dyn IoFile>> {
        Ok(self.file(path, self.run(Op::Create, || self.inner.create(path))?))
    }

    fn open(&self, path: &Path) -> Result<Box<dyn IoFile>> {
        Ok(self.file(path, self.run(Op::Read, || self.inner.open(path))?))
    }

    fn open_read(&self, path: &Path) -> Result<Box<dyn IoFile>> {
        Ok(self.file(path, self.run(Op::Read, || self.inner.open_read(path))?))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.run(Op::Rename, || self.inner.rename(from, to))
    }

    fn remove(&self, path: &Path) -> Result<()> {
        self.run(Op::Remove, || self.inner.remove(path))
    }

    fn create_dir(&self, path: &Path) -> Result<()> {
        // A directory that is there is said to be there by the sickest disk.
        if self.inner.list(path).is_ok() {
            return Err(Error::from(ErrorKind::AlreadyExists));
        }
        let made = self.run(Op::Create, || self.inner.create_dir(path));
        if self.inner.list(path).is_ok() {
            self.state().unsynced_dirs.insert(path.to_path_buf());
        }
        made
    }

    fn sync_dir(&self, dir: &Path) -> Result<()> {
        self.run(Op::SyncDir, || self.inner.sync_dir(dir))?;
        self.state().unsynced_dirs.retain(|made| made.parent() != Some(dir));
        Ok(())
    }

    fn list(&self, dir: &Path) -> Result<Vec<PathBuf>> {
        self.inner.list(dir)
    }

    fn disk_space(&self, path: &Path) -> Result<DiskSpace> {
        let space = self.inner.disk_space(path)?;
        Ok(DiskSpace { free_bytes: self.state().free_bytes.unwrap_or(space.free_bytes), ..space })
    }

    fn step(&self, name: &'static str) -> Result<()> {
        let mut state = self.state();
        state.steps.push(name);
        if let Some((_, nth)) = state.crash_at.as_mut().filter(|(step, _)| *step == name) {
            *nth -= 1;
            if *nth == 0 {
                state.crash_at = None;
                state.crashed = true;
            }
        }
        let (crashed, failing_step) = (state.crashed, state.failing_step);
        drop(state);
        match failing_step {
            _ if crashed => Err(error_of(Fault::Io)),
            Some((failing, kind)) if failing == name => Err(kind.map_or_else(|| error_of(Fault::Panic), Error::from)),
            _ => self.inner.step(name),
        }
    }
}

struct FaultFile {
    inner: Box<dyn IoFile>,
    io: FaultIo,
    path: PathBuf,
    failed: AtomicBool,
}

impl FaultFile {
    fn change(&self, op: Op, operation: impl FnOnce(Option<Fault>) -> Result<()>) -> Result<()> {
        if self.failed.load(Ordering::SeqCst) {
            self.io.state().violations.push(self.path.clone());
        }
        let outcome = match self.io.due(op) {
            None => operation(None),
            Some(fault @ (Fault::ShortWrite | Fault::Late)) => operation(Some(fault)).and_then(|()| Err(error_of(fault))),
            Some(fault) => Err(error_of(fault)),
        };
        self.failed.fetch_or(outcome.is_err(), Ordering::SeqCst);
        outcome
    }
}

impl IoFile for FaultFile {
    fn write_all_at(&self, buf: &[u8], offset: u64) -> Result<()> {
        self.change(Op::Write, |fault| match fault {
            Some(Fault::ShortWrite) => self.inner.write_all_at(&buf[..buf.len() / 2], offset),
            _ => self.inner.write_all_at(buf, offset),
        })
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> Result<()> {
        let mut state = self.io.state();
        (state.reads, state.read_bytes) = (state.reads + 1, state.read_bytes + buf.len() as u64);
        drop(state);
        self.io.run(Op::Read, || self.inner.read_exact_at(buf, offset))
    }

    fn sync_data(&self) -> Result<()> {
        self.change(Op::Sync, |_| self.inner.sync_data())
    }

    fn set_len(&self, len: u64) -> Result<()> {
        self.change(Op::Write, |_| self.inner.set_len(len))
    }

    fn len(&self) -> Result<u64> {
        self.inner.len()
    }
}
