//! The layers: file, environment, flags. Each setting is checked alone first, so that an error names where it comes from.

use std::{collections::BTreeMap, ffi::OsString, fs, path::PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

use super::{
    Config, ConfigError,
    origin::{Origin, Origins},
    parse_listen,
    suggest::{nearest, with_suggestion},
};
use crate::cli::ServeArguments;

/// Environment variables without a section that stand for a key inside one, as the flags of the same name do.
const SHORT_NAMES: [(&str, &[&str]); 3] =
    [("otlp_grpc", &["collector", "otlp_grpc"]), ("otlp_http", &["collector", "otlp_http"]), ("api", &["api", "listen"])];

const PREFIX: &str = "FUSEBOX_";
/// Has a meaning, but is no key of the file.
const CONFIG_FILE: &str = "FUSEBOX_CONFIG";
/// Between a section and its key.
const JOINT: &str = "__";

/// The settings, and what is worth saying about them.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    pub(crate) file: Option<PathBuf>,
    pub(crate) warnings: Vec<String>,
    pub(crate) origins: Origins,
}

impl Loaded {
    /// Settings that no layer says.
    pub(crate) fn of(config: Config) -> Self {
        Self { config, file: None, warnings: Vec::new(), origins: Origins::default() }
    }
}

/// Reads all layers. `environment` is that of the process, `data_dir` what counts when no layer says where.
///
/// # Errors
/// The first setting that is unknown, has a wrong type or cannot work.
pub(crate) fn load(
    flags: &ServeArguments,
    environment: impl Iterator<Item = (OsString, OsString)>,
    data_dir: &str,
) -> Result<Loaded, ConfigError> {
    let environment = ours(environment)?;
    let file = flags.config.clone().or_else(|| environment.get(CONFIG_FILE).filter(|path| !path.is_empty()).map(PathBuf::from));
    let mut merged = nested(&["data_dir"], Value::String(data_dir.to_owned()));
    let mut origins = Origins::default();
    if let Some(path) = &file {
        let table = read_file(path)?;
        origins.note(&table, &Origin::File(path.clone()));
        merge(&mut merged, table);
    }
    let mut warnings = Vec::new();
    for (name, text) in environment.iter().filter(|(name, _)| *name != CONFIG_FILE) {
        match from_environment(name, text)? {
            Some(table) => {
                origins.note(&table, &Origin::Environment(name.clone()));
                merge(&mut merged, table);
            }
            None => warnings.push(unknown_variable(name)?),
        }
    }
    for (path, value) in from_flags(flags) {
        let table = nested(&path, value);
        origins.note(&table, &Origin::Flag(flag_of(&path)));
        merge(&mut merged, table);
    }
    let config =
        Config::deserialize(merged).map_err(|error| ConfigError::Setting { origin: "settings".to_owned(), message: error.to_string() })?;
    config.check()?;
    Ok(Loaded { config, file, warnings, origins })
}

fn read_file(path: &PathBuf) -> Result<Table, ConfigError> {
    let text = fs::read_to_string(path).map_err(|source| ConfigError::ReadFile { path: path.clone(), source })?;
    let wrong = |error: toml::de::Error| {
        let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        ConfigError::Setting { origin: format!("{}:{line}", path.display()), message: with_suggestion(error.message()) }
    };
    toml::from_str::<Config>(&text).map_err(wrong)?;
    text.parse::<Table>().map_err(wrong)
}

/// The variables with our prefix; what others have in theirs need not even be text.
fn ours(environment: impl Iterator<Item = (OsString, OsString)>) -> Result<BTreeMap<String, String>, ConfigError> {
    let named = environment.filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let text = |(name, value): (String, OsString)| match value.into_string() {
        Ok(value) => Ok((name, value)),
        Err(_) => Err(ConfigError::Setting { origin: format!("environment variable {name}"), message: "not UTF-8".to_owned() }),
    };
    named.filter(|(name, _)| name.starts_with(PREFIX)).map(text).collect()
}

