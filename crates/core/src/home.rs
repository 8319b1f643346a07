//! A future that never leaves its thread, so that a `Send` cell may carry what is not `Send`.
//!
//! Used by `create_local` only. It checks instead of trusting: a wrong thread gets a panic, or a
//! leak, never a data race.

use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread::{self, ThreadId};

/// See the module.
pub(crate) struct HomeBound<F> {
    /// The thread that made it; ids are never used again, unlike addresses.
    home: ThreadId,
    /// The future, touched on that thread only.
    future: ManuallyDrop<F>,
}

impl<F> HomeBound<F> {
    pub(crate) fn new(future: F) -> Self {
        Self {
            home: thread::current().id(),
            future: ManuallyDrop::new(future),
        }
    }

    fn is_home(&self) -> bool {
        thread::current().id() == self.home
    }
}

impl<F: Future> Future for HomeBound<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        assert!(
            self.is_home(),
            "a local task was polled on a thread that is not its own"
        );
        // SAFETY: the future is pinned with `self`: it is never moved out, and dropped in place.
        let future = unsafe { self.map_unchecked_mut(|this| &mut *this.future) };
        future.poll(cx)
    }
}

impl<F> Drop for HomeBound<F> {
    fn drop(&mut self) {
        if self.is_home() {
            // SAFETY: dropped once, here, on the thread that may touch it.
            unsafe { ManuallyDrop::drop(&mut self.future) }
        }
    }
}
