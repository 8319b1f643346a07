//! Where idle workers wait: for sources, for the earliest deadline, for each other's notifications.
//!
//! The executor calls [`Reactor::turn`] when a worker has nothing to run, and now and then when it
//! always has; whoever adds work, or the earliest timer, calls [`Reactor::notify`] or
//! [`Reactor::arm`]. The reactor starts no thread and keeps no timer: it wakes wakers, and says
//! that a deadline has come.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::task::Waker;

use polling::AsSource;

use crate::clock::{Clock, Deadline};
use crate::source::{self, Source};
use crate::sources::Table;
use crate::sys::{Backend, Buffer};
use crate::wake::wake_all;
#[cfg(unix)]
use crate::watches::Watches;

/// Waits for the kernel on behalf of one event loop. Shared by all its workers and sources.
#[derive(Debug)]
pub struct Reactor {
    /// The operating system's part.
    backend: Backend,
    /// Everything that is registered.
    sources: Table,
    /// What users registered by number.
    #[cfg(unix)]
    watches: Watches,
}

/// Whether a turn may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Take what is there.
    Poll,
    /// Wait until there is something: an event, a notification, the armed deadline.
    Block,
}

/// What a turn brought. All `false` and zero after an interruption by a signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Turn {
    /// Events of sources that were delivered; their waiters are woken.
    pub io: usize,
    /// A notification was received: by this thread, so no other will see it.
    pub notified: bool,
    /// The armed deadline came, and nothing is armed any more: expire the timers, then arm their
    /// next deadline.
    pub timer: bool,
}

/// Room for what turns bring. One per worker, used again for each turn.
pub struct Events {
    /// Filled by the backend.
    buffer: Buffer,
    /// Whom to wake, between `receive` and `wake`.
    wakers: Vec<Waker>,
}

impl Events {
    /// Room for the events of one turn; what does not fit comes with the next.
    #[must_use]
    pub fn new() -> Events {
        Events {
            buffer: Buffer::new(),
            wakers: Vec::new(),
        }
    }
}

impl Events {
    /// Wakes those whose sources became ready, on the calling thread, with no lock held (I4). A
    /// waker that panics is caught and reported by the panic hook alone; the others are woken all
    /// the same.
    pub fn wake(&mut self) {
        wake_all(&mut self.wakers);
    }
}

