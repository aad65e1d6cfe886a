//! Ends the process when a stop takes too long, and says which step was late.

use std::{
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use crate::failure::Exit;

/// What it means that a step did not end in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Late {
    /// The stop was not in order.
    Failure,
    /// Everything acknowledged is durable; only work is cut off that the next start does again.
    NothingLost,
}

pub(super) struct Watchdog {
    steps: Sender<(&'static str, Late)>,
}

impl Watchdog {
    /// Calls `exit` with an exit code after `limit`, unless the watchdog is dropped before.
    pub(super) fn start(limit: Duration, exit: impl FnOnce(i32) + Send + 'static) -> Self {
        let (steps, entered) = channel();
        let deadline = Instant::now() + limit;
        thread::spawn(move || {
            let mut current = ("start", Late::Failure);
            loop {
                match entered.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                    Ok(next) => current = next,
                    Err(RecvTimeoutError::Disconnected) => return,
                    Err(RecvTimeoutError::Timeout) => break,
                }
            }
            let (step, late) = current;
            let limit_ms = limit.as_millis() as u64;
            exit(match late {
                Late::Failure => {
                    tracing::error!(step, limit_ms, "the stop takes too long, exiting");
                    Exit::Failed as i32
                }
                Late::NothingLost => {
                    tracing::warn!(step, limit_ms, "the stop takes too long, exiting; everything acknowledged is in the write-ahead log");
                    0
                }
            });
        });
        Self { steps }
    }

    pub(super) fn enter(&self, step: &'static str, late: Late) {
        tracing::info!(step, "stopping");
        let _ = self.steps.send((step, late));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exit code after these steps, of which the last does not end.
    fn bitten(steps: &[Late]) -> i32 {
        let (exit, exited) = channel();
        let watchdog = Watchdog::start(Duration::from_millis(50), move |code| exit.send(code).expect("somebody waits"));
        steps.iter().for_each(|late| watchdog.enter("a step", *late));
        exited.recv_timeout(Duration::from_secs(60)).expect("the watchdog bites")
    }

    #[test]
    fn the_step_that_is_late_decides_how_the_process_ends() {
        assert_eq!(bitten(&[]), 1);
        assert_eq!(bitten(&[Late::Failure]), 1);
        assert_eq!(bitten(&[Late::Failure, Late::NothingLost]), 0);
        assert_eq!(bitten(&[Late::NothingLost, Late::Failure]), 1);
    }

    #[test]
    fn a_stop_in_time_is_left_alone() {
        let (exit, exited) = channel();
        drop(Watchdog::start(Duration::from_secs(60), move |code| exit.send(code).expect("somebody waits")));
        assert!(exited.recv_timeout(Duration::from_secs(60)).is_err(), "the thread ends without an exit");
    }
}
