//! Everywhere else: one thread at a time waits, through the `polling` crate.
//!
//! The waiter computes its timeout from the armed deadline, so arming an earlier one interrupts it.
//! Sources are edge-triggered where the poller can do so; where it cannot, an event disarms its
//! source and whoever waits again asks again.

use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use polling::{AsSource, Event, PollMode, Poller};

use super::{Signal, Woken};
use crate::clock::{Clock, Deadline};
use crate::reactor::Wait;

/// Events that one wait takes.
const BATCH: NonZeroUsize = NonZeroUsize::new(256).expect("256 is not zero");

/// A poller, and what its one waiter must know.
#[derive(Debug)]
pub(crate) struct Backend {
    /// What the waiter waits in.
    poller: Poller,
    /// How sources are added, settled by what the poller can do.
    mode: PollMode,
    /// Held by the thread that waits.
    waiter: Mutex<()>,
    /// Held while a source is asked for again, so that the last one to ask names every waiter.
    asking: Mutex<()>,
    /// A notification that no waiter has reported yet.
    notified: AtomicBool,
    /// The deadline that the waiter wakes up for, in nanoseconds of the real clock.
    armed: AtomicU64,
    /// Held while `armed` is lowered.
    arming: Mutex<()>,
}

impl Backend {
    /// Threads that may usefully wait at once.
    pub(crate) const SEATS: usize = 1;

    /// A poller that works by edges if it can.
    pub(crate) fn new() -> io::Result<Backend> {
        let poller = Poller::new()?;
        let mode = if poller.supports_edge() {
            PollMode::Edge
        } else {
            PollMode::Oneshot
        };
        Ok(Backend::with_mode(poller, mode))
    }

    /// A poller that works by single shots, as on systems without edges.
    #[cfg(test)]
    pub(crate) fn new_oneshot() -> io::Result<Backend> {
        Ok(Backend::with_mode(Poller::new()?, PollMode::Oneshot))
    }

    fn with_mode(poller: Poller, mode: PollMode) -> Backend {
        Backend {
            poller,
            mode,
            waiter: Mutex::new(()),
            asking: Mutex::new(()),
            notified: AtomicBool::new(false),
            armed: AtomicU64::new(Deadline::NEVER.as_nanos()),
            arming: Mutex::new(()),
        }
    }

    /// Never, since not every poller tells a peer's half-close from data.
    pub(crate) const fn is_short_drained(&self) -> bool {
        false
    }

    /// Whether an event disarms its source, so that every wait must ask again.
    pub(crate) fn is_oneshot(&self) -> bool {
        self.mode == PollMode::Oneshot
    }

    /// Where sources are added, by the file that may.
    pub(crate) fn poller(&self) -> &Poller {
        &self.poller
    }

    /// What to add a source with.
    pub(crate) fn first_interest(&self, key: usize) -> (Event, PollMode) {
        let event = if self.is_oneshot() {
            Event::none(key)
        } else {
            Event::all(key)
        };
        (event, self.mode)
    }

    /// Asks for one more event of a source; `waiting` says for which directions.
    pub(crate) fn ask(
        &self,
        key: usize,
        io: &impl AsSource,
        waiting: impl Fn() -> (bool, bool),
    ) -> io::Result<()> {
        if !self.is_oneshot() {
            return Ok(());
        }
        let _asking = lock(&self.asking);
        let (is_read, is_write) = waiting();
        self.poller
            .modify_with_mode(io.source(), Event::new(key, is_read, is_write), self.mode)
    }

    /// Removes a source, before it is closed (I5).
    pub(crate) fn delete(&self, io: impl AsSource) -> io::Result<()> {
        self.poller.delete(io)
    }

