//! How a worker rests: it spins a moment, then waits in the reactor or sleeps; and what it does
//! when the reactor wakes it. The parking protocol itself is `sleep`.

use std::cell::Cell;
use std::time::Duration;

use bowerbird_io::{Deadline, Turn, Wait};

use crate::sleep::Place;
use crate::worker::Worker;

/// Pauses of the processor between two looks at the reactor while spinning.
const PAUSES: u32 = 32;

/// How soon rests were ended by a call of late, which is what spinning is decided by.
///
/// Calls from outside come from threads that hand over work, and find a spinner within a
/// microsecond. Events and timers come through the kernel, which wakes a worker that waits there,
/// and another worker has enough to do meanwhile; a spinner beside them only takes the processor
/// from whoever sends the events (measured: 10 us of processor time a request in place of 6.5, with
/// 64 connections and the load on the same two cores).
#[derive(Debug)]
pub(crate) struct Gaps {
    /// Moving mean in nanoseconds.
    mean: Cell<u64>,
}

impl Default for Gaps {
    fn default() -> Self {
        Self {
            mean: Cell::new(u64::MAX),
        }
    }
}

impl Gaps {
    /// Spinning pays only if a call usually comes before the spin is over.
    fn may_spin(&self, limit: Duration) -> bool {
        !limit.is_zero() && u128::from(self.mean.get()) <= limit.as_nanos()
    }

    /// A rest is over. Long ones, and those that no call has ended, count as a few spins only, so
    /// that a busy time after a quiet one is noticed within a few rests.
    fn record(&self, gap: Duration, was_called: bool, limit: Duration) {
        let cap = limit.as_nanos().saturating_mul(4);
        let gap = if was_called {
            gap.as_nanos().min(cap)
        } else {
            cap
        };
        let mean = u128::from(self.mean.get()).min(cap);
        self.mean.set(((3 * mean + gap) / 4) as u64);
    }
}

impl Worker {
    /// Nothing to do: rest until there is, or until somebody calls.
    pub(crate) fn rest(&self) {
        let limit = self.shared().config.spin;
        let may_spin = self.core.gaps.may_spin(limit);
        let Some(place) = self
            .shared()
            .sleep
            .rest(self.index, self.searching.get(), may_spin)
        else {
            return;
        };
        self.searching.set(false);
        if self.shared().has_work() {
            return self.end_rest(place);
        }
        let since = self.shared().clock.now();
        self.arm_next_deadline();
        self.shared().watch.before_rest(self.shared());
        self.remote().counters.parks.add(1);
        match place {
            Place::Spin => self.spin(since.after(limit)),
            Place::Seat => self.sit(),
            Place::Asleep => self.sleep(),
        }
        let gap = self.shared().clock.now().saturating_since(since);
        self.core.gaps.record(gap, self.was_called.take(), limit);
    }

    /// What a busy worker does now and then, so that sockets and timers do not starve behind it.
    pub(crate) fn look_around(&self) {
        self.fire_timers();
        if !self.shared().sleep.is_reactor_turned() {
            let turn = self.turn(Wait::Poll);
            self.after_turn(turn);
        }
    }

    fn end_rest(&self, place: Place) {
        let awake = self.shared().sleep.retract(self.index, place);
        self.searching.set(awake.searching);
        // A search that another worker asked for finds its work in that worker's queue.
        let is_from_outside = awake.searching && !self.shared().injector.is_empty();
        self.was_called.set(awake.called || is_from_outside);
        if !awake.searching {
            // If we were the last one in the reactor, somebody who sleeps takes our place; a
            // searcher sees to that at its end.
            self.shared().wake_up(self.shared().sleep.fill_seat());
        }
    }

    /// Waits without blocking, until `end`; then blocks. Turns the reactor as long as nobody waits
    /// there: an event that we took from a waiter would wake it for nothing.
    fn spin(&self, end: Deadline) {
        loop {
            for _ in 0..PAUSES {
                if self.shared().sleep.is_wanted(self.index) {
                    return self.end_rest(Place::Spin);
                }
                crate::sync::pause();
            }
            if !self.shared().sleep.has_seated() {
                let turn = self.turn(Wait::Poll);
                if turn != Turn::default() {
                    self.end_rest(Place::Spin);
                    return self.after_turn(turn);
                }
            }
            // Where more threads want to run than there are processors, one that spins would keep
            // the very thread from running that it waits for.
            std::thread::yield_now();
            if self.shared().clock.now() >= end {
                return match self.shared().sleep.settle(self.index) {
                    Some(Place::Seat) => {
                        // A slot may have been filled while we span.
                        self.shared().watch.before_rest(self.shared());
                        self.sit();
                    }
                    Some(_) => self.sleep(),
                    None => self.end_rest(Place::Spin),
                };
            }
        }
    }

    /// Waits in the reactor.
    fn sit(&self) {
        // A call that came before we were in the counts may have ended with another waiter, who
        // saw nobody to pass it on to.
        let turn = if self.shared().sleep.is_wanted(self.index) {
            Turn::default()
        } else {
            self.turn(Wait::Block)
        };
        self.end_rest(Place::Seat);
        self.after_turn(turn);
    }

    /// Sleeps on its own until wanted.
    fn sleep(&self) {
        while !self.shared().sleep.is_wanted(self.index) {
            std::thread::park();
        }
        self.end_rest(Place::Asleep);
    }

    fn turn(&self, wait: Wait) -> Turn {
        let mut events = self.events.borrow_mut();
        self.shared()
            .reactor
            .receive(&mut events, wait)
            .unwrap_or_else(|error| {
                // Only a bug of ours gets here (a bad descriptor): without a reactor nothing can be
                // waited for, and a loop that went on would spin for ever.
                panic!("the reactor failed: {error}")
            })
    }

    /// Deals with what a turn brought, once the worker does not count as resting any more.
    fn after_turn(&self, turn: Turn) {
        if turn.notified {
            self.shared().wake_up(self.shared().sleep.pass_on());
        }
        if turn.io > 0 {
            self.remote().counters.io_events.add(turn.io as u64);
            self.events.borrow_mut().wake();
        }
        if turn.timer {
            self.fire_timers();
            self.arm_next_deadline();
            if let Some(stuck) = self.shared().watch.look(self.shared(), self.index) {
                self.remote().counters.steals.add(1);
                self.push(stuck);
            }
        }
    }
}
