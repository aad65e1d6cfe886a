//! From what was typed to the files that are meant.

use std::{
    io,
    path::{Path, PathBuf},
};

use schemas::Table;

use super::InspectError;
use crate::{
    block,
    catalog::{self, Catalog},
    io::Io,
};

/// Opens the catalog of a data directory for reading; `place` is the directory, or the catalog in it.
pub(super) fn open_catalog(place: &Path) -> Result<(PathBuf, Catalog), InspectError> {
    let is_catalog = place.file_name().is_some_and(|name| name == catalog::FILE_NAME);
    let data_dir = if is_catalog { place.parent().unwrap_or(Path::new("")) } else { place };
    let path = data_dir.join(catalog::FILE_NAME);
    if !path.exists() {
        return Err(InspectError::NoCatalog { path });
    }
    Ok((data_dir.to_owned(), Catalog::open_read_only(data_dir)?))
}

/// The files of one of `extensions`: `place` itself, those in the directory `place`, or those of every table of the data directory `place`.
pub(super) fn files(io: &dyn Io, place: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, InspectError> {
    if !place.is_dir() {
        return Ok(vec![place.to_owned()]);
    }
    let dirs = match open_catalog(place) {
        Ok((data_dir, catalog)) => {
            let mut tenants = catalog.tenants();
            tenants.sort_unstable();
            tenants.iter().flat_map(|tenant| Table::ALL.map(|table| data_dir.join(block::dir(*tenant, table)))).collect()
        }
        Err(InspectError::NoCatalog { .. }) => vec![place.to_owned()],
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for dir in dirs {
        match io.list(&dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(InspectError::List { path: dir, source }),
            Ok(listed) => {
                files.extend(listed.into_iter().filter(|path| path.extension().is_some_and(|end| extensions.iter().any(|one| end == *one))))
            }
        }
    }
    Ok(files)
}

/// The whole file, which is a small one.
pub(super) fn read(io: &dyn Io, path: &Path) -> Result<Vec<u8>, InspectError> {
    read_range(io, path, None)
}

/// Its last `bytes`, or all.
pub(super) fn read_range(io: &dyn Io, path: &Path, last_bytes: Option<u64>) -> Result<Vec<u8>, InspectError> {
    let read = || {
        let file = io.open_read(path)?;
        let len = file.len()?;
        let wanted = last_bytes.map_or(len, |bytes| bytes.min(len));
        let mut bytes = vec![0; usize::try_from(wanted).map_err(io::Error::other)?];
        file.read_exact_at(&mut bytes, len - wanted)?;
        Ok(bytes)
    };
    read().map_err(|source| InspectError::Read { path: path.to_owned(), source })
}

pub(super) fn length(io: &dyn Io, path: &Path) -> Result<u64, InspectError> {
    io.open_read(path).and_then(|file| file.len()).map_err(|source| InspectError::Read { path: path.to_owned(), source })
}

/// As people write it.
pub(super) fn shown(path: &Path, below: &Path) -> String {
    path.strip_prefix(below).ok().filter(|rest| !rest.as_os_str().is_empty()).unwrap_or(path).display().to_string()
}
