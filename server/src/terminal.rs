//! What is printed: data on stdout, talk on stderr, colours only where a person reads.

use std::{
    env, fmt,
    io::{self, IsTerminal, Write},
};

/// One line of data.
///
/// # Errors
/// When nobody reads any more (a closed pipe).
pub(crate) fn print(line: fmt::Arguments<'_>) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{line}")
}

/// One line of talk. Nobody listening is no error.
pub(crate) fn say(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// How wide the terminal behind stdout is; `None` when there is none, or it does not know.
pub(crate) fn stdout_columns() -> Option<usize> {
    console::Term::stdout().size_checked().map(|(_, columns)| columns.into())
}

/// What `COLUMNS` says. It wins over the terminal: shells do not export it, so somebody meant it.
pub(crate) fn columns_asked() -> Option<usize> {
    columns_in(env::var("COLUMNS").ok().as_deref())
}

fn columns_in(text: Option<&str>) -> Option<usize> {
    text?.parse().ok().filter(|columns| *columns > 0)
}

/// Whether stdout takes colours: a terminal, and not declined with `NO_COLOR` (no-color.org).
pub(crate) fn stdout_takes_colour() -> bool {
    takes_colour(io::stdout().is_terminal())
}

pub(crate) fn stderr_takes_colour() -> bool {
    takes_colour(io::stderr().is_terminal())
}

fn takes_colour(terminal: bool) -> bool {
    terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && env::var_os("TERM").is_none_or(|term| term != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_asked_for_with_a_number() {
        assert_eq!(columns_in(Some("70")), Some(70));
        for nonsense in [None, Some(""), Some("0"), Some("wide")] {
            assert_eq!(columns_in(nonsense), None, "{nonsense:?}");
        }
    }
}
