//! What can be handed to functions that take "an awaitable": a future, or a task.
//!
//! Lives here because only the crate that defines [`Task`] may treat it apart from all futures.
//! Used by the facade's `gather`, `wait_for` and their kin.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::error::TaskError;
use crate::task::{BorrowedWait, OwnedWait, Task};

/// Something to wait for with a limit: any future, a [`Task`], or a `&mut Task`.
pub trait Awaitable {
    /// What the waiting gives.
    type Output;
    /// The waiting itself.
    type Wait: Wait<Output = Self::Output>;

    /// Begins to wait.
    fn into_wait(self) -> Self::Wait;
}

/// A wait that can be told to give up.
pub trait Wait: Future {
    /// The limit is over. True: what is waited for has been asked to end, so wait on until it has;
    /// false: drop the wait now.
    fn give_up(self: Pin<&mut Self>) -> bool;

    /// Whether this output says that what was waited for ended because it was asked to.
    fn is_cancelled(output: &Self::Output) -> bool;
}

/// Something that is a task, or becomes one.
pub trait IntoTask {
    /// The output of the task.
    type Output;

    /// The task: itself, or what `spawner` makes of the future.
    fn into_task(self, spawner: &impl Spawner) -> Task<Self::Output>;
}

/// Whoever can make tasks.
pub trait Spawner {
    /// Makes a task of `future`.
    fn spawn<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;
}

impl<F: Future> Awaitable for F {
    type Output = F::Output;
    type Wait = PlainWait<F>;

    fn into_wait(self) -> PlainWait<F> {
        PlainWait { future: self }
    }
}

impl<T> Awaitable for Task<T> {
    type Output = Result<T, TaskError>;
    type Wait = OwnedWait<T>;

    fn into_wait(self) -> OwnedWait<T> {
        self.into_future()
    }
}

impl<'a, T> Awaitable for &'a mut Task<T> {
    type Output = Result<T, TaskError>;
    type Wait = BorrowedWait<'a, T>;

    fn into_wait(self) -> BorrowedWait<'a, T> {
        self.into_future()
    }
}

impl<F> IntoTask for F
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    type Output = F::Output;

    fn into_task(self, spawner: &impl Spawner) -> Task<F::Output> {
        spawner.spawn(self)
    }
}

impl<T> IntoTask for Task<T> {
    type Output = T;

    fn into_task(self, _spawner: &impl Spawner) -> Task<T> {
        self
    }
}

pin_project! {
    /// Waiting for a future that is not a task: giving up drops it.
    #[must_use = "futures do nothing unless awaited"]
    #[derive(Debug)]
    pub struct PlainWait<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for PlainWait<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(cx)
    }
}

impl<F: Future> Wait for PlainWait<F> {
    fn give_up(self: Pin<&mut Self>) -> bool {
        false
    }

    fn is_cancelled(_output: &F::Output) -> bool {
        false
    }
}

impl<T> Wait for OwnedWait<T> {
    fn give_up(self: Pin<&mut Self>) -> bool {
        self.task().cancel();
        true
    }

    fn is_cancelled(output: &Self::Output) -> bool {
        matches!(output, Err(TaskError::Cancelled))
    }
}

impl<T> Wait for BorrowedWait<'_, T> {
    fn give_up(self: Pin<&mut Self>) -> bool {
        self.task().cancel();
        true
    }

    fn is_cancelled(output: &Self::Output) -> bool {
        matches!(output, Err(TaskError::Cancelled))
    }
}
