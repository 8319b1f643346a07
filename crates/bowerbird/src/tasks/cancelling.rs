//! Seeing a cancel request, and cleaning up with awaits.

use std::future::Future;

pub use bowerbird_core::cancel::{Cancelled, CatchCancel, Finally, Resume};

/// Runs `future` and sees the cancel requests that arrive meanwhile: what `try` with
/// `except CancelledError` is.
///
/// - A request on the task, or on a scope around (a [`timeout`](crate::timeout), a
///   [`TaskGroup`](crate::TaskGroup)), ends `future` only: it is dropped where it waits, and the
///   result is `Err(Cancelled)`. The code around may then clean up with awaits, and either go on,
///   which refuses the request, or pass it on with [`Cancelled::resume`].
/// - Catchers nest, and the innermost live one gets the request. One that arrives when this one is
///   done goes to the next outside; a second one while cleaning up interrupts the clean-up.
/// - Cancel: dropping it (a `select!`, a closing loop) drops `future` and runs no clean-up; a
///   request that it had not seen yet goes on outwards.
/// - asyncio: `try: await future` / `except CancelledError`. A request that nobody catches needs no
///   unwinding: the future is dropped.
///
/// # Errors
/// [`Cancelled`], with the text of [`Task::cancel_with`](crate::Task::cancel_with).
///
/// # Panics
/// When polled again after its result.
///
/// ```
/// use std::{future::pending, time::Duration};
/// use bowerbird::{catch_cancel, timeout, yield_now};
/// # bowerbird::run(async {
/// let limit = Duration::from_millis(1);
/// let refusing = timeout(limit, async {
///     match catch_cancel(pending::<&str>()).await {
///         Ok(answer) => answer,
///         Err(_cancelled) => {
///             yield_now().await; // say goodbye to somebody
///             "made do without"
///         }
///     }
/// });
/// assert_eq!(refusing.await, Ok("made do without"));
///
/// let passing_on = timeout(limit, async {
///     if let Err(cancelled) = catch_cancel(pending::<()>()).await {
///         yield_now().await;
///         cancelled.resume().await;
///     }
/// });
/// assert!(passing_on.await.is_err());
/// # });
/// ```
pub fn catch_cancel<F: Future>(future: F) -> CatchCancel<F> {
    bowerbird_core::cancel::catch_cancel(future)
}

/// Runs `future`, then `cleanup`, whichever way `future` went: what `try` with `finally` is.
///
/// - After a value `cleanup` runs and the value is the result; after a cancel request `cleanup`
///   runs and the request goes on outwards; after a panic `cleanup` runs and the panic goes on.
/// - `cleanup` is not polled before, so an `async` block in its place starts afterwards.
/// - Cancel: a request that arrives while `cleanup` runs interrupts it, as in asyncio. Dropping it
///   (a `select!`, a closing loop) drops both futures and runs nothing.
/// - asyncio: `try: await future` / `finally: await cleanup`.
///
/// # Panics
/// With whatever `future` or `cleanup` panics with, and when polled again after its result.
///
/// ```
/// use std::time::Duration;
/// use bowerbird::{Event, finally, timeout};
/// # bowerbird::run(async {
/// let released = Event::new();
/// let work = finally(std::future::pending::<()>(), async {
///     bowerbird::sleep(Duration::from_millis(1)).await;
///     released.set();
/// });
/// assert!(timeout(Duration::from_millis(1), work).await.is_err());
/// assert!(released.is_set(), "the limit waits for the clean-up");
/// # });
/// ```
pub fn finally<F: Future, C: Future>(future: F, cleanup: C) -> Finally<F, C> {
    bowerbird_core::cancel::finally(future, cleanup)
}
