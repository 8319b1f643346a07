//! Linux: every idle worker waits in one epoll instance at once; the kernel wakes one per event.
//!
//! A wait is a single system call, without a timeout or with a timeout of zero. Sources, an eventfd
//! for notifications and a timerfd for the earliest deadline are all edge-triggered: none of them
//! is ever read or armed again by a waiter. Epoll is used directly and not through `polling`,
//! which cannot ask for a peer's half-close (RDHUP): without it a short read could not be taken for
//! the last one, since data and FIN may arrive as one event.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use polling::AsSource;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::event::{EventfdFlags, Timespec, eventfd};
use rustix::io::{Errno, retry_on_intr};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, timerfd_create, timerfd_settime,
};

use super::{Signal, Woken};
use crate::clock::{Clock, Deadline};
use crate::reactor::Wait;

/// The key of the eventfd. Keys of sources leave their highest bit clear.
const NOTIFIER: u64 = u64::MAX;

/// The key of the timerfd.
const TIMER: u64 = u64::MAX - 1;

/// Events that one wait takes. What is left goes to the next waiter, so this bounds how much work
/// lands on one worker at once.
const BATCH: usize = 256;

/// Both directions, all kinds of ends, one event per change.
const INTEREST: EventFlags = EventFlags::IN
    .union(EventFlags::PRI)
    .union(EventFlags::OUT)
    .union(EventFlags::RDHUP)
    .union(EventFlags::ET);

/// An epoll instance, its notifier and its timer.
#[derive(Debug)]
pub(crate) struct Backend {
    /// What everyone waits in.
    epoll: OwnedFd,
    /// An eventfd that is only written to; each write is an event.
    notifier: OwnedFd,
    /// A timerfd on the monotonic clock; each expiry is an event.
    timer: OwnedFd,
    /// The deadline that the timer is set to, in nanoseconds; `NEVER` from its event on. Whatever
    /// it says, the timer is set as early, or about to be by whoever holds `arming`, or its event
    /// is about to clear this. It may say `NEVER` while the timer is set.
    armed: AtomicU64,
    /// Held while the timer is set, so that `armed` and the timer change in the same order.
    arming: Mutex<()>,
}

impl Backend {
    /// Threads that may usefully wait at once.
    pub(crate) const SEATS: usize = 2;

