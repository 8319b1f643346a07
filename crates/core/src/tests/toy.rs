//! An executor small enough to be read: one queue, one registry, one list of callbacks.
//!
//! Every task holds a [`Desk`] of its own, so that counting desks counts cells.

use std::collections::{HashMap, VecDeque};
use std::future::Future;

#[cfg(loom)]
use loom::sync::Arc;
#[cfg(not(loom))]
use std::sync::Arc;

#[cfg(not(loom))]
use crate::create_local;
use crate::sync::{AtomicUsize, Mutex, Ordering, lock_unranked as lock};
use crate::{Birth, Callback, Panic, Runnable, Schedule, Task, TaskRef, create};

/// The queue and all that belongs to it; clones share it.
#[derive(Clone)]
pub(super) struct Toy(Arc<Room>);

struct Room {
    /// Tasks that want a poll, first in, first out.
    queue: Mutex<VecDeque<Runnable>>,
    /// The references kept until `retire`.
    registry: Mutex<HashMap<u64, TaskRef>>,
    /// Callbacks on their way.
    soon: Mutex<VecDeque<Callback>>,
    /// What reached `panic_unseen`: the panics' messages.
    unseen: Mutex<Vec<String>>,
    /// Whether runnables are dropped instead of queued, as by a loop that is gone.
    closed: Mutex<bool>,
    /// Cells made and cells freed. Relaxed everywhere: counts, read when all is over.
    made: AtomicUsize,
    freed: AtomicUsize,
}

/// The scheduler value inside one cell; freed with it.
pub(super) struct Desk(Toy);

impl Toy {
    pub(super) fn new() -> Self {
        Self(Arc::new(Room {
            queue: Mutex::new(VecDeque::new()),
            registry: Mutex::new(HashMap::new()),
            soon: Mutex::new(VecDeque::new()),
            unseen: Mutex::new(Vec::new()),
            closed: Mutex::new(false),
            made: AtomicUsize::new(0),
            freed: AtomicUsize::new(0),
        }))
    }

    /// What a cell of this toy is made with.
    pub(super) fn desk(&self) -> Desk {
        self.0.made.fetch_add(1, Ordering::Relaxed);
        Desk(self.clone())
    }

    /// A queued and registered task.
    pub(super) fn spawn<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (runnable, task, reference) = self.create(future);
        self.register(reference);
        runnable.schedule();
        task
    }

    /// A task in its three parts, known to nobody yet.
    pub(super) fn create<F>(&self, future: F) -> (Runnable, Task<F::Output>, TaskRef)
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        create(future, self.desk(), Birth::default())
    }

    /// As `create`, for a future of this thread. Under loom all threads are one to std.
    #[cfg(not(loom))]
    pub(super) fn create_local<F>(&self, future: F) -> (Runnable, Task<F::Output>, TaskRef)
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        create_local(future, self.desk(), Birth::default())
    }

    /// Keeps the reference until the task retires.
    pub(super) fn register(&self, task: TaskRef) {
        let slot = task.id().as_u64();
        task.set_slot(slot);
        lock(&self.0.registry).insert(slot, task);
    }

    /// How many tasks are queued.
    pub(super) fn queued(&self) -> usize {
        lock(&self.0.queue).len()
    }

    /// How many tasks are registered.
    pub(super) fn registered(&self) -> usize {
        lock(&self.0.registry).len()
    }

    /// Takes the first runnable out of the queue.
    pub(super) fn pop(&self) -> Option<Runnable> {
        lock(&self.0.queue).pop_front()
    }

    /// Polls the first task; false when there is none.
    pub(super) fn turn(&self) -> bool {
        let Some(runnable) = self.pop() else {
            return false;
        };
        if let Some(again) = runnable.run() {
            lock(&self.0.queue).push_back(again);
        }
        true
    }

    /// Runs the first callback; false when there is none.
    pub(super) fn call_one(&self) -> bool {
        let callback = lock(&self.0.soon).pop_front();
        callback.map(|callback| callback()).is_some()
    }

    /// Turns until nothing is left to do.
    pub(super) fn settle(&self) {
        while self.turn() || self.call_one() {}
    }

    /// From now on runnables are dropped, those in the queue too.
    #[cfg(not(loom))]
    pub(super) fn close(&self) {
        *lock(&self.0.closed) = true;
        while let Some(runnable) = self.pop() {
            drop(runnable);
        }
    }

    /// The panics nobody saw.
    pub(super) fn unseen(&self) -> Vec<String> {
        lock(&self.0.unseen).clone()
    }

    /// Cells that live.
    pub(super) fn live(&self) -> usize {
        self.0.made.load(Ordering::Relaxed) - self.0.freed.load(Ordering::Relaxed)
    }

    /// Every cell was freed, each of them once, and nobody's panic went unseen.
    #[track_caller]
    pub(super) fn assert_clean(&self) {
        assert_eq!(self.live(), 0, "cells that were never freed");
        assert_eq!(
            self.unseen(),
            Vec::<String>::new(),
            "panics that nobody saw"
        );
    }
}

impl Schedule for Desk {
    fn schedule(&self, runnable: Runnable) {
        let closed = *lock(&self.0.0.closed);
        if closed {
            drop(runnable);
        } else {
            lock(&self.0.0.queue).push_back(runnable);
        }
    }

    fn retire(&self, slot: u64) -> Option<TaskRef> {
        lock(&self.0.0.registry).remove(&slot)
    }

    fn call_soon(&self, callback: Callback) {
        lock(&self.0.0.soon).push_back(callback);
    }

    fn panic_unseen(&self, _task: &TaskRef, panic: Panic) {
        let message = panic.message().unwrap_or("not text").to_string();
        lock(&self.0.0.unseen).push(message);
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.0.0.freed.fetch_add(1, Ordering::Relaxed);
    }
}
