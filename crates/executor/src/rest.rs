//! How a worker rests: it spins a moment, waits in the reactor, naps as the monitor, or sleeps; and
//! what it does when the reactor wakes it. The parking protocol itself is `sleep`; where a worker
//! wishes to rest is up to its `gaps`.

use bowerbird_core::Runnable;
use bowerbird_io::{Deadline, Turn, Wait};

use crate::counts::{Place, Wish};
use crate::gaps::{Ending, NAP, NAP_MAX};
use crate::sleep::Call;
use crate::worker::Worker;

/// Pauses of the processor between two looks at the reactor while spinning.
const PAUSES: u32 = 32;
/// Tasks from one turn of the reactor that we leave to the monitor to fetch, should we not get to
/// them within its nap; calling another worker for them costs more than running them.
const LEFT_TO_MONITOR: usize = 24;

impl Worker {
    /// Nothing to do: rest until there is, or until somebody calls.
    pub(crate) fn rest(&self) {
        self.forget_ended();
        let sleep = &self.shared().sleep;
        let limit = self.shared().config.spin;
        let wish = self.wish();
        let Some(place) = sleep.rest(self.index, self.searching.get(), wish) else {
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
        let events = match place {
            Place::Spin => self.spin(since.after(self.core.gaps.patience(limit))),
            Place::Seat => self.sit(),
            Place::Nap => self.nap(),
            Place::Asleep => self.sleep(),
        };
        let gap = self.shared().clock.now().saturating_since(since);
        let ending = match (events, self.was_called.take()) {
            (0, true) => Ending::Call,
            (0, false) => Ending::Other,
            (events, _) => Ending::Events(events),
        };
        // A monitor's naps say nothing of when an event would have come.
        if place != Place::Nap {
            self.core.gaps.record(gap, place, ending, limit);
        }
    }

    fn wish(&self) -> Wish {
        let wish = self.core.gaps.wish(self.shared().config.spin);
        Wish {
            // Nobody else would come to the events.
            nap: wish.nap && self.shared().workers() > 1,
            ..wish
        }
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
        let shared = self.shared();
        let awake = shared.sleep.retract(self.index, place);
        self.searching.set(awake.searching);
        // A search that another worker asked for finds its work in that worker's queue.
        let is_from_outside = awake.searching && !shared.injector.is_empty();
        self.was_called.set(awake.called || is_from_outside);
        if awake.searching {
            // Its end sees to all that is left.
            return;
        }
        // What was left to the monitor is left to nobody now.
        let is_left = place == Place::Nap && shared.has_work();
        shared.wake_up(if is_left {
            shared.sleep.work_added()
        } else {
            // If we were the last one in the reactor, somebody who sleeps takes our place.
            shared.sleep.fill_seat()
        });
    }

    /// Waits without blocking, until `end`; then blocks. Turns the reactor as long as nobody waits
    /// there: an event that we took from a waiter would wake it for nothing. The events that ended
    /// it.
    fn spin(&self, end: Deadline) -> usize {
        if self.core.gaps.is_alone() && self.shared().sleep.has_seated() {
            // Whoever waits there makes way.
            self.shared().wake_up(Call::Reactor);
        }
        loop {
            for _ in 0..PAUSES {
                if self.shared().sleep.is_wanted(self.index) {
                    self.end_rest(Place::Spin);
                    return 0;
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
                self.core.gaps.spun_in_vain();
                return self.settle(Place::Spin);
            }
        }
    }

    /// Sleeps for moments, as long as others get events meanwhile. Whatever it finds that nobody
    /// came to in such a moment it takes on: work in a queue, a task in a slot, events and timers.
    fn nap(&self) -> usize {
        let mut seen = self.shared().events_so_far();
        let mut length = NAP;
        loop {
            std::thread::park_timeout(length);
            if self.shared().sleep.is_wanted(self.index) || self.shared().has_work() {
                self.end_rest(Place::Nap);
                return 0;
            }
            if let Some(stuck) = self.shared().watch.visit(self.shared(), self.index) {
                self.end_rest(Place::Nap);
                self.rescue(stuck);
                return 0;
            }
            let now = self.shared().events_so_far();
            if now == seen {
                return self.end_nap();
            }
            seen = now;
            length = NAP_MAX.min(length * 2);
        }
    }

    /// Nobody has got an event during a nap: there are none, or whoever should is in a long poll.
    fn end_nap(&self) -> usize {
        let turn = self.turn(Wait::Poll);
        if turn != Turn::default() {
            self.end_rest(Place::Nap);
            return self.after_turn(turn);
        }
        self.core.gaps.calm_down();
        self.settle(Place::Nap)
    }

    /// Goes on resting in the reactor or asleep.
    fn settle(&self, from: Place) -> usize {
        let Some(place) = self.shared().sleep.settle(self.index, from) else {
            self.end_rest(from);
            return 0;
        };
        if from == Place::Nap && self.shared().has_work() {
            self.end_rest(place);
            return 0;
        }
        // A timer may have been set, or a slot filled, before we were seated: nobody arms the
        // kernel's timer for a monitor, which looks by itself.
        self.arm_next_deadline();
        self.shared().watch.before_rest(self.shared());
        match place {
            Place::Seat => self.sit(),
            _ => self.sleep(),
        }
    }

    /// Waits in the reactor.
    fn sit(&self) -> usize {
        // A call that came before we were in the counts may have ended with another waiter, who
        // saw nobody to pass it on to.
        let turn = if self.shared().sleep.is_wanted(self.index) {
            Turn::default()
        } else {
            self.wait()
        };
        self.end_rest(Place::Seat);
        if turn.notified && !self.was_called.get() && !self.searching.get() {
            // Nobody wants us but out of here.
            self.core.gaps.make_way();
        }
        self.after_turn(turn)
    }

    /// Waits for whatever comes to the reactor. Where many send at once, those who do may stand in
    /// line for this very processor: they go first, and what they have sent is taken without a
    /// sleep, much of it together. Else we would be woken for each of them, and it for us.
    fn wait(&self) -> Turn {
        if self.core.gaps.is_crowded() {
            std::thread::yield_now();
            let turn = self.turn(Wait::Poll);
            if turn != Turn::default() {
                return turn;
            }
        }
        self.turn(Wait::Block)
    }

    /// Sleeps on its own until wanted.
    fn sleep(&self) -> usize {
        while !self.shared().sleep.is_wanted(self.index) {
            std::thread::park();
        }
        self.end_rest(Place::Asleep);
        0
    }

    fn turn(&self, wait: Wait) -> Turn {
        let mut events = self.events.borrow_mut();
        self.shared()
            .reactor
            .receive(&mut events, wait)
            .unwrap_or_else(|error| {
                // A bug of ours (a bad descriptor), or a system that forbids the call: without a
                // reactor nothing can be waited for, and a loop that went on would spin for ever.
                // On a pool this ends one worker, who may have been the last to turn the reactor:
                // whoever runs the loop is told.
                self.handle.stop();
                panic!("the reactor failed: {error}")
            })
    }

    /// Deals with what a turn brought, once the worker does not count as resting any more. How many
    /// events that was.
    fn after_turn(&self, turn: Turn) -> usize {
        if turn.notified {
            self.shared().wake_up(self.shared().sleep.pass_on());
        }
        if turn.io > 0 {
            self.remote().counters.io_events.add(turn.io as u64);
            self.gather();
        }
        if turn.timer {
            self.fire_timers();
            self.arm_next_deadline();
            if let Some(stuck) = self.shared().watch.look(self.shared(), self.index) {
                self.rescue(stuck);
            }
        }
        turn.io
    }

    /// Queues the tasks that the events wake, and calls somebody for them if they are many.
    fn gather(&self) {
        self.gathers.set(true);
        self.events.borrow_mut().wake();
        self.gathers.set(false);
        let waiting = self.remote().stealer.len();
        let sleep = &self.shared().sleep;
        if waiting > LEFT_TO_MONITOR || (waiting > 0 && !sleep.leave_to_monitor()) {
            self.shared().wake_up(sleep.work_added());
        }
    }

    /// Takes on a task whose worker is in a long poll.
    fn rescue(&self, stuck: Runnable) {
        self.remote().counters.steals.add(1);
        self.push(stuck);
    }
}
