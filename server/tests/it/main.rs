//! The binary as a user runs it: processes, signals, exit codes, real captures through both doors.

mod configuration;
mod process;
mod round_trip;
mod stop;
