//! Where each setting comes from.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use toml::{Table, Value};

use super::layers::Loaded;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    File(PathBuf),
    /// The variable.
    Environment(String),
    Flag(String),
}

/// A setting that counts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Setting {
    /// Sections and key, joined by dots.
    pub(crate) key: String,
    pub(crate) value: Value,
    pub(crate) origin: Origin,
}

/// By key; what is not here is a default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origins(BTreeMap<String, Origin>);

impl Origins {
    /// Every key of `layer` comes from `origin`, until a later layer says otherwise.
    pub(super) fn note(&mut self, layer: &Table, origin: &Origin) {
        for (key, _) in leaves(layer) {
            self.0.insert(key, origin.clone());
        }
    }
}

impl Loaded {
    /// All settings, by key.
    pub(crate) fn settings(&self) -> Vec<Setting> {
        let table = Table::try_from(&self.config).expect("settings were read from such a table");
        let setting = |(key, value): (String, Value)| {
            let origin = self.origins.0.get(&key).cloned().unwrap_or(Origin::Default);
            Setting { key, value, origin }
        };
        let mut settings: Vec<Setting> = leaves(&table).into_iter().map(setting).collect();
        // Keys without a section first, as in a file.
        settings.sort_by(|a, b| (a.key.contains('.'), &a.key).cmp(&(b.key.contains('.'), &b.key)));
        settings
    }
}

impl Setting {
    /// As the API shows it.
    pub(crate) fn shown(&self) -> query::api::Setting {
        let Self { key, value, origin } = self;
        let value = serde_json::to_value(value).unwrap_or_else(|_| value.to_string().into());
        query::api::Setting { key: key.clone(), value, origin: origin.kind(), source: origin.source() }
    }
}

impl Origin {
    /// The file, the variable or the flag.
    pub(crate) fn source(&self) -> Option<String> {
        match self {
            Self::Default => None,
            Self::File(path) => Some(path.display().to_string()),
            Self::Environment(name) | Self::Flag(name) => Some(name.clone()),
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File(_) => "file",
            Self::Environment(_) => "environment",
            Self::Flag(_) => "flag",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

fn leaves(table: &Table) -> Vec<(String, Value)> {
    let of = |(key, value): (&String, &Value)| match value {
        Value::Table(section) => leaves(section).into_iter().map(|(inner, value)| (format!("{key}.{inner}"), value)).collect(),
        value => vec![(key.clone(), value.clone())],
    };
    table.iter().flat_map(of).collect()
}