impl Default for Events {
    fn default() -> Events {
        Events::new()
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

impl Reactor {
    /// A reactor without sources.
    ///
    /// # Errors
    ///
    /// When the system has no descriptors left for it (three on Linux), or lacks what it needs.
    pub fn new() -> io::Result<Reactor> {
        Ok(Reactor::with_backend(Backend::new()?))
    }

    /// A reactor over a poller that knows no edges.
    #[cfg(all(test, any(not(target_os = "linux"), bowerbird_portable_reactor)))]
    pub(crate) fn new_oneshot() -> io::Result<Reactor> {
        Ok(Reactor::with_backend(Backend::new_oneshot()?))
    }

    /// A reactor over a backend of the caller's choice.
    fn with_backend(backend: Backend) -> Reactor {
        Reactor {
            backend,
            sources: Table::new(),
            #[cfg(unix)]
            watches: Watches::default(),
        }
    }

    /// How many threads may usefully wait in [`Reactor::turn`] at once: the kernel wakes one of
    /// them per event. More are safe; with one seat they wait for each other.
    #[must_use]
    pub const fn seats(&self) -> usize {
        Backend::SEATS
    }

    /// [`receive`](Self::receive), and at once [`Events::wake`]: for a thread that is nobody's
    /// worker.
    ///
    /// # Errors
    ///
    /// What the poller reports; an interrupted wait is an empty turn and no error.
    pub fn turn(&self, events: &mut Events, wait: Wait) -> io::Result<Turn> {
        let turn = self.receive(events, wait)?;
        events.wake();
        Ok(turn)
    }

    /// Takes events, waiting for them if `wait` says so. Those who waited for them are ready from
    /// now on, and are woken by [`Events::wake`], which must follow: the two are apart so that a
    /// worker can say that it is awake before it wakes others.
    ///
    /// # Errors
    ///
    /// What the poller reports; an interrupted wait is an empty turn and no error.
    pub fn receive(&self, events: &mut Events, wait: Wait) -> io::Result<Turn> {
        let woken = self.backend.wait(&mut events.buffer, wait)?;
        let io = self.deliver(events);
        Ok(Turn {
            io,
            notified: woken.is_notified,
            timer: woken.is_timer,
        })
    }

    /// Makes one thread that waits, or the next that turns, return with [`Turn::notified`].
    ///
    /// Notifications that come before one is received may be received as one: publish the work
    /// before notifying, and let who receives it pass it on if there is more than one thread's.
    pub fn notify(&self) {
        self.backend.notify();
    }

    /// Sees to it that some thread that turns returns with [`Turn::timer`] once `at` has come on
    /// `clock`, never before and promptly after. Does nothing, and takes no lock, when something as
    /// early is armed.
    ///
    /// No deadline is lost if everyone keeps this order: who adds the earliest timer puts it into
    /// [`Timers`](crate::Timers), then arms; who sees [`Turn::timer`] expires, then arms the
    /// earliest [`next_deadline`](crate::Timers::next_deadline) of all workers.
    ///
    /// Nothing is armed for a manual clock until it has reached `at`: after moving it, arm again.
    pub fn arm(&self, at: Deadline, clock: &Clock) {
        self.backend.arm(at, clock);
    }

    /// The deadline that is armed; [`Deadline::NEVER`] when none is.
    #[must_use]
    pub fn armed(&self) -> Deadline {
        self.backend.armed()
    }

    /// Ends all waiting on sources: who waits is woken and gets an error, as does whoever waits or
    /// registers later. Closing again does nothing. Sources may be dropped afterwards as before;
    /// watches are dropped by this.
    pub fn close(&self) {
        #[cfg(unix)]
        drop(self.watches.close());
        let mut wakers = Vec::new();
        self.sources.close(&mut wakers);
        wake_all(&mut wakers);
    }

    /// What users have registered by number.
    #[cfg(unix)]
    #[must_use]
    pub fn watches(&self) -> &Watches {
        &self.watches
    }

    /// How many sources are registered.
    #[must_use]
    pub fn sources(&self) -> usize {
        self.sources.len()
    }

    /// Registers a source. [`Async`](crate::Async) alone calls this, and deregisters it.
    pub(crate) fn register(&self, io: &impl AsSource) -> io::Result<Arc<Source>> {
        let source = self.sources.insert().ok_or_else(closed)?;
        if let Err(error) = source::enlist(&self.backend, source.key, io) {
            self.sources.remove(&source);
            return Err(error);
        }
        Ok(source)
    }

    /// Takes a source out of the poller and forgets it, before it is closed (I5). Events that are
    /// under way find nothing.
    pub(crate) fn deregister(&self, source: &Source, io: &impl AsSource) -> io::Result<()> {
        let deleted = self.backend.delete(io.source());
        self.sources.remove(source);
        deleted
    }

    /// Sees to it that an event will come for those who wait on `source`.
    pub(crate) fn ask(&self, source: &Source, io: &impl AsSource) -> io::Result<()> {
        self.backend.ask(source.key, io, || source.waiting())
    }

    /// Whether a short operation on a stream means that the next one would block.
    pub(crate) const fn is_short_drained(&self) -> bool {
        self.backend.is_short_drained()
    }

    /// Hands the events of a turn to their sources and gathers who waits for them.
    fn deliver(&self, events: &mut Events) -> usize {
        let mut signals = events.buffer.signals().peekable();
        if signals.peek().is_none() {
            return 0;
        }
        let is_oneshot = self.backend.is_oneshot();
        self.sources
            .deliver(signals, is_oneshot, &mut events.wakers)
    }
}

/// The error of everything that would wait on a closed event loop.
pub(crate) fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "event loop is closed")
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
