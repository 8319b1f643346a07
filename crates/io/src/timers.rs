//! A wheel that many threads share: one per worker, its next deadline readable without the lock.
//!
//! Sleeps insert, update and remove; the worker that owns the wheel, or another one that looks
//! after it, expires it. Whoever inserts the earliest timer must see to it that somebody wakes up
//! in time ([`Reactor::arm`](crate::Reactor::arm)). It never reads a clock (I6), and never wakes,
//! clones or drops a waker under its lock (I4).

use std::error::Error;
use std::fmt;
use std::task::Waker;

use crate::clock::Deadline;
use crate::sync::{AtomicU64, Mutex, MutexGuard, Ordering, lock};
use crate::wheel::{TimerKey, Wheel};

/// Every timer of one worker.
#[derive(Debug)]
pub struct Timers {
    /// When to expire next, in nanoseconds: a copy of the wheel's own answer, written under the
    /// lock, read without it.
    next: AtomicU64,
    /// The wheel; `None` once drained.
    wheel: Mutex<Option<Wheel>>,
}

/// What became of an insertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Inserted {
    /// Names the new timer.
    pub key: TimerKey,
    /// Whether it is due before all others here, so that whoever waits must be told.
    pub became_earliest: bool,
}

/// The event loop of these timers is closed: none can be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimersClosed;

impl fmt::Display for TimersClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("event loop is closed")
    }
}

impl Error for TimersClosed {}

impl Timers {
    /// No timers yet.
    #[must_use]
    pub fn new() -> Timers {
        Timers {
            next: AtomicU64::new(Deadline::NEVER.as_nanos()),
            wheel: Mutex::new(Some(Wheel::new())),
        }
    }

    /// Adds a timer that wakes `waker` at `at`, never before. One in the past is due at once.
    ///
    /// # Errors
    ///
    /// [`TimersClosed`] after [`Timers::drain`]; the waker is dropped.
    pub fn insert(&self, at: Deadline, waker: Waker) -> Result<Inserted, TimersClosed> {
        let mut guard = self.lock();
        let Some(wheel) = guard.as_mut() else {
            // The waker is user code's, so it goes after the lock.
            drop(guard);
            return Err(TimersClosed);
        };
        let key = wheel.insert(at, waker);
        let became_earliest = self.publish(wheel);
        Ok(Inserted {
            key,
            became_earliest,
        })
    }

    /// Makes a timer wake `waker` from now on. False when it fired, was removed or drained.
    pub fn update(&self, key: TimerKey, waker: &Waker) -> bool {
        let is_waking = self
            .lock()
            .as_ref()
            .and_then(|wheel| wheel.is_waking(key, waker));
        if let Some(false) = is_waking {
            // Cloning is user code, so it happens between two holds of the lock.
            let waker = waker.clone();
            let replaced = match self.lock().as_mut() {
                Some(wheel) => wheel.replace(key, waker),
                None => Err(waker),
            };
            return replaced.is_ok();
        }
        is_waking.is_some()
    }

    /// Takes a timer out; `None` when it fired, was removed or drained.
    pub fn remove(&self, key: TimerKey) -> Option<Waker> {
        let mut guard = self.lock();
        let wheel = guard.as_mut()?;
        let waker = wheel.remove(key);
        self.publish(wheel);
        waker
    }

    /// Moves a timer to another deadline. `None` when it fired, was removed or drained; otherwise
    /// whether it is now due before all others here, as for [`Timers::insert`].
    pub fn reset(&self, key: TimerKey, at: Deadline) -> Option<bool> {
        let mut guard = self.lock();
        let wheel = guard.as_mut()?;
        wheel.reset(key, at).then(|| self.publish(wheel))
    }

    /// When to expire next: exact, or too early when the earliest timer was removed. Takes no lock.
    #[must_use]
    pub fn next_deadline(&self) -> Deadline {
        // SeqCst, with the store in `publish`, and with both accesses to the reactor's `armed`: a
        // thread publishes a deadline and then reads `armed`, another one clears `armed` and then
        // reads the deadlines. One of them must see the other's store, or nobody would arm.
        Deadline::from_nanos(self.next.load(Ordering::SeqCst))
    }

    /// Appends the wakers of all timers due at `now` to `wakers`, by deadline and among equals in
    /// order of insertion, and says how many. Takes no lock when none is due.
    pub fn expire(&self, now: Deadline, wakers: &mut Vec<Waker>) -> usize {
        if now < self.next_deadline() {
            return 0;
        }
        let before = wakers.len();
        if let Some(wheel) = self.lock().as_mut() {
            wheel.expire(now, wakers);
            self.publish(wheel);
        }
        wakers.len() - before
    }

    /// Takes out every timer and refuses new ones from now on. Wake what comes back, so that no
    /// sleep hangs on a closed loop.
    #[must_use]
    pub fn drain(&self) -> Vec<Waker> {
        let mut wakers = Vec::new();
        let wheel = self.lock().take();
        // Relaxed: closing races with nobody's arming; a reader that still sees a deadline finds
        // no wheel behind it.
        self.next
            .store(Deadline::NEVER.as_nanos(), Ordering::Relaxed);
        if let Some(mut wheel) = wheel {
            wheel.drain(&mut wakers);
        }
        wakers
    }

    /// How many timers wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().as_ref().map_or(0, Wheel::len)
    }

    /// Whether no timer waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies the wheel's next deadline to where it is read without the lock, and says whether it
    /// became earlier. Called under the lock, the only place of a store before closing.
    fn publish(&self, wheel: &Wheel) -> bool {
        let next = wheel.next_deadline().as_nanos();
        // Relaxed: only holders of the lock store, so this is our own last value.
        let published = self.next.load(Ordering::Relaxed);
        if next != published {
            // SeqCst, with the load in `next_deadline`; the reason is there.
            self.next.store(next, Ordering::SeqCst);
        }
        next < published
    }

    fn lock(&self) -> MutexGuard<'_, Option<Wheel>> {
        lock(&self.wheel)
    }
}

impl Default for Timers {
    fn default() -> Timers {
        Timers::new()
    }
}

#[cfg(test)]
mod tests;
