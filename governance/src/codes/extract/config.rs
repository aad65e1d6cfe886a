//! Which names to look for. Every list is configuration; the defaults are what is common in the wild.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names of attributes and JSON members that hold codes, reasons, messages and solutions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExtractConfig {
    /// Attributes that hold the code, as text or as an integer; the first that is there wins.
    pub code_keys: Vec<String>,
    /// Attributes that hold the reason. `reason` alone only adds to an error that something else says.
    pub reason_keys: Vec<String>,
    pub domain_keys: Vec<String>,
    pub message_keys: Vec<String>,
    pub solution_keys: Vec<String>,
    /// Attributes of log records that hold a text of an error, read as one.
    pub text_keys: Vec<String>,
    /// Keys of Kratos metadata that hold the business code.
    pub metadata_code_keys: Vec<String>,
    pub metadata_solution_keys: Vec<String>,
    /// JSON pointers to the code in a JSON body, in their order.
    pub json_code: Vec<String>,
    pub json_message: Vec<String>,
    pub json_solution: Vec<String>,
    /// Members of a JSON body whose text may be JSON once more.
    pub json_nested: Vec<String>,
    /// What says that nothing is wrong.
    pub success_codes: Vec<String>,
}

/// Why a configuration of the extraction cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("{list}: a key is empty")]
    EmptyKey { list: &'static str },
    #[error("json_code: {pointer:?} is no JSON pointer such as /error/code")]
    Pointer { pointer: String },
}

impl Default for ExtractConfig {
    fn default() -> Self {
        Self {
            code_keys: owned(&[
                "error.code",
                "error_code",
                "err_code",
                "errcode",
                "biz.code",
                "biz_code",
                "business.code",
                "app.error.code",
                "app.code",
                "exception.code",
                "rpc.biz_code",
            ]),
            reason_keys: owned(&["error.reason", "reason"]),
            domain_keys: owned(&["error.domain"]),
            message_keys: owned(&["error.message", "biz.message"]),
            solution_keys: owned(&["error.solution", "solution", "error.hint"]),
            text_keys: owned(&["error", "err", "stack"]),
            metadata_code_keys: owned(&["code", "biz_code", "error_code"]),
            metadata_solution_keys: owned(&["solution", "suggestion"]),
            json_code: owned(&["/code", "/error/code", "/err/code", "/data/code", "/errno", "/errcode", "/error_code", "/status"]),
            json_message: owned(&["/message", "/msg", "/detail", "/title"]),
            json_solution: owned(&["/solution", "/suggestion"]),
            json_nested: owned(&["msg", "error", "body", "message"]),
            success_codes: owned(&["0", "200", "00000", "OK", "SUCCESS"]),
        }
    }
}

impl ExtractConfig {
    /// # Errors
    /// Names the list and what is wrong in it.
    pub fn check(&self) -> Result<(), ConfigError> {
        for (list, keys) in [
            ("code_keys", &self.code_keys),
            ("reason_keys", &self.reason_keys),
            ("domain_keys", &self.domain_keys),
            ("message_keys", &self.message_keys),
            ("solution_keys", &self.solution_keys),
            ("text_keys", &self.text_keys),
            ("metadata_code_keys", &self.metadata_code_keys),
            ("metadata_solution_keys", &self.metadata_solution_keys),
            ("json_nested", &self.json_nested),
            ("success_codes", &self.success_codes),
        ] {
            if keys.iter().any(String::is_empty) {
                return Err(ConfigError::EmptyKey { list });
            }
        }
        let pointers = self.json_code.iter().chain(&self.json_message).chain(&self.json_solution);
        match pointers.into_iter().find(|pointer| !pointer.starts_with('/') || pointer.len() < 2) {
            Some(pointer) => Err(ConfigError::Pointer { pointer: pointer.clone() }),
            None => Ok(()),
        }
    }

    /// Whether `code` says that nothing is wrong.
    pub(super) fn is_success(&self, code: &str) -> bool {
        self.success_codes.iter().any(|success| success.eq_ignore_ascii_case(code))
    }
}

fn owned(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|&key| key.to_owned()).collect()
}
