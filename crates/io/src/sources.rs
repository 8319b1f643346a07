//! All sources of a reactor, found by key, and what the kernel says about them.
//!
//! The reactor keeps a [`Table`]. A key is an index and a generation, so that an event which was
//! under way when its source left finds nothing (I5). It never talks to the poller, and wakes
//! nobody.

use std::sync::Arc;
use std::task::Waker;

use crate::source::Source;
use crate::sync::{RwLock, read, write};
use crate::sys::Signal;

/// Bits of a key that hold the index. Descriptors are numbered below it on any system we know.
const INDEX_BITS: u32 = if usize::BITS > 32 { 32 } else { 20 };

/// The bits of a key that hold the index.
const INDEX_MASK: usize = (1 << INDEX_BITS) - 1;

/// The bits of a generation. The highest bit of a key stays clear: the keys above belong to
/// `polling` and to the backends.
const GENERATION_MASK: usize = (1 << (usize::BITS - INDEX_BITS - 1)) - 1;

/// The sources of a reactor, for all its threads.
#[derive(Debug)]
pub(crate) struct Table {
    /// Read-locked once per turn that brings events.
    sources: RwLock<Sources>,
}

impl Table {
    /// Without sources.
    pub(crate) fn new() -> Table {
        Table {
            sources: RwLock::new(Sources::new()),
        }
    }

    /// A new source with a key of its own; `None` when the event loop is closed.
    pub(crate) fn insert(&self) -> Option<Arc<Source>> {
        write(&self.sources).insert()
    }

    /// Forgets a source. Its events that are under way find nothing from now on.
    pub(crate) fn remove(&self, source: &Source) {
        let removed = write(&self.sources).remove(source.key);
        // After the lock: it may hold the last of somebody's wakers (I4).
        drop(removed);
    }

    /// Hands the events of a turn to their sources and gathers who waits for them; how many found
    /// theirs.
    pub(crate) fn deliver(
        &self,
        signals: impl Iterator<Item = Signal>,
        is_oneshot: bool,
        wakers: &mut Vec<Waker>,
    ) -> usize {
        let sources = read(&self.sources);
        let mut delivered = 0;
        for signal in signals {
            // An event that was under way when its source left finds nothing (I5).
            if let Some(source) = sources.find(signal.key) {
                source.deliver(signal, is_oneshot, wakers);
                delivered += 1;
            }
        }
        delivered
    }

    /// Ends all waiting, now and later, and gathers who waits.
    pub(crate) fn close(&self, wakers: &mut Vec<Waker>) {
        for source in write(&self.sources).close() {
            source.shut(wakers);
        }
    }

    /// How many sources there are.
    pub(crate) fn len(&self) -> usize {
        read(&self.sources).len()
    }
}

/// Every source that is in the poller, or about to be.
#[derive(Debug)]
struct Sources {
    /// Sources by index.
    places: Vec<Place>,
    /// Indices of places without a source.
    free: Vec<usize>,
    /// Set for good when the event loop closes.
    is_closed: bool,
}

/// Room for one source after another.
#[derive(Debug)]
struct Place {
    /// Which of the sources that were ever here is here, or was last.
    generation: usize,
    /// `None` while free.
    source: Option<Arc<Source>>,
}

impl Sources {
    /// None yet.
    const fn new() -> Sources {
        Sources {
            places: Vec::new(),
            free: Vec::new(),
            is_closed: false,
        }
    }

    /// A new source with a key of its own; `None` when the event loop is closed.
    fn insert(&mut self) -> Option<Arc<Source>> {
        if self.is_closed {
            return None;
        }
        let index = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place {
                generation: 0,
                source: None,
            });
            self.places.len() - 1
        });
        assert!(
            index <= INDEX_MASK,
            "more sources than descriptors can exist"
        );
        let place = &mut self.places[index];
        place.generation = (place.generation + 1) & GENERATION_MASK;
        let source = Arc::new(Source::new(place.generation << INDEX_BITS | index));
        place.source = Some(Arc::clone(&source));
        Some(source)
    }

    /// The source of `key`, if it is still here.
    fn find(&self, key: usize) -> Option<&Arc<Source>> {
        let place = self.places.get(key & INDEX_MASK)?;
        place.source.as_ref().filter(|source| source.key == key)
    }

    /// Takes the source of `key` out. Drop it outside the lock: it may hold wakers (I4).
    fn remove(&mut self, key: usize) -> Option<Arc<Source>> {
        self.find(key)?;
        let index = key & INDEX_MASK;
        self.free.push(index);
        self.places[index].source.take()
    }

    /// Refuses new sources from now on and tells those that are here.
    fn close(&mut self) -> impl Iterator<Item = &Arc<Source>> {
        self.is_closed = true;
        self.places.iter().filter_map(|place| place.source.as_ref())
    }

    /// How many sources there are.
    fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }
}

#[cfg(test)]
mod tests {
    //! Promises about keys.

    use super::*;

    #[test]
    fn a_key_of_a_source_that_left_finds_nothing() {
        let mut sources = Sources::new();
        let old = sources.insert().unwrap().key;
        assert!(sources.remove(old).is_some());
        let new = sources.insert().unwrap().key;
        assert_eq!(
            old & INDEX_MASK,
            new & INDEX_MASK,
            "the place is used again"
        );
        assert!(sources.find(old).is_none());
        assert!(sources.remove(old).is_none());
        assert!(sources.find(new).is_some());
    }

    #[test]
    fn no_key_has_the_highest_bit() {
        let mut sources = Sources::new();
        let key = sources.insert().unwrap().key;
        sources.remove(key);
        sources.places[0].generation = GENERATION_MASK - 1;
        let last = sources.insert().unwrap().key;
        assert_eq!(last >> INDEX_BITS, GENERATION_MASK);
        assert_eq!(last >> (usize::BITS - 1), 0);
        sources.remove(last);
        assert_eq!(sources.insert().unwrap().key >> INDEX_BITS, 0);
    }

    #[test]
    fn closed_sources_refuse_more() {
        let mut sources = Sources::new();
        let _first = sources.insert();
        assert_eq!(sources.close().count(), 1);
        assert!(sources.insert().is_none());
        assert_eq!(sources.len(), 1);
    }
}
