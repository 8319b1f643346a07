//! Where the wheel keeps its timers: an array that grows in chunks and is never copied.
//!
//! Only [`Wheel`](super::Wheel) calls it. A key names a timer by index and generation, so that a
//! key kept too long finds nothing instead of somebody else's timer. It never touches the links of
//! a timer in use.

use std::num::NonZeroU32;
use std::task::Waker;

/// The index that stands for "no timer".
pub(super) const NONE: u32 = u32::MAX;

/// log2 of the timers in a chunk.
const CHUNK_BITS: u32 = 8;

/// Timers in a chunk.
const CHUNK: usize = 1 << CHUNK_BITS;

/// Chunks that are kept when the last timer goes, against freeing and allocating in turns.
const CHUNKS_KEPT: usize = 4;

/// Names one timer, from its insertion until it fires or is removed; harmless afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerKey {
    /// Where the timer is.
    index: u32,
    /// Which of the timers that were ever there it is.
    generation: NonZeroU32,
}

/// A timer, or a free place for one.
#[derive(Debug)]
pub(super) struct Node {
    /// When it is due, in nanoseconds.
    pub(super) deadline: u64,
    /// Whom it wakes; `None` in a free place.
    pub(super) waker: Option<Waker>,
    /// The timer before it in its list.
    pub(super) prev: u32,
    /// The timer behind it in its list, or the next free place.
    pub(super) next: u32,
    /// Matches the key of the timer that is here; of the last one in a free place.
    generation: u32,
    /// The list it is in.
    pub(super) slot: u16,
}

/// All timers of a wheel.
#[derive(Debug)]
pub(super) struct Slab {
    /// The places, a chunk at a time.
    chunks: Vec<Box<[Node]>>,
    /// The first free place, or `NONE`.
    free: u32,
    /// How many places are taken.
    len: usize,
    /// The generation given out last. One count for all places, so that a chunk can be given back
    /// and made anew without repeating one.
    generation: u32,
}

impl Slab {
    /// An empty array, without a chunk.
    pub(super) fn new() -> Slab {
        Slab {
            chunks: Vec::new(),
            free: NONE,
            len: 0,
            generation: 0,
        }
    }

    /// How many timers there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds a timer that is in no list yet.
    pub(super) fn insert(&mut self, deadline: u64, waker: Waker) -> (u32, TimerKey) {
        if self.free == NONE {
            self.grow();
        }
        // Zero is left out, which makes an optional key as small as a key.
        let generation =
            NonZeroU32::new(self.generation.wrapping_add(1)).unwrap_or(NonZeroU32::MIN);
        self.generation = generation.get();
        let index = self.free;
        let node = self.node_mut(index);
        let next_free = node.next;
        *node = Node {
            deadline,
            waker: Some(waker),
            prev: NONE,
            next: NONE,
            generation: generation.get(),
            slot: 0,
        };
        self.free = next_free;
        self.len += 1;
        (index, TimerKey { index, generation })
    }

    /// Where the timer of `key` is, if it is still there.
    pub(super) fn find(&self, key: TimerKey) -> Option<u32> {
        let chunk = self.chunks.get(key.index as usize >> CHUNK_BITS)?;
        let node = &chunk[key.index as usize % CHUNK];
        let is_same = node.generation == key.generation.get() && node.waker.is_some();
        is_same.then_some(key.index)
    }

    /// A timer by index.
    pub(super) fn node(&self, index: u32) -> &Node {
        &self.chunks[index as usize >> CHUNK_BITS][index as usize % CHUNK]
    }

    /// A timer by index, to change.
    pub(super) fn node_mut(&mut self, index: u32) -> &mut Node {
        &mut self.chunks[index as usize >> CHUNK_BITS][index as usize % CHUNK]
    }

    /// Frees the place of a timer that is in no list any more and hands out its waker.
    pub(super) fn remove(&mut self, index: u32) -> Option<Waker> {
        let free = self.free;
        let node = self.node_mut(index);
        let waker = node.waker.take();
        node.next = free;
        self.free = index;
        self.len -= 1;
        if self.len == 0 && self.chunks.len() > CHUNKS_KEPT {
            self.chunks.clear();
            self.chunks.shrink_to(CHUNKS_KEPT);
            self.free = NONE;
        }
        waker
    }

    /// Adds a chunk of free places.
    fn grow(&mut self) {
        let base = u32::try_from(self.chunks.len() << CHUNK_BITS).ok();
        let base = base.filter(|base| *base < NONE - CHUNK as u32);
        let base = base.expect("four thousand million timers do not fit in memory");
        let free_after = |offset: u32| {
            if offset as usize == CHUNK {
                NONE
            } else {
                base + offset
            }
        };
        let places = (0..CHUNK as u32).map(|offset| Node {
            deadline: 0,
            waker: None,
            prev: NONE,
            next: free_after(offset + 1),
            generation: 0,
            slot: 0,
        });
        self.chunks.push(places.collect());
        self.free = base;
    }
}

#[cfg(test)]
mod tests {
    //! Promises about size and memory.

    use super::*;

    #[test]
    fn a_timer_takes_no_more_than_48_bytes_and_a_key_8() {
        assert!(size_of::<Node>() <= 48, "{}", size_of::<Node>());
        assert_eq!(size_of::<Option<TimerKey>>(), 8);
    }

    #[test]
    fn fault_053_memory_returns_with_the_last_timer_and_old_keys_stay_dead() {
        let mut slab = Slab::new();
        let keys: Vec<_> = (0..10_000)
            .map(|n| slab.insert(n, Waker::noop().clone()))
            .collect();
        assert_eq!(slab.chunks.len(), 40);
        for (index, _) in &keys {
            assert!(slab.remove(*index).is_some());
        }
        assert!(slab.chunks.is_empty());
        for n in 0..10_000 {
            let _new = slab.insert(n, Waker::noop().clone());
        }
        assert!(keys.iter().all(|(_, key)| slab.find(*key).is_none()));
    }
}
