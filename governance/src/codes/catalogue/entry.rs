//! One code and what is known of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::language::Language;

/// A text in English and Chinese; in files one text alone is English.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Text {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub en: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub zh: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Info,
    Warning,
    Error,
    Critical,
}

/// Whose fault an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A rule of the business said no: insufficient stock.
    Business,
    /// The service itself is broken.
    System,
    /// What it calls is.
    Dependency,
    /// The caller asked wrongly.
    Client,
}

/// A row of the catalogue. Everything but the code may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Entry {
    /// The code or reason, as records carry it.
    pub code: String,
    /// The service that owns the code, by its `service.name`; empty: any.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub service: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub module: String,
    /// Id of the layout it is written in.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub layout: String,
    /// The symbolic name beside a number: `INSUFFICIENT_STOCK`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub title: Text,
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub message: Text,
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub solution: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub owner: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub runbook: String,
}

/// The name of a part: service 5 of layout 1-3-3 is "order", its module 001 is "inventory".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Part {
    pub layout: String,
    pub service: String,
    /// Empty: the name is the service's.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub module: String,
    pub name: Text,
}

/// An entry and the line it was read from, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    pub line: usize,
    pub value: T,
}

/// Why a source cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct ImportError {
    pub line: usize,
    pub what: String,
}

/// Rows of one import.
pub(super) const ENTRIES_MAX: usize = 100_000;
const CODE_BYTES_MAX: usize = 128;
const TEXT_BYTES_MAX: usize = 4 << 10;

impl Text {
    pub fn is_empty(&self) -> bool {
        self.en.is_empty() && self.zh.is_empty()
    }

    /// The text in this language, else in the other, and which it is.
    pub fn get(&self, language: Language) -> (&str, Language) {
        let (wanted, other) = match language {
            Language::En => (&self.en, (&self.zh, Language::Zh)),
            Language::Zh => (&self.zh, (&self.en, Language::En)),
        };
        if wanted.is_empty() && !other.0.is_empty() { (other.0, other.1) } else { (wanted, language) }
    }

    /// A text whose characters tell its language.
    pub fn guessed(text: &str) -> Self {
        let text = text.trim().to_owned();
        let is_chinese = text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        if is_chinese { Self { zh: text, ..Self::default() } } else { Self { en: text, ..Self::default() } }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            One(String),
            Languages(Languages),
        }
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Languages {
            #[serde(default)]
            en: String,
            #[serde(default)]
            zh: String,
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::One(en) => Self { en, zh: String::new() },
            Form::Languages(Languages { en, zh }) => Self { en, zh },
        })
    }
}

impl Entry {
    /// Says what of the entry no catalogue takes.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.code.is_empty() {
            return Err("`code` is empty".to_owned());
        }
        if self.code.len() > CODE_BYTES_MAX || self.code.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(format!("`code` {:?} has blanks or more than {CODE_BYTES_MAX} bytes", self.code));
        }
        let texts = [
            &self.title.en,
            &self.title.zh,
            &self.message.en,
            &self.message.zh,
            &self.solution.en,
            &self.solution.zh,
            &self.owner,
            &self.runbook,
        ];
        match texts.iter().map(|text| text.len()).max() {
            Some(bytes) if bytes > TEXT_BYTES_MAX => Err(format!("a text of {} has {bytes} bytes, {TEXT_BYTES_MAX} at most", self.code)),
            _ => Ok(()),
        }
    }
}

impl Class {
    pub fn word(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::System => "system",
            Self::Dependency => "dependency",
            Self::Client => "client",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Business, Self::System, Self::Dependency, Self::Client].into_iter().find(|class| class.word() == word)
    }

    /// What an HTTP status says when nobody else does.
    pub fn of_http(status: u16) -> Option<Self> {
        match status {
            502..=504 => Some(Self::Dependency),
            500..=599 => Some(Self::System),
            400..=499 => Some(Self::Client),
            _ => None,
        }
    }
}

impl Severity {
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "info" => Some(Self::Info),
            "warning" | "warn" => Some(Self::Warning),
            "error" => Some(Self::Error),
            "critical" => Some(Self::Critical),
            _ => None,
        }
    }
}
