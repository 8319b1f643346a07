//! Every error a user can meet, in one place. asyncio: `exceptions.py`.

use std::fmt;

pub use bowerbird_core::promise::{InvalidStateError, PromiseError};
pub use bowerbird_core::{Panic, TaskError};
pub use bowerbird_executor::LoopError;

pub use crate::queues::{GetNowaitError, PutNowaitError, QueueEmpty, QueueFull, QueueShutDown};
pub use crate::streams::{IncompleteReadError, LimitOverrunError, ReadError};

/// The time was over before the result was there.
///
/// ```
/// # bowerbird::run(async {
/// use std::time::Duration;
///
/// let late = bowerbird::timeout(Duration::ZERO, std::future::pending::<()>()).await;
/// let error = late.unwrap_err();
/// assert_eq!(error.to_string(), "timed out");
/// assert_eq!(std::io::Error::from(error).kind(), std::io::ErrorKind::TimedOut);
/// # });
/// ```
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
///
/// ```
/// let error = bowerbird::get_running_loop().unwrap_err();
/// assert!(error.to_string().starts_with("no running event loop"));
/// ```
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
///
/// ```
/// use bowerbird::SendfileNotAvailableError;
///
/// // How to tell it from other errors of `net::sendfile_without_fallback`.
/// fn is_not_available(error: &std::io::Error) -> bool {
///     let inner = error.get_ref();
///     inner.is_some_and(|inner| inner.is::<SendfileNotAvailableError>())
/// }
/// assert!(is_not_available(&SendfileNotAvailableError::default().into()));
/// assert!(!is_not_available(&std::io::ErrorKind::Unsupported.into()));
/// ```
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
///
/// ```
/// # bowerbird::run(async {
/// use bowerbird::{Barrier, BrokenBarrierError};
///
/// let barrier = Barrier::new(2).unwrap();
/// barrier.abort();
/// assert_eq!(barrier.wait().await, Err(BrokenBarrierError));
/// # });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct BrokenBarrierError;

impl fmt::Display for BrokenBarrierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the barrier was aborted or reset")
    }
}

impl std::error::Error for BrokenBarrierError {}

/// A call that the values at hand rule out; what asyncio raises a plain `ValueError` for.
///
/// ```
/// use bowerbird::{Barrier, BoundedSemaphore, Queue, ValueError};
///
/// assert_eq!(Queue::<u8>::new(0).task_done(), Err(ValueError::TaskDoneTooOften));
/// assert_eq!(BoundedSemaphore::new(1).release(), Err(ValueError::ReleasedTooOften));
/// assert_eq!(Barrier::new(0).unwrap_err(), ValueError::NoParties);
/// ```
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
///
/// ```
/// # #[cfg(unix)]
/// # bowerbird::run(async {
/// let child = bowerbird::create_subprocess_exec("true").await?;
/// child.wait().await?;
/// let error = child.kill().unwrap_err();
/// assert!(error.get_ref().unwrap().is::<bowerbird::ProcessLookupError>());
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
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
