//! Each worker's word: where that one worker rests, and whether somebody wants it.
//!
//! `sleep.rs` is the only user. A word is moved by its worker, from `AWAKE` to where it rests and
//! back, and by others, who write that it is wanted; every change is one exchange, so neither side
//! misses the other. Nothing here wakes a thread or knows the counts.

use crossbeam_utils::CachePadded;

use crate::counts::Place;
use crate::sleep::Call;
use crate::sync::{AtomicU8, Ordering, pause};

/// Busy or searching.
const AWAKE: u8 = 0;
/// Spins on its own word.
const SPINNING: u8 = 1;
/// Waits in the reactor.
const SEATED: u8 = 2;
/// Sleeps on its own.
const ASLEEP: u8 = 3;
/// Sleeps for moments, and looks around in between.
const NAPPING: u8 = 4;
/// Wanted, and will notice by itself.
const CALLED: u8 = 5;
/// Wanted while it waited in the reactor.
const SEATED_CALLED: u8 = 6;
/// Taken out of its rest by a grant, and counted as searching.
const GRANTED: u8 = 7;

/// See the module.
pub(crate) struct Words(Box<[CachePadded<AtomicU8>]>);

impl Words {
    pub(crate) fn new(workers: usize) -> Self {
        let awake = |_| CachePadded::new(AtomicU8::new(AWAKE));
        Self((0..workers).map(awake).collect())
    }

    /// Says that `worker` is wanted.
    pub(crate) fn call(&self, worker: usize) -> Call {
        let word = &self.0[worker];
        let mut seen = word.load(Ordering::Relaxed);
        loop {
            let next = match seen {
                CALLED | SEATED_CALLED | GRANTED => seen,
                SEATED => SEATED_CALLED,
                _ => CALLED,
            };
            // Release pairs with the Acquire exchanges by which the worker takes its word back;
            // done even where nothing changes, so that it sees what we published before.
            match word.compare_exchange_weak(seen, next, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(SEATED) => return Call::Reactor,
                Ok(ASLEEP | NAPPING) => return Call::Thread(worker),
                Ok(_) => return Call::Nobody,
                Err(now) => seen = now,
            }
        }
    }

    /// Tells a worker that was taken out of the counts that it searches from now on.
    pub(crate) fn grant(&self, worker: usize) -> Call {
        // Release pairs with the Acquire in `is_wanted` and `wait_for_grant`.
        match self.0[worker].swap(GRANTED, Ordering::AcqRel) {
            ASLEEP | NAPPING | CALLED => Call::Thread(worker),
            _ => Call::Nobody,
        }
    }

    /// Whether somebody wants `me` out of its rest.
    #[inline]
    pub(crate) fn is_wanted(&self, me: usize) -> bool {
        // Acquire pairs with the Release in `call` and in `grant`.
        !matches!(
            self.0[me].load(Ordering::Acquire),
            SPINNING | SEATED | ASLEEP | NAPPING
        )
    }

    /// Whether a call meant for a worker in the reactor is still on its way.
    pub(crate) fn is_anybody_called_from_a_seat(&self) -> bool {
        // Acquire pairs with the Release in `call`.
        let called = |word: &CachePadded<AtomicU8>| word.load(Ordering::Acquire) == SEATED_CALLED;
        self.0.iter().any(called)
    }

    /// From awake to `place`; false after a call, which is taken as seen.
    pub(crate) fn enter(&self, me: usize, place: Place) -> bool {
        self.exchange(me, AWAKE, of(place)) || {
            let _called = self.take_back(me);
            false
        }
    }

    /// From one place of rest to another; false when somebody wants us.
    pub(crate) fn change(&self, me: usize, from: Place, to: Place) -> bool {
        self.exchange(me, of(from), of(to))
    }

    /// From a [`change`](Self::change) that came to nothing back to `place`, keeping a call or a
    /// grant that came meanwhile.
    pub(crate) fn change_back(&self, me: usize, place: Place) {
        let word = &self.0[me];
        let mut seen = word.load(Ordering::Relaxed);
        loop {
            let next = match seen {
                SEATED | ASLEEP => of(place),
                SEATED_CALLED => CALLED,
                other => other,
            };
            match word.compare_exchange_weak(seen, next, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    /// From a place that has no room any more back to awake; false if a call came meanwhile.
    pub(crate) fn give_up(&self, me: usize, place: Place) -> bool {
        self.take(me) == of(place)
    }

    /// Whoever took us out of the counts is about to say so. Going on before would let that store
    /// hit our next rest, and count a searcher twice.
    pub(crate) fn wait_for_grant(&self, me: usize) {
        // Acquire pairs with the Release in `grant`.
        while self.0[me].load(Ordering::Acquire) != GRANTED {
            pause();
        }
    }

    /// The rest is over; true if somebody called.
    pub(crate) fn take_back(&self, me: usize) -> bool {
        matches!(self.take(me), CALLED | SEATED_CALLED)
    }

    /// What called us has published its reason before (Acquire, partner `call`).
    fn take(&self, me: usize) -> u8 {
        self.0[me].swap(AWAKE, Ordering::AcqRel)
    }

    /// AcqRel: partner `call`, as in `take`, on success and on failure.
    fn exchange(&self, me: usize, from: u8, to: u8) -> bool {
        self.0[me]
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words = self.0.iter().map(|word| word.load(Ordering::Relaxed));
        f.debug_list().entries(words).finish()
    }
}

fn of(place: Place) -> u8 {
    match place {
        Place::Spin => SPINNING,
        Place::Seat => SEATED,
        Place::Nap => NAPPING,
        Place::Asleep => ASLEEP,
    }
}
