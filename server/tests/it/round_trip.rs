//! Telemetry in through both doors, and out again.
