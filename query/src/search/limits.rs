//! How much one search may ask for. Each limit has an error of its own in [`Mistake`](super::Mistake).

/// Of the text, in bytes.
pub const TEXT_BYTES_MAX: usize = 64 << 10;

/// Groups, sets and braces inside each other.
pub const NESTING_MAX: usize = 64;

/// Words and field tests together; every member of a set counts.
pub const TERMS_MAX: usize = 4096;

/// Regular expressions in one search: each costs the engine an automaton.
pub const REGEXES_MAX: usize = 32;

/// Of all regular expressions of one search together, in bytes: six of them (`(?i)\w`) can stand for thousands of character ranges.
pub const REGEX_BYTES_MAX: usize = 2048;

/// `>` and `>>` in one structure.
pub const STEPS_MAX: usize = 8;