/// `Ok(None)` when no key has this name.
fn from_environment(name: &str, text: &str) -> Result<Option<Table>, ConfigError> {
    let key = name.strip_prefix(PREFIX).unwrap_or(name).to_ascii_lowercase();
    let path: Vec<&str> = match SHORT_NAMES.iter().find(|(short, _)| *short == key) {
        Some((_, path)) => path.to_vec(),
        None => key.split(JOINT).collect(),
    };
    if !is_known(&path) {
        return Ok(None);
    }
    // Clients read the same variable, as a URL.
    let listen = (key == "api").then(|| parse_listen(text)).transpose();
    let listen = listen.map_err(|message| ConfigError::Setting { origin: format!("environment variable {name}"), message })?;
    let text = &listen.map_or_else(|| text.to_owned(), |address| address.to_string());
    let as_toml = format!("value = {text}").parse::<Table>().ok().and_then(|mut table| table.remove("value"));
    let mut message = String::new();
    for value in as_toml.into_iter().chain([Value::String(text.to_owned())]) {
        let table = nested(&path, value);
        match Config::deserialize(table.clone()) {
            Ok(_) => return Ok(Some(table)),
            Err(error) => message = error.message().to_owned(),
        }
    }
    Err(ConfigError::Setting { origin: format!("environment variable {name}"), message })
}

/// The warning about a variable that may be somebody else's: Kubernetes puts `FUSEBOX_PORT` and the like into the environment of every
/// pod beside a service called fusebox.
///
/// # Errors
/// When it was meant for us: it has the form of a key in a section, or is nearly the name of one that is known.
fn unknown_variable(name: &str) -> Result<String, ConfigError> {
    let variables = known_variables();
    let without_prefix = variables.iter().filter_map(|variable| variable.strip_prefix(PREFIX));
    let bare = name.strip_prefix(PREFIX).unwrap_or(name);
    let wrong = |message| Err(ConfigError::Setting { origin: format!("environment variable {name}"), message });
    match nearest(bare, without_prefix) {
        Some(meant) => wrong(format!("unknown key; did you mean {PREFIX}{meant}?")),
        None if bare.contains(JOINT) => wrong("unknown key".to_owned()),
        None => Ok(format!("environment variable {name} is no setting and is ignored")),
    }
}

fn from_flags(flags: &ServeArguments) -> Vec<(Vec<&'static str>, Value)> {
    let text = |path: &[&'static str], value: Option<String>| value.map(|value| (path.to_vec(), Value::String(value)));
    [
        text(&["data_dir"], flags.data_dir.as_ref().map(|dir| dir.display().to_string())),
        text(&["collector", "otlp_grpc"], flags.otlp_grpc.map(|address| address.to_string())),
        text(&["collector", "otlp_http"], flags.otlp_http.map(|address| address.to_string())),
        text(&["api", "listen"], flags.api.map(|address| address.to_string())),
        text(&["log"], flags.log.clone()),
        flags.insecure.then(|| (vec!["insecure"], Value::Boolean(true))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// As it is typed: a short name where the key is in a section.
fn flag_of(path: &[&str]) -> String {
    let short = SHORT_NAMES.iter().find(|(_, key)| *key == path).map(|(short, _)| *short);
    let name = short.or(path.last().copied()).unwrap_or_default();
    format!("--{}", name.replace('_', "-"))
}

fn is_known(path: &[&str]) -> bool {
    let probe = nested(path, Value::Array(vec![Value::Table(Table::new())]));
    match Config::deserialize(probe) {
        Ok(_) => true,
        Err(error) => !error.message().contains("unknown field"),
    }
}

/// The names of all variables, from the defaults.
fn known_variables() -> Vec<String> {
    fn collect(prefix: &str, table: &Table, names: &mut Vec<String>) {
        for (key, value) in table {
            let name = format!("{prefix}{}", key.to_ascii_uppercase());
            match value {
                Value::Table(inner) => collect(&format!("{name}{JOINT}"), inner, names),
                _ => names.push(name),
            }
        }
    }
    let mut names = vec![CONFIG_FILE.to_owned()];
    names.extend(SHORT_NAMES.iter().map(|(short, _)| format!("{PREFIX}{}", short.to_ascii_uppercase())));
    if let Ok(defaults) = Table::try_from(Config::default()) {
        collect(PREFIX, &defaults, &mut names);
    }
    names
}

fn nested(path: &[&str], value: Value) -> Table {
    let (last, sections) = path.split_last().expect("a path has a key");
    let innermost = Table::from_iter([((*last).to_owned(), value)]);
    sections.iter().rev().fold(innermost, |inner, section| Table::from_iter([((*section).to_owned(), Value::Table(inner))]))
}

/// Values of `upper` win; sections are merged key by key.
fn merge(lower: &mut Table, upper: Table) {
    for (key, value) in upper {
        match (lower.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => merge(below, above),
            (_, value) => {
                lower.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests;
