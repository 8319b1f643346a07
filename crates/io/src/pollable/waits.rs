//! The futures of [`Async`]: waits that any number of tasks may be in at once, each with a seat of
//! its own in the list of waiters. They turn nothing and own nothing.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use polling::AsSource;

use super::Async;
use crate::side::{Seat, Side};
use crate::source::Direction;

/// The wait of [`Async::readable`] and [`Async::writable`].
#[must_use = "futures do nothing unless awaited"]
pub struct Ready<'a, T: AsSource> {
    /// What is waited for.
    io: &'a Async<T>,
    /// Which of its directions.
    direction: Direction,
    /// Where the waker is, while waiting.
    seat: Seat,
}

impl<'a, T: AsSource> Ready<'a, T> {
    pub(super) fn new(io: &'a Async<T>, direction: Direction) -> Ready<'a, T> {
        Ready {
            io,
            direction,
            seat: None,
        }
    }
}

impl<T: AsSource> Future for Ready<'_, T> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Ready {
            io,
            direction,
            seat,
        } = &mut *self;
        let wait = |side: &Side, waker: &Waker| side.wait_listed(waker, seat);
        io.poll_readiness(*direction, cx, wait)
    }
}

impl<T: AsSource> Drop for Ready<'_, T> {
    fn drop(&mut self) {
        // An event wakes every waiter, so one that gives up owes nothing to the others (I8).
        self.io.side(self.direction).leave(&mut self.seat);
    }
}

impl<T: AsSource> fmt::Debug for Ready<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready")
            .field("direction", &self.direction)
            .finish_non_exhaustive()
    }
}

/// What [`Async::operation`] gives.
#[must_use = "futures do nothing unless awaited"]
pub struct Operation<'a, T: AsSource, F> {
    /// What is worked on.
    io: &'a Async<T>,
    /// Which of its directions.
    direction: Direction,
    /// Where the waker is, while waiting.
    seat: Seat,
    /// What is tried until it does not block.
    op: F,
}

impl<'a, T: AsSource, F> Operation<'a, T, F> {
    pub(super) fn new(io: &'a Async<T>, direction: Direction, op: F) -> Operation<'a, T, F> {
        Operation {
            io,
            direction,
            seat: None,
            op,
        }
    }
}

// The operation is called, never pinned.
impl<T: AsSource, F> Unpin for Operation<'_, T, F> {}

impl<T: AsSource, R, F: FnMut(&T) -> io::Result<R>> Future for Operation<'_, T, F> {
    type Output = io::Result<R>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
        let Operation {
            io,
            direction,
            seat,
            op,
        } = &mut *self;
        let wait = |side: &Side, waker: &Waker| side.wait_listed(waker, seat);
        io.poll_op(*direction, cx, op, wait)
            .map_ok(|(result, _)| result)
    }
}

impl<T: AsSource, F> Drop for Operation<'_, T, F> {
    fn drop(&mut self) {
        // As for `Ready`: an event wakes every waiter (I8).
        self.io.side(self.direction).leave(&mut self.seat);
    }
}

impl<T: AsSource, F> fmt::Debug for Operation<'_, T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation")
            .field("direction", &self.direction)
            .finish_non_exhaustive()
    }
}
