//! Every error a user can meet, in one place. asyncio: `exceptions.py`.

use std::fmt;

pub use bowerbird_core::{Panic, TaskError};
pub use bowerbird_executor::LoopError;

/// The time was over before the result was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TimeoutError;

impl fmt::Display for TimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("timed out")
    }
}

impl std::error::Error for TimeoutError {}

impl From<TimeoutError> for std::io::Error {
    fn from(error: TimeoutError) -> Self {
        Self::new(std::io::ErrorKind::TimedOut, error)
    }
}

/// The calling thread runs no event loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct NoRunningLoop;

impl fmt::Display for NoRunningLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "no running event loop: call this from inside bowerbird::run, or from a task of a loop",
        )
    }
}

impl std::error::Error for NoRunningLoop {}
