//! Deadlines in order: a hierarchical timing wheel.
//!
//! [`Timers`](crate::Timers) owns one behind a lock and tells it the time. The wheel never locks,
//! never reads a clock (I6) and never wakes, clones or drops a waker by itself (I4): it hands them
//! out.
//!
//! ```text
//! nanoseconds   bit 52 ........ 46 ...... 40 ...... 34 ...... 28 ...... 22 ...... 16 ..... 0
//!               overflow | level 5 | level 4 | level 3 | level 2 | level 1 | level 0 | inside
//! ```
//! A timer lives on the level of the highest group of bits in which its deadline differs from
//! `elapsed`, in the slot that this group names; past deadlines share the slot of `elapsed`. Three
//! facts follow, as long as every move of `elapsed` empties the slots that it enters or passes:
//!
//! - where a timer lives depends on `elapsed` and its deadline alone, so timers with equal
//!   deadlines share a list, in the order in which they were inserted;
//! - everything on a lower level is due before anything on a higher one, and slots of one level
//!   are in order without wrapping around, so the first occupied slot holds the next deadline;
//! - a slot knows the earliest deadline in it, so a lone timer of ten seconds is announced exactly
//!   and causes no wake-up merely to be moved down.

use std::task::Waker;

use crate::clock::Deadline;

mod slab;

use slab::{NONE, Slab};

pub use slab::TimerKey;

/// log2 of the nanoseconds that one slot of level 0 spans (65 microseconds).
const GRAIN_BITS: u32 = 16;

/// log2 of the slots in a level.
const LEVEL_BITS: u32 = 6;

/// Slots in a level; as many as a `u64` has bits, for the occupancy map.
const SLOTS: usize = 1 << LEVEL_BITS;

/// Levels; beyond 2^52 nanoseconds (52 days) timers wait in the overflow list.
const LEVELS: usize = 6;

/// The list of timers that are too far away for the highest level.
const OVERFLOW: usize = LEVELS * SLOTS;

/// Every sleeping waker and when it is due.
#[derive(Debug)]
pub(crate) struct Wheel {
    /// The timers themselves, linked into the lists below by index.
    slab: Slab,
    /// One list per slot, level after level, and the overflow list at the end.
    slots: Box<[Slot]>,
    /// Which slots of each level hold a list: bit n for slot n.
    occupied: [u64; LEVELS],
    /// The time up to which all is expired, in nanoseconds. Moved by `expire` only.
    elapsed: u64,
    /// Due timers of the slot at hand, between two steps of `expire`; empty otherwise.
    due: Vec<(u64, u32)>,
}

/// A list of timers, first come first.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// The earliest deadline in the list. Too early after that timer was removed, never too late.
    earliest: u64,
    /// First and last of the list, or `NONE`.
    head: u32,
    /// See `head`.
    tail: u32,
}

impl Slot {
    /// A list without timers.
    const EMPTY: Slot = Slot {
        earliest: u64::MAX,
        head: NONE,
        tail: NONE,
    };
}

impl Wheel {
    /// An empty wheel at the origin of time.
    pub(crate) fn new() -> Wheel {
        Wheel {
            slab: Slab::new(),
            slots: vec![Slot::EMPTY; OVERFLOW + 1].into_boxed_slice(),
            occupied: [0; LEVELS],
            elapsed: 0,
            due: Vec::new(),
        }
    }

    /// How many timers wait.
    pub(crate) fn len(&self) -> usize {
        self.slab.len()
    }

    /// When to expire next: exact, or too early when the earliest timer of a slot was removed.
    pub(crate) fn next_deadline(&self) -> Deadline {
        for (level, bits) in self.occupied.iter().enumerate() {
            if *bits != 0 {
                let slot = level * SLOTS + bits.trailing_zeros() as usize;
                return Deadline::from_nanos(self.slots[slot].earliest);
            }
        }
        Deadline::from_nanos(self.slots[OVERFLOW].earliest)
    }

    /// Adds a timer that hands out `waker` once `at` has come.
    pub(crate) fn insert(&mut self, at: Deadline, waker: Waker) -> TimerKey {
        let (index, key) = self.slab.insert(at.as_nanos(), waker);
        self.link(index);
        key
    }

    /// Whether the timer would wake what `waker` wakes; `None` when it fired or was removed.
    pub(crate) fn is_waking(&self, key: TimerKey, waker: &Waker) -> Option<bool> {
        let index = self.slab.find(key)?;
        let held = self.slab.node(index).waker.as_ref();
        Some(held.is_some_and(|held| held.will_wake(waker)))
    }

    /// Exchanges a timer's waker and hands out the old one; gives `waker` back as the error when
    /// the timer fired or was removed.
    pub(crate) fn replace(&mut self, key: TimerKey, waker: Waker) -> Result<Option<Waker>, Waker> {
        match self.slab.find(key) {
            Some(index) => Ok(self.slab.node_mut(index).waker.replace(waker)),
            None => Err(waker),
        }
    }

    /// Takes a timer out; `None` when it fired or was removed before.
    pub(crate) fn remove(&mut self, key: TimerKey) -> Option<Waker> {
        let index = self.slab.find(key)?;
        self.unlink(index);
        self.slab.remove(index)
    }

