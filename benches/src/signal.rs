//! The few ways in which the parts of a workload tell each other something, the same for every
//! runtime: nothing but std's mutexes and wakers, so that no runtime is measured with better tools
//! than another.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// A value to be sent once, and the receiver to await it.
pub(crate) fn oneshot<T>() -> (Sender<T>, Receiver<T>) {
    let slot = Arc::new(Mutex::new(Slot {
        value: None,
        waker: None,
    }));
    (Sender { slot: slot.clone() }, Receiver { slot })
}

/// What the two ends of a [`oneshot`] share.
#[derive(Debug)]
struct Slot<T> {
    /// Written by the sender, taken by the receiver.
    value: Option<T>,
    /// Of the receiver, when it came first.
    waker: Option<Waker>,
}

/// The end that sends. Dropping it unsent leaves the receiver waiting for good.
#[derive(Debug)]
pub(crate) struct Sender<T> {
    slot: Arc<Mutex<Slot<T>>>,
}

impl<T> Sender<T> {
    pub(crate) fn send(self, value: T) {
        let waker = {
            let mut slot = lock(&self.slot);
            slot.value = Some(value);
            slot.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The end that waits.
#[derive(Debug)]
#[must_use]
pub(crate) struct Receiver<T> {
    slot: Arc<Mutex<Slot<T>>>,
}

impl<T> Future for Receiver<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let mut slot = lock(&self.slot);
        match slot.value.take() {
            Some(value) => Poll::Ready(value),
            None => {
                slot.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// A bell that can be rung any number of times, from any thread, with one listener.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    /// How often it rang, and who waits for the next time.
    state: Mutex<(usize, Option<Waker>)>,
}

impl Bell {
    pub(crate) fn ring(&self) {
        let waker = {
            let mut state = lock(&self.state);
            state.0 += 1;
            state.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Waits until it has rung more than `heard` times.
    pub(crate) fn ring_after(&self, heard: usize) -> impl Future<Output = ()> + Send {
        poll_fn(move |context| {
            let mut state = lock(&self.state);
            if state.0 > heard {
                return Poll::Ready(());
            }
            state.1 = Some(context.waker().clone());
            Poll::Pending
        })
    }
}

/// Counts down from many tasks at once; one waiter learns of zero. Meant for a `static`, so that
/// the tasks that count carry nothing along.
#[derive(Debug)]
pub(crate) struct Countdown {
    /// How many ticks are missing.
    left: AtomicUsize,
    /// Of the one who waits for zero.
    waker: Mutex<Option<Waker>>,
}

impl Countdown {
    pub(crate) const fn new() -> Self {
        Self {
            left: AtomicUsize::new(0),
            waker: Mutex::new(None),
        }
    }

    /// Begins anew; nobody counts or waits.
    pub(crate) fn reset(&self, count: usize) {
        // Relaxed: whoever ticks was spawned after this, and spawning orders the two.
        self.left.store(count, Ordering::Relaxed);
    }

    pub(crate) fn tick(&self) {
        // AcqRel: pairs with the other ticks and with the load in `zero`, so that all that was
        // done before any tick is done for whoever sees zero.
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            let waker = lock(&self.waker).take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    /// Waits until every tick has come.
    pub(crate) fn zero(&self) -> impl Future<Output = ()> + Send {
        poll_fn(|context| {
            // The waker is left before the look, and the last tick looks for it after counting,
            // both under the lock: one of the two sees the other.
            *lock(&self.waker) = Some(context.waker().clone());
            // Acquire: pairs with the AcqRel of `tick`.
            match self.left.load(Ordering::Acquire) {
                0 => Poll::Ready(()),
                _ => Poll::Pending,
            }
        })
    }
}

/// A panic under one of these locks has failed the child already; the rest may go on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
