//! Ctrl-C for a run: the first one asks the run to end, the second one ends the process.
//!
//! The facade's `Runner` arms it around a main future. At most one run of a process can be armed,
//! since only the main thread's is. It stands back while anybody listens to the signal.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};

use super::keeper;
use super::numbers::INT;
use super::sys;
use crate::reactor::Reactor;
use crate::sys::signals::{Bell, Registration};

/// What became of the run's wish to be told. Written by the keeper, inside the system's handler.
static WISH: AtomicU8 = AtomicU8::new(NONE);

/// No run cares.
const NONE: u8 = 0;
/// A run waits to be told.
const ARMED: u8 = 1;
/// It is told; the next one is not for it.
const ASKED: u8 = 2;

/// A run's claim to the next Ctrl-C; the default comes back when this drops.
#[derive(Debug)]
pub struct Interrupts {
    /// The action that rings.
    registration: Registration,
}

/// Ready when Ctrl-C has asked the run to end.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Asked {
    /// Rung by the system's handler.
    bell: Bell,
}

impl Interrupts {
    /// Claims the next Ctrl-C. `None` when it is not ours to take: another library handles it, or
    /// it is ignored, or another run has claimed it.
    ///
    /// # Errors
    ///
    /// What the system says, for instance when it has no descriptors left; "event loop is closed".
    pub fn arm(reactor: &Arc<Reactor>) -> io::Result<Option<(Interrupts, Asked)>> {
        if !keeper::is_default(INT)? {
            return Ok(None);
        }
        let (clapper, bell) = sys::bell(reactor)?;
        // SeqCst throughout this file: signals are rare, and one order is easy to believe.
        let armed = WISH.compare_exchange(NONE, ARMED, Ordering::SeqCst, Ordering::SeqCst);
        if armed.is_err() {
            return Ok(None);
        }
        // The keeper has to stand before this action, which rings for what the keeper took; a
        // signal between the two is found by the first poll.
        let ring = move || {
            if is_asked() {
                clapper.ring();
            }
        };
        let registered = keeper::ensure(INT).and_then(|()| sys::catch(INT, ring));
        match registered {
            Ok(registration) => Ok(Some((Interrupts { registration }, Asked { bell }))),
            Err(error) => {
                WISH.store(NONE, Ordering::SeqCst);
                Err(error)
            }
        }
    }

    /// Whether Ctrl-C has asked the run to end.
    pub fn is_asked(&self) -> bool {
        is_asked()
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        WISH.store(NONE, Ordering::SeqCst);
        self.registration.release();
    }
}

impl Future for Asked {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !is_asked() {
            ready!(self.bell.poll_rung(cx))?;
        }
        Poll::Ready(Ok(()))
    }
}

fn is_asked() -> bool {
    WISH.load(Ordering::SeqCst) == ASKED
}

/// Inside the system's handler: whether this signal is the one that a run waits for.
pub(super) fn take(number: i32) -> bool {
    let asked = || WISH.compare_exchange(ARMED, ASKED, Ordering::SeqCst, Ordering::SeqCst);
    number == INT && asked().is_ok()
}
