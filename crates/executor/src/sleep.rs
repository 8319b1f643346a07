//! Who is awake: the parking protocol, which never loses a wake-up (I3).
//!
//! Workers call it before and after they rest; whoever publishes work calls [`Sleep::work_added`],
//! whoever wants one certain worker calls [`Sleep::call`]. It decides *who* is to be woken and
//! leaves the waking (an eventfd, a thread's own park) to its caller, so that loom can play all
//! parts. It never looks into a queue. The protocol and its proof: `docs/parking.md`.
//!
//! ```text
//!            start_search                 rest                     (word)
//!   BUSY ───────────────► SEARCHING ───────────► SPINNING or NAPPING ───────► SEATED or ASLEEP
//!    ▲                        │    nothing found         │    settle              │
//!    │       end_search       │                          │                        │
//!    └────────────────────────┘◄── granted ──────────────┴────────── granted ─────┘
//!    ▲                                                   │                        │
//!    └──────────────── called, or found something itself ┴────────────────────────┘
//! ```
//!
//! A worker that rests is *granted* a search by `work_added`, which counts it as searching before
//! it is awake; or *called* by `call`, which does not.

use crossbeam_utils::CachePadded;

use crate::counts::{Counts, Place, Rester, Wish};
use crate::sync::{AtomicU64, Mutex, Ordering, fence, lock, ranks};
use crate::words::Words;

/// What the caller must do so that the chosen worker wakes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Call {
    /// Nothing: nobody is to be woken, or it will notice.
    Nobody,
    /// Make one thread that waits in the reactor return.
    Reactor,
    /// Unpark this worker's thread.
    Thread(usize),
}

/// How a rest ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) struct Awake {
    /// The worker counts as searching, and must end the search.
    pub(crate) searching: bool,
    /// It was wanted itself, for what only it can run.
    pub(crate) called: bool,
}

/// See the module.
pub(crate) struct Sleep {
    /// The counts; every change is a read-modify-write.
    counts: CachePadded<AtomicU64>,
    /// Each worker's word.
    words: Words,
    /// Those asleep, in the order they fell asleep. `ASLEEP` of the counts changes only under
    /// this lock, so both always agree.
    sleepers: Mutex<Vec<usize>>,
    /// How many may wait in the reactor at once.
    seats: usize,
    /// How many workers the loop was built with: half as many may search.
    workers: usize,
}

impl Sleep {
    /// For `workers` and as many `reliefs`, which come after them and may never rest.
    pub(crate) fn new(workers: usize, reliefs: usize, seats: usize) -> Self {
        Self {
            counts: CachePadded::new(AtomicU64::new(Counts::BUSY.0)),
            words: Words::new(workers + reliefs),
            sleepers: Mutex::new(Vec::with_capacity(workers)),
            seats,
            workers,
        }
    }

    /// Work that any worker may take has just been published: picks somebody for it, unless
    /// somebody searches already.
    #[inline]
    pub(crate) fn work_added(&self) -> Call {
        // I3, partner in `announced`: either the rester's last look sees our work, or we see
        // that it rests.
        fence(Ordering::SeqCst);
        if self.load().to_call().is_none() {
            return Call::Nobody;
        }
        self.grant()
    }

    /// Wants `worker` awake, whatever it does: for what only that worker can run.
    pub(crate) fn call(&self, worker: usize) -> Call {
        self.words.call(worker)
    }

    /// Begins to look for work elsewhere; false when enough others do.
    pub(crate) fn start_search(&self) -> bool {
        self.change(|counts| (2 * counts.searching() < self.workers).then(|| counts.start_search()))
            .is_ok()
    }

    /// Ends the search; true when nobody searches any more: whoever published work meanwhile relied
    /// on us, so the caller looks once more and publishes again what it sees
    /// ([`work_added`](Self::work_added)).
    pub(crate) fn end_search(&self) -> bool {
        let before = self
            .change(|counts| Some(counts.end_search()))
            .expect("always changes");
        announced();
        before.searching() == 1
    }

