//! A bar on standard error while children run, with what is under way and how long the rest will
//! take. A terminal sees it; a pipe and a file see nothing of it.
//!
//! `rounds` tells it before each child.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::meter::now;

/// Cells of the bar.
const CELLS: usize = 24;
/// No line is longer: one that wraps could not be wiped.
const COLUMNS: usize = 79;
/// Back to the first column, and nothing left of the line.
const WIPE: &str = "\r\x1b[K";

/// How far a run is.
#[derive(Debug)]
pub(super) struct Progress {
    started: Instant,
    /// Children there will be.
    total: usize,
    /// Whether somebody watches.
    is_watched: bool,
}

impl Progress {
    pub(super) fn start(total: usize) -> Self {
        Self {
            started: now(),
            total,
            is_watched: io::stderr().is_terminal(),
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// `done` children are over, and `what` begins.
    pub(super) fn show(&self, done: usize, what: &str) {
        if self.is_watched {
            let line = line(done, self.total, what, self.elapsed());
            let mut error = io::stderr().lock();
            // A line that cannot be shown is no reason to stop measuring.
            drop(write!(error, "{WIPE}{line}").and_then(|()| error.flush()));
        }
    }

    pub(super) fn end(&self) {
        if self.is_watched {
            let (total, spent) = (self.total, clock(self.elapsed()));
            drop(writeln!(io::stderr(), "{WIPE}{total} children in {spent}"));
        }
    }
}

/// `[######------] 12/48, 1:05 left: fib on tokio`
fn line(done: usize, total: usize, what: &str, elapsed: Duration) -> String {
    let filled = CELLS * done / total.max(1);
    let bar = "#".repeat(filled) + &"-".repeat(CELLS - filled);
    let left = match done {
        0 => String::new(),
        done => {
            let each = elapsed.as_secs_f64() / done as f64;
            let left = Duration::from_secs_f64(each * (total - done) as f64);
            format!(", {} left", clock(left))
        }
    };
    let line = format!("[{bar}] {}/{total}{left}: {what}", done + 1);
    line.chars().take(COLUMNS).collect()
}

/// Minutes and seconds, rounded up: nothing is over before it is.
fn clock(length: Duration) -> String {
    let seconds = length.as_secs_f64().ceil() as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests;
