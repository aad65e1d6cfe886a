//! The book of codes: read at the start, asked by answers, changed by the API.

use std::{
    collections::HashSet,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, RwLock},
};

use governance::codes::{
    catalogue::{self, Catalogue, CodesFile, Conflict, Located, Merged},
    counted::CountRule,
    layout::{LayoutEntry, LayoutError, Layouts},
};
use storage::io::Io;

use super::{known::Known, overlay, source};

/// Codes in the overlay.
const OVERLAY_CODES_MAX: usize = 200_000;
/// Of the overlay, among the settings of a data directory.
const OVERLAY: &str = "error-codes.toml";

/// Where codes are read from, and which of them count.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CodesConfig {
    /// TOML, CSV, Kratos' proto, Java: by their ending. The first that names something wins.
    pub files: Vec<PathBuf>,
    /// That the API may write; absolute.
    pub overlay: PathBuf,
    /// For services not named here the defaults hold.
    pub count: Vec<CountRule>,
}

impl CodesConfig {
    /// Without files, the overlay in this data directory.
    pub fn in_dir(data_dir: &Path) -> Self {
        Self { overlay: storage::Config::new(data_dir).settings_dir().join(OVERLAY), ..Self::default() }
    }
}

/// Why files of codes cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CodesError {
    #[error("read {path}")]
    Read { path: PathBuf, source: io::Error },
    #[error("{path}: its name does not say how codes are written in it; .toml, .csv, .proto and .java are read")]
    Ending { path: PathBuf },
    #[error("{path} has {bytes} bytes, {max} at most")]
    Large { path: PathBuf, bytes: u64, max: u64 },
    #[error("{path}:{line}: {what}")]
    Line { path: PathBuf, line: usize, what: String },
    #[error("{path}: {error}")]
    Layout { path: PathBuf, error: LayoutError },
    #[error("write {path}")]
    Write { path: PathBuf, source: io::Error },
}

