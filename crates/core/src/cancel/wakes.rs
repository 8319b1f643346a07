//! Waking many. Called by whoever gathered wakers under a lock and has released it (I4).

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::Waker;

use crate::locked::assert_none_held;

/// Wakes all, in order; one that panics keeps none of the others asleep.
///
/// # Panics
/// With the first panic, after the last wake.
pub(crate) fn wake_all(wakers: impl IntoIterator<Item = Waker>) {
    assert_none_held();
    let mut first = None;
    for waker in wakers {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
            first.get_or_insert(panic);
        }
    }
    // A second panic while one is under way would abort the process.
    if let Some(panic) = first.filter(|_| !std::thread::panicking()) {
        resume_unwind(panic);
    }
}
