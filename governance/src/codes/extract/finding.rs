//! What the steps have found so far: a field that is set stays.

use super::config::ExtractConfig;
use crate::facts::CodeSource;

/// Longest code or reason; what is longer is a text.
const CODE_BYTES_MAX: usize = 128;
/// Longest message or solution that a row keeps; the record itself keeps the whole.
const TEXT_BYTES_MAX: usize = 1 << 10;

/// The fields of an error, empty until a step fills them.
#[derive(Debug, Default)]
pub(super) struct Finding {
    pub code: String,
    pub reason: String,
    pub domain: String,
    pub message: String,
    pub solution: String,
    pub http_status: Option<i64>,
    pub grpc_status: &'static str,
    pub is_rejection: bool,
    /// Where the first of code and reason was found: step, rule, confidence.
    pub found: Option<(CodeSource, String, u8)>,
}

impl Finding {
    /// A code that this step read. False when it is none, or says that nothing is wrong.
    pub fn set_code(&mut self, code: &str, config: &ExtractConfig, by: (CodeSource, &str, u8)) -> bool {
        let code = code.trim();
        if !is_code(code) || config.is_success(code) {
            return false;
        }
        if self.code.is_empty() {
            code.clone_into(&mut self.code);
            self.mark(by);
        }
        true
    }

    pub fn set_reason(&mut self, reason: &str, config: &ExtractConfig, by: (CodeSource, &str, u8)) -> bool {
        let reason = reason.trim();
        if !is_code(reason) || config.is_success(reason) {
            return false;
        }
        if self.reason.is_empty() {
            reason.clone_into(&mut self.reason);
            self.mark(by);
        }
        true
    }

    /// The step that says what the error is known by: of a reason that another step made a code of, that one.
    fn mark(&mut self, (source, rule, confidence): (CodeSource, &str, u8)) {
        if self.found.is_none() {
            self.found = Some((source, rule.to_owned(), confidence));
        }
    }

    pub fn set_message(&mut self, message: &str) {
        set_text(&mut self.message, message);
    }

    pub fn set_solution(&mut self, solution: &str) {
        set_text(&mut self.solution, solution);
    }

    pub fn set_domain(&mut self, domain: &str) {
        if self.domain.is_empty() && is_code(domain) {
            domain.clone_into(&mut self.domain);
        }
    }

    pub fn set_http(&mut self, status: i64) {
        if self.http_status.is_none() && (100..600).contains(&status) {
            self.http_status = Some(status);
        }
    }

    pub fn set_grpc(&mut self, status: &'static str) {
        if self.grpc_status.is_empty() {
            self.grpc_status = status;
        }
    }
}

/// Whether a text can be what people call a code: short, one word.
fn is_code(text: &str) -> bool {
    !text.is_empty() && text.len() <= CODE_BYTES_MAX && !text.contains(|c: char| c.is_control() || c.is_whitespace())
}

fn set_text(field: &mut String, text: &str) {
    if field.is_empty() {
        cut(text.trim(), TEXT_BYTES_MAX).clone_into(field);
    }
}

/// At most `bytes_max` bytes of `text`, whole characters.
pub(super) fn cut(text: &str, bytes_max: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes_max)).unwrap_or(text)
}
