//! Signals of the operating system, as streams, as awaits, and as callbacks of a loop. asyncio:
//! `unix_events.py`; Python's `signal`.
//!
//! Any number may listen to the same signal, in any number of loops, and each gets every one. While
//! nobody does, a signal does what it did before: the default comes back with the last listener's
//! end. Other libraries' handlers are called as before.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bowerbird_core::{Awaited, note};
use bowerbird_executor::{Handle, budget};
use bowerbird_io::signals::Listener;
use futures_core::Stream;

use crate::exceptions::NoRunningLoop;

mod handlers;

mod kinds;

pub use bowerbird_io::signals::SignalError;
pub use kinds::*;

/// Listens to one kind of signal, from this call on.
///
/// - `kind`: a [`SignalKind`], or a number.
///
/// # Errors
/// A [`SignalError`] inside an `InvalidInput` for a number that is no signal or cannot be caught;
/// what the system says when it has no descriptors left (two are needed).
///
/// # Panics
/// Outside a running loop.
///
/// ```
/// # #[cfg(unix)]
/// # fn main() -> std::io::Result<()> {
/// use bowerbird::signal::{SIGUSR1, signal};
///
/// bowerbird::run(async {
///     let mut hello = signal(SIGUSR1)?;
///     let me = std::process::id().to_string();
///     let sent = std::process::Command::new("kill").args(["-USR1", &me]).status()?;
///     assert!(sent.success());
///     assert_eq!(hello.recv().await, Some(()));
///     Ok(())
/// })
/// # }
/// # #[cfg(not(unix))]
/// # fn main() {}
/// ```
///
/// Nobody can catch KILL:
/// ```should_panic
/// # bowerbird::run(async {
/// let _kill = bowerbird::signal::signal(9).unwrap();
/// # });
/// ```
pub fn signal(kind: impl Into<SignalKind>) -> io::Result<Signal> {
    let Some(handle) = Handle::current() else {
        panic!("{NoRunningLoop}")
    };
    Signal::new(&handle, kind.into())
}

/// Waits for Ctrl-C, from this call on.
///
/// - While it exists, Ctrl-C does not cancel the main future of [`run`](crate::run()).
/// - Cancel: dropping it gives Ctrl-C back.
///
/// # Errors
/// Awaiting gives what the system says when it has no descriptors left, and "event loop is closed".
///
/// # Panics
/// Outside a running loop.
///
/// ```no_run
/// # bowerbird::run(async {
/// bowerbird::signal::ctrl_c().await.expect("descriptors are left");
/// println!("good-bye");
/// # });
/// ```
pub fn ctrl_c() -> CtrlC {
    CtrlC {
        signal: signal(SIGINT),
    }
}

/// One kind of signal, again and again: [`recv`](Self::recv), or a `Stream`.
///
/// Signals that come while nobody waits are counted and handed out one by one; only the kernel
/// melts equal ones into one, when they come faster than they can be delivered.
///
/// ```no_run
/// use bowerbird::signal::{self, Signal, signal};
///
/// # bowerbird::run(async {
/// let mut terminated: Signal = signal(signal::SIGTERM)?;
/// while terminated.recv().await.is_some() {
///     println!("{:?}: saving", terminated.kind());
/// }
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
#[must_use = "dropping it gives the signal back"]
pub struct Signal {
    /// Which one.
    kind: SignalKind,
    /// Where they come from.
    listener: Listener,
    /// Signals that came and were not handed out.
    left: u64,
}

impl Signal {
    fn new(handle: &Handle, kind: SignalKind) -> io::Result<Self> {
        Ok(Self {
            kind,
            listener: Listener::new(handle.reactor(), kind.as_raw())?,
            left: 0,
        })
    }

    /// Waits for the next one; `None` when its loop has closed.
    ///
    /// - Cancel: no signal is lost; it waits for the next call.
    pub async fn recv(&mut self) -> Option<()> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// [`recv`](Self::recv), for those who write futures: the task that polled last is woken.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        ready!(budget::poll_proceed(cx));
        if self.left == 0 {
            let came = self.listener.arrivals.poll_count(cx);
            if came.is_pending() {
                budget::restore();
                note(Awaited::Signal(self.kind.as_raw()));
            }
            match ready!(came) {
                Ok(count) => self.left = count,
                // The bell is a socket of our own: only the end of its loop can go wrong with it.
                Err(_closed) => return Poll::Ready(None),
            }
        }
        self.left -= 1;
        Poll::Ready(Some(()))
    }

    /// What it listens to.
    pub fn kind(&self) -> SignalKind {
        self.kind
    }
}

impl Stream for Signal {
    type Item = ();

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<()>> {
        self.poll_recv(cx)
    }
}

/// What [`ctrl_c`] gives.
#[must_use = "futures do nothing unless awaited"]
pub struct CtrlC {
    /// The stream, or why there is none.
    signal: io::Result<Signal>,
}

impl Future for CtrlC {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.signal {
            Ok(signal) => match ready!(signal.poll_recv(cx)) {
                Some(()) => Poll::Ready(Ok(())),
                None => Poll::Ready(Err(closed())),
            },
            Err(error) => {
                let error = std::mem::replace(error, io::ErrorKind::Other.into());
                Poll::Ready(Err(error))
            }
        }
    }
}

impl fmt::Debug for CtrlC {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CtrlC").finish_non_exhaustive()
    }
}

fn closed() -> io::Error {
    let error = crate::exceptions::LoopError::Closed;
    io::Error::new(io::ErrorKind::NotConnected, error)
}
