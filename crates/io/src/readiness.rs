//! What one direction of a source knows about itself, as plain values.
//!
//! [`Side`](crate::side::Side) carries these words in an atomic; the transitions here touch
//! nothing, so that they can be tested as a table.
//!
//! ```text
//!            event                     event: takes the waiters
//!          ┌───────┐          ┌─────────────────────────────────┐
//!          ▼       │          ▼                                 │
//!        ready ────┴── clear ──► not ready ── wait ──► not ready, waiting
//!          any state ── shut ──► shut, for good; takes the waiters
//! ```
//! Ready and waiting exclude each other: who finds a word ready tries instead of waiting, and who
//! makes it ready clears waiting. So an event and a waiter cannot miss each other, whichever
//! changes the word first.

use std::fmt;

/// Operations are worth trying.
const READY: u32 = 1;
/// The peer will send no more, or the connection broke: never cleared again.
const HUNG: u32 = 2;
/// Somebody left a waker. Never together with `READY`.
const WAITING: u32 = 4;
/// The event loop is closed: nobody will turn the reactor again.
const SHUT: u32 = 8;
/// One event more, in the bits above the flags; wraps around.
const TICK: u32 = 16;

/// A direction's word: flags and a count of events.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Readiness(u32);

impl Readiness {
    /// Ready although nobody said so: the first operation finds out faster than a turn.
    pub(crate) const START: Readiness = Readiness(READY);

    /// The word as the atomic holds it.
    pub(crate) const fn bits(self) -> u32 {
        self.0
    }

    /// The word that the atomic held.
    pub(crate) const fn from_bits(bits: u32) -> Readiness {
        Readiness(bits)
    }

    /// Whether an operation is worth trying.
    pub(crate) const fn is_ready(self) -> bool {
        self.0 & READY != 0
    }

    /// Whether somebody left a waker since the last event.
    pub(crate) const fn is_waiting(self) -> bool {
        self.0 & WAITING != 0
    }

    /// Whether the event loop is closed.
    pub(crate) const fn is_shut(self) -> bool {
        self.0 & SHUT != 0
    }

    /// An event came, of a peer that hung up or not. Take the waiters if this was waiting.
    pub(crate) const fn with_event(self, is_hung: bool) -> Readiness {
        let hung = if is_hung { HUNG } else { 0 };
        Readiness((self.0 & !WAITING | READY | hung).wrapping_add(TICK))
    }

    /// The waiters are sent to look again, without an event. Take them if this was waiting.
    pub(crate) const fn without_waiters(self) -> Readiness {
        Readiness(self.0 & !WAITING)
    }

    /// The event loop closed. Take the waiters if this was waiting.
    pub(crate) const fn shut(self) -> Readiness {
        Readiness(self.0 & !WAITING | SHUT)
    }

    /// An operation would have blocked.
    pub(crate) const fn cleared(self) -> Readiness {
        Readiness(self.0 & !READY)
    }

    /// An operation moved fewer bytes than asked, so the next would block: unless the peer hung
    /// up, which may be news that only another operation tells and that no event repeats.
    pub(crate) const fn drained(self) -> Readiness {
        if self.0 & HUNG != 0 {
            self
        } else {
            self.cleared()
        }
    }

    /// Somebody wants to wait; `None` when there is something to do or no hope instead.
    pub(crate) const fn with_waiter(self) -> Option<Readiness> {
        if self.is_ready() || self.is_shut() {
            None
        } else {
            Some(Readiness(self.0 | WAITING))
        }
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (READY, "ready"),
            (HUNG, "hung"),
            (WAITING, "waiting"),
            (SHUT, "shut"),
        ];
        let set = names
            .iter()
            .filter(|(flag, _)| self.0 & flag != 0)
            .map(|(_, name)| *name);
        f.debug_set().entries(set).finish()?;
        write!(f, "@{}", self.0 / TICK)
    }
}

#[cfg(test)]
mod tests;