    /// Waits for signals and for the rest. A second thread that blocks waits for the first to
    /// return; one that only looks sees nothing meanwhile.
    pub(crate) fn wait(&self, buffer: &mut Buffer, wait: Wait) -> io::Result<Woken> {
        buffer.events.clear();
        let _waiter = match wait {
            Wait::Block => lock(&self.waiter),
            Wait::Poll => match self.waiter.try_lock() {
                Ok(guard) => guard,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return Ok(Woken::default()),
            },
        };
        loop {
            let timeout = match wait {
                Wait::Poll => Some(Duration::ZERO),
                Wait::Block => self.timeout(),
            };
            self.poller.wait(&mut buffer.events, timeout)?;
            let woken = Woken {
                is_notified: self.take_notified(),
                is_timer: self.take_due(),
            };
            let is_over = woken.is_notified || woken.is_timer || !buffer.events.is_empty();
            if is_over || matches!(wait, Wait::Poll) {
                return Ok(woken);
            }
            // An earlier deadline was armed, or the wait ended a little early: compute anew.
        }
    }

    /// Makes the waiter return, or the next one that would wait.
    pub(crate) fn notify(&self) {
        // SeqCst, with the swap in `take_notified`: the poller may drop our interruption as a
        // duplicate of one whose waiter has not looked yet, and then it must see this.
        self.notified.store(true, Ordering::SeqCst);
        self.interrupt();
    }

    /// Lowers the deadline of the waiter to `at` unless it is as early already.
    pub(crate) fn arm(&self, at: Deadline, clock: &Clock) {
        if at >= self.armed() {
            return;
        }
        let arming = lock(&self.arming);
        if at >= self.armed() {
            return;
        }
        if clock.is_manual() {
            if at > clock.now() {
                return;
            }
            self.armed
                .store(Clock::real().now().as_nanos(), Ordering::SeqCst);
        } else {
            // SeqCst, with the load in `armed`; after it, so that the waiter computes with it.
            self.armed.store(at.as_nanos(), Ordering::SeqCst);
        }
        drop(arming);
        self.interrupt();
    }

    /// The deadline that the waiter will wake up for.
    pub(crate) fn armed(&self) -> Deadline {
        // SeqCst, with the update in `take_due` and with both accesses to `Timers::next`: who
        // clears this reads the wheels' deadlines afterwards, who publishes one of them reads this
        // afterwards. One of the two sees the other, so somebody arms.
        Deadline::from_nanos(self.armed.load(Ordering::SeqCst))
    }

    /// How long to wait for the armed deadline; `None` without one.
    fn timeout(&self) -> Option<Duration> {
        let armed = self.armed();
        (!armed.is_never()).then(|| armed.saturating_since(Clock::real().now()))
    }

    /// Whether a notification came, once.
    fn take_notified(&self) -> bool {
        self.notified.swap(false, Ordering::SeqCst)
    }

    /// Whether the armed deadline has come, once.
    fn take_due(&self) -> bool {
        if self.armed().is_never() {
            return false;
        }
        let now = Clock::real().now().as_nanos();
        let take = |armed| (armed <= now).then_some(Deadline::NEVER.as_nanos());
        self.armed
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take)
            .is_ok()
    }

    /// Ends the waiter's system call.
    fn interrupt(&self) {
        // It can only fail when the poller's own descriptors are gone, which nobody can mend.
        let _interrupted = self.poller.notify();
    }
}

/// What one wait brought.
pub(crate) struct Buffer {
    /// Filled by the poller, up to its capacity.
    events: polling::Events,
}

impl Buffer {
    /// Room for one batch.
    pub(crate) fn new() -> Buffer {
        Buffer {
            events: polling::Events::with_capacity(BATCH),
        }
    }

    /// What came from sources.
    pub(crate) fn signals(&self) -> impl Iterator<Item = Signal> + '_ {
        self.events.iter().map(|event| {
            let is_hung = event.is_interrupt() || event.is_err() == Some(true);
            Signal {
                key: event.key,
                is_readable: event.readable || is_hung,
                is_writable: event.writable || is_hung,
                is_read_hung: is_hung,
                is_write_hung: is_hung,
            }
        })
    }
}

/// Locks a mutex under which no user code runs, so that a poisoned one is as good as new.
fn lock(mutex: &Mutex<()>) -> MutexGuard<'_, ()> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
