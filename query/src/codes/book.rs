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
    files: Vec<(PathBuf, CodesFile)>,
    conflicts: Vec<(PathBuf, Conflict)>,
    overlay: Mutex<CodesFile>,
    known: RwLock<Arc<Known>>,
}

impl Codes {
    /// Reads all files. Writes nothing.
    ///
    /// # Errors
    /// Names the file, the line and what is wrong there.
    pub fn open(config: CodesConfig, io: Arc<dyn Io>) -> Result<Self, CodesError> {
        let read = |path: &PathBuf| Ok((path.clone(), source::read(io.as_ref(), path)?));
        let files: Vec<(PathBuf, CodesFile)> = config.files.iter().map(read).collect::<Result<_, CodesError>>()?;
        let overlay = overlay::load(io.as_ref(), &config.overlay)?;
        let (known, conflicts) = Known::of(&files, &overlay, &config.count)?;
        Ok(Self { io, config, files, conflicts, overlay: Mutex::new(overlay), known: RwLock::new(Arc::new(known)) })
    }

    /// What a file says otherwise than one before it, a line each.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        self.conflicts.iter().map(|(path, Conflict { line, code, field, kept, refused })| {
            format!("{}:{line}: `{field}` of {code} is {refused:?} here and {kept:?} before, which holds", path.display())
        })
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
        let mut overlay = self.overlay.lock().expect("no holder panics");
        let mut next = overlay.clone();
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
        let mut whole = self.catalogue_of_files();
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
        let new_layouts = self.new_layouts(&next, import.layouts)?;
        let (parts, layouts) = (new_parts.len(), new_layouts.len());
        next.parts.extend(new_parts);
        next.layouts.extend(new_layouts);
        let codes_total = whole.len();
        if dry_run {
            Known::of(&self.files, &next, &self.config.count)?;
        } else {
            self.change(&mut overlay, next)?;
        }
        Ok(Imported { merged, replaced, layouts, parts, codes_total })
    }

    /// Replaces the layouts of the overlay. Blocking.
    ///
    /// # Errors
    /// Names the layout and the field that is wrong.
    pub(crate) fn set_layouts(&self, layouts: Vec<LayoutEntry>) -> Result<(), ImportError> {
        Layouts::new(layouts.clone())?;
        if let Some(layout) = layouts.iter().find(|layout| self.of_files().any(|own| own.id == layout.id)) {
            return Err(ImportError::NotChangeable { id: layout.id.clone() });
        }
        let mut overlay = self.overlay.lock().expect("no holder panics");
        let next = CodesFile { layouts, ..overlay.clone() };
        Ok(self.change(&mut overlay, next)?)
    }

    /// Layouts that are new to the configuration and the overlay; one that is there as it is, is not.
    fn new_layouts(&self, overlay: &CodesFile, layouts: Vec<LayoutEntry>) -> Result<Vec<LayoutEntry>, ImportError> {
        let mut new = Vec::new();
        for layout in layouts {
            match self.of_files().chain(&overlay.layouts).find(|known| known.id == layout.id) {
                None => new.push(layout),
                Some(known) if *known == layout => {}
                Some(_) if self.of_files().any(|known| known.id == layout.id) => return Err(ImportError::NotChangeable { id: layout.id }),
                Some(_) => return Err(LayoutError::Twice { id: layout.id }.into()),
            }
        }
        Ok(new)
    }

    fn of_files(&self) -> impl Iterator<Item = &LayoutEntry> {
        self.files.iter().flat_map(|(_, file)| &file.layouts)
    }

    fn catalogue_of_files(&self) -> Catalogue {
        let mut catalogue = Catalogue::default();
        for (_, file) in &self.files {
            catalogue.merge(file.codes.clone());
        }
        catalogue
    }

    /// Checks it, writes it, and only then lets it be known.
    fn change(&self, overlay: &mut CodesFile, next: CodesFile) -> Result<(), CodesError> {
        let (known, _) = Known::of(&self.files, &next, &self.config.count)?;
        overlay::save(self.io.as_ref(), &self.config.overlay, &next)?;
        *overlay = next;
        *self.known.write().expect("no holder panics") = Arc::new(known);
        Ok(())
    }
}

fn is_same_part(a: &catalogue::Part, b: &catalogue::Part) -> bool {
    (&a.layout, &a.service, &a.module) == (&b.layout, &b.service, &b.module)
}
