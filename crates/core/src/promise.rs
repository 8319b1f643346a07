//! asyncio's `Future`: a value that somebody sets and many can wait for.
//!
//! Made by the loop's `create_future` and by whoever bridges callbacks to awaits. It runs no user
//! code with its lock held (I4): values are cloned, wakers woken and errors dropped outside of it,
//! and done-callbacks never run here at all, they go through [`CallSoon`] to the loop.
//!
//! ```text
//!            set_result ────► Finished
//! Pending ── set_exception ─► Failed (unread ──result, exception, await, cancel──► read)
//!            cancel ────────► Cancelled
//! ```
//! Nothing leads back, and a second arrow out of `Pending` is an [`InvalidStateError`].

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::task::Waker;

use crate::cancel::wakes::wake_all;
use crate::contexts::copy_context;
use crate::id::CallbackId;
use crate::schedule::Callback;
use crate::sync::ranks::LINE;
use crate::sync::{Mutex, lock};

mod errors;

mod wait;

#[cfg(all(test, not(loom)))]
mod tests;

pub use errors::{Failure, InvalidStateError, NeverRetrieved, PromiseError};
pub use wait::PromiseWait;

/// The loop, as a promise knows it.
pub trait CallSoon: Send + Sync + 'static {
    /// Runs `callback` soon, in the order of the calls, never inside this call.
    fn call_soon(&self, callback: Callback);

    /// A promise is gone whose error nobody has read.
    fn never_retrieved(&self, report: NeverRetrieved);
}

/// A value to come; a handle that can be cloned, sent, and awaited any number of times.
///
/// It gives away clones of one value, so it is `Send` and `Sync` only if `T` is both. Dropping all
/// handles of a pending promise drops its callbacks.
///
/// - Cancel: dropping a wait removes it from the line and leaves the promise alone.
/// - asyncio: `futures.py`, `Future`.
pub struct Promise<T> {
    /// What all handles share.
    shared: Arc<Shared<T>>,
}

/// See [`Promise`]. Dropped with the last handle, waits and callbacks on their way included.
struct Shared<T> {
    /// All that changes; held for a few steps, never around user code.
    line: Mutex<Line<T>>,
    /// Where callbacks and reports go.
    hook: Arc<dyn CallSoon>,
}

/// A done-callback with its context.
type DoneCallback<T> = Box<dyn FnOnce(&Promise<T>) + Send>;

/// Who waits for what.
struct Line<T> {
    /// Where the promise is in its life.
    state: State<T>,
    /// The waits' wakers, in the order in which they came.
    wakers: BTreeMap<u64, Waker>,
    /// Callbacks in the order added; once done, those that are not yet on their way.
    callbacks: VecDeque<(CallbackId, DoneCallback<T>)>,
    /// Whether some thread is sending callbacks off; what is added meanwhile is left to it, or the
    /// order would be lost.
    is_sending: bool,
    /// The next waker's or callback's number.
    next: u64,
}

/// The drawing in the module's doc.
enum State<T> {
    /// Nothing yet.
    Pending,
    /// A value, shared so that it is cloned outside the lock.
    Finished(Arc<T>),
    /// An error.
    Failed {
        /// The error, the same for all who ask.
        failure: Failure,
        /// Whether nobody has asked so far.
        is_unread: bool,
    },
    /// It will never have a value.
    Cancelled(Option<Arc<str>>),
}

impl<T> State<T> {
    /// Moves out of `Pending`; gives `end` back when it has been left before.
    fn settle(&mut self, end: Self) -> Result<(), Self> {
        match self {
            Self::Pending => {
                *self = end;
                Ok(())
            }
            Self::Finished(_) | Self::Failed { .. } | Self::Cancelled(_) => Err(end),
        }
    }

