//! std's primitives or loom's, chosen here and nowhere else.
//!
//! Every other file of this crate takes its atomics, locks, cells and thread-locals from here, so
//! that a build with `--cfg loom` explores the real code. Code that loom has no twin for (the
//! counter behind task ids) uses std directly and says so.

#[cfg(not(loom))]
pub(crate) use std::{
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering},
    },
    thread_local,
};

#[cfg(loom)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering},
};

/// loom's thread-locals, in std's form for a constant start.
#[cfg(loom)]
macro_rules! local_key {
    ($(#[$doc:meta])* static $name:ident: $type:ty = const { $start:expr };) => {
        loom::thread_local! { $(#[$doc])* static $name: $type = $start; }
    };
}

#[cfg(loom)]
pub(crate) use local_key as thread_local;

#[cfg(loom)]
pub(crate) use loom::cell::UnsafeCell;

use crate::locked::{Guarded, Rank};

/// A cell whose accesses loom can follow; here they are plain pointers.
#[cfg(not(loom))]
#[derive(Debug)]
pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

#[cfg(not(loom))]
impl<T> UnsafeCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    /// Lends the content for writing; the caller proves that nobody else looks meanwhile.
    #[inline(always)]
    pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0.get())
    }
}

/// What [`lock`] gives.
pub(crate) type Locked<'a, T> = Guarded<MutexGuard<'a, T>>;

/// Takes a lock whose holder may have panicked: every value behind these locks is left whole
/// before user code can run, so poison says nothing.
#[track_caller]
pub(crate) fn lock<T>(mutex: &Mutex<T>, rank: Rank) -> Locked<'_, T> {
    Guarded::take(rank, || {
        mutex
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    })
}

/// Takes a lock of a test, which has no rank.
#[cfg(test)]
pub(crate) fn lock_unranked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The locks of this crate, in the order in which a thread may take them.
pub(crate) mod ranks {
    use crate::locked::Rank;

    /// The cold part of a task.
    pub(crate) const PARTS: Rank = Rank::new(110, "parts");
    /// The context of a task.
    pub(crate) const CONTEXT: Rank = Rank::new(120, "context");
    /// The variables of a context that several tasks share.
    pub(crate) const VARS: Rank = Rank::new(130, "vars");
    /// Where a scope is.
    pub(crate) const ANCHOR: Rank = Rank::new(140, "anchor");
    /// The scopes of a task.
    pub(crate) const TREE: Rank = Rank::new(150, "tree");
    /// A promise and who waits for it.
    pub(crate) const LINE: Rank = Rank::new(160, "line");
    /// What a panic carries.
    pub(crate) const PAYLOAD: Rank = Rank::new(170, "payload");
}