    /// Whether a worker waits in the reactor. SeqCst: the caller has published something by a
    /// SeqCst operation, whose partner is the fence in `announced`.
    pub(crate) fn has_seated(&self) -> bool {
        Counts(self.counts.load(Ordering::SeqCst)).seated() > 0
    }

    /// Whether somebody turns the reactor, waiting or spinning. A hint.
    pub(crate) fn is_reactor_turned(&self) -> bool {
        let counts = self.load();
        counts.seated() > 0 || counts.spinner().is_some()
    }

    /// Work that any worker may take has just been published, but the caller is going to do it
    /// soon: true if a monitor comes by should that take longer, so that nobody need be called.
    pub(crate) fn leave_to_monitor(&self) -> bool {
        // I3, partner in `announced`: either the monitor's look as it leaves sees our work, or we
        // see that it has left.
        fence(Ordering::SeqCst);
        self.load().monitor().is_some()
    }

    /// `me` rests from now on, where it wishes to if there is room. The caller must look once more
    /// for work, and [`retract`](Self::retract) if there is some. `None`: it was called and must
    /// not rest; it still searches if it did.
    pub(crate) fn rest(&self, me: usize, searching: bool, wish: Wish) -> Option<Place> {
        let awake = |counts: Counts| {
            Some(if searching {
                counts.end_search()
            } else {
                counts
            })
        };
        loop {
            let place = self.load().choose(wish, self.seats);
            if !self.words.enter(me, place) {
                return None;
            }
            if self.move_to(me, place, awake) {
                announced();
                return Some(place);
            }
            // The place went to another worker meanwhile, and perhaps a call came.
            if !self.words.give_up(me, place) {
                return None;
            }
        }
    }

    /// Whether somebody wants `me` out of its rest.
    #[inline]
    pub(crate) fn is_wanted(&self, me: usize) -> bool {
        self.words.is_wanted(me)
    }

    /// The spinner has spun enough, or the monitor sees nothing to look after any more: it waits in
    /// the reactor, or falls asleep, from now on. It counted as resting all the time, so a spinner
    /// need not look for work again; a monitor must, for what was left to it. Both must look at
    /// the slots, which are watched while somebody is seated. `None`: it is wanted, or the place
    /// it would have taken is gone.
    pub(crate) fn settle(&self, me: usize, from: Place) -> Option<Place> {
        let leave = |counts: Counts| counts.leave(me, from);
        let to = leave(self.load())?.choose(Wish::default(), self.seats);
        if !self.words.change(me, from, to) {
            return None;
        }
        if self.move_to(me, to, leave) {
            announced();
            return Some(to);
        }
        self.words.change_back(me, from);
        None
    }

    /// `me` ends its rest at `place`, by itself or because it is wanted. A monitor that does not
    /// search from now on must look for what was left to it.
    pub(crate) fn retract(&self, me: usize, place: Place) -> Awake {
        let granted = match place {
            Place::Seat => self.leave_seat(),
            Place::Spin | Place::Nap => self.change(|counts| counts.leave(me, place)).is_err(),
            Place::Asleep => !self.get_up(me),
        };
        if granted && place != Place::Seat {
            self.words.wait_for_grant(me);
        } else if place == Place::Nap {
            announced();
        }
        Awake {
            searching: granted,
            called: self.words.take_back(me),
        }
    }

    /// Whether a call meant for another worker in the reactor may have ended with us: the kernel
    /// wakes whom it likes, and one event may stand for two calls. Ask after every turn of the
    /// reactor that saw the notifier, when our own seat is given back.
    pub(crate) fn pass_on(&self) -> Call {
        let counts = self.load();
        let is_called = counts.seated() > 0 && self.words.is_anybody_called_from_a_seat();
        if counts.tokens() > 0 || is_called {
            return Call::Reactor;
        }
        Call::Nobody
    }

    /// Nobody looks after the reactor, although somebody sleeps: picks one that takes the seat.
    pub(crate) fn fill_seat(&self) -> Call {
        let counts = self.load();
        if !counts.is_watched() && counts.asleep() > 0 {
            return self.grant();
        }
        Call::Nobody
    }

