//! What tests tell each other with: a bell that rings once, for tasks and threads, and a tally.

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use bowerbird::{TaskRef, yield_now};

/// Rings once; whoever waits for it, then or later, goes on.
#[derive(Clone, Default)]
pub(crate) struct Bell(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// It has rung.
    is_rung: bool,
    /// Who waits.
    waiting: Vec<Waker>,
}

impl Bell {
    pub(crate) fn ring(&self) {
        let mut state = self.0.lock().unwrap();
        state.is_rung = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn is_rung(&self) -> bool {
        self.0.lock().unwrap().is_rung
    }

    pub(crate) async fn rung(&self) {
        poll_fn(|cx| {
            let mut state = self.0.lock().unwrap();
            if state.is_rung {
                return Poll::Ready(());
            }
            state.waiting.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Holds up the calling thread, worker or not, until it rings.
    pub(crate) fn block_until_rung(&self) {
        while !self.is_rung() {
            std::thread::yield_now();
        }
    }
}

/// A number that several tasks add to.
#[derive(Clone, Default)]
pub(crate) struct Tally(Arc<AtomicUsize>);

impl Tally {
    pub(crate) fn add(&self) {
        // Relaxed: read by those who have seen the adder end, which carries the order.
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count(&self) -> usize {
        // Relaxed: as in `add`.
        self.0.load(Ordering::Relaxed)
    }
}

/// Yields often enough for whoever can go on to have gone on; promises hold without it, it only
/// makes the interesting order likely.
pub(crate) async fn settle() {
    for _ in 0..50 {
        yield_now().await;
    }
}

/// Waits for the end of each.
pub(crate) async fn until_done(tasks: impl IntoIterator<Item = TaskRef>) {
    for task in tasks {
        while !task.is_done() {
            yield_now().await;
        }
    }
}

/// Adds to its tally when it is dropped.
pub(crate) struct Counted(pub(crate) Tally);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.add();
    }
}
