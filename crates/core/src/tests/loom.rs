//! The task cell under loom: every interleaving, and every stale read that the orderings allow, of
//! two or three threads that do a few steps each.
//!
//! Each model says first what it proves. All of them end in [`Toy::assert_clean`], and loom adds
//! two proofs of its own: a cell that is never freed keeps the toy's `Arc` and is reported as a
//! leak, and the cell's memory (`UnsafeCell`) must never be touched without a happens-before edge.
//! A model that fails inside a poll shows as a panic of the task, which is why results are
//! unwrapped. How to run them, and which change makes which of them fail: `docs/testing.md`.

use std::future::{Future, poll_fn};
use std::sync::Arc as StdArc;
use std::task::{Poll, Wake, Waker};

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};

use super::toy::Toy;

mod callbacks;

mod cancelling;

mod ends;

mod joins;

mod slots;

mod triples;

mod wakes;

/// Counts drops. Relaxed: read when all threads have been joined.
#[derive(Clone)]
struct Counter(Arc<AtomicUsize>);

/// Counted when dropped.
struct Counted(Counter);

impl Counter {
    fn new() -> Self {
        Self(Arc::new(AtomicUsize::new(0)))
    }

    fn guard(&self) -> Counted {
        Counted(self.clone())
    }

    fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn counted(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.count();
    }
}

/// A waker that counts its wakes; std's `Arc`, as `Wake` wants it.
struct Bell(AtomicUsize);

impl Bell {
    fn new() -> (StdArc<Self>, Waker) {
        let bell = StdArc::new(Self(AtomicUsize::new(0)));
        (bell.clone(), Waker::from(bell))
    }

    fn rings(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Bell {
    fn wake(self: StdArc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A flag that is written without any ordering of its own: who sees it was told through the cell.
#[derive(Clone)]
struct Plain(Arc<AtomicUsize>);

impl Plain {
    fn new() -> Self {
        Self(Arc::new(AtomicUsize::new(0)))
    }

    fn raise(&self) {
        self.0.store(1, Ordering::Relaxed);
    }

    fn is_up(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 1
    }

    /// Is ready once a poll finds the flag up. Never keeps a waker: the models do.
    fn wait(&self) -> impl Future<Output = ()> + Send + use<> {
        let plain = self.clone();
        // loom fails the model when two polls overlap, or are not ordered by the cell.
        let alone = UnsafeCell::new(());
        poll_fn(move |_| {
            let up = alone.with_mut(|_| plain.is_up());
            if up { Poll::Ready(()) } else { Poll::Pending }
        })
    }
}

/// A future that is pending at every poll and counts its drop.
fn endless(held: &Counter) -> impl Future<Output = ()> + Send + use<> {
    let guard = held.guard();
    let alone = UnsafeCell::new(());
    poll_fn(move |_| {
        let _kept = &guard;
        alone.with_mut(|_| Poll::Pending)
    })
}

/// A future that is ready at its first poll, with an output that counts its drop.
fn prompt(held: &Counter, made: &Counter) -> impl Future<Output = Counted> + Send + use<> {
    let (guard, mut output) = (held.guard(), Some(made.guard()));
    poll_fn(move |_| {
        let _kept = &guard;
        Poll::Ready(output.take().expect("polled once"))
    })
}

/// Runs `model` under loom with a toy of its own, and looks at what is left.
fn model(model: impl Fn(&Toy) + Send + Sync + 'static) {
    loom::model(move || {
        let toy = Toy::new();
        model(&toy);
        toy.settle();
        assert_eq!((toy.queued(), toy.registered()), (0, 0));
        toy.assert_clean();
    });
}
