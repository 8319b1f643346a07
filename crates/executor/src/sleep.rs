//! Who is awake: the parking protocol, which never loses a wake-up (I3).
//!
//! Workers call it before and after they rest; whoever publishes work calls [`Sleep::work_added`],
//! whoever wants one certain worker calls [`Sleep::call`]. It decides *who* is to be woken and
//! leaves the waking (an eventfd, a thread's own park) to its caller, so that loom can play all
//! parts. It never looks into a queue. The protocol and its proof: `docs/parking.md`.
//!
//! ```text
//!            start_search                 rest                     (word)
//!   BUSY ───────────────► SEARCHING ───────────────► SPINNING ─────────────► SEATED or ASLEEP
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

use crate::counts::{Counts, Rester};
use crate::sync::{AtomicU8, AtomicU64, Mutex, Ordering, fence, lock, pause};

/// Busy or searching.
const AWAKE: u8 = 0;
/// Spins on its own word.
const SPINNING: u8 = 1;
/// Waits in the reactor.
const SEATED: u8 = 2;
/// Sleeps on its own.
const ASLEEP: u8 = 3;
/// Wanted, and will notice by itself.
const CALLED: u8 = 4;
/// Wanted while it waited in the reactor.
const SEATED_CALLED: u8 = 5;
/// Taken out of its rest by `work_added`, and counted as searching.
const GRANTED: u8 = 6;

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

/// Where a worker rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It spins on its own word ([`Sleep::is_wanted`]), turning the reactor without waiting.
    Spin,
    /// It waits in the reactor.
    Seat,
    /// It parks its thread until [`Sleep::is_wanted`].
    Asleep,
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
    words: Box<[CachePadded<AtomicU8>]>,
    /// Those asleep, in the order they fell asleep. `ASLEEP` of the counts changes only under
    /// this lock, so both always agree.
    sleepers: Mutex<Vec<usize>>,
    /// How many may wait in the reactor at once.
    seats: usize,
}

