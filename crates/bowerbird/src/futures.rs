//! A value that somebody sets and many can wait for. asyncio: `futures.py`.
//!
//! For code that meets callbacks: it keeps a [`Promise`], sets it once, and whoever awaits it, or
//! has added a callback, is told through the loop.

use std::error::Error;
use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;

use bowerbird_core::promise::{self, CallSoon, NeverRetrieved};
use bowerbird_core::{Awaitable, Callback, CallbackId, IntoTask, PlainWait, Spawner};
use bowerbird_executor::{Handle, Report};

pub use bowerbird_core::promise::{Failure, InvalidStateError, PromiseError, PromiseWait};

use crate::tasks::{Task, with_loop};

/// A value to come; a handle that can be cloned, sent and awaited any number of times.
///
/// - Awaiting it, or a reference to it, gives a clone of the value, or [`PromiseError`]. Once it is
///   done that does not wait.
/// - It ends once: with [`set_result`](Self::set_result), [`set_exception`](Self::set_exception) or
///   [`cancel`](Self::cancel). Dropping all handles of a pending promise drops its callbacks.
/// - An exception that nobody reads reaches the loop's exception handler when the last handle goes,
///   once.
/// - Cancel: dropping a wait leaves the line, and the promise as it is. asyncio cancels the future
///   that a cancelled task awaits; here many may wait for it, and one of them does not speak for
///   the others.
/// - asyncio: `futures.py`, `Future`. `get_loop` is missing.
///
/// ```
/// use bowerbird::{Promise, create_task};
///
/// # bowerbird::run(async {
/// let answer = Promise::new();
/// let waiting = answer.clone();
/// let asking = create_task(async move { waiting.await });
/// answer.set_result(42).expect("nobody has set it before");
/// assert_eq!(asking.await.unwrap().unwrap(), 42);
/// assert!(answer.set_result(43).is_err());
/// # });
/// ```
#[must_use = "a promise that nobody keeps can neither be set nor awaited"]
pub struct Promise<T>(promise::Promise<T>);

impl<T: Clone + 'static> Promise<T> {
    /// A pending promise of the running loop: its callbacks run there.
    ///
    /// # Panics
    /// Outside a running loop;
    /// [`EventLoop::create_future`](crate::EventLoop::create_future) works from anywhere.
    ///
    /// ```should_panic
    /// let _promise = bowerbird::Promise::<u32>::new(); // no loop runs here
    /// ```
    #[track_caller]
    #[expect(
        clippy::new_without_default,
        reason = "a default must not depend on where it is made"
    )]
    pub fn new() -> Self {
        with_loop(Self::on)
    }

    /// A pending promise of that loop.
    pub(crate) fn on(handle: &Handle) -> Self {
        Self(promise::Promise::new(Arc::new(Door(handle.clone()))))
    }

    /// Whether it has a value or an error, or was cancelled.
    pub fn is_done(&self) -> bool {
        self.0.is_done()
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    /// A clone of the value, without waiting.
    ///
    /// # Errors
    /// [`PromiseError::InvalidState`] while it is pending, [`PromiseError::Cancelled`] with the
    /// message, [`PromiseError::Failed`] with the same shared error each time.
    pub fn result(&self) -> Result<T, PromiseError> {
        self.0.result()
    }

    /// The error, if it failed; `None` if it has a value.
    ///
    /// # Errors
    /// [`PromiseError::InvalidState`] while it is pending, [`PromiseError::Cancelled`] with the
    /// message.
    pub fn exception(&self) -> Result<Option<Failure>, PromiseError> {
        self.0.exception()
    }

    /// Takes a done-callback back. False when it is not there, or the promise is done: then it
    /// still runs.
    pub fn remove_done_callback(&self, id: CallbackId) -> bool {
        self.0.remove_done_callback(id)
    }
}