    /// Opens the three descriptors.
    pub(crate) fn new() -> io::Result<Backend> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let notifier = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let timer = timerfd_create(
            TimerfdClockId::Monotonic,
            TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK,
        )?;
        let on_edge = EventFlags::IN | EventFlags::ET;
        epoll::add(&epoll, &notifier, EventData::new_u64(NOTIFIER), on_edge)?;
        epoll::add(&epoll, &timer, EventData::new_u64(TIMER), on_edge)?;
        let armed = AtomicU64::new(Deadline::NEVER.as_nanos());
        Ok(Backend {
            epoll,
            notifier,
            timer,
            armed,
            arming: Mutex::new(()),
        })
    }

    /// Whether one event of a source is said once, and a short operation means that the next one
    /// would block until another event.
    pub(crate) const fn is_short_drained(&self) -> bool {
        true
    }

    /// Whether an event disarms its source, so that every wait must ask again.
    pub(crate) const fn is_oneshot(&self) -> bool {
        false
    }

    /// Adds a source, for good: both directions, edge-triggered.
    pub(crate) fn add(&self, key: usize, fd: BorrowedFd<'_>) -> io::Result<()> {
        Ok(epoll::add(
            &self.epoll,
            fd,
            EventData::new_u64(key as u64),
            INTEREST,
        )?)
    }

    /// Does nothing: sources need no asking again here.
    pub(crate) fn ask(
        &self,
        _key: usize,
        _io: &impl AsSource,
        _waiting: impl Fn() -> (bool, bool),
    ) -> io::Result<()> {
        Ok(())
    }

    /// Removes a source, before it is closed (I5).
    pub(crate) fn delete(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        Ok(epoll::delete(&self.epoll, fd)?)
    }

    /// Waits for signals and for the rest; an interruption ends the wait without any.
    pub(crate) fn wait(&self, buffer: &mut Buffer, wait: Wait) -> io::Result<Woken> {
        let at_once = Timespec::default();
        let timeout = match wait {
            Wait::Poll => Some(&at_once),
            Wait::Block => None,
        };
        buffer.signals.clear();
        let mut room = [const { MaybeUninit::<epoll::Event>::uninit() }; BATCH];
        let events = match epoll::wait(&self.epoll, &mut room[..], timeout) {
            Ok((events, _unused)) => events,
            Err(Errno::INTR) => return Ok(Woken::default()),
            Err(errno) => return Err(errno.into()),
        };
        let mut woken = Woken::default();
        for event in events {
            match event.data.u64() {
                NOTIFIER => woken.is_notified = true,
                TIMER => woken.is_timer = true,
                key => buffer.signals.push(signal(key, event.flags)),
            }
        }
        if woken.is_timer {
            // SeqCst, with the load in `armed` and with both accesses to `Timers::next`: the caller
            // reads the wheels' deadlines after this, and who published one of them read `armed`
            // after that. One of the two sees the other, so somebody arms.
            self.armed
                .store(Deadline::NEVER.as_nanos(), Ordering::SeqCst);
        }
        Ok(woken)
    }

    /// Makes one waiter return, or the next one that would wait.
    pub(crate) fn notify(&self) {
        let notify = || retry_on_intr(|| rustix::io::write(&self.notifier, &1_u64.to_ne_bytes()));
        if notify() == Err(Errno::AGAIN) {
            // The counter is full, which would take 2^64 notifications; empty, it takes another,
            // and that is an event like any other. Somebody else may have emptied it just now.
            let _emptied = rustix::io::read(&self.notifier, &mut [0; 8]);
            let _written = notify();
        }
    }

    /// Sets the timer to `at` unless it is set to something as early.
    pub(crate) fn arm(&self, at: Deadline, clock: &Clock) {
        if at >= self.armed() {
            return;
        }
        let _arming = self.arming.lock().unwrap_or_else(PoisonError::into_inner);
        if at >= self.armed() {
            return;
        }
        let now = clock.now();
        if clock.is_manual() && at > now {
            return;
        }
        // Zero would switch the timer off.
        let delay = at.saturating_since(now).max(Duration::from_nanos(1));
        let delay = Timespec::try_from(delay).expect("584 years are a valid time");
        let once = Itimerspec {
            it_interval: Timespec::default(),
            it_value: delay,
        };
        // SeqCst as in `armed`. Before the timer is set: its event may come at once and clear
        // `armed`, and must not be overtaken by this. Who trusts it meanwhile trusts the next line.
        self.armed.store(at.as_nanos(), Ordering::SeqCst);
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once)
            .expect("the timer is ours and the time is valid");
    }

    /// The deadline that some waiter will be woken for.
    pub(crate) fn armed(&self) -> Deadline {
        // SeqCst, with the store in `wait`; the reason is there.
        Deadline::from_nanos(self.armed.load(Ordering::SeqCst))
    }
}

/// What one wait brought from sources.
#[derive(Debug)]
pub(crate) struct Buffer {
    /// At most one batch. Not the kernel's own form, which is bound to a thread: it may carry
    /// pointers.
    signals: Vec<Signal>,
}

impl Buffer {
    /// Room for one batch.
    pub(crate) fn new() -> Buffer {
        Buffer {
            signals: Vec::with_capacity(BATCH),
        }
    }

    /// What came from sources.
    pub(crate) fn signals(&self) -> impl Iterator<Item = Signal> + '_ {
        self.signals.iter().copied()
    }
}

/// What the flags of an event mean for its source.
fn signal(key: u64, flags: EventFlags) -> Signal {
    let ends = EventFlags::HUP | EventFlags::ERR;
    let reading = ends | EventFlags::IN | EventFlags::PRI | EventFlags::RDHUP;
    Signal {
        key: usize::try_from(key).expect("sources are added with keys that are a usize"),
        is_readable: flags.intersects(reading),
        is_writable: flags.intersects(ends | EventFlags::OUT),
        // Urgent data ends a read early, with more behind it: as little as after a hang-up may a
        // short read be taken for the last one.
        is_read_hung: flags.intersects(ends | EventFlags::RDHUP | EventFlags::PRI),
        is_write_hung: flags.intersects(ends),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_068_a_notifier_that_is_full_still_wakes() {
        let backend = Backend::new().expect("descriptors");
        let mut buffer = Buffer::new();
        let full = u64::MAX - 1;
        rustix::io::write(&backend.notifier, &full.to_ne_bytes()).expect("it was empty");
        let first = backend.wait(&mut buffer, Wait::Poll).expect("no error");
        assert!(first.is_notified, "the event of filling it up");
        for _ in 0..3 {
            backend.notify();
            let next = backend.wait(&mut buffer, Wait::Poll).expect("no error");
            assert!(next.is_notified);
        }
    }
}