impl Sleep {
    pub(crate) fn new(workers: usize, seats: usize) -> Self {
        Self {
            counts: CachePadded::new(AtomicU64::new(Counts::BUSY.0)),
            words: (0..workers)
                .map(|_| CachePadded::new(AtomicU8::new(AWAKE)))
                .collect(),
            sleepers: Mutex::new(Vec::with_capacity(workers)),
            seats,
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
        let word = &self.words[worker];
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
                Ok(ASLEEP) => return Call::Thread(worker),
                Ok(_) => return Call::Nobody,
                Err(now) => seen = now,
            }
        }
    }

    /// Begins to look for work elsewhere; false when enough others do.
    pub(crate) fn start_search(&self) -> bool {
        let limit = self.words.len();
        self.change(|counts| (2 * counts.searching() < limit).then(|| counts.start_search()))
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

    /// `me` rests from now on. The caller must look once more for work, and
    /// [`retract`](Self::retract) if there is some. `None`: it was called and must not rest; it
    /// still searches if it did.
    pub(crate) fn rest(&self, me: usize, searching: bool, may_spin: bool) -> Option<Place> {
        let mut place = self.choose(may_spin);
        loop {
            if !self.set_word(me, AWAKE, word_of(place)) {
                return None;
            }
            let placed = match place {
                Place::Spin | Place::Seat => self.take_place(me, searching, place),
                Place::Asleep => self.lie_down(me, |counts| drop_search(counts, searching)),
            };
            if placed {
                announced();
                return Some(place);
            }
            // The place went to another worker meanwhile, and perhaps a call came.
            if self.take_word_back(me) != word_of(place) {
                return None;
            }
            place = self.choose(false);
        }
    }

    /// Whether somebody wants `me` out of its rest.
    #[inline]
    pub(crate) fn is_wanted(&self, me: usize) -> bool {
        // Acquire pairs with the Release in `call` and in `grant`.
        !matches!(
            self.words[me].load(Ordering::Acquire),
            SPINNING | SEATED | ASLEEP
        )
    }

    /// The spinner has spun enough: it waits in the reactor, or falls asleep, from now on. It
    /// counted as resting all the time, so no further look for work is needed, only one at the
    /// slots, which are watched while somebody is seated. `None`: it is wanted.
    pub(crate) fn settle(&self, me: usize) -> Option<Place> {
        let place = if self.load().seated() < self.seats {
            Place::Seat
        } else {
            Place::Asleep
        };
        if !self.set_word(me, SPINNING, word_of(place)) {
            return None;
        }
        let no_spinner =
            |counts: Counts| (counts.spinner() == Some(me)).then(|| counts.with_spinner(None));
        let placed = match place {
            Place::Asleep => self.lie_down(me, no_spinner),
            _ => self
                .change(|counts| {
                    (counts.seated() < self.seats).then_some(())?;
                    no_spinner(counts).map(Counts::take_seat)
                })
                .is_ok(),
        };
        if placed {
            announced();
            return Some(place);
        }
        // Somebody grants us a search right now, or the seat went: back to spinning.
        self.return_to_spinning(me);
        None
    }

    /// `me` ends its rest at `place`, by itself or because it is wanted.
    pub(crate) fn retract(&self, me: usize, place: Place) -> Awake {
        let granted = match place {
            Place::Seat => self.leave_seat(),
            Place::Spin => self
                .change(|counts| (counts.spinner() == Some(me)).then(|| counts.with_spinner(None)))
                .is_err(),
            Place::Asleep => !self.get_up(me),
        };
        if granted && place != Place::Seat {
            // Whoever took us out of the counts is about to store GRANTED. Going on before would
            // let that store hit our next rest, and count a searcher twice.
            while self.words[me].load(Ordering::Acquire) != GRANTED {
                pause();
            }
        }
        let called = matches!(self.take_word_back(me), CALLED | SEATED_CALLED);
        Awake {
            searching: granted,
            called,
        }
    }

    /// Whether a call meant for another worker in the reactor may have ended with us: the kernel
    /// wakes whom it likes, and one event may stand for two calls. Ask after every turn of the
    /// reactor that saw the notifier, when our own seat is given back.
    pub(crate) fn pass_on(&self) -> Call {
        let counts = self.load();
        // Acquire pairs with the Release in `call`.
        let called = |word: &CachePadded<AtomicU8>| word.load(Ordering::Acquire) == SEATED_CALLED;
        if counts.tokens() > 0 || (counts.seated() > 0 && self.words.iter().any(called)) {
            return Call::Reactor;
        }
        Call::Nobody
    }

    /// Nobody is left in the reactor although somebody sleeps: picks one that takes the seat.
    pub(crate) fn fill_seat(&self) -> Call {
        let counts = self.load();
        if counts.seated() == 0 && counts.spinner().is_none() && counts.asleep() > 0 {
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
                    return self.store_grant(worker);
                }
                continue;
            }
            if self.exchange(counts, counts.called(rester)).is_ok() {
                return match rester {
                    Rester::Spinner(worker) => self.store_grant(worker),
                    _ => Call::Reactor,
                };
            }
        }
    }

    /// The sleeper that lay down last, now counted as searching. None if that changed meanwhile.
    fn grant_sleeper(&self) -> Option<usize> {
        let mut sleepers = lock(&self.sleepers);
        self.change(|counts| {
            (counts.to_call() == Some(Rester::Asleep)).then(|| counts.called(Rester::Asleep))
        })
        .ok()?;
        sleepers.pop()
    }

    /// Tells a worker that was taken out of the counts.
    fn store_grant(&self, worker: usize) -> Call {
        // Release pairs with the Acquire in `is_wanted` and `retract`.
        match self.words[worker].swap(GRANTED, Ordering::AcqRel) {
            ASLEEP | CALLED => Call::Thread(worker),
            _ => Call::Nobody,
        }
    }

    fn choose(&self, may_spin: bool) -> Place {
        let counts = self.load();
        if may_spin && counts.spinner().is_none() {
            Place::Spin
        } else if counts.seated() < self.seats {
            Place::Seat
        } else {
            Place::Asleep
        }
    }

    /// Enters the counts as spinner or seated; false when that place is taken.
    fn take_place(&self, me: usize, searching: bool, place: Place) -> bool {
        self.change(|counts| {
            let counts = drop_search(counts, searching)?;
            match place {
                Place::Spin if counts.spinner().is_none() => Some(counts.with_spinner(Some(me))),
                Place::Seat if counts.seated() < self.seats => Some(counts.take_seat()),
                _ => None,
            }
        })
        .is_ok()
    }

    /// Enters the counts and the list as asleep, with another change in the same step. Only while
    /// all seats are taken: whoever leaves one later sees that somebody sleeps
    /// ([`fill_seat`](Self::fill_seat)).
    fn lie_down(&self, me: usize, change: impl Fn(Counts) -> Option<Counts>) -> bool {
        let mut sleepers = lock(&self.sleepers);
        let placed = self
            .change(|counts| {
                (counts.seated() >= self.seats).then_some(())?;
                change(counts).map(Counts::fall_asleep)
            })
            .is_ok();
        if placed {
            sleepers.push(me);
        }
        placed
    }

    /// Leaves the list and the counts; false when a grant was quicker.
    fn get_up(&self, me: usize) -> bool {
        let mut sleepers = lock(&self.sleepers);
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

    /// Moves the own word on; false when it says something else, which is a call.
    fn set_word(&self, me: usize, from: u8, to: u8) -> bool {
        let word = &self.words[me];
        match word.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => true,
            Err(_) if from == AWAKE => {
                let _called = self.take_word_back(me);
                false
            }
            Err(_) => false,
        }
    }

    /// From a failed `settle` back to spinning, keeping a call or a grant that came meanwhile.
    fn return_to_spinning(&self, me: usize) {
        let word = &self.words[me];
        let mut seen = word.load(Ordering::Relaxed);
        loop {
            let next = match seen {
                SEATED | ASLEEP => SPINNING,
                SEATED_CALLED => CALLED,
                other => other,
            };
            match word.compare_exchange_weak(seen, next, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    /// The rest is over; what called us has published its reason before (Acquire, partner `call`).
    fn take_word_back(&self, me: usize) -> u8 {
        self.words[me].swap(AWAKE, Ordering::AcqRel)
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
        let words: Vec<u8> = self
            .words
            .iter()
            .map(|word| word.load(Ordering::Relaxed))
            .collect();
        f.debug_struct("Sleep")
            .field("counts", &self.load())
            .field("words", &words)
            .finish()
    }
}

/// The counts say that we rest, or search no more; what the caller looks at next, it sees as it is
/// after that.
fn announced() {
    // I3, partner in `work_added`.
    fence(Ordering::SeqCst);
}

fn word_of(place: Place) -> u8 {
    match place {
        Place::Spin => SPINNING,
        Place::Seat => SEATED,
        Place::Asleep => ASLEEP,
    }
}

fn drop_search(counts: Counts, searching: bool) -> Option<Counts> {
    Some(if searching {
        counts.end_search()
    } else {
        counts
    })
}
