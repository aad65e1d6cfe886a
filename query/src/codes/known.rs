//! What answers are made from: the files of the configuration and the overlay, put together.

use std::path::{Path, PathBuf};

use governance::codes::{
    catalogue::{Catalogue, CodesFile, Conflict},
    counted::CountRule,
    layout::{LayoutEntry, LayoutError, Layouts, default_layouts},
};

use super::book::CodesError;

/// Layouts, catalogue and rules that hold.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub layouts: Layouts,
    /// Ids of layouts that the API may change.
    pub changeable: Vec<String>,
    pub catalogue: Catalogue,
    pub count: Vec<CountRule>,
}

impl Known {
    /// Layouts of the files come first, then those of the overlay, then the built-in ones, each id once. What contradicts an earlier
    /// file changes nothing and is handed back with its file.
    pub(super) fn of(
        files: &[(PathBuf, CodesFile)],
        overlay: &CodesFile,
        count: &[CountRule],
    ) -> Result<(Self, Vec<(PathBuf, Conflict)>), CodesError> {
        let mut catalogue = Catalogue::default();
        let mut layouts: Vec<LayoutEntry> = Vec::new();
        let mut conflicts = Vec::new();
        for (path, file) in files {
            for layout in &file.layouts {
                if layouts.iter().any(|other| other.id == layout.id) {
                    return Err(wrong(path, LayoutError::Twice { id: layout.id.clone() }));
                }
                layouts.push(layout.clone());
            }
            let merged = catalogue.merge(file.codes.clone());
            conflicts.extend(merged.conflicts.into_iter().map(|conflict| (path.clone(), conflict)));
            catalogue.merge_parts(file.parts.clone());
        }
        catalogue.merge(overlay.codes.clone());
        catalogue.merge_parts(overlay.parts.clone());
        let mut changeable = Vec::new();
        for layout in &overlay.layouts {
            if layouts.iter().all(|other| other.id != layout.id) {
                changeable.push(layout.id.clone());
                layouts.push(layout.clone());
            }
        }
        let named: Vec<String> = layouts.iter().map(|layout| layout.id.clone()).collect();
        layouts.extend(default_layouts().into_iter().filter(|layout| !named.contains(&layout.id)));
        let layouts = Layouts::new(layouts).map_err(|error| {
            let of = |path: &(PathBuf, CodesFile)| path.1.layouts.iter().any(|layout| Some(layout.id.as_str()) == error.id());
            let path = files.iter().find(|file| of(file)).map(|(path, _)| path.clone()).unwrap_or_default();
            wrong(&path, error)
        })?;
        Ok((Self { layouts, changeable, catalogue, count: count.to_vec() }, conflicts))
    }
}

fn wrong(path: &Path, error: LayoutError) -> CodesError {
    CodesError::Layout { path: path.to_owned(), error }
}
