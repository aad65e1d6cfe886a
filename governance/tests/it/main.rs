//! The rules over records of any kind, through the doors that the other rooms use.

mod checks;
mod recordings;
mod reference;
mod seeds;
mod speed;
mod timeline;
