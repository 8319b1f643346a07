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

/// Takes a lock whose holder may have panicked: every value behind these locks is left whole
/// before user code can run, so poison says nothing.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}
