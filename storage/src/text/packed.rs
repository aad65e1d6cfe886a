//! The files of a tantivy index as one: packed when a block is written, read in place afterwards.
//!
//! ```text
//!  0  4   number of files n
//!         n times: length of the name (2), name, length of the file (8)
//!         the files, in that order
//! ```
//! Little-endian.

#![deny(clippy::indexing_slicing)]

use std::{
    io,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use tantivy::{
    Directory,
    directory::{
        FileHandle, OwnedBytes, WatchCallback, WatchHandle, WritePtr,
        error::{DeleteError, OpenReadError, OpenWriteError},
    },
};

use super::sidecar::SidecarError;

/// Packs files under their names.
pub(super) fn pack(files: &[(String, OwnedBytes)]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(files.iter().map(|(name, file)| name.len() + file.len() + 10).sum::<usize>() + 4);
    bytes.extend((files.len() as u32).to_le_bytes());
    for (name, file) in files {
        bytes.extend((name.len() as u16).to_le_bytes());
        bytes.extend(name.as_bytes());
        bytes.extend((file.len() as u64).to_le_bytes());
    }
    files.iter().for_each(|(_, file)| bytes.extend(file.as_slice()));
    bytes
}

/// A read-only directory over packed files. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Packed {
    bytes: OwnedBytes,
    files: Arc<[(PathBuf, Range<usize>)]>,
}

impl Packed {
    pub(super) fn open(bytes: OwnedBytes) -> Result<Self, SidecarError> {
        let files = read_files(bytes.as_slice()).ok_or(SidecarError::Malformed("the list of files does not fit"))?;
        Ok(Self { bytes, files: files.into() })
    }

    fn file(&self, path: &Path) -> Result<OwnedBytes, OpenReadError> {
        let found = self.files.iter().find(|(name, _)| name == path);
        let (_, range) = found.ok_or_else(|| OpenReadError::FileDoesNotExist(path.to_owned()))?;
        Ok(self.bytes.slice(range.clone()))
    }
}

/// Every range lies within `bytes`.
fn read_files(bytes: &[u8]) -> Option<Vec<(PathBuf, Range<usize>)>> {
    let (count, mut rest) = bytes.split_first_chunk::<4>()?;
    let mut files = Vec::new();
    for _ in 0..u32::from_le_bytes(*count) {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (name, after) = after.split_at_checked(u16::from_le_bytes(*length).into())?;
        let (length, after) = after.split_first_chunk::<8>()?;
        files.push((PathBuf::from(str::from_utf8(name).ok()?), usize::try_from(u64::from_le_bytes(*length)).ok()?));
        rest = after;
    }
    let mut start = bytes.len() - rest.len();
    let mut ranges = Vec::with_capacity(files.len());
    for (name, length) in files {
        let end = start.checked_add(length).filter(|end| *end <= bytes.len())?;
        ranges.push((name, start..end));
        start = end;
    }
    Some(ranges)
}

fn read_only() -> io::Error {
    io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "packed files are not written to")
}

impl Directory for Packed {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        Ok(Arc::new(self.file(path)?))
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        Err(DeleteError::IoError { io_error: Arc::new(read_only()), filepath: path.to_owned() })
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        Ok(self.file(path).is_ok())
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        Err(OpenWriteError::wrap_io_error(read_only(), path.to_owned()))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        Ok(self.file(path)?.to_vec())
    }

    fn atomic_write(&self, _path: &Path, _data: &[u8]) -> io::Result<()> {
        Err(read_only())
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    fn watch(&self, _callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packed(files: &[(String, Vec<u8>)]) -> Vec<u8> {
        let owned: Vec<_> = files.iter().map(|(name, bytes)| (name.clone(), OwnedBytes::new(bytes.clone()))).collect();
        pack(&owned)
    }

    #[test]
    fn files_that_do_not_fit_are_refused() {
        let bytes = packed(&[("a".to_owned(), b"first".to_vec()), ("b".to_owned(), vec![])]);
        for end in 0..bytes.len() {
            assert!(Packed::open(OwnedBytes::new(bytes[..end].to_vec())).is_err(), "{end} bytes");
        }
        assert!(Packed::open(OwnedBytes::new(bytes)).is_ok());
    }

    #[test]
    fn nothing_is_written() {
        let packed = Packed::open(OwnedBytes::new(packed(&[("a".to_owned(), vec![1])]))).unwrap();
        assert!(packed.delete(Path::new("a")).is_err() && packed.open_write(Path::new("c")).is_err());
        assert!(packed.atomic_write(Path::new("a"), &[2]).is_err());
        assert!(packed.exists(Path::new("a")).unwrap() && !packed.exists(Path::new("c")).unwrap());
        assert!(matches!(packed.open_read(Path::new("c")), Err(OpenReadError::FileDoesNotExist(_))));
    }

    proptest! {
        #[test]
        fn round_trips(files in prop::collection::btree_map("[a-z.]{1,9}", prop::collection::vec(any::<u8>(), 0..30), 0..5)) {
            let files: Vec<_> = files.into_iter().collect();
            let directory = Packed::open(OwnedBytes::new(packed(&files))).unwrap();
            for (name, bytes) in files {
                prop_assert_eq!(&directory.atomic_read(Path::new(&name)).unwrap(), &bytes);
                let read = directory.open_read(Path::new(&name)).unwrap().read_bytes().unwrap();
                prop_assert_eq!(read.as_slice(), bytes.as_slice());
            }
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Packed::open(OwnedBytes::new(bytes));
        }
    }
}
