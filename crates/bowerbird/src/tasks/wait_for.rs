//! Waiting with a limit.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bowerbird_core::{Awaitable, Wait};
use pin_project_lite::pin_project;

use super::{Sleep, sleep};
use crate::exceptions::TimeoutError;

/// Waits for `awaitable`, at most `timeout`; `None` is no limit.
///
/// - `awaitable`: any future, borrowed ones too, or a [`Task`](crate::Task). When the time is over
///   a future is dropped, and a task is cancelled and awaited until it has ended, which may take
///   longer; a value it returns all the same is given.
/// - A `timeout` of zero polls once.
/// - Cancel: drops the future, or cancels the task.
/// - asyncio: `tasks.py`, `wait_for`.
///
/// # Errors
/// [`TimeoutError`] when the time was over first.
///
/// ```
/// # use std::time::Duration;
/// # bowerbird::run(async {
/// assert_eq!(bowerbird::wait_for(async { 1 }, Duration::from_secs(1)).await, Ok(1));
/// let never = std::future::pending::<()>();
/// assert!(bowerbird::wait_for(never, Duration::from_millis(1)).await.is_err());
/// # });
/// ```
pub fn wait_for<A: Awaitable>(
    awaitable: A,
    timeout: impl Into<Option<Duration>>,
) -> WaitFor<A::Wait> {
    let limit = timeout.into();
    let is_zero = limit.is_some_and(|limit| limit.is_zero());
    WaitFor {
        wait: awaitable.into_wait(),
        limit: limit.map(sleep),
        is_zero,
        is_over: false,
    }
}

pin_project! {
    /// What [`wait_for`] gives.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct WaitFor<W> {
        #[pin]
        wait: W,
        limit: Option<Sleep>,
        is_zero: bool,
        is_over: bool,
    }
}

impl<W: Wait> Future for WaitFor<W> {
    type Output = Result<W::Output, TimeoutError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Poll::Ready(output) = this.wait.as_mut().poll(cx) {
            return Poll::Ready(judge::<W>(output, *this.is_over));
        }
        let Some(limit) = this.limit.as_mut().filter(|_| !*this.is_over) else {
            return Poll::Pending;
        };
        if !*this.is_zero && Pin::new(limit).poll(cx).is_pending() {
            return Poll::Pending;
        }
        *this.is_over = true;
        if !this.wait.as_mut().give_up() {
            return Poll::Ready(Err(TimeoutError));
        }
        // A task has been asked to end; it may have done so within the call.
        this.wait.poll(cx).map(|output| judge::<W>(output, true))
    }
}

/// What came of the wait: a task that we cancelled, and that did end for it, has timed out.
fn judge<W: Wait>(output: W::Output, is_over: bool) -> Result<W::Output, TimeoutError> {
    if is_over && W::is_cancelled(&output) {
        Err(TimeoutError)
    } else {
        Ok(output)
    }
}
