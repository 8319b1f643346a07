//! How many workers look for work and how many rest, in one word, and where the next one may rest.
//!
//! Plain values, walked by tests as a table; `sleep.rs` keeps them in an atomic and is the only
//! user. Nothing here blocks, and nothing here knows what a worker is but its number.

/// Bits of each field; a thousand workers are enough.
const WIDTH: u32 = 10;
/// The largest value of a field.
pub(crate) const FIELD_MAX: usize = (1 << WIDTH) - 1;

const SEARCHING: u32 = 0;
const SEATED: u32 = WIDTH;
const TOKENS: u32 = 2 * WIDTH;
const ASLEEP: u32 = 3 * WIDTH;
const SPINNER: u32 = 4 * WIDTH;
const MONITOR: u32 = 5 * WIDTH;

/// The counts at one moment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts(pub(crate) u64);

/// Whom to call for new work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rester {
    /// The one that spins.
    Spinner(usize),
    /// One of those that wait in the reactor; the kernel chooses.
    Seated,
    /// The one that naps.
    Monitor(usize),
    /// One of those that sleep on their own.
    Asleep,
}

/// Where a worker rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It spins on its own word ([`Sleep::is_wanted`](crate::sleep::Sleep::is_wanted)), turning the
    /// reactor without waiting.
    Spin,
    /// It waits in the reactor.
    Seat,
    /// It is the monitor: sleeps for moments, and looks after what waits in between.
    Nap,
    /// It sleeps until it is wanted.
    Asleep,
}

/// Where a worker would like to rest, if there is room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    /// What it waits for usually comes at once.
    pub(crate) spin: bool,
    /// Events come thick, and others deal with them.
    pub(crate) nap: bool,
}

impl Counts {
    /// Everybody is busy.
    pub(crate) const BUSY: Self = Self(0);

    /// Workers that look for work, or have been called to do so.
    pub(crate) fn searching(self) -> usize {
        self.field(SEARCHING)
    }

    /// Workers that wait in the reactor.
    pub(crate) fn seated(self) -> usize {
        self.field(SEATED)
    }

    /// Calls that no seated worker has answered yet; never more than are seated.
    pub(crate) fn tokens(self) -> usize {
        self.field(TOKENS)
    }

    /// Workers that sleep on their own.
    pub(crate) fn asleep(self) -> usize {
        self.field(ASLEEP)
    }

    /// The worker that spins, if one does.
    pub(crate) fn spinner(self) -> Option<usize> {
        self.field(SPINNER).checked_sub(1)
    }

    /// The worker that naps, if one does.
    pub(crate) fn monitor(self) -> Option<usize> {
        self.field(MONITOR).checked_sub(1)
    }

    /// Whom to call, if anybody rests and nobody searches already.
    pub(crate) fn to_call(self) -> Option<Rester> {
        if self.searching() > 0 {
            None
        } else if let Some(spinner) = self.spinner() {
            Some(Rester::Spinner(spinner))
        } else if self.seated() > self.tokens() {
            Some(Rester::Seated)
        } else if let Some(monitor) = self.monitor() {
            Some(Rester::Monitor(monitor))
        } else if self.asleep() > 0 {
            Some(Rester::Asleep)
        } else {
            None
        }
    }

    /// The counts once `rester` has been called: it counts as searching from this moment, so that
    /// nobody else is called for the same work.
    pub(crate) fn called(self, rester: Rester) -> Self {
        let searching = self.plus(SEARCHING);
        match rester {
            Rester::Spinner(_) => searching.with(SPINNER, None),
            Rester::Seated => searching.plus(TOKENS),
            Rester::Monitor(_) => searching.with(MONITOR, None),
            Rester::Asleep => searching.minus(ASLEEP),
        }
    }

    /// Whether somebody looks after sockets, timers and slots, so that the others may sleep.
    pub(crate) fn is_watched(self) -> bool {
        self.seated() > 0 || self.spinner().is_some() || self.monitor().is_some()
    }

    /// Where the next worker rests, if up to `seats` may wait in the reactor.
    pub(crate) fn choose(self, wish: Wish, seats: usize) -> Place {
        if wish.spin && self.spinner().is_none() {
            Place::Spin
        } else if wish.nap && self.monitor().is_none() {
            Place::Nap
        } else if self.seated() < self.seats(seats) {
            Place::Seat
        } else {
            Place::Asleep
        }
    }

    /// The counts once worker `me` rests at `place`; `None` if there is no room for it any more.
    pub(crate) fn enter(self, me: usize, place: Place, seats: usize) -> Option<Self> {
        let has_room = match place {
            Place::Spin => self.spinner().is_none(),
            Place::Nap => self.monitor().is_none(),
            Place::Seat => self.seated() < self.seats(seats),
            Place::Asleep => self.seated() >= self.seats(seats),
        };
        has_room.then(|| match place {
            Place::Spin => self.with(SPINNER, Some(me)),
            Place::Nap => self.with(MONITOR, Some(me)),
            Place::Seat => self.plus(SEATED),
            Place::Asleep => self.plus(ASLEEP),
        })
    }

    /// The counts once `me` spins or naps no more; `None` if it has been called out of there.
    pub(crate) fn leave(self, me: usize, place: Place) -> Option<Self> {
        let (shift, who) = match place {
            Place::Spin => (SPINNER, self.spinner()),
            Place::Nap => (MONITOR, self.monitor()),
            Place::Seat | Place::Asleep => unreachable!("those have no names in the counts"),
        };
        (who == Some(me)).then(|| self.with(shift, None))
    }

    /// One worker leaves the reactor; true: it answers a call and counts as searching already.
    pub(crate) fn leave_seat(self) -> (Self, bool) {
        let left = self.minus(SEATED);
        if self.tokens() > 0 {
            (left.minus(TOKENS), true)
        } else {
            (left, false)
        }
    }

    pub(crate) fn start_search(self) -> Self {
        self.plus(SEARCHING)
    }

    pub(crate) fn end_search(self) -> Self {
        self.minus(SEARCHING)
    }

    pub(crate) fn wake_up(self) -> Self {
        self.minus(ASLEEP)
    }

    /// Beside a monitor one seat is enough, and none if another one spins: each worker more in the
    /// reactor is one that the kernel wakes for an event that the others would have come to.
    fn seats(self, seats: usize) -> usize {
        match (self.monitor(), self.spinner()) {
            (None, _) => seats,
            (Some(_), None) => seats.min(1),
            (Some(_), Some(_)) => 0,
        }
    }

    fn field(self, shift: u32) -> usize {
        (self.0 >> shift) as usize & FIELD_MAX
    }

    fn with(self, shift: u32, worker: Option<usize>) -> Self {
        let index = worker.map_or(0, |index| index as u64 + 1);
        let mask = (FIELD_MAX as u64) << shift;
        Self((self.0 & !mask) | (index << shift))
    }

    fn plus(self, shift: u32) -> Self {
        debug_assert!(self.field(shift) < FIELD_MAX, "a count overflows: {self:?}");
        Self(self.0 + (1 << shift))
    }

    fn minus(self, shift: u32) -> Self {
        debug_assert!(self.field(shift) > 0, "a count falls below zero: {self:?}");
        Self(self.0 - (1 << shift))
    }
}

impl std::fmt::Debug for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Counts")
            .field("searching", &self.searching())
            .field("seated", &self.seated())
            .field("tokens", &self.tokens())
            .field("asleep", &self.asleep())
            .field("spinner", &self.spinner())
            .field("monitor", &self.monitor())
            .finish()
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests;
