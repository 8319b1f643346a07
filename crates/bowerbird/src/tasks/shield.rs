//! Waiting for what is not to be cancelled with its waiter.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use bowerbird_core::{IntoTask, TaskError};

use super::gather::OnLoop;
use super::{Task, with_loop};

/// Waits for `awaitable`, which runs on when the wait is cancelled or dropped.
///
/// - `awaitable`: a [`Task`], or a future, which becomes one at this call. The loop holds it until
///   it is done, whoever waits.
/// - Cancel: ends the wait and nothing else. A panic that comes later, with nobody left to see it,
///   is reported to the loop's exception handler, once. To go on waiting after a cancel request,
///   catch it outside: `catch_cancel(shield(..))`, or await `&mut task`, which borrows.
/// - asyncio: `tasks.py`, `shield`.
///
/// # Errors
/// [`TaskError`] when the inner task panicked or was cancelled itself.
///
/// # Panics
/// Outside a running loop.
///
/// ```
/// use std::time::Duration;
/// use bowerbird::{Event, create_task, shield, sleep, timeout};
/// # bowerbird::run(async {
/// let saved = std::sync::Arc::new(Event::new());
/// let tell = saved.clone();
/// let save = create_task(async move {
///     sleep(Duration::from_millis(5)).await;
///     tell.set();
/// });
/// assert!(timeout(Duration::from_millis(1), shield(save)).await.is_err());
/// saved.wait().await; // it was not cancelled
///
/// let failing = create_task(async { panic!("no") });
/// assert!(shield(failing).await.unwrap_err().is_panic());
/// # });
/// ```
#[track_caller]
pub fn shield<A: IntoTask>(awaitable: A) -> Shield<A::Output> {
    let location = Location::caller();
    Shield {
        task: with_loop(|handle| awaitable.into_task(&OnLoop(handle, location))),
    }
}

/// What [`shield`] gives.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Shield<T> {
    /// What runs on without us; dropping the handle lets it.
    task: Task<T>,
}

impl<T> Future for Shield<T> {
    type Output = Result<T, TaskError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.task.poll_result(cx)
    }
}
