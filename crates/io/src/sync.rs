//! std's primitives or loom's, chosen here and nowhere else in this crate.
//!
//! What is explored by the loom models (timers, readiness, the table of sources) takes them from
//! here. What stands on the kernel uses std's directly: loom cannot see into the kernel.

#[cfg(not(loom))]
pub(crate) use std::sync::{
    Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard,
    atomic::{AtomicU32, AtomicU64, Ordering},
};

#[cfg(loom)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard,
    atomic::{AtomicU32, AtomicU64, Ordering},
};

/// Takes a lock. No user code runs under the locks of this crate (I4), so a poisoned one is as good
/// as new.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Takes a lock to look; as [`lock`].
pub(crate) fn read<T>(content: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    content
        .read()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Takes a lock to change; as [`lock`].
pub(crate) fn write<T>(content: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    content
        .write()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}
