//! Signals of the operating system, as something to wait for.
//!
//! The facade's streams, handlers and its treatment of Ctrl-C stand on [`Listener`] and
//! [`Interrupts`]. Each has a counter and a bell of its own: the system's handler counts and rings,
//! which is all that may be done inside one, and the reactor wakes who waits. Nothing is lost
//! between two polls; the kernel alone melts equal signals into one, before a handler sees them.
//!
//! While nobody listens to a signal, it does what it did before anybody did (`keeper`). It never
//! takes a handler away from other libraries: `signal-hook-registry` chains them all.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use crate::reactor::Reactor;
use crate::sys::signals::{self as sys, Bell};

mod keeper;

mod interrupts;

#[cfg(test)]
#[cfg(unix)]
mod tests;

pub use crate::sys::signals::{end_process, numbers, send};
pub use interrupts::{Asked, Interrupts};
pub use keeper::Claim;

/// Why a signal cannot be listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignalError {
    /// The system has no signal of this number.
    OutOfRange(i32),
    /// The system lets nobody catch this one: KILL and STOP.
    Uncatchable(i32),
    /// It tells of a fault of the program, which cannot go on after it: SEGV, ILL, FPE.
    Fault(i32),
}

impl fmt::Display for SignalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange(number) => write!(f, "this system has no signal {number} to catch"),
            Self::Uncatchable(number) => write!(f, "signal {number} cannot be caught"),
            Self::Fault(number) => {
                write!(
                    f,
                    "signal {number} reports a fault, which no callback can mend"
                )
            }
        }
    }
}

impl Error for SignalError {}

impl From<SignalError> for io::Error {
    fn from(error: SignalError) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}

/// Gets one signal, in one event loop. Any number may listen to the same one, and each gets all.
#[derive(Debug)]
pub struct Listener {
    /// The handler's end.
    pub claim: Claim,
    /// The event loop's end.
    pub arrivals: Arrivals,
}

impl Listener {
    /// Listens from now on.
    ///
    /// # Errors
    ///
    /// [`SignalError`] inside an `InvalidInput`; what the system says, for instance when it has no
    /// descriptors left; "event loop is closed".
    pub fn new(reactor: &Arc<Reactor>, number: i32) -> io::Result<Listener> {
        sys::check(number)?;
        let (clapper, bell) = sys::bell(reactor)?;
        let count = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&count);
        let claim = Claim::new(number, move || {
            // Release pairs with the Acquire in `poll_count`: who hears the ring finds the count.
            counted.fetch_add(1, Ordering::Release);
            clapper.ring();
        })?;
        let arrivals = Arrivals { count, bell };
        Ok(Listener { claim, arrivals })
    }
}

/// Signals that came, for whoever waits for them.
#[derive(Debug)]
pub struct Arrivals {
    /// Signals that came and were not handed out. Written by the handler.
    count: Arc<AtomicU64>,
    /// Rung by the handler.
    bell: Bell,
}

impl Arrivals {
    /// How many signals came since the last time: at least one. The last poller is woken.
    ///
    /// # Errors
    ///
    /// "event loop is closed"; an `UnexpectedEof` when the claim is gone, on Unix.
    pub fn poll_count(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        loop {
            // Acquire pairs with the handler's Release. Rings are taken after this look, and it
            // looks again after each, so that no ring is taken for an older one.
            let count = self.count.swap(0, Ordering::Acquire);
            if count > 0 {
                return Poll::Ready(Ok(count));
            }
            ready!(self.bell.poll_rung(cx))?;
        }
    }
}