/// Why an import changes nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImportError {
    #[error("{0}")]
    Text(#[from] catalogue::ImportError),
    #[error("{0}")]
    Layout(#[from] LayoutError),
    #[error("layout {id:?} is in a file of the configuration")]
    NotChangeable { id: String },
    #[error("{count} codes would be in the overlay, {OVERLAY_CODES_MAX} at most")]
    TooMany { count: usize },
    #[error(transparent)]
    Codes(#[from] CodesError),
}

/// What an import did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Imported {
    pub merged: Merged,
    /// Entries of the overlay that gave way.
    pub replaced: usize,
    pub layouts: usize,
    pub parts: usize,
    /// In the catalogue afterwards.
    pub codes_total: usize,
}

/// All that is known of codes. Cheap to ask; changes are made one after the other.
pub struct Codes {
    io: Arc<dyn Io>,
    config: CodesConfig,
    read: Mutex<Read>,
    known: RwLock<Arc<Known>>,
}

/// What was read, before it is put together. The lock over it orders changes.
struct Read {
    files: Vec<(PathBuf, CodesFile)>,
    conflicts: Vec<(PathBuf, Conflict)>,
    overlay: CodesFile,
}

impl Codes {
    /// Reads all files. Writes nothing.
    ///
    /// # Errors
    /// Names the file, the line and what is wrong there.
    pub fn open(config: CodesConfig, io: Arc<dyn Io>) -> Result<Self, CodesError> {
        let files = files_of(io.as_ref(), &config)?;
        let overlay = overlay::load(io.as_ref(), &config.overlay)?;
        let (known, conflicts) = Known::of(&files, &overlay, &config.count)?;
        let read = Mutex::new(Read { files, conflicts, overlay });
        Ok(Self { io, config, read, known: RwLock::new(Arc::new(known)) })
    }

    /// Reads the files of the configuration again; whether they say something else than before. Blocking.
    ///
    /// # Errors
    /// Names the file, the line and what is wrong there; what was known before stays.
    pub fn reload(&self) -> Result<bool, CodesError> {
        let files = files_of(self.io.as_ref(), &self.config)?;
        let mut read = self.read.lock().expect("no holder panics");
        if files == read.files {
            return Ok(false);
        }
        let (known, conflicts) = Known::of(&files, &read.overlay, &self.config.count)?;
        (read.files, read.conflicts) = (files, conflicts);
        *self.known.write().expect("no holder panics") = Arc::new(known);
        Ok(true)
    }

    /// What a file says otherwise than one before it, a line each.
    pub fn warnings(&self) -> Vec<String> {
        let text = |(path, Conflict { line, code, field, kept, refused }): &(PathBuf, Conflict)| {
            format!("{}:{line}: `{field}` of {code} is {refused:?} here and {kept:?} before, which holds", path.display())
        };
        self.read.lock().expect("no holder panics").conflicts.iter().map(text).collect()
    }

    /// Codes and layouts that hold.
    pub fn counts(&self) -> (usize, usize) {
        let known = self.known();
        (known.catalogue.len(), known.layouts.entries().count())
    }

    pub(crate) fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.read().expect("no holder panics"))
    }

    /// Takes codes into the overlay. What is known stays, unless `replace` lets entries of the overlay give way. Blocking.
    ///
    /// # Errors
    /// Says why nothing was taken.
    pub(crate) fn import(&self, import: CodesFile, replace: bool, dry_run: bool) -> Result<Imported, ImportError> {
        let mut read = self.read.lock().expect("no holder panics");
        let mut next = read.overlay.clone();
        let mut replaced = 0;
        if replace {
            let anew: HashSet<(&str, &str)> =
                import.codes.iter().map(|code| (code.value.code.as_str(), code.value.service.as_str())).collect();
            let before = next.codes.len();
            next.codes.retain(|code| !anew.contains(&(code.value.code.as_str(), code.value.service.as_str())));
            replaced = before - next.codes.len();
            next.parts.retain(|part| import.parts.iter().all(|new| !is_same_part(new, part)));
            next.layouts.retain(|layout| import.layouts.iter().all(|new| new.id != layout.id));
        }
        let mut whole = read.catalogue_of_files();
        whole.merge(next.codes.clone());
        let merged = whole.merge(import.codes.clone());
        let mut own = Catalogue::default();
        own.merge(std::mem::take(&mut next.codes));
        own.merge(import.codes);
        next.codes = own.entries().map(|entry| Located { line: 0, value: entry.clone() }).collect();
        if next.codes.len() > OVERLAY_CODES_MAX {
            return Err(ImportError::TooMany { count: next.codes.len() });
        }
        let new_parts: Vec<_> = import.parts.into_iter().filter(|part| next.parts.iter().all(|old| !is_same_part(old, part))).collect();
        let new_layouts = read.new_layouts(&next, import.layouts)?;
        let (parts, layouts) = (new_parts.len(), new_layouts.len());
        next.parts.extend(new_parts);
        next.layouts.extend(new_layouts);
        let codes_total = whole.len();
        if dry_run {
            Known::of(&read.files, &next, &self.config.count)?;
        } else {
            self.change(&mut read, next)?;
        }
        Ok(Imported { merged, replaced, layouts, parts, codes_total })
    }

    /// Replaces the layouts of the overlay. Blocking.
    ///
    /// # Errors
    /// Names the layout and the field that is wrong.
    pub(crate) fn set_layouts(&self, layouts: Vec<LayoutEntry>) -> Result<(), ImportError> {
        Layouts::new(layouts.clone())?;
        let mut read = self.read.lock().expect("no holder panics");
        if let Some(layout) = layouts.iter().find(|layout| read.layouts().any(|own| own.id == layout.id)) {
            return Err(ImportError::NotChangeable { id: layout.id.clone() });
        }
        let next = CodesFile { layouts, ..read.overlay.clone() };
        Ok(self.change(&mut read, next)?)
    }

    /// Checks it, writes it, and only then lets it be known.
    fn change(&self, read: &mut Read, next: CodesFile) -> Result<(), CodesError> {
        let (known, _) = Known::of(&read.files, &next, &self.config.count)?;
        overlay::save(self.io.as_ref(), &self.config.overlay, &next)?;
        read.overlay = next;
        *self.known.write().expect("no holder panics") = Arc::new(known);
        Ok(())
    }
}

impl Read {
    /// Layouts that are new to the configuration and the overlay; one that is there as it is, is not.
    fn new_layouts(&self, overlay: &CodesFile, layouts: Vec<LayoutEntry>) -> Result<Vec<LayoutEntry>, ImportError> {
        let mut new = Vec::new();
        for layout in layouts {
            match self.layouts().chain(&overlay.layouts).find(|known| known.id == layout.id) {
                None => new.push(layout),
                Some(known) if *known == layout => {}
                Some(_) if self.layouts().any(|known| known.id == layout.id) => return Err(ImportError::NotChangeable { id: layout.id }),
                Some(_) => return Err(LayoutError::Twice { id: layout.id }.into()),
            }
        }
        Ok(new)
    }

    /// Of the files.
    fn layouts(&self) -> impl Iterator<Item = &LayoutEntry> {
        self.files.iter().flat_map(|(_, file)| &file.layouts)
    }

    fn catalogue_of_files(&self) -> Catalogue {
        let mut catalogue = Catalogue::default();
        for (_, file) in &self.files {
            catalogue.merge(file.codes.clone());
        }
        catalogue
    }
}

fn files_of(io: &dyn Io, config: &CodesConfig) -> Result<Vec<(PathBuf, CodesFile)>, CodesError> {
    config.files.iter().map(|path| Ok((path.clone(), source::read(io, path)?))).collect()
}

fn is_same_part(a: &catalogue::Part, b: &catalogue::Part) -> bool {
    (&a.layout, &a.service, &a.module) == (&b.layout, &b.service, &b.module)
}