    /// Moves a timer to another deadline, behind those that have it already. False when it fired
    /// or was removed.
    pub(crate) fn reset(&mut self, key: TimerKey, at: Deadline) -> bool {
        let Some(index) = self.slab.find(key) else {
            return false;
        };
        self.unlink(index);
        self.slab.node_mut(index).deadline = at.as_nanos();
        self.link(index);
        true
    }

    /// Takes out all timers due at `now`, by deadline and among equals in order of insertion.
    pub(crate) fn expire(&mut self, now: Deadline, wakers: &mut Vec<Waker>) {
        let before = self.elapsed;
        let now = now.as_nanos().max(before);
        self.elapsed = now;
        for level in 0..LEVELS {
            let moved = (before ^ now) >> shift(level);
            if level > 0 && moved == 0 {
                // Nothing on this level or above was entered or passed.
                return;
            }
            let last = if moved >> LEVEL_BITS == 0 {
                position(level, now)
            } else {
                SLOTS - 1
            };
            let mut passed = self.occupied[level] & (u64::MAX >> (SLOTS - 1 - last));
            while passed != 0 {
                let slot = passed.trailing_zeros() as usize;
                passed &= passed - 1;
                self.empty(level * SLOTS + slot, wakers);
            }
        }
        if (before ^ now) >> shift(LEVELS) != 0 {
            self.empty(OVERFLOW, wakers);
        }
    }

    /// Takes out every timer, due or not, in no particular order.
    pub(crate) fn drain(&mut self, wakers: &mut Vec<Waker>) {
        for slot in 0..=OVERFLOW {
            let mut next = self.slots[slot].head;
            while next != NONE {
                let index = next;
                next = self.slab.node(index).next;
                wakers.extend(self.slab.remove(index));
            }
            self.slots[slot] = Slot::EMPTY;
        }
        self.occupied = [0; LEVELS];
    }

    /// Hands out what is due in one slot and puts the rest where it belongs by now: on a lower
    /// level, or in the same slot again if that is the current one of level 0.
    fn empty(&mut self, slot: usize, wakers: &mut Vec<Waker>) {
        let mut next = self.slots[slot].head;
        self.clear(slot);
        while next != NONE {
            let index = next;
            let node = self.slab.node(index);
            next = node.next;
            if node.deadline <= self.elapsed {
                self.due.push((node.deadline, index));
            } else {
                self.link(index);
            }
        }
        // Stable, so that equal deadlines stay in order of insertion; slots are visited in order.
        self.due.sort_by_key(|(deadline, _)| *deadline);
        for (_, index) in self.due.drain(..) {
            wakers.extend(self.slab.remove(index));
        }
    }

    /// Appends a timer to the list that its deadline belongs to.
    fn link(&mut self, index: u32) {
        let deadline = self.slab.node(index).deadline;
        let place = place(self.elapsed, deadline);
        let slot = &mut self.slots[place];
        let tail = slot.tail;
        slot.tail = index;
        slot.earliest = slot.earliest.min(deadline);
        if tail == NONE {
            slot.head = index;
            if place != OVERFLOW {
                self.occupied[place / SLOTS] |= 1 << (place % SLOTS);
            }
        } else {
            self.slab.node_mut(tail).next = index;
        }
        let node = self.slab.node_mut(index);
        node.prev = tail;
        node.next = NONE;
        node.slot = u16::try_from(place).expect("there are 385 lists");
    }

    /// Takes a timer out of its list.
    fn unlink(&mut self, index: u32) {
        let node = self.slab.node(index);
        let (prev, next, slot) = (node.prev, node.next, usize::from(node.slot));
        if prev == NONE {
            self.slots[slot].head = next;
        } else {
            self.slab.node_mut(prev).next = next;
        }
        if next == NONE {
            self.slots[slot].tail = prev;
        } else {
            self.slab.node_mut(next).prev = prev;
        }
        if self.slots[slot].head == NONE {
            self.clear(slot);
        }
    }

    /// Makes a slot a list without timers; its nodes are the caller's to place.
    fn clear(&mut self, slot: usize) {
        self.slots[slot] = Slot::EMPTY;
        if slot != OVERFLOW {
            self.occupied[slot / SLOTS] &= !(1 << (slot % SLOTS));
        }
    }
}

/// The list in which a timer of `deadline` belongs when all up to `elapsed` is expired.
fn place(elapsed: u64, deadline: u64) -> usize {
    let deadline = deadline.max(elapsed);
    let differing = (elapsed ^ deadline) >> GRAIN_BITS;
    if differing == 0 {
        return position(0, deadline);
    }
    let level = (differing.ilog2() / LEVEL_BITS) as usize;
    if level < LEVELS {
        level * SLOTS + position(level, deadline)
    } else {
        OVERFLOW
    }
}

/// The slot of a level in which a point in time lies.
fn position(level: usize, nanos: u64) -> usize {
    // The mask leaves six bits, which fit any usize.
    ((nanos >> shift(level)) & (SLOTS as u64 - 1)) as usize
}

/// The lowest bit of the group of bits that names a level's slots.
fn shift(level: usize) -> u32 {
    GRAIN_BITS + LEVEL_BITS * u32::try_from(level).expect("there are six levels")
}

#[cfg(test)]
mod tests;