    /// What there is to see; an error counts as read from now on.
    fn read(&mut self) -> Result<Arc<T>, PromiseError> {
        match self {
            Self::Pending => Err(PromiseError::InvalidState(InvalidStateError::Pending)),
            Self::Finished(value) => Ok(value.clone()),
            Self::Failed { failure, is_unread } => {
                *is_unread = false;
                Err(PromiseError::Failed(failure.clone()))
            }
            Self::Cancelled(message) => Err(PromiseError::Cancelled(message.clone())),
        }
    }

    fn is_done(&self) -> bool {
        !matches!(self, Self::Pending)
    }
}

impl<T: Clone + 'static> Promise<T> {
    /// A pending promise, whose callbacks and reports go to `hook`.
    pub fn new(hook: Arc<dyn CallSoon>) -> Self {
        let line = Line {
            state: State::Pending,
            wakers: BTreeMap::new(),
            callbacks: VecDeque::new(),
            is_sending: false,
            next: 0,
        };
        Self {
            shared: Arc::new(Shared {
                line: Mutex::new(line),
                hook,
            }),
        }
    }

    /// Whether it has a value or an error, or was cancelled.
    pub fn is_done(&self) -> bool {
        lock(&self.shared.line, LINE).state.is_done()
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        matches!(lock(&self.shared.line, LINE).state, State::Cancelled(_))
    }

    /// The value.
    ///
    /// # Errors
    /// [`PromiseError::InvalidState`] while it is pending, [`PromiseError::Cancelled`] with the
    /// message, [`PromiseError::Failed`] with the same shared error each time.
    pub fn result(&self) -> Result<T, PromiseError> {
        let value = lock(&self.shared.line, LINE).state.read()?;
        Ok(T::clone(&value))
    }

    /// The error, if it failed; `None` if it has a value.
    ///
    /// # Errors
    /// [`PromiseError::InvalidState`] while it is pending, [`PromiseError::Cancelled`] with the
    /// message.
    pub fn exception(&self) -> Result<Option<Failure>, PromiseError> {
        let read = lock(&self.shared.line, LINE).state.read();
        match read {
            Ok(_) => Ok(None),
            Err(PromiseError::Failed(failure)) => Ok(Some(failure)),
            Err(other) => Err(other),
        }
    }

    /// Takes a done-callback back. False when it is not there, or the promise is done: then it
    /// still runs.
    pub fn remove_done_callback(&self, id: CallbackId) -> bool {
        let mut line = lock(&self.shared.line, LINE);
        if line.state.is_done() {
            return false;
        }
        let at = line.callbacks.iter().position(|(known, _)| *known == id);
        let removed = at.and_then(|at| line.callbacks.remove(at));
        drop(line);
        removed.is_some()
    }
}

