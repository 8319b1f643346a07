//! How a task can end without a value. Made by the cell, seen by whoever awaits the task.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::locked::assert_none_held;
use crate::sync::ranks::PAYLOAD;
use crate::sync::{Mutex, lock};

/// Why awaiting a [`Task`](crate::Task) gave no value.
///
/// A task ends in exactly three ways (a value, one of these two), which is why this enum is
/// complete and can be matched without a wildcard.
#[derive(Debug)]
pub enum TaskError {
    /// The task was cancelled, or its loop closed, before it had a value.
    Cancelled,
    /// The task panicked; what it panicked with is inside.
    Panicked(Panic),
}

impl TaskError {
    /// Whether the task was cancelled.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled)
    }

    /// Whether the task panicked.
    pub fn is_panic(&self) -> bool {
        matches!(self, Self::Panicked(_))
    }

    /// What the task panicked with, for `downcast`.
    ///
    /// # Errors
    /// The error itself when the task was cancelled.
    pub fn into_panic(self) -> Result<Box<dyn Any + Send>, Self> {
        match self {
            Self::Panicked(panic) => Ok(panic.into_payload()),
            Self::Cancelled => Err(self),
        }
    }

    /// Goes on with the task's panic here, as if the awaiter had called the function itself.
    ///
    /// # Panics
    /// Always: with the task's own payload, or with a text that says the task was cancelled.
    pub fn resume(self) -> ! {
        match self {
            Self::Panicked(panic) => std::panic::resume_unwind(panic.into_payload()),
            Self::Cancelled => panic!("the awaited task was cancelled"),
        }
    }
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled => f.write_str("task was cancelled"),
            Self::Panicked(panic) => write!(f, "task panicked: {panic}"),
        }
    }
}

impl std::error::Error for TaskError {}

/// What a task panicked with. `Sync`, so that errors which carry it can be shared.
pub struct Panic(Box<Inner>);

struct Inner {
    /// The payload as text, where it was text; kept apart because the payload itself can only be
    /// reached by its owner.
    message: Option<Box<str>>,
    /// The payload; the lock is what makes a `Send` value shareable.
    payload: Mutex<Box<dyn Any + Send>>,
}

impl Panic {
    /// Wraps what `catch_unwind` gave.
    pub fn new(payload: Box<dyn Any + Send>) -> Self {
        let message = payload
            .downcast_ref::<&str>()
            .map(|text| Box::from(*text))
            .or_else(|| {
                payload
                    .downcast_ref::<String>()
                    .map(|text| Box::from(text.as_str()))
            });
        Self(Box::new(Inner {
            message,
            payload: Mutex::new(payload),
        }))
    }

    /// The panic's message, where it had one (`panic!` with any text).
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// The payload, for `downcast`.
    pub fn into_payload(self) -> Box<dyn Any + Send> {
        let empty: Box<dyn Any + Send> = Box::new(());
        std::mem::replace(&mut *lock(&self.0.payload, PAYLOAD), empty)
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Panic").field(&self.message()).finish()
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message().unwrap_or("a payload that is not text"))
    }
}

/// Runs foreign code whose panic has nobody to go to (I7). A payload that panics in its own drop
/// is leaked: there is no end to what such a value may throw.
pub(crate) fn swallow(code: impl FnOnce()) {
    assert_none_held();
    let Err(payload) = catch_unwind(AssertUnwindSafe(code)) else {
        return;
    };
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(another);
    }
}
