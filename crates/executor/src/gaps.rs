//! What ended a worker's rests of late, which is what its next one is decided by.
//!
//! Each worker keeps one for itself and asks it before it rests; plain numbers, no clock.

use std::cell::Cell;
use std::time::Duration;

use crate::counts::{Place, Wish};

/// How long a monitor sleeps between two looks.
///
/// What waits behind a long poll waits two naps at most: one in which the monitor saw something
/// move, and one in which it did not.
pub(crate) const NAP: Duration = Duration::from_micros(100);
/// What that grows to, in steps of two, as long as others are seen to move.
pub(crate) const NAP_MAX: Duration = Duration::from_micros(400);
/// Rests in a row that one event has ended at once, before spinning for the next one is tried.
const STREAK: i32 = 8;
/// The same after a spin in vain.
const LONG_STREAK: i32 = 64;
/// Rests that are ended sooner than this are not worth a spin: sleeping and waking up is cheap
/// then, because both sides share a core or neither falls fast asleep.
const CHEAP_SLEEP: Duration = Duration::from_micros(25);
/// Events of a turn, in the mean, that tell of many who send at once.
const CROWD: usize = 3;
/// No turn counts for more.
const CROWD_MAX: usize = 64;
/// What an event weighs in that mean.
const WEIGHT: usize = 16;
/// Spins in a row after which it is seen anew whether sleeping has become cheap.
const SPINS: u32 = 1024;

/// See the module.
///
/// *Calls from outside* come from threads that hand over work, and find a spinner within a
/// microsecond. *Events* come through the kernel, which wakes a worker that waits there. Where many
/// come, a worker in the reactor is woken for each of them though another one would have come to it
/// soon: it is better off napping, and spinning would only take the processor from whoever sends
/// them. Where one comes at a time, each at once after the last, somebody waits for our answer
/// before he sends the next, and spinning saves the way to sleep and back.
#[derive(Debug)]
pub(crate) struct Gaps {
    /// Moving mean of rests that calls have ended, in nanoseconds; the others count as long.
    calls: Cell<u64>,
    /// The same for events.
    events: Cell<u64>,
    /// Rests in a row that one event has ended at once; below zero after a spin in vain.
    alone: Cell<i32>,
    /// Spins left before the next streak.
    spins: Cell<u32>,
    /// A spinner wants to be alone with the reactor.
    makes_way: Cell<bool>,
    /// Moving mean of the events that ended a rest, each of them of such a weight.
    crowd: Cell<usize>,
}

/// What ended a rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A thread that is no worker.
    Call,
    /// So many events from the kernel.
    Events(usize),
    /// A timer, another worker, or the end of a nap.
    Other,
}

impl Default for Gaps {
    fn default() -> Self {
        Self {
            calls: Cell::new(u64::MAX),
            events: Cell::new(u64::MAX),
            alone: Cell::new(0),
            spins: Cell::new(0),
            makes_way: Cell::new(false),
            crowd: Cell::new(0),
        }
    }
}

impl Gaps {
    /// Where the next rest is best spent; `spin` is how long a spin may last, zero for never.
    pub(crate) fn wish(&self, spin: Duration) -> Wish {
        let pays = u128::from(self.calls.get()) <= spin.as_nanos() || self.is_alone();
        Wish {
            spin: pays && !spin.is_zero(),
            nap: self.makes_way.take() || u128::from(self.events.get()) <= NAP.as_nanos(),
        }
    }

    /// Whether events come one by one, each as the answer to what we did with the last.
    pub(crate) fn is_alone(&self) -> bool {
        self.alone.get() >= STREAK
    }

    /// Whether many send at once, so that more will have come in a moment.
    pub(crate) fn is_crowded(&self) -> bool {
        self.crowd.get() >= CROWD * WEIGHT
    }

    /// How long to spin. The answer to an answer takes the other side's own way to sleep and back,
    /// which is about as long as ours.
    pub(crate) fn patience(&self, spin: Duration) -> Duration {
        if self.is_alone() { spin * 2 } else { spin }
    }

    /// The next rest is to be spent out of the reactor.
    pub(crate) fn make_way(&self) {
        self.makes_way.set(true);
    }

    /// Nothing has moved during a nap.
    pub(crate) fn calm_down(&self) {
        self.events.set(u64::MAX);
    }

    /// A rest of this length at `place` is over.
    pub(crate) fn record(&self, gap: Duration, place: Place, ending: Ending, spin: Duration) {
        let called = ending == Ending::Call;
        if let Ending::Events(events) = ending {
            let events = events.min(CROWD_MAX) * WEIGHT;
            self.crowd.set((3 * self.crowd.get() + events) / 4);
        }
        mix(&self.calls, called.then_some(gap), spin.saturating_mul(4));
        match ending {
            Ending::Events(_) => mix(&self.events, Some(gap), NAP * 4),
            // Whether events come thick is not told by work that came before them.
            Ending::Call | Ending::Other if gap < NAP => {}
            Ending::Call | Ending::Other => mix(&self.events, None, NAP * 4),
        }
        match (ending, place) {
            (Ending::Events(1), Place::Spin) => self.count_spin(),
            (Ending::Events(1), _) if (CHEAP_SLEEP..=spin * 2).contains(&gap) => self.count_sleep(),
            (Ending::Events(_), _) => self.alone.set(self.alone.get().min(0)),
            (Ending::Call | Ending::Other, _) => {}
        }
    }

    /// A spin for the next event was in vain.
    pub(crate) fn spun_in_vain(&self) {
        self.alone.set(STREAK - LONG_STREAK);
    }

    /// One event has ended a sleep that was worth a spin.
    fn count_sleep(&self) {
        self.alone.set((self.alone.get() + 1).min(STREAK));
        self.spins.set(SPINS);
    }

    /// One event has ended a spin.
    fn count_spin(&self) {
        let left = self.spins.get().saturating_sub(1);
        self.spins.set(left);
        if left == 0 {
            self.alone.set(self.alone.get().min(0));
        }
    }
}

/// Lets a rest into the mean. Long ones, and those (`None`) that something else has ended, count as
/// `cap`, so that a busy time after a quiet one is noticed within a few rests.
fn mix(mean: &Cell<u64>, gap: Option<Duration>, cap: Duration) {
    let cap = cap.as_nanos();
    let gap = gap.map_or(cap, |gap| gap.as_nanos().min(cap));
    let before = u128::from(mean.get()).min(cap);
    mean.set(((3 * before + gap) / 4) as u64);
}

#[cfg(test)]
mod tests;
