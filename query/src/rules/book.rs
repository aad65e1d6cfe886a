//! The book of rules: read at the start, again when a file changed, and written by the API.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use governance::classify::{RuleErrors, Rules, SharedRules};
use storage::io::Io;

use crate::small_files::{self, TextError};

/// A rule file is read whole.
const FILE_BYTES_MAX: u64 = 4 << 20;
const OVERLAY: &str = "rules.toml";
/// How rules and mistakes of the overlay name their file: within the data directory.
pub(crate) const OVERLAY_NAME: &str = "settings/rules.toml";

/// Where rules are read from beside the shipped ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RulesConfig {
    /// Each laid over those before it, the overlay and the shipped rules.
    pub files: Vec<PathBuf>,
    /// That the API may write; absolute.
    pub overlay: PathBuf,
}

impl RulesConfig {
    /// Without files, the overlay in this data directory.
    pub fn in_dir(data_dir: &Path) -> Self {
        Self { files: Vec::new(), overlay: storage::Config::new(data_dir).settings_dir().join(OVERLAY) }
    }
}

/// Why rules cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    #[error("read the rule file {path}")]
    Read { path: PathBuf, source: io::Error },
    #[error("the rule file {path} has {bytes} bytes, the limit is {FILE_BYTES_MAX}")]
    TooLarge { path: PathBuf, bytes: u64 },
    #[error("{path}:{line}: the text is not UTF-8")]
    NotText { path: PathBuf, line: usize },
    #[error("{0}")]
    Wrong(RuleErrors),
}

/// Why the overlay stays as it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SetError {
    #[error("{0}")]
    Wrong(RuleErrors),
    #[error("the rules are of version {now:016x} now")]
    Changed { now: u64 },
    #[error("the overlay would have {bytes} bytes, {FILE_BYTES_MAX} at most")]
    TooLarge { bytes: u64 },
    #[error("write {path}")]
    Write { path: PathBuf, source: io::Error },
}

/// Other rules count from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Version of the rules that were told of last.
    pub before: u64,
    pub version: u64,
    /// Rules that count.
    pub rules: usize,
}

/// All rules that count. Cheap to ask; changes are made one after the other.
pub struct RuleBook {
    io: Arc<dyn Io>,
    config: RulesConfig,
    read: Mutex<Read>,
    rules: SharedRules,
}

/// What was read. The lock over it orders changes.
struct Read {
    /// Name and text of each file of the configuration.
    files: Vec<(String, String)>,
    overlay: String,
    /// Version of the rules that were told of last.
    told: u64,
}

impl RuleBook {
    /// Reads all files. Writes nothing.
    ///
    /// # Errors
    /// Everything that is wrong with the first file that is: file, line, field and why.
    pub fn open(config: RulesConfig, io: Arc<dyn Io>) -> Result<Self, RulesError> {
        let files = files_of(io.as_ref(), &config)?;
        let overlay = overlay_of(io.as_ref(), &config)?;
        let rules = rules_of(&overlay, &files).map_err(RulesError::Wrong)?;
        let read = Mutex::new(Read { files, overlay, told: rules.version() });
        Ok(Self { io, config, read, rules: SharedRules::new(rules) })
    }

    /// The rules that count now.
    pub fn get(&self) -> Arc<Rules> {
        self.rules.get()
    }

    /// For whoever applies them on many threads.
    pub fn shared(&self) -> SharedRules {
        self.rules.clone()
    }

    /// Files that rules are read from, that of the API included: whoever sees that one of them changed calls [`Self::reload`].
    pub fn files(&self) -> Vec<PathBuf> {
        self.config.files.iter().chain([&self.config.overlay]).cloned().collect()
    }

    /// Reads the files of the configuration again. Says whether other rules count than at the last call, also when the API changed them.
    /// Blocking.
    ///
    /// # Errors
    /// Everything that is wrong with the first file that is; the rules before stay.
    pub fn reload(&self) -> Result<Option<Change>, RulesError> {
        let files = files_of(self.io.as_ref(), &self.config)?;
        let mut read = self.read.lock().expect("no holder panics");
        if files != read.files {
            let rules = rules_of(&read.overlay, &files).map_err(RulesError::Wrong)?;
            read.files = files;
            self.rules.set(rules);
        }
        let rules = self.rules.get();
        let change = Change { before: read.told, version: rules.version(), rules: rules.len() };
        read.told = change.version;
        Ok((change.before != change.version).then_some(change))
    }

    /// The text of the overlay; empty when the API wrote none.
    pub(crate) fn overlay(&self) -> String {
        self.read.lock().expect("no holder panics").overlay.clone()
    }

    /// Replaces the overlay, and the rules at once. `version`: of the rules that it was made for. With `dry_run` it is only checked.
    /// Blocking.
    ///
    /// # Errors
    /// Says why nothing changed.
    pub(crate) fn set_overlay(&self, text: String, version: Option<u64>, dry_run: bool) -> Result<Arc<Rules>, SetError> {
        if text.len() as u64 > FILE_BYTES_MAX {
            return Err(SetError::TooLarge { bytes: text.len() as u64 });
        }
        let mut read = self.read.lock().expect("no holder panics");
        let now = self.rules.get().version();
        if version.is_some_and(|version| version != now) {
            return Err(SetError::Changed { now });
        }
        let rules = rules_of(&text, &read.files).map_err(SetError::Wrong)?;
        if dry_run {
            return Ok(Arc::new(rules));
        }
        let path = &self.config.overlay;
        small_files::replace(self.io.as_ref(), path, text.as_bytes()).map_err(|source| SetError::Write { path: path.clone(), source })?;
        read.overlay = text;
        self.rules.set(rules);
        Ok(self.rules.get())
    }
}

fn rules_of(overlay: &str, files: &[(String, String)]) -> Result<Rules, RuleErrors> {
    let own = (!overlay.is_empty()).then_some((OVERLAY_NAME, overlay));
    let files = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    Rules::with_overlays(&own.into_iter().chain(files).collect::<Vec<_>>())
}

fn files_of(io: &dyn Io, config: &RulesConfig) -> Result<Vec<(String, String)>, RulesError> {
    config.files.iter().map(|path| Ok((path.display().to_string(), read(io, path)?))).collect()
}

/// Without a file there is nothing in it.
fn overlay_of(io: &dyn Io, config: &RulesConfig) -> Result<String, RulesError> {
    match read(io, &config.overlay) {
        Err(RulesError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        text => text,
    }
}

fn read(io: &dyn Io, path: &Path) -> Result<String, RulesError> {
    small_files::text(io, path, FILE_BYTES_MAX).map_err(|error| {
        let path = path.to_owned();
        match error {
            TextError::Read(source) => RulesError::Read { path, source },
            TextError::Large { bytes } => RulesError::TooLarge { path, bytes },
            TextError::NotText { line } => RulesError::NotText { path, line },
        }
    })
}
