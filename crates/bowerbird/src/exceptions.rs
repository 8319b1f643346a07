//! Every error a user can meet, in one place. asyncio: `exceptions.py`.

use std::fmt;

pub use bowerbird_core::promise::{InvalidStateError, PromiseError};
pub use bowerbird_core::{Panic, TaskError};
pub use bowerbird_executor::LoopError;

pub use crate::queues::{GetNowaitError, PutNowaitError, QueueEmpty, QueueFull, QueueShutDown};
pub use crate::streams::{IncompleteReadError, LimitOverrunError, ReadError};

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

/// The system cannot send this file to that socket without a copy. asyncio:
/// `SendfileNotAvailableError`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SendfileNotAvailableError;

impl fmt::Display for SendfileNotAvailableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the system cannot send this file without a copy: allow one, with `sendfile`")
    }
}

impl std::error::Error for SendfileNotAvailableError {}

impl From<SendfileNotAvailableError> for std::io::Error {
    fn from(error: SendfileNotAvailableError) -> Self {
        Self::new(std::io::ErrorKind::Unsupported, error)
    }
}

/// A barrier was aborted or reset, before or during the wait. asyncio: `BrokenBarrierError`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct BrokenBarrierError;

impl fmt::Display for BrokenBarrierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the barrier was aborted or reset")
    }
}

impl std::error::Error for BrokenBarrierError {}

/// A call that the values at hand rule out; what asyncio raises a plain `ValueError` for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueError {
    /// `task_done` was called more often than items were put into the queue.
    TaskDoneTooOften,
    /// A bounded semaphore would have more permits than it began with.
    ReleasedTooOften,
    /// A barrier for nobody.
    NoParties,
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TaskDoneTooOften => "task_done() was called more often than items were put",
            Self::ReleasedTooOften => "the bounded semaphore was released too often",
            Self::NoParties => "a barrier needs at least 1 party",
        })
    }
}

impl std::error::Error for ValueError {}

/// The child process has ended: there is nobody to send to. Inside an `io::Error` of the kind
/// `NotFound`. asyncio: `ProcessLookupError`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ProcessLookupError;

impl fmt::Display for ProcessLookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the child process has ended")
    }
}

impl std::error::Error for ProcessLookupError {}

impl From<ProcessLookupError> for std::io::Error {
    fn from(error: ProcessLookupError) -> Self {
        Self::new(std::io::ErrorKind::NotFound, error)
    }
}
