//! Waiting with a limit.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bowerbird_core::{Awaitable, Wait};
use pin_project_lite::pin_project;

use crate::exceptions::TimeoutError;
use crate::timeouts::{Alarm, timeout as limited};

/// Waits for `awaitable`, at most `timeout`; `None` is no limit.
///
/// - `awaitable`: any future, borrowed ones too, or a [`Task`](crate::Task). When the time is over
///   a future is dropped, cleaning up first where it has catchers inside, and a task is cancelled
///   and awaited until it has ended. Either may take longer; a value it returns all the same is
///   given.
/// - A `timeout` of zero polls once.
/// - Cancel: a future gets the request itself, or is dropped. A task is cancelled and awaited, and
///   if it refuses, so does this; a task that was lent (`&mut task`) is left alone. When this is
///   dropped (a `select!`), a task is cancelled without waiting.
/// - asyncio: `tasks.py`, `wait_for`. With a timeout of zero or less, a coroutine never starts
///   there.
///
/// # Errors
/// [`TimeoutError`] when the time was over first.
///
/// # Panics
/// When it has to wait outside a running loop.
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
    limited(timeout, awaitable)
}

pin_project! {
    /// What [`wait_for`] and [`timeout`](crate::timeout) give.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct WaitFor<W> {
        // What is waited for.
        #[pin]
        wait: W,
        // When the limit is over.
        alarm: Alarm,
        // Whether it was.
        is_over: bool,
    }
}

impl<W: Wait> WaitFor<W> {
    pub(crate) fn new(wait: W, alarm: Alarm) -> Self {
        Self {
            wait,
            alarm,
            is_over: false,
        }
    }
}

impl<W: Wait> Future for WaitFor<W> {
    type Output = Result<W::Output, TimeoutError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            if let Poll::Ready(output) = this.wait.as_mut().poll_wait(cx) {
                return Poll::Ready(output.ok_or(TimeoutError));
            }
            if *this.is_over || this.alarm.poll(cx).is_pending() {
                return Poll::Pending;
            }
            *this.is_over = true;
            this.wait.as_mut().give_up();
        }
    }
}