impl<T: Clone + Send + Sync + 'static> Promise<T> {
    /// Ends it with a value: wakes all who wait, and sends the callbacks off.
    ///
    /// # Errors
    /// [`InvalidStateError`] when it is done; the state is what it was.
    ///
    /// # Panics
    /// When a waker does, after all the others were woken.
    pub fn set_result(&self, value: T) -> Result<(), InvalidStateError> {
        self.settle(State::Finished(Arc::new(value)))
    }

    /// Ends it with an error: the same goes to everyone who asks. If nobody ever does, the last
    /// handle's drop reports it.
    ///
    /// # Errors
    /// [`InvalidStateError`] when it is done; the state is what it was.
    ///
    /// # Panics
    /// When a waker does, after all the others were woken.
    pub fn set_exception(
        &self,
        error: impl Error + Send + Sync + 'static,
    ) -> Result<(), InvalidStateError> {
        self.settle(State::Failed {
            failure: Failure::new(error),
            is_unread: true,
        })
    }

    /// Cancels it; false when it is done. An error that nobody has read is not reported any more.
    ///
    /// # Panics
    /// When a waker does, after all the others were woken.
    pub fn cancel(&self) -> bool {
        self.cancel_as(None)
    }

    /// Cancels it with a message for whoever awaits it; see [`cancel`](Self::cancel).
    ///
    /// # Panics
    /// When a waker does, after all the others were woken.
    pub fn cancel_with(&self, message: impl Into<Arc<str>>) -> bool {
        self.cancel_as(Some(message.into()))
    }

    /// Calls `callback` when the promise is done, or soon, if it is. It runs on the loop, in the
    /// order added and in a copy of the caller's context, never inside this call or `set_result`.
    pub fn add_done_callback(&self, callback: impl FnOnce(&Self) + Send + 'static) -> CallbackId {
        let mut context = copy_context();
        let callback: DoneCallback<T> =
            Box::new(move |promise: &Self| context.run(|| callback(promise)));
        let mut line = lock(&self.shared.line, LINE);
        let id = CallbackId(line.number());
        line.callbacks.push_back((id, callback));
        let is_done = line.state.is_done();
        drop(line);
        if is_done {
            self.send_callbacks();
        }
        id
    }

    fn cancel_as(&self, message: Option<Arc<str>>) -> bool {
        if self.settle(State::Cancelled(message)).is_ok() {
            return true;
        }
        if let State::Failed { is_unread, .. } = &mut lock(&self.shared.line, LINE).state {
            *is_unread = false;
        }
        false
    }

    fn settle(&self, end: State<T>) -> Result<(), InvalidStateError> {
        let mut line = lock(&self.shared.line, LINE);
        let settled = line.state.settle(end);
        let wakers = mem::take(&mut line.wakers);
        drop(line);
        // What was refused is dropped in the caller's frame, outside the lock.
        settled.map_err(|_refused| InvalidStateError::Done)?;
        let woken = catch_unwind(AssertUnwindSafe(|| wake_all(wakers.into_values())));
        self.send_callbacks();
        woken.map_err(|panic| resume_unwind(panic))
    }

    /// Hands the callbacks to the loop, unless another thread is at it.
    fn send_callbacks(&self) {
        let Some(mut sending) = Sending::begin(&self.shared) else {
            return;
        };
        while let Some(callback) = self.next_callback() {
            let promise = self.clone();
            self.shared
                .hook
                .call_soon(Box::new(move || callback(&promise)));
        }
        sending.0 = None;
    }

    /// The next callback to send; none ends this thread's turn, in the same step as the look.
    fn next_callback(&self) -> Option<DoneCallback<T>> {
        let mut line = lock(&self.shared.line, LINE);
        let next = line.callbacks.pop_front();
        line.is_sending = next.is_some();
        next.map(|(_, callback)| callback)
    }
}

/// A thread's turn at sending callbacks. Emptied at its regular end, when the flag is cleared
/// already and another thread may have its turn; full when the loop's door has panicked.
struct Sending<'a, T>(Option<&'a Shared<T>>);

impl<'a, T> Sending<'a, T> {
    fn begin(shared: &'a Shared<T>) -> Option<Self> {
        let was_sending = mem::replace(&mut lock(&shared.line, LINE).is_sending, true);
        (!was_sending).then_some(Self(Some(shared)))
    }
}

impl<T> Drop for Sending<'_, T> {
    fn drop(&mut self) {
        if let Some(shared) = self.0 {
            lock(&shared.line, LINE).is_sending = false;
        }
    }
}

impl<T> Line<T> {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl<T> Clone for Promise<T> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl<T> fmt::Debug for Promise<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &lock(&self.shared.line, LINE).state {
            State::Pending => "pending",
            State::Finished(_) => "finished",
            State::Failed { .. } => "failed",
            State::Cancelled(_) => "cancelled",
        };
        f.debug_struct("Promise")
            .field("state", &state)
            .finish_non_exhaustive()
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        let unread = match &lock(&self.line, LINE).state {
            State::Failed {
                failure,
                is_unread: true,
            } => Some(failure.clone()),
            _ => None,
        };
        if let Some(failure) = unread {
            self.hook.never_retrieved(NeverRetrieved::new(failure));
        }
    }
}
