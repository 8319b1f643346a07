//! A place for one runnable that any thread may fill or empty: a worker's next-task slot.
//!
//! The executor builds on it; the pointer work stays in this crate's unsafe rooms (`Permit`).

use std::ptr::{self, NonNull};

use crate::cell::{Header, Permit};
use crate::runnable::Runnable;
use crate::sync::{AtomicPtr, Ordering};

/// Holds one [`Runnable`] or none.
#[derive(Debug)]
pub struct Slot(AtomicPtr<Header>);

impl Default for Slot {
    fn default() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }
}

impl Slot {
    /// Whether it looked empty just now. Relaxed: a hint, `put` and `take` decide.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.load(Ordering::Relaxed).is_null()
    }

    /// Puts the runnable in if the slot is empty; else gives it back.
    ///
    /// # Errors
    /// The runnable itself, when another one is there.
    #[inline]
    pub fn put(&self, runnable: Runnable) -> Result<(), Runnable> {
        let raw = runnable.0.into_raw();
        // Release pairs with the Acquire in `take` and `replace`: who takes the task sees what its
        // waker wrote.
        // SeqCst so that a parking worker's look at the slot comes after its own announcement.
        let put = self.0.compare_exchange(
            ptr::null_mut(),
            raw.as_ptr(),
            Ordering::SeqCst,
            Ordering::Relaxed,
        );
        match put {
            Ok(_) => Ok(()),
            // SAFETY: `raw` came from `into_raw` above and did not go into the slot.
            Err(_) => Err(Runnable(unsafe { Permit::from_raw(raw) })),
        }
    }

    /// Puts the runnable in, and gives out the one that was there.
    #[inline]
    pub fn replace(&self, runnable: Runnable) -> Option<Runnable> {
        let raw = runnable.0.into_raw();
        // SeqCst for both reasons of `put`, and to pair with it as `take` does.
        let before = NonNull::new(self.0.swap(raw.as_ptr(), Ordering::SeqCst))?;
        // SAFETY: the pointer came from `into_raw`, and the swap made it ours alone.
        Some(Runnable(unsafe { Permit::from_raw(before) }))
    }

    /// Takes the runnable out, if one is there.
    #[inline]
    pub fn take(&self) -> Option<Runnable> {
        // SeqCst, of which Acquire pairs with the Release in `put`.
        let raw = NonNull::new(self.0.swap(ptr::null_mut(), Ordering::SeqCst))?;
        // SAFETY: the pointer came from `into_raw`, and the swap made it ours alone.
        Some(Runnable(unsafe { Permit::from_raw(raw) }))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        drop(self.take());
    }
}
