//! Which file is it, whatever it is called? Its device and inode; and because a system gives an inode to the next file, and because a copy or
//! a compressed file has another: a hash of its first bytes.

use std::{fs::Metadata, os::unix::fs::MetadataExt, path::Path};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// Of the start of a file, without compression.
pub(super) const HEAD_BYTES_MAX: usize = 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct FileId {
    pub device: u64,
    pub inode: u64,
}

impl FileId {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// The hash of the first bytes, at most [`HEAD_BYTES_MAX`], of which a young file has fewer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    pub bytes: u64,
    pub hash: u64,
}

impl Fingerprint {
    pub(super) fn of(head: &[u8]) -> Self {
        let head = head.get(..HEAD_BYTES_MAX).unwrap_or(head);
        Self { bytes: head.len() as u64, hash: xxh3_64(head) }
    }

    /// Whether a file that begins with `head` can be this one, which may have grown since.
    pub(super) fn fits(&self, head: &[u8]) -> bool {
        let start = usize::try_from(self.bytes).ok().and_then(|bytes| head.get(..bytes));
        self.bytes > 0 && start.is_some_and(|start| xxh3_64(start) == self.hash)
    }

    /// No other file begins like this.
    pub(super) fn is_sure(&self) -> bool {
        self.bytes as usize >= HEAD_BYTES_MAX
    }
}

/// Whether one file's name looks like another's after a rotation: `app.log`, `app.log.1`, `app-2024-05-01.log.gz`.
pub(super) fn is_related(one: &Path, other: &Path) -> bool {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (one, other) = (name(one), name(other));
    let stem = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let (of_one, of_other) = (stem(&one), stem(&other));
    !of_one.is_empty() && !of_other.is_empty() && (other.starts_with(&of_one) || one.starts_with(&of_other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_grew_is_the_same() {
        let young = Fingerprint::of(b"one");
        assert!(young.fits(b"one") && young.fits(b"one and more") && !young.fits(b"on") && !young.fits(b"two"));
        assert!(!Fingerprint::of(b"").fits(b"one"));
        let old = Fingerprint::of(&[b'x'; 5000]);
        assert!(old.is_sure() && old.fits(&[b'x'; 1024]) && !old.fits(&[b'x'; 1023]) && !young.is_sure());
    }

    #[test]
    fn names_of_rotated_files() {
        let check =
            |one: &str, other: &str, expected: bool| assert_eq!(is_related(Path::new(one), Path::new(other)), expected, "{one} {other}");
        check("/a/app.log", "/a/app.log.1", true);
        check("/a/app.log", "/a/old/app-2024-05-01T12-00-00.000.log.gz", true);
        check("/a/app-2024.log", "/a/app.log", true);
        check("/a/pod-1.log", "/a/pod-2.log", false);
        check("/a/.log", "/a/b.log", false);
    }
}
