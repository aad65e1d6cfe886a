//! One file per command.

pub(crate) mod backup;
pub(crate) mod breakers;
pub(crate) mod check;
pub(crate) mod compact;
pub(crate) mod completions;
pub(crate) mod config_show;
pub(crate) mod demo;
pub(crate) mod errors;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod inspect;
pub(crate) mod query;
pub(crate) mod reclassify;
pub(crate) mod retain;
pub(crate) mod send;
pub(crate) mod serve;
pub(crate) mod tail;
pub(crate) mod trace;
pub(crate) mod verify;
