//! What can go wrong at a queue. Users find these in `exceptions` too.

use std::error::Error;
use std::fmt;

/// The queue holds as many items as it may, or its free places are kept for others; with the item
/// that found none. asyncio: `QueueFull`.
///
/// ```
/// use bowerbird::{Queue, QueueFull, queues::PutNowaitError};
///
/// let queue = Queue::new(1);
/// queue.put_nowait('a').unwrap();
/// assert_eq!(queue.put_nowait('b'), Err(PutNowaitError::Full(QueueFull('b'))));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueFull<T>(pub T);

/// The queue holds no item, or keeps those it has for others. asyncio: `QueueEmpty`.
///
/// ```
/// use bowerbird::{Queue, QueueEmpty, queues::GetNowaitError};
///
/// let queue = Queue::<char>::new(0);
/// assert_eq!(queue.get_nowait(), Err(GetNowaitError::Empty(QueueEmpty)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueEmpty;

/// The queue was shut down. asyncio: `QueueShutDown`.
///
/// ```
/// # bowerbird::run(async {
/// use bowerbird::{Queue, QueueShutDown};
///
/// let queue = Queue::new(0);
/// queue.put('a').await.unwrap();
/// queue.shutdown(false);
/// assert_eq!(queue.put('b').await, Err(QueueShutDown));
/// assert_eq!(queue.get().await, Ok('a'));
/// assert_eq!(queue.get().await, Err(QueueShutDown));
/// # });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueShutDown;

/// Why `put_nowait` did not put; each variant gives the item back.
///
/// ```
/// let queue = bowerbird::Queue::new(1);
/// queue.put_nowait('a').unwrap();
/// let refused = queue.put_nowait('b').unwrap_err();
/// assert_eq!(refused.into_item(), 'b');
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutNowaitError<T> {
    /// Try later, or wait in `put`.
    Full(QueueFull<T>),
    /// Nothing can be put in any more.
    ShutDown(T),
}

/// Why `get_nowait` gave nothing.
///
/// ```
/// use bowerbird::{Queue, queues::GetNowaitError};
///
/// let queue = Queue::<char>::new(0);
/// assert!(matches!(queue.get_nowait(), Err(GetNowaitError::Empty(_))));
/// queue.shutdown(false);
/// assert!(matches!(queue.get_nowait(), Err(GetNowaitError::ShutDown(_))));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GetNowaitError {
    /// Try later, or wait in `get`.
    Empty(QueueEmpty),
    /// Nothing will come any more.
    ShutDown(QueueShutDown),
}

impl<T> PutNowaitError<T> {
    /// The item that was not put.
    pub fn into_item(self) -> T {
        match self {
            Self::Full(QueueFull(item)) | Self::ShutDown(item) => item,
        }
    }
}

impl<T> From<QueueFull<T>> for PutNowaitError<T> {
    fn from(error: QueueFull<T>) -> Self {
        Self::Full(error)
    }
}

impl From<QueueEmpty> for GetNowaitError {
    fn from(error: QueueEmpty) -> Self {
        Self::Empty(error)
    }
}

impl From<QueueShutDown> for GetNowaitError {
    fn from(error: QueueShutDown) -> Self {
        Self::ShutDown(error)
    }
}

impl<T> fmt::Display for QueueFull<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the queue is full")
    }
}

impl fmt::Display for QueueEmpty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the queue is empty")
    }
}

impl fmt::Display for QueueShutDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the queue is shut down")
    }
}

impl<T> fmt::Display for PutNowaitError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(error) => error.fmt(f),
            Self::ShutDown(_) => QueueShutDown.fmt(f),
        }
    }
}

impl fmt::Display for GetNowaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty(error) => error.fmt(f),
            Self::ShutDown(error) => error.fmt(f),
        }
    }
}

impl<T: fmt::Debug> Error for QueueFull<T> {}

impl Error for QueueEmpty {}

impl Error for QueueShutDown {}

impl<T: fmt::Debug> Error for PutNowaitError<T> {}

impl Error for GetNowaitError {}