impl<T: Clone + Send + Sync + 'static> Promise<T> {
    /// Ends it with a value, and wakes all who wait. Callbacks run soon, never inside this call.
    ///
    /// # Errors
    /// [`InvalidStateError`] when it is done; the value is dropped and nothing changes.
    ///
    /// # Panics
    /// When a foreign waker does, after all the others were woken.
    pub fn set_result(&self, value: T) -> Result<(), InvalidStateError> {
        self.0.set_result(value)
    }

    /// Ends it with an error: the same goes to everyone who asks.
    ///
    /// # Errors
    /// [`InvalidStateError`] when it is done; the error is dropped and nothing changes.
    ///
    /// # Panics
    /// When a foreign waker does, after all the others were woken.
    ///
    /// ```
    /// # bowerbird::run(async {
    /// let promise = bowerbird::Promise::<u32>::new();
    /// promise.set_exception(std::io::Error::other("no")).unwrap();
    /// assert_eq!(promise.await.unwrap_err().to_string(), "no");
    /// # });
    /// ```
    pub fn set_exception(
        &self,
        error: impl Error + Send + Sync + 'static,
    ) -> Result<(), InvalidStateError> {
        self.0.set_exception(error)
    }

    /// Cancels it; false when it is done. An error that nobody has read is not reported any more.
    ///
    /// # Panics
    /// When a foreign waker does, after all the others were woken.
    pub fn cancel(&self) -> bool {
        self.0.cancel()
    }

    /// [`cancel`](Self::cancel) with a message, which whoever awaits it gets.
    ///
    /// # Panics
    /// When a foreign waker does, after all the others were woken.
    pub fn cancel_with(&self, message: impl Into<Arc<str>>) -> bool {
        self.0.cancel_with(message)
    }

    /// Calls `callback` when the promise is done, or soon, if it is.
    ///
    /// It runs on the loop, in the order added, in a copy of the caller's context, and never inside
    /// this call or [`set_result`](Self::set_result). One that panics is reported to the loop's
    /// exception handler, and the others run all the same.
    pub fn add_done_callback(&self, callback: impl FnOnce(&Self) + Send + 'static) -> CallbackId {
        self.0
            .add_done_callback(move |promise| callback(&Self(promise.clone())))
    }
}

impl<T> Clone for Promise<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> fmt::Debug for Promise<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Clone + 'static> IntoFuture for Promise<T> {
    type Output = Result<T, PromiseError>;
    type IntoFuture = PromiseWait<T>;

    fn into_future(self) -> PromiseWait<T> {
        self.0.into_future()
    }
}

impl<T: Clone + 'static> IntoFuture for &Promise<T> {
    type Output = Result<T, PromiseError>;
    type IntoFuture = PromiseWait<T>;

    fn into_future(self) -> PromiseWait<T> {
        self.clone().into_future()
    }
}

/// A limit ends the wait and leaves the promise as it is.
impl<T: Clone + 'static> Awaitable for Promise<T> {
    type Output = Result<T, PromiseError>;
    type Wait = PlainWait<PromiseWait<T>>;

    fn into_wait(self) -> Self::Wait {
        self.into_future().into_wait()
    }
}

impl<T: Clone + 'static> Awaitable for &Promise<T> {
    type Output = Result<T, PromiseError>;
    type Wait = PlainWait<PromiseWait<T>>;

    fn into_wait(self) -> Self::Wait {
        self.into_future().into_wait()
    }
}

impl<T: Clone + Send + Sync + 'static> IntoTask for Promise<T> {
    type Output = Result<T, PromiseError>;

    fn into_task(self, spawner: &impl Spawner) -> Task<Self::Output> {
        spawner.spawn(self.into_future())
    }
}

/// The loop, as promises know it.
struct Door(Handle);

impl CallSoon for Door {
    fn call_soon(&self, callback: Callback) {
        self.0.call_soon(callback);
    }

    fn never_retrieved(&self, report: NeverRetrieved) {
        self.0.report(&Report::new(report.to_string()));
    }
}
