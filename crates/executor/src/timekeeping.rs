//! Timers of a loop: one wheel per worker, one kernel timer for all.
//!
//! Sleeps come here through the handle; workers come when they look around or are woken by the
//! kernel timer. While anybody waits in the reactor, the kernel timer stands at the earliest
//! deadline of all wheels, so a timer fires in time although its own worker is in a long poll.

use std::sync::atomic::{Ordering, fence};
use std::task::Waker;
use std::time::Duration;

use bowerbird_io::{Deadline, TimerKey};

use crate::current;
use crate::handle::Handle;
use crate::shared::Shared;
use crate::worker::Worker;

/// The least time between two firings of dense timers, which are late by half of it on average.
const INTERVAL: Duration = Duration::from_micros(50);

/// A timer of a loop, to be updated or taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimerId {
    /// Whose wheel it is in.
    worker: u32,
    /// Which timer of that wheel.
    key: TimerKey,
}

impl Handle {
    /// The time of this loop.
    #[inline]
    pub fn now(&self) -> Deadline {
        self.0.clock.now()
    }

    /// Wakes `waker` at `at`, never before. `None`: the loop is closed.
    pub fn add_timer(&self, at: Deadline, waker: &Waker) -> Option<TimerId> {
        let worker = current::with_worker_of(&self.0, |worker| worker.map(|worker| worker.index));
        let index = worker.unwrap_or(0);
        let inserted = self.0.remotes[index]
            .timers
            .insert(at, waker.clone())
            .ok()?;
        if inserted.became_earliest {
            self.arm_for_resters(at);
        }
        Some(TimerId {
            worker: index as u32,
            key: inserted.key,
        })
    }

    /// Makes the timer wake `waker` instead; false: it has fired.
    pub fn update_timer(&self, timer: TimerId, waker: &Waker) -> bool {
        self.0.remotes[timer.worker as usize]
            .timers
            .update(timer.key, waker)
    }

    /// Moves the timer; false: it has fired.
    pub fn reset_timer(&self, timer: TimerId, at: Deadline) -> bool {
        let reset = self.0.remotes[timer.worker as usize]
            .timers
            .reset(timer.key, at);
        if reset == Some(true) {
            self.arm_for_resters(at);
        }
        reset.is_some()
    }

    /// Takes the timer back, if it has not fired.
    pub fn remove_timer(&self, timer: TimerId) {
        drop(
            self.0.remotes[timer.worker as usize]
                .timers
                .remove(timer.key),
        );
    }

    /// A deadline has become its wheel's earliest: whoever rests already must not miss it.
    fn arm_for_resters(&self, at: Deadline) {
        // I3, partner in `sleep::announced`: a rester either sees the wheel's new deadline when it
        // arms for its rest, or is seen here.
        fence(Ordering::SeqCst);
        if self.0.sleep.is_reactor_turned() {
            self.0.arm(at);
        }
    }
}

impl Shared {
    /// Arms the kernel timer for a deadline. Where timers are dense it fires at intervals instead
    /// of once for each: a firing costs microseconds, a timer in it a few nanoseconds.
    fn arm(&self, at: Deadline) {
        // Relaxed: an old value makes one firing come early.
        let fired = Deadline::from_nanos(self.fired.load(Ordering::Relaxed));
        self.reactor.arm(at.max(fired.after(INTERVAL)), &self.clock);
    }
}

impl Worker {
    /// Wakes whoever sleeps on a timer that is due, on any wheel.
    pub(crate) fn fire_timers(&self) {
        let Some(earliest) = self.next_deadline() else {
            return;
        };
        let now = self.shared().clock.now();
        if earliest > now {
            return;
        }
        // Relaxed: see `Shared::arm`.
        self.shared().fired.store(now.as_nanos(), Ordering::Relaxed);
        let mut due = Vec::new();
        for remote in self.shared().manned() {
            remote.timers.expire(now, &mut due);
        }
        self.remote().counters.timers.add(due.len() as u64);
        bowerbird_io::wake_all(&mut due);
    }

    /// Sees to it that somebody is woken for the earliest timer of all.
    pub(crate) fn arm_next_deadline(&self) {
        if let Some(earliest) = self.next_deadline() {
            self.shared().arm(earliest);
        }
    }

    fn next_deadline(&self) -> Option<Deadline> {
        let deadlines = self
            .shared()
            .manned()
            .iter()
            .map(|remote| remote.timers.next_deadline());
        deadlines
            .min()
            .filter(|&deadline| deadline != Deadline::NEVER)
    }
}
