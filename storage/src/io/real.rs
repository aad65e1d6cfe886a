//! The file system itself.

use std::{
    fs::{self, File, OpenOptions},
    io::Result,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use super::{DiskSpace, Io, IoFile};

#[derive(Debug, Clone, Copy, Default)]
pub struct RealIo;

impl Io for RealIo {
    fn create(&self, path: &Path) -> Result<Box<dyn IoFile>> {
        Ok(Box::new(OpenOptions::new().read(true).write(true).create_new(true).open(path)?))
    }

    fn open(&self, path: &Path) -> Result<Box<dyn IoFile>> {
        Ok(Box::new(OpenOptions::new().read(true).write(true).open(path)?))
    }

    fn open_read(&self, path: &Path) -> Result<Box<dyn IoFile>> {
        Ok(Box::new(File::open(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> Result<()> {
        fs::remove_file(path)
    }

    fn create_dir(&self, path: &Path) -> Result<()> {
        fs::create_dir(path)
    }

    fn hard_link(&self, from: &Path, to: &Path) -> Result<()> {
        fs::hard_link(from, to)
    }

    fn sync_dir(&self, dir: &Path) -> Result<()> {
        File::open(dir)?.sync_all()
    }

    fn list(&self, dir: &Path) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                files.push(entry.path());
            }
        }
        files.sort();
        Ok(files)
    }

    fn disk_space(&self, path: &Path) -> Result<DiskSpace> {
        let stat = rustix::fs::statvfs(path)?;
        let used = stat.f_blocks.saturating_sub(stat.f_bfree);
        Ok(DiskSpace { free_bytes: stat.f_bavail * stat.f_frsize, total_bytes: (used + stat.f_bavail) * stat.f_frsize })
    }
}

impl IoFile for File {
    fn write_all_at(&self, buf: &[u8], offset: u64) -> Result<()> {
        FileExt::write_all_at(self, buf, offset)
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> Result<()> {
        FileExt::read_exact_at(self, buf, offset)
    }

    fn sync_data(&self) -> Result<()> {
        File::sync_data(self)
    }

    fn set_len(&self, len: u64) -> Result<()> {
        File::set_len(self, len)
    }

    fn allocate(&self, bytes: u64) -> Result<()> {
        match rustix::fs::fallocate(self, rustix::fs::FallocateFlags::empty(), 0, bytes) {
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => super::file_layer::write_zeros(self, bytes),
            allocated => Ok(allocated?),
        }
    }

    fn len(&self) -> Result<u64> {
        Ok(self.metadata()?.len())
    }
}
