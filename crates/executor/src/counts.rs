//! How many workers look for work and how many rest, in one word.
//!
//! Plain values, walked by tests as a table; `sleep.rs` keeps them in an atomic and is the only
//! user. Nothing here knows which worker is which.

/// Bits of each field; four thousand workers are enough.
const WIDTH: u32 = 12;
/// The largest value of a field.
pub(crate) const FIELD_MAX: usize = (1 << WIDTH) - 1;

const SEARCHING: u32 = 0;
const SEATED: u32 = WIDTH;
const TOKENS: u32 = 2 * WIDTH;
const ASLEEP: u32 = 3 * WIDTH;
const SPINNER: u32 = 4 * WIDTH;

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
    /// One of those that sleep on their own.
    Asleep,
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

    /// Whom to call, if anybody rests and nobody searches already.
    pub(crate) fn to_call(self) -> Option<Rester> {
        if self.searching() > 0 {
            None
        } else if let Some(spinner) = self.spinner() {
            Some(Rester::Spinner(spinner))
        } else if self.seated() > self.tokens() {
            Some(Rester::Seated)
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
            Rester::Spinner(_) => searching.with_spinner(None),
            Rester::Seated => searching.plus(TOKENS),
            Rester::Asleep => searching.minus(ASLEEP),
        }
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

    pub(crate) fn take_seat(self) -> Self {
        self.plus(SEATED)
    }

    pub(crate) fn fall_asleep(self) -> Self {
        self.plus(ASLEEP)
    }

    pub(crate) fn wake_up(self) -> Self {
        self.minus(ASLEEP)
    }

    pub(crate) fn with_spinner(self, worker: Option<usize>) -> Self {
        let index = worker.map_or(0, |index| index as u64 + 1);
        let mask = (FIELD_MAX as u64) << SPINNER;
        Self((self.0 & !mask) | (index << SPINNER))
    }

    fn field(self, shift: u32) -> usize {
        (self.0 >> shift) as usize & FIELD_MAX
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
            .finish()
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests;
