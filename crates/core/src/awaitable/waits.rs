//! The three kinds of waiting that can be told to give up: for a future, for a task that is owned,
//! for one that is borrowed. Made by [`Awaitable`](super::Awaitable), polled by the facade's
//! `wait_for` and `timeout`. They know no clock: somebody else says when to give up.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::Wait;
use crate::cancel::{Catcher, Requests, ScopeFuture, scope};
use crate::error::TaskError;
use crate::task::{BorrowedWait, OwnedWait};

pin_project! {
    /// Waiting for a future that is not a task: it is a scope, which giving up asks to end.
    #[must_use = "futures do nothing unless awaited"]
    #[derive(Debug)]
    pub struct PlainWait<F> {
        #[pin]
        scope: ScopeFuture<F>,
    }
}

impl<F: Future> PlainWait<F> {
    pub(super) fn new(future: F) -> Self {
        Self {
            scope: scope(future),
        }
    }
}

impl<F: Future> Wait for PlainWait<F> {
    type Output = F::Output;

    #[inline]
    fn poll_wait(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        // Nobody but us can ask this scope to end.
        self.project().scope.poll(cx).map(Result::ok)
    }

    fn give_up(self: Pin<&mut Self>) {
        self.project().scope.request(None);
    }
}

/// Waiting for a task that is owned. A cancel request goes on to the task and is passed outwards
/// when that has ended; a task that refuses has refused for its awaiter, too.
#[must_use = "futures do nothing unless awaited"]
#[derive(Debug)]
pub struct TaskWait<T> {
    /// Sees the requests that the task is to see.
    catcher: Catcher,
    /// The task; cancelled when this is dropped.
    task: OwnedWait<T>,
    /// The requests that the task was asked to end for.
    requests: Requests,
    /// Whether the task was asked to end because the limit is over.
    gave_up: bool,
    /// The requests were passed on: nothing comes any more.
    is_leaving: bool,
}

impl<T> TaskWait<T> {
    pub(super) fn new(task: OwnedWait<T>) -> Self {
        Self {
            catcher: Catcher::new(),
            task,
            requests: Requests::new(),
            gave_up: false,
            is_leaving: false,
        }
    }

    /// The task's result; requests that come meanwhile are the task's to answer.
    fn poll_task(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, TaskError>> {
        let task = &mut self.task;
        loop {
            match self.catcher.poll(cx, |cx| Pin::new(&mut *task).poll(cx)) {
                Ok(polled) => return polled,
                Err(asked) => {
                    task.task().cancel();
                    self.requests.push(asked.see());
                }
            }
        }
    }
}

impl<T> Wait for TaskWait<T> {
    type Output = Result<T, TaskError>;

    fn poll_wait(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Output>> {
        let this = self.get_mut();
        if this.is_leaving {
            return Poll::Pending;
        }
        let Poll::Ready(result) = this.poll_task(cx) else {
            return Poll::Pending;
        };
        this.catcher.finish();
        let is_cancelled = matches!(result, Err(TaskError::Cancelled));
        if is_cancelled && !this.requests.is_empty() {
            this.requests.pass_on();
            this.is_leaving = true;
            return Poll::Pending;
        }
        this.requests.refuse();
        Poll::Ready(Some(result).filter(|_| !(is_cancelled && this.gave_up)))
    }

    fn give_up(mut self: Pin<&mut Self>) {
        self.gave_up = true;
        // Once is enough: asking again would interrupt the clean-up.
        if self.requests.is_empty() {
            self.task.task().cancel();
        }
    }
}

/// Waiting for a task that is borrowed: only giving up cancels it.
#[must_use = "futures do nothing unless awaited"]
#[derive(Debug)]
pub struct BorrowedTaskWait<'a, T> {
    /// The task.
    task: BorrowedWait<'a, T>,
    /// Whether the task was asked to end because the limit is over.
    gave_up: bool,
}

impl<'a, T> BorrowedTaskWait<'a, T> {
    pub(super) fn new(task: BorrowedWait<'a, T>) -> Self {
        Self {
            task,
            gave_up: false,
        }
    }
}

impl<T> Wait for BorrowedTaskWait<'_, T> {
    type Output = Result<T, TaskError>;

    fn poll_wait(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Output>> {
        let gave_up = self.gave_up;
        let was_late = |result: &_| gave_up && matches!(result, Err(TaskError::Cancelled));
        Pin::new(&mut self.task)
            .poll(cx)
            .map(|result| Some(result).filter(|result| !was_late(result)))
    }

    fn give_up(mut self: Pin<&mut Self>) {
        self.gave_up = true;
        self.task.task().cancel();
    }
}
