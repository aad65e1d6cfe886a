//! The binary as a user runs it: processes, signals, exit codes, real captures through both doors.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "what helps a test fails loudly and may tell what it saw")]

mod configuration;
mod damage;
mod demo;
mod doors;
mod errors;
mod everything;
mod export_import;
mod forwarding;
mod governance;
mod house;
mod http;
mod kill;
mod log_files;
mod meaning;
mod native_ports;
mod pages;
mod process;
mod pty;
mod query;
mod ready;
mod round_trip;
mod scraping;
mod sdk_python;
mod sdk_rust;
mod send;
mod stop;
mod tail;
mod tls;
mod unusual;
mod verify;
