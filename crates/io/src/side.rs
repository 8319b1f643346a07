//! One direction of a source: its readiness, and who waits for it.
//!
//! A source has two. Operations clear and wait; the reactor's turn delivers events. It never wakes
//! anyone itself: it hands wakers out, to be woken once no lock is held (I4).
//!
//! All accesses to the word are Relaxed: the word is the whole message. What it speaks of is in the
//! kernel, and the wakers are guarded by the mutex. A deliverer that sees WAITING locks after the
//! waiter that set it, which did so under the lock: otherwise its own change of the word would
//! happen before the one that it has seen.

use std::collections::BTreeMap;
use std::task::Waker;

use crate::readiness::Readiness;
use crate::sync::{AtomicU32, Mutex, MutexGuard, Ordering, lock};

/// Readiness and waiters of one direction.
#[derive(Debug)]
pub(crate) struct Side {
    /// A [`Readiness`], changed by read-modify-writes only.
    word: AtomicU32,
    /// Who is woken by the next event; somebody is here only if the word is waiting, or was a
    /// moment ago.
    waiters: Mutex<Waiters>,
}

/// Everyone who waits for one direction.
#[derive(Debug, Default)]
struct Waiters {
    /// The usual single reader or writer: whoever polled last.
    poller: Option<Waker>,
    /// Any number of others, in order of arrival; each removes itself when it gives up (I8).
    listed: BTreeMap<u64, Waker>,
    /// The number of the next arrival.
    arrivals: u64,
}

/// The number under which a waiter is listed, if it is.
pub(crate) type Seat = Option<u64>;

impl Side {
    /// A direction worth trying, with no one waiting.
    pub(crate) fn new() -> Side {
        Side {
            word: AtomicU32::new(Readiness::START.bits()),
            waiters: Mutex::new(Waiters::default()),
        }
    }

    /// The word at this moment.
    pub(crate) fn load(&self) -> Readiness {
        Readiness::from_bits(self.word.load(Ordering::Relaxed))
    }

    /// An operation that began at `observed` would have blocked. Keeps what has changed since.
    pub(crate) fn clear(&self, observed: Readiness) {
        self.exchange(observed, observed.cleared());
    }

    /// An operation that began at `observed` left nothing for another one. Keeps what has changed
    /// since.
    pub(crate) fn drain(&self, observed: Readiness) {
        self.exchange(observed, observed.drained());
    }

    /// Leaves `waker` in the place of the usual waiter. False, and nothing left, when there is
    /// something to try, or no hope, instead.
    #[must_use]
    pub(crate) fn wait(&self, waker: &Waker) -> bool {
        // Who polls again before an event has left its waker already.
        if self.is_waiting() && self.is_kept(waker) {
            return true;
        }
        // Cloned before, and the old one dropped after the lock: both are user code (I4).
        let waker = waker.clone();
        let mut waiters = self.lock();
        let is_admitted = self.admit();
        let unused = if is_admitted {
            waiters.poller.replace(waker)
        } else {
            Some(waker)
        };
        drop(waiters);
        drop(unused);
        is_admitted
    }

    /// Leaves `waker` in a seat of its own, as [`Side::wait`] does.
    #[must_use]
    pub(crate) fn wait_listed(&self, waker: &Waker, seat: &mut Seat) -> bool {
        let waker = waker.clone();
        let mut waiters = self.lock();
        let is_admitted = self.admit();
        let unused = if is_admitted {
            let number = *seat.get_or_insert(waiters.arrivals);
            waiters.arrivals = waiters.arrivals.max(number + 1);
            waiters.listed.insert(number, waker)
        } else {
            Some(waker)
        };
        drop(waiters);
        drop(unused);
        is_admitted
    }

    /// Gives a seat up.
    pub(crate) fn leave(&self, seat: &mut Seat) {
        if let Some(number) = seat.take() {
            let unused = self.lock().listed.remove(&number);
            drop(unused);
        }
    }

    /// Whether somebody waits for an event.
    pub(crate) fn is_waiting(&self) -> bool {
        self.load().is_waiting()
    }

    /// Records an event and appends those who waited for it to `wakers`.
    pub(crate) fn deliver(&self, is_hung: bool, wakers: &mut Vec<Waker>) {
        self.change(|word| word.with_event(is_hung), wakers);
    }

    /// Appends those who wait to `wakers` without an event, so that they look and wait again.
    pub(crate) fn stir(&self, wakers: &mut Vec<Waker>) {
        self.change(Readiness::without_waiters, wakers);
    }

    /// Ends all waiting, now and later, and appends those who wait to `wakers`.
    pub(crate) fn shut(&self, wakers: &mut Vec<Waker>) {
        self.change(Readiness::shut, wakers);
    }

    /// Applies a transition that dismisses the waiters and takes them.
    fn change(&self, transition: impl Fn(Readiness) -> Readiness, wakers: &mut Vec<Waker>) {
        let step = |bits| Some(transition(Readiness::from_bits(bits)).bits());
        let result = self
            .word
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, step);
        let before = Readiness::from_bits(result.unwrap_or_else(|unchanged| unchanged));
        if before.is_waiting() {
            let mut waiters = self.lock();
            if let Some(poller) = waiters.poller.take() {
                wakers.push(poller);
            }
            if !waiters.listed.is_empty() {
                wakers.extend(std::mem::take(&mut waiters.listed).into_values());
            }
        }
    }

    /// Whether the usual waiter is this one, and still waits.
    fn is_kept(&self, waker: &Waker) -> bool {
        // Comparing wakers compares pointers: no code of theirs runs under the lock (I4).
        let waiters = self.lock();
        let poller = waiters.poller.as_ref();
        // Should the word be a moment old, then whoever changed it has yet to take the waker.
        poller.is_some_and(|poller| poller.will_wake(waker)) && self.is_waiting()
    }

    /// Marks the word as waiting, under the lock; false when it does not admit a waiter.
    fn admit(&self) -> bool {
        let step = |bits| {
            Readiness::from_bits(bits)
                .with_waiter()
                .map(Readiness::bits)
        };
        self.word
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, step)
            .is_ok()
    }

    /// Replaces the word if it is still `from`. Where it is not, an event came or another operation
    /// cleared it: either way the present word is the better one.
    fn exchange(&self, from: Readiness, to: Readiness) {
        let (from, to) = (from.bits(), to.bits());
        let _changed_by_others =
            self.word
                .compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Waiters> {
        lock(&self.waiters)
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
