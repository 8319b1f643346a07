//! Limits of time, as scopes: what is inside may clean up, then ends. asyncio: `timeouts.py`.
//!
//! Users call [`timeout`], [`timeout_at`] and [`timeout_scope`]; `wait_for` is [`timeout`] with its
//! arguments the other way round. A limit ends its own scope and nothing else, so nested ones
//! cannot be taken for each other, and a cancellation from outside stays one.

use std::time::{Duration, Instant};

use bowerbird_core::Awaitable;

use crate::tasks::WaitFor;

mod alarm;

mod scope;

pub(crate) use alarm::Alarm;
pub use scope::{Timeout, timeout_scope};

/// Waits for `awaitable`, at most `limit`.
///
/// - `limit`: counted from the first poll; `None` is no limit. Zero polls once: what can be had
///   without waiting is had, everything else is late.
/// - `awaitable`: any future, borrowed ones too, or a [`Task`](crate::Task). When the time is over,
///   a future without catchers ([`catch_cancel`](crate::catch_cancel), [`finally`](crate::finally),
///   [`gather`](crate::gather()), [`TaskGroup`](crate::TaskGroup)) is dropped where it waits. With
///   catchers it cleans up first, and a task is cancelled and awaited: either may take longer than
///   `limit`. If it then gives a value all the same, that is the result.
/// - Of nested limits the one that fired reports it. A request from outside is never turned into a
///   `TimeoutError`.
/// - Cancel: drops the future, or cancels the task. No timer is left. What is ready at its first
///   poll never arms one, and allocates nothing.
/// - asyncio: `timeouts.py`, `timeout`, as a function instead of a block. To move the deadline from
///   inside, there is [`timeout_scope`].
///
/// # Errors
/// [`TimeoutError`](crate::TimeoutError) when the time was over first.
///
/// # Panics
/// When it has to wait outside a running loop.
///
/// ```
/// # use std::time::Duration;
/// # bowerbird::run(async {
/// let quick = bowerbird::timeout(Duration::from_secs(1), async { 1 });
/// assert_eq!(quick.await, Ok(1));
///
/// let never = std::future::pending::<()>();
/// let late = bowerbird::timeout(Duration::from_millis(1), never).await;
/// assert_eq!(late.unwrap_err().to_string(), "timed out");
/// # });
/// ```
pub fn timeout<A: Awaitable>(limit: impl Into<Option<Duration>>, awaitable: A) -> WaitFor<A::Wait> {
    WaitFor::new(awaitable.into_wait(), Alarm::after(limit.into()))
}

/// Waits for `awaitable` until `when` at the latest; a time that has passed polls once. Otherwise
/// as [`timeout`].
///
/// - asyncio: `timeouts.py`, `timeout_at`.
///
/// # Errors
/// [`TimeoutError`](crate::TimeoutError) when `when` came first.
///
/// # Panics
/// When it has to wait outside a running loop.
///
/// ```
/// # use std::time::{Duration, Instant};
/// # bowerbird::run(async {
/// let deadline = Instant::now() + Duration::from_millis(1);
/// let never = std::future::pending::<()>();
/// assert!(bowerbird::timeout_at(deadline, never).await.is_err());
/// # });
/// ```
pub fn timeout_at<A: Awaitable>(
    when: impl Into<Option<Instant>>,
    awaitable: A,
) -> WaitFor<A::Wait> {
    WaitFor::new(awaitable.into_wait(), Alarm::at(when.into()))
}
