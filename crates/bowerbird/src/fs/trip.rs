//! One call on a thread for blocking calls, as a future that starts when it is polled first.
//!
//! All of `fs` travels this way. It adds to `to_thread` that nothing starts before it is awaited,
//! as Rust's users expect of a function that may delete their files, and that what befalls the pool
//! is an `io::Error` like any other.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::io;
use std::panic::{Location, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::events::birth;
use crate::exceptions::{LoopError, TaskError};
use crate::tasks::{Task, with_loop};

/// A call of [`fs`](super) on its way to a thread where it may block, and back.
///
/// Borrows nothing, so it can be given to `create_task`, `gather` and `wait_for` as it is.
///
/// - *Cancel:* a call that still waits for a thread never starts; one that has begun runs to its
///   end and its result is dropped.
///
/// ```
/// # bowerbird::run(async {
/// let both = ["Cargo.toml", "no such file"].map(bowerbird::fs::read);
/// let [there, missing] = &bowerbird::gather(both).await.unwrap()[..] else {
///     unreachable!("as many results as calls")
/// };
/// assert!(there.is_ok());
/// assert_eq!(missing.as_ref().unwrap_err().kind(), std::io::ErrorKind::NotFound);
/// # });
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct Trip<T> {
    /// How far it has come.
    stage: Stage<T>,
    /// Where the call was made, for debug mode.
    location: &'static Location<'static>,
}

enum Stage<T> {
    /// Not polled yet.
    Packed(Box<dyn FnOnce() -> io::Result<T> + Send>),
    /// Waiting for a thread, or on it.
    UnderWay(<Task<io::Result<T>> as IntoFuture>::IntoFuture),
    /// The result was handed over.
    Over,
}

/// Packs a call.
#[track_caller]
pub(crate) fn trip<T>(call: impl FnOnce() -> io::Result<T> + Send + 'static) -> Trip<T> {
    Trip {
        stage: Stage::Packed(Box::new(call)),
        location: Location::caller(),
    }
}

// The call is never pinned: it moves out before it runs.
impl<T> Unpin for Trip<T> {}

impl<T: Send + 'static> Future for Trip<T> {
    type Output = io::Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Stage::Packed(_) = self.stage {
            self.start();
        }
        let Stage::UnderWay(waiting) = &mut self.stage else {
            panic!("a trip was polled after it was over")
        };
        let result = ready!(Pin::new(waiting).poll(cx));
        self.stage = Stage::Over;
        Poll::Ready(result.unwrap_or_else(|failure| Err(explain(failure))))
    }
}

impl<T: Send + 'static> Trip<T> {
    fn start(&mut self) {
        let location = self.location;
        if let Stage::Packed(call) = std::mem::replace(&mut self.stage, Stage::Over) {
            let task = with_loop(|handle| handle.to_thread(call, birth(handle, location)));
            self.stage = Stage::UnderWay(task.into_future());
        }
    }
}

impl<T> fmt::Debug for Trip<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.stage {
            Stage::Packed(_) => "Trip(packed)",
            Stage::UnderWay(_) => "Trip(under way)",
            Stage::Over => "Trip(over)",
        })
    }
}

/// What became of a call that has no result.
fn explain(failure: TaskError) -> io::Error {
    let payload = match failure.into_panic() {
        Ok(payload) => payload,
        // Only the pool cancels: it is closed, and the call never started.
        Err(_cancelled) => return closed(),
    };
    match payload.downcast::<io::Error>() {
        // The system has no thread for it.
        Ok(error) => *error,
        Err(payload) => resume_unwind(payload),
    }
}

/// The pool takes no more calls. Of the same kind as a socket's error on a closed loop.
pub(super) fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, LoopError::Closed)
}
