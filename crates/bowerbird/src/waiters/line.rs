//! The line itself: who waits, in order of arrival, and what those got who were served. Used by
//! [`Wait`](super::Wait) for one's own place and by the services for the first in line. Knows no
//! lock, wakes nobody.
//!
//! Places are slots of a vector, linked in order of arrival, so that joining, serving and leaving
//! from the middle take a few steps each and a busy line allocates nothing.

use std::mem;
use std::task::Waker;

use super::Wakes;

/// Empty lines with more slots than this give their memory back.
const KEPT_SLOTS: usize = 64;

/// Waiters in order of arrival, each with a mark `M`; those who were served, but have not come to
/// collect it, with a gift `G`.
pub(crate) struct Line<M, G> {
    /// Every place, free ones included.
    slots: Vec<Slot<M, G>>,
    /// Who has waited longest.
    first: Option<usize>,
    /// Who came last.
    last: Option<usize>,
    /// The first of the free slots.
    free: Option<usize>,
    /// How many wait.
    waiting: usize,
    /// How many slots are not free.
    taken: usize,
}

/// A place in a line. Whoever holds it is the only one who can give it up.
#[derive(Debug)]
pub(crate) struct Ticket(usize);

enum Slot<M, G> {
    Free {
        /// The next free one.
        next: Option<usize>,
    },
    Waiting {
        /// What those who serve can see.
        mark: M,
        /// Who is woken when it is served.
        waker: Waker,
        /// Who came before.
        before: Option<usize>,
        /// Who came after.
        after: Option<usize>,
    },
    /// Served, and out of the order.
    Served(G),
}

/// What came of asking at one's place.
pub(crate) enum Asked<G> {
    /// This was given there; the place is free again.
    Served(G),
    /// Not yet; the right waker is in the line.
    Waiting(Ticket),
    /// Not yet, and the waker in the line is another one.
    OtherWaker(Ticket),
}

impl<M, G> Line<M, G> {
    /// Nobody waits.
    pub(crate) const fn new() -> Self {
        Self {
            slots: Vec::new(),
            first: None,
            last: None,
            free: None,
            waiting: 0,
            taken: 0,
        }
    }

    /// How many wait, those who were served not counted.
    pub(crate) fn len(&self) -> usize {
        self.waiting
    }

    /// Whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// How many slots it has memory for.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.slots.capacity()
    }

    /// The mark of whoever has waited longest.
    pub(crate) fn first(&self) -> Option<&M> {
        match self.slots.get(self.first?) {
            Some(Slot::Waiting { mark, .. }) => Some(mark),
            _ => unreachable!("the first in line waits"),
        }
    }

    /// Takes the last place.
    pub(crate) fn join(&mut self, mark: M, waker: Waker) -> Ticket {
        let slot = Slot::Waiting {
            mark,
            waker,
            before: self.last,
            after: None,
        };
        let index = self.occupy(slot);
        match self.last.replace(index) {
            Some(before) => *self.after_of(before) = Some(index),
            None => self.first = Some(index),
        }
        self.waiting += 1;
        Ticket(index)
    }

    /// Gives `gift` to whoever has waited longest, or back when nobody waits.
    pub(crate) fn serve(&mut self, gift: G, wakes: &mut Wakes) -> Result<(), G> {
        let Some(index) = self.first else {
            return Err(gift);
        };
        wakes.add(self.unlink(index, Slot::Served(gift)));
        Ok(())
    }

    /// Looks what one's place was given; if nothing, `fresh` takes the place of a waker that does
    /// not wake the same task as `waker`, and holds the former one afterwards.
    pub(crate) fn ask(
        &mut self,
        ticket: Ticket,
        waker: &Waker,
        fresh: &mut Option<Waker>,
    ) -> Asked<G> {
        match &mut self.slots[ticket.0] {
            Slot::Waiting { waker: known, .. } => {
                if known.will_wake(waker) {
                    return Asked::Waiting(ticket);
                }
                let Some(fresh) = fresh else {
                    return Asked::OtherWaker(ticket);
                };
                mem::swap(known, fresh);
                Asked::Waiting(ticket)
            }
            Slot::Served(_) => Asked::Served(self.vacate_served(ticket.0)),
            Slot::Free { .. } => unreachable!("a ticket's place is not free"),
        }
    }

    /// Gives one's place up: the waker that was in the line, or the gift that was not collected.
    pub(crate) fn leave(&mut self, ticket: Ticket) -> (Option<Waker>, Option<G>) {
        let index = ticket.0;
        if matches!(self.slots[index], Slot::Served(_)) {
            return (None, Some(self.vacate_served(index)));
        }
        let waker = self.unlink(index, Slot::Free { next: self.free });
        self.freed(index);
        (Some(waker), None)
    }

    /// Takes a waiter out of the order and puts `instead` into its slot.
    fn unlink(&mut self, index: usize, instead: Slot<M, G>) -> Waker {
        let Slot::Waiting {
            waker,
            before,
            after,
            ..
        } = mem::replace(&mut self.slots[index], instead)
        else {
            unreachable!("only those who wait are in the order");
        };
        match before {
            Some(before) => *self.after_of(before) = after,
            None => self.first = after,
        }
        match after {
            Some(after) => *self.before_of(after) = before,
            None => self.last = before,
        }
        self.waiting -= 1;
        waker
    }

    fn vacate_served(&mut self, index: usize) -> G {
        let free = Slot::Free { next: self.free };
        let Slot::Served(gift) = mem::replace(&mut self.slots[index], free) else {
            unreachable!("the caller has seen that it was served");
        };
        self.freed(index);
        gift
    }

    fn occupy(&mut self, slot: Slot<M, G>) -> usize {
        self.taken += 1;
        let Some(index) = self.free else {
            self.slots.push(slot);
            return self.slots.len() - 1;
        };
        match mem::replace(&mut self.slots[index], slot) {
            Slot::Free { next } => self.free = next,
            _ => unreachable!("the free list holds free slots"),
        }
        index
    }

    /// A slot was made free, its link set.
    fn freed(&mut self, index: usize) {
        self.free = Some(index);
        self.taken -= 1;
        if self.taken == 0 && self.slots.len() > KEPT_SLOTS {
            self.slots = Vec::new();
            self.free = None;
        }
    }

    fn after_of(&mut self, index: usize) -> &mut Option<usize> {
        match &mut self.slots[index] {
            Slot::Waiting { after, .. } => after,
            _ => unreachable!("neighbours in line wait"),
        }
    }

    fn before_of(&mut self, index: usize) -> &mut Option<usize> {
        match &mut self.slots[index] {
            Slot::Waiting { before, .. } => before,
            _ => unreachable!("neighbours in line wait"),
        }
    }
}
