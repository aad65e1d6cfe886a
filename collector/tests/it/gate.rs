//! A disk whose syncs wait at a gate: holds a request between its append and its acknowledgement.

use std::{
    io::Result,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex},
};

use storage::io::{DiskSpace, Io, IoFile, RealIo};
use tokio::sync::Notify;

#[derive(Clone, Default)]
pub struct GateIo(Arc<Gate>);

#[derive(Default)]
struct Gate {
    closed: Mutex<bool>,
    opened: Condvar,
    waiting: Notify,
}

impl GateIo {
    pub fn close(&self) {
        *self.0.closed.lock().expect("no panic") = true;
    }

    pub fn open(&self) {
        *self.0.closed.lock().expect("no panic") = false;
        self.0.opened.notify_all();
    }

    /// Returns once a sync waits at the closed gate.
    pub async fn somebody_waits(&self) {
        self.0.waiting.notified().await;
    }

    fn file(&self, file: Box<dyn IoFile>) -> Box<dyn IoFile> {
        Box::new(GateFile { file, gate: self.0.clone() })
    }
}

impl Io for GateIo {
    fn create(&self, path: &Path) -> Result<Box<dyn IoFile>> {
        Ok(self.file(RealIo.create(path)?))
    }

    fn open(&self, path: &Path) -> Result<Box<dyn IoFile>> {
        Ok(self.file(RealIo.open(path)?))
    }

    fn open_read(&self, path: &Path) -> Result<Box<dyn IoFile>> {
        RealIo.open_read(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        RealIo.rename(from, to)
    }

    fn remove(&self, path: &Path) -> Result<()> {
        RealIo.remove(path)
    }

    fn create_dir(&self, path: &Path) -> Result<()> {
        RealIo.create_dir(path)
    }

    fn sync_dir(&self, dir: &Path) -> Result<()> {
        RealIo.sync_dir(dir)
    }

    fn list(&self, dir: &Path) -> Result<Vec<PathBuf>> {
        RealIo.list(dir)
    }

    fn disk_space(&self, path: &Path) -> Result<DiskSpace> {
        RealIo.disk_space(path)
    }
}

struct GateFile {
    file: Box<dyn IoFile>,
    gate: Arc<Gate>,
}

impl IoFile for GateFile {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        self.file.write_all_at(bytes, offset)
    }

    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> Result<()> {
        self.file.read_exact_at(bytes, offset)
    }

    fn sync_data(&self) -> Result<()> {
        let mut closed = self.gate.closed.lock().expect("no panic");
        if *closed {
            self.gate.waiting.notify_one();
        }
        while *closed {
            closed = self.gate.opened.wait(closed).expect("no panic");
        }
        drop(closed);
        self.file.sync_data()
    }

    fn set_len(&self, bytes: u64) -> Result<()> {
        self.file.set_len(bytes)
    }

    fn len(&self) -> Result<u64> {
        self.file.len()
    }
}
