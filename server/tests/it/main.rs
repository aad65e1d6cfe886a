//! The binary as a user runs it: processes, signals, exit codes, real captures through both doors.

mod configuration;
mod doors;
mod kill;
mod process;
mod round_trip;
mod sdk_python;
mod sdk_rust;
mod stop;
