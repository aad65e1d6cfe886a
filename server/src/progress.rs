//! How far work on many bytes has come, for people at a terminal.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on stderr. Hidden where nobody watches or nobody wants it.
pub(crate) fn of_bytes(hidden: bool) -> ProgressBar {
    styled(hidden, "{bar:40} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left")
}

/// The same for work whose end moves: what was done, and what is left.
pub(crate) fn of_steps(hidden: bool) -> ProgressBar {
    styled(hidden, "{bar:40} {pos}/{len}  {msg}")
}

fn styled(hidden: bool, template: &str) -> ProgressBar {
    if hidden || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