    /// Takes a resting worker out of the counts as a searcher.
    fn grant(&self) -> Call {
        loop {
            let counts = self.load();
            let Some(rester) = counts.to_call() else {
                return Call::Nobody;
            };
            if rester == Rester::Asleep {
                if let Some(worker) = self.grant_sleeper() {
                    return self.words.grant(worker);
                }
                continue;
            }
            if self.exchange(counts, counts.called(rester)).is_ok() {
                return match rester {
                    Rester::Spinner(worker) | Rester::Monitor(worker) => self.words.grant(worker),
                    Rester::Seated | Rester::Asleep => Call::Reactor,
                };
            }
        }
    }

    /// The sleeper that lay down last, now counted as searching. None if that changed meanwhile.
    fn grant_sleeper(&self) -> Option<usize> {
        let mut sleepers = lock(&self.sleepers, ranks::SLEEPERS);
        self.change(|counts| {
            (counts.to_call() == Some(Rester::Asleep)).then(|| counts.called(Rester::Asleep))
        })
        .ok()?;
        sleepers.pop()
    }

    /// Enters the counts at `place`, leaving where it was in the same step; false when there is no
    /// room, or a grant was quicker. Those asleep enter the list too, only while all seats are
    /// taken: whoever leaves one later sees that somebody sleeps ([`fill_seat`](Self::fill_seat)).
    fn move_to(&self, me: usize, place: Place, leave: impl Fn(Counts) -> Option<Counts>) -> bool {
        let enter = |counts| leave(counts)?.enter(me, place, self.seats);
        if place != Place::Asleep {
            return self.change(enter).is_ok();
        }
        let mut sleepers = lock(&self.sleepers, ranks::SLEEPERS);
        let placed = self.change(enter).is_ok();
        if placed {
            sleepers.push(me);
        }
        placed
    }

    /// Leaves the list and the counts; false when a grant was quicker.
    fn get_up(&self, me: usize) -> bool {
        let mut sleepers = lock(&self.sleepers, ranks::SLEEPERS);
        let Some(at) = sleepers.iter().position(|&worker| worker == me) else {
            return false;
        };
        sleepers.remove(at);
        self.change(|counts| Some(counts.wake_up()))
            .expect("always changes");
        true
    }

    /// Gives the seat back; true when this answers a grant.
    fn leave_seat(&self) -> bool {
        let before = self
            .change(|counts| Some(counts.leave_seat().0))
            .expect("always changes");
        before.leave_seat().1
    }

    fn load(&self) -> Counts {
        // Relaxed: a first guess for an exchange, or read behind the fence of `work_added`.
        Counts(self.counts.load(Ordering::Relaxed))
    }

    /// Applies `change` until it takes; gives the counts before, or after a refusal the last seen.
    fn change(&self, change: impl Fn(Counts) -> Option<Counts>) -> Result<Counts, Counts> {
        let mut seen = self.load();
        loop {
            let Some(next) = change(seen) else {
                return Err(seen);
            };
            match self.exchange(seen, next) {
                Ok(()) => return Ok(seen),
                Err(now) => seen = now,
            }
        }
    }

    /// SeqCst on both sides: the counts are the one variable on which publishers, searchers and
    /// resters agree (I3).
    fn exchange(&self, seen: Counts, next: Counts) -> Result<(), Counts> {
        self.counts
            .compare_exchange(seen.0, next.0, Ordering::SeqCst, Ordering::Relaxed)
            .map(drop)
            .map_err(Counts)
    }
}

#[cfg(all(test, loom))]
impl Sleep {
    /// The counts, for tests.
    pub(crate) fn counts(&self) -> Counts {
        self.load()
    }
}

impl std::fmt::Debug for Sleep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sleep")
            .field("counts", &self.load())
            .field("words", &self.words)
            .finish()
    }
}

/// The counts say that we rest, or search no more; what the caller looks at next, it sees as it is
/// after that.
fn announced() {
    // I3, partner in `work_added`.
    fence(Ordering::SeqCst);
}
