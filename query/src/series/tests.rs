//! What series say, against hand-computed cases; and laws that hold for all of them.

mod laws;
mod points;
mod selectors;
mod windows;
