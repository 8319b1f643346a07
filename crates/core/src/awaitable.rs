//! What can be handed to functions that take "an awaitable": a future, or a task.
//!
//! Lives here because only the crate that defines [`Task`] may treat it apart from all futures.
//! Used by the facade's `gather`, `wait_for` and their kin.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::error::TaskError;
use crate::task::Task;

mod waits;

pub use waits::{BorrowedTaskWait, PlainWait, TaskWait};

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
pub trait Wait {
    /// What the waiting gives.
    type Output;

    /// Waits; `None` when what was waited for has ended because of [`give_up`](Self::give_up).
    fn poll_wait(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Output>>;

    /// The limit is over: asks what is waited for to end. The wait goes on until it has, and gives
    /// its value if it has one all the same. Called once.
    fn give_up(self: Pin<&mut Self>);
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
        PlainWait::new(self)
    }
}

impl<T> Awaitable for Task<T> {
    type Output = Result<T, TaskError>;
    type Wait = TaskWait<T>;

    fn into_wait(self) -> TaskWait<T> {
        TaskWait::new(self.into_future())
    }
}

impl<'a, T> Awaitable for &'a mut Task<T> {
    type Output = Result<T, TaskError>;
    type Wait = BorrowedTaskWait<'a, T>;

    fn into_wait(self) -> BorrowedTaskWait<'a, T> {
        BorrowedTaskWait::new(self.into_future())
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
