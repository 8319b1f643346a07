//! Signals as callbacks of a loop: `add_signal_handler` and its counterpart.

use std::future::poll_fn;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bowerbird_core::contexts::{Context, copy_context};
use bowerbird_executor::Handle;
use bowerbird_io::signals::{Arrivals, Claim, Listener};

use super::{SignalKind, closed};
use crate::events::EventLoop;
use crate::tasks::TaskRef;

impl EventLoop {
    /// Calls `callback` on the loop for every signal of a kind, in this call's context.
    ///
    /// - `signal`: a [`SignalKind`], or a number. It replaces the handler that the loop has for it.
    /// - From any thread, also before the loop runs: what comes meanwhile is kept. Callbacks of a
    ///   loop run one after the other, never inside the system's handler, so they may do anything.
    /// - Streams, [`ctrl_c`](super::ctrl_c) and other loops get the signal as well. While there is
    ///   a handler for `SIGINT`, Ctrl-C does not cancel the main future of [`run`](crate::run()).
    /// - asyncio: `unix_events.py`, `add_signal_handler`; there only from the main thread, and for
    ///   one loop.
    ///
    /// # Errors
    /// A [`SignalError`](super::SignalError) inside an `InvalidInput` for a number that is no
    /// signal or cannot be caught; "event loop is closed"; no descriptors left.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # fn main() -> std::io::Result<()> {
    /// use bowerbird::signal::{SIGKILL, SIGTERM};
    ///
    /// bowerbird::run(async {
    ///     let event_loop = bowerbird::get_running_loop().expect("this is one");
    ///     event_loop.add_signal_handler(SIGTERM, || eprintln!("not yet"))?;
    ///     assert!(event_loop.add_signal_handler(SIGKILL, || {}).is_err());
    ///     assert!(event_loop.remove_signal_handler(SIGTERM));
    ///     Ok(())
    /// })
    /// # }
    /// # #[cfg(not(unix))]
    /// # fn main() {}
    /// ```
    pub fn add_signal_handler<F>(
        &self,
        signal: impl Into<SignalKind>,
        callback: F,
    ) -> io::Result<()>
    where
        F: FnMut() + Send + 'static,
    {
        let number = signal.into().as_raw();
        let handle = self.handle();
        if handle.is_closed() {
            return Err(closed());
        }
        let call = Call {
            callback: Box::new(callback),
            context: copy_context(),
        };
        // What is under way to the one it replaces is for the new one, as in asyncio.
        let handler = match held(handle, number) {
            Some(handler) => handler.with(call),
            None => Box::new(Handler::new(handle, number, call)?),
        };
        match handle.hold_signal_handler(number, handler) {
            Ok(_former) => Ok(()),
            Err(_closed) => Err(closed()),
        }
    }

    /// Removes the handler of a signal: whether there was one. Calls that are under way to the loop
    /// are dropped. If nobody else listens, the signal does from now on what it did before.
    ///
    /// - asyncio: `unix_events.py`, `remove_signal_handler`.
    pub fn remove_signal_handler(&self, signal: impl Into<SignalKind>) -> bool {
        let number = signal.into().as_raw();
        self.handle().release_signal_handler(number).is_some()
    }
}

/// Takes the handler of a signal out.
fn held(handle: &Handle, number: i32) -> Option<Box<Handler>> {
    handle.release_signal_handler(number)?.downcast().ok()
}

/// A handler of a loop. Dropping it removes it, here and now.
struct Handler {
    /// First, so that nothing comes any more.
    _claim: Claim,
    /// Emptied at the end, so that calls under way find nothing.
    post: Arc<Post>,
    /// The task that hands signals on.
    giver: TaskRef,
}

impl Handler {
    fn new(handle: &Handle, number: i32, call: Call) -> io::Result<Self> {
        let Listener { claim, arrivals } = Listener::new(handle.reactor(), number)?;
        let post = Arc::new(Post(Mutex::new(State::Free(call))));
        let giving = give(arrivals, handle.clone(), post.clone());
        Ok(Self {
            _claim: claim,
            post,
            giver: handle.create_unlisted(giving).handle(),
        })
    }

    /// The same, with another callback.
    fn with(self: Box<Self>, call: Call) -> Box<Self> {
        self.post.set(State::Free(call));
        self
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        self.giver.cancel();
        self.post.set(State::Closed);
    }
}

/// Makes a callback of every signal, until the loop closes or the handler is removed.
async fn give(mut arrivals: Arrivals, handle: Handle, post: Arc<Post>) {
    while let Ok(count) = poll_fn(|cx| arrivals.poll_count(cx)).await {
        for _ in 0..count {
            let post = post.clone();
            handle.call_soon(Box::new(move || post.call()));
        }
    }
}

/// What to call.
struct Call {
    /// The callback itself.
    callback: Box<dyn FnMut() + Send>,
    /// What it sees of context variables: its own copy, from call to call.
    context: Context,
}

/// Where the callback is.
struct Post(Mutex<State>);

enum State {
    /// Here.
    Free(Call),
    /// It runs; the callbacks of a loop never overlap.
    Running,
    /// The handler was removed.
    Closed,
}

impl Post {
    /// Runs the callback, with no lock held (I4).
    fn call(&self) {
        let mut call = match std::mem::replace(&mut *self.lock(), State::Running) {
            State::Free(call) => call,
            other => return *self.lock() = other,
        };
        let Call { callback, context } = &mut call;
        let called = catch_unwind(AssertUnwindSafe(|| context.run(callback)));
        self.put_back(call);
        if let Err(panic) = called {
            // The loop reports it; the next signal calls again.
            resume_unwind(panic);
        }
    }

    /// Unless it was removed or replaced meanwhile, perhaps by itself: then it drops here.
    fn put_back(&self, call: Call) {
        let mut state = self.lock();
        if matches!(*state, State::Running) {
            *state = State::Free(call);
        } else {
            drop(state);
            drop(call);
        }
    }

    fn set(&self, state: State) {
        let before = std::mem::replace(&mut *self.lock(), state);
        drop(before);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
