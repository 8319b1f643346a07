//! How much one poll may do before it has to let others run.
//!
//! Sockets, sleeps and locks spend a unit for each success, so that a task which is always ready
//! yields after a while (fairness between tasks of one worker). The worker refills it before every
//! poll; outside a worker nothing is limited.

use std::cell::Cell;
use std::task::{Context, Poll};

/// Units per poll.
const REFILL: u32 = 128;
/// Not limited.
const UNLIMITED: u32 = u32::MAX;

thread_local! {
    /// What is left for the poll under way.
    static LEFT: Cell<u32> = const { Cell::new(UNLIMITED) };
}

/// A new poll begins.
#[inline]
pub(crate) fn refill() {
    LEFT.with(|left| left.set(REFILL));
}

/// This thread leaves the worker's work.
pub(crate) fn lift() {
    LEFT.with(|left| left.set(UNLIMITED));
}

/// Spends one unit; Pending, with the task woken again, when none is left.
#[inline]
pub fn poll_proceed(cx: &mut Context<'_>) -> Poll<()> {
    LEFT.with(|left| match left.get() {
        UNLIMITED => Poll::Ready(()),
        0 => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        units => {
            left.set(units - 1);
            Poll::Ready(())
        }
    })
}

/// Gives a unit back: the operation found nothing to do after all.
#[inline]
pub fn restore() {
    LEFT.with(|left| {
        let units = left.get();
        if units < REFILL {
            left.set(units + 1);
        }
    });
}
