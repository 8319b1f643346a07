//! Wakers on their way: gathered under a desk's lock, woken when it is released (I4). Made by
//! [`Desk::with`](super::Desk::with) alone.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::Waker;

/// Wakers to be woken when this is dropped, in the order in which they were added.
///
/// A waker that panics keeps none of the others asleep: the first panic goes on after the last
/// wake.
pub(crate) struct Wakes {
    /// The first one, so that waking one allocates nothing.
    first: Option<Waker>,
    /// Those after it.
    others: Vec<Waker>,
}

impl Wakes {
    /// Nobody yet.
    pub(crate) const fn new() -> Self {
        Self {
            first: None,
            others: Vec::new(),
        }
    }

    /// Wakes `waker` too.
    pub(crate) fn add(&mut self, waker: Waker) {
        if self.first.is_none() {
            self.first = Some(waker);
        } else {
            self.others.push(waker);
        }
    }
}

impl Drop for Wakes {
    fn drop(&mut self) {
        let Some(first) = self.first.take() else {
            return;
        };
        let mut panic = None;
        for waker in std::iter::once(first).chain(self.others.drain(..)) {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
                panic.get_or_insert(payload);
            }
        }
        // A second panic while one is under way would abort the process.
        if let Some(payload) = panic.filter(|_| !std::thread::panicking()) {
            resume_unwind(payload);
        }
    }
}
