//! Which files there are, and which of them were followed before under another name.
//!
//! ```text
//! same device and inode, same first bytes                          it is that file
//! same first bytes as a file that was truncated or is gone         its copy or its compressed form: go on where that ended
//! same first bytes as a file that is still followed                a copy that is being made: wait
//! anything else                                                    a new file
//! ```

use std::{
    collections::{HashMap, HashSet},
    fs::File,
    io::Read,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{
    config::FilesConfig,
    identity::{FileId, Fingerprint, HEAD_BYTES_MAX, is_related},
    positions::{EntryKey, Positions},
};

/// A file that a glob leads to.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Of whose globs, by place.
    pub source: usize,
    pub path: PathBuf,
    pub id: FileId,
    pub size: u64,
    pub modified: Option<SystemTime>,
}

/// What a found file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// One that was followed before, here or elsewhere.
    As(EntryKey),
    /// A copy of one that is still followed.
    CopyInTheMaking,
    New,
}

/// All files of all globs, each once however many names it has, and which globs failed.
pub(super) fn find(sources: &[FilesConfig]) -> (Vec<Found>, Vec<String>) {
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    for (source, config) in sources.iter().enumerate() {
        for pattern in &config.paths {
            let Ok(paths) = glob::glob(pattern) else { continue };
            for path in paths {
                let path = match path {
                    Ok(path) => path,
                    Err(error) => {
                        errors.push(format!("{}: {}", error.path().display(), error.error()));
                        continue;
                    }
                };
                // It may be gone since, or be renamed: then it is found next time.
                let Ok(metadata) = std::fs::metadata(&path) else { continue };
                if metadata.is_file() && seen.insert(FileId::of(&metadata)) {
                    let (id, size, modified) = (FileId::of(&metadata), metadata.len(), metadata.modified().ok());
                    found.push(Found { source, path, id, size, modified });
                }
            }
        }
    }
    (found, errors)
}

/// What `file` is, which begins with `head`. `present`: where files with these ids are now.
pub(super) fn recognise(file: &Found, head: &[u8], is_gzip: bool, positions: &Positions, present: &HashMap<FileId, PathBuf>) -> Known {
    let fits = || positions.iter().filter(|(_, entry)| entry.fingerprint.fits(head));
    if let Some((key, _)) = fits().find(|(_, entry)| entry.id == Some(file.id)) {
        return Known::As(key);
    }
    let longest = fits()
        .filter(|(_, entry)| entry.fingerprint.is_sure() || is_related(&entry.path, &file.path))
        .max_by_key(|(key, entry)| (entry.fingerprint.bytes, entry.position, *key));
    let Some((key, entry)) = longest else { return Known::New };
    match entry.id.and_then(|id| present.get(&id)) {
        None => Known::As(key),
        Some(_) if is_gzip => Known::CopyInTheMaking,
        // The next look at the original finds that it was truncated.
        Some(original) if !begins_so(original, &entry.fingerprint) || ends_alike(&file.path, original) => Known::CopyInTheMaking,
        Some(_) => Known::New,
    }
}

fn begins_so(path: &Path, fingerprint: &Fingerprint) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD_BYTES_MAX as u64).read_to_end(&mut head));
    read.is_ok() && fingerprint.fits(&head)
}

/// Whether the original has what the copy ends with, in the same place.
fn ends_alike(copy: &Path, original: &Path) -> bool {
    const TAIL_BYTES: u64 = 4 << 10;
    let tails = || {
        let (copy, original) = (File::open(copy)?, File::open(original)?);
        let length = copy.metadata()?.len();
        let from = length.saturating_sub(TAIL_BYTES);
        let (mut of_copy, mut of_original) = (vec![0; (length - from) as usize], vec![0; (length - from) as usize]);
        copy.read_exact_at(&mut of_copy, from)?;
        original.read_exact_at(&mut of_original, from)?;
        Ok::<_, std::io::Error>(of_copy == of_original)
    };
    tails().unwrap_or(false)
}
