//! Callbacks of a loop: in the order of the calls, one at a time, never inside the call.
//!
//! On a single-threaded loop each stands in the common line between the tasks. On a pool one
//! unlisted task runs them all, so that they stay serialised while tasks run in parallel. A
//! callback that panics is reported; those behind it run all the same.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use bowerbird_core::{Birth, Callback, Panic, Runnable, Schedule, Task, TaskRef, create};

use crate::handle::Handle;
use crate::life::Phase;
use crate::report::Report;
use crate::shared::Shared;

/// Callbacks that may run before other tasks get a turn.
const BATCH: usize = 64;

/// See the module.
#[derive(Default)]
pub(crate) struct Callbacks {
    /// Those that wait.
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    /// Oldest first.
    waiting: VecDeque<Callback>,
    /// A task exists that will run them.
    has_runner: bool,
}

impl Handle {
    /// Runs `callback` soon, after all that were handed in before.
    pub fn call_soon(&self, callback: Callback) {
        if self.0.is_single() {
            let handle = self.clone();
            return self.spawn_unlisted(async move { handle.run_callback(callback) });
        }
        let mut queue = self.0.callbacks.lock();
        queue.waiting.push_back(callback);
        let needs_runner = !std::mem::replace(&mut queue.has_runner, true);
        drop(queue);
        if needs_runner {
            self.spawn_unlisted(run_all(self.clone()));
        }
        // Either we see that the loop is closed, or its closing thread, which empties the queue
        // after saying so, came after us: the queue's lock stands between.
        if self.0.life.phase() == Phase::Closed {
            self.0.callbacks.clear();
        }
    }

    /// Runs a future that no registry knows, in line with all others.
    pub(crate) fn spawn_unlisted(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.create_unlisted(future).detach();
    }

    /// A task that no registry knows, for what goes on behind the scenes: it is nobody's leftover,
    /// and a loop that closes drops it without asking.
    pub fn create_unlisted<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (runnable, task, _entry) = create(future, Unlisted(self.0.clone()), Birth::default());
        self.schedule(runnable);
        task
    }

    fn run_callback(&self, callback: Callback) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(callback)) {
            let mut report = Report::new("a callback panicked");
            report.panic = Some(Panic::new(payload));
            self.0.desk.report(&report);
        }
    }
}

/// Runs callbacks until none is left.
async fn run_all(handle: Handle) {
    loop {
        for _ in 0..BATCH {
            let Some(callback) = handle.0.callbacks.next() else {
                return;
            };
            handle.run_callback(callback);
        }
        let mut yielded = false;
        poll_fn(|cx| {
            if std::mem::replace(&mut yielded, true) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

impl Callbacks {
    /// The next one; without one the runner ends, and the next call starts another.
    fn next(&self) -> Option<Callback> {
        let mut queue = self.lock();
        let next = queue.waiting.pop_front();
        if next.is_none() {
            queue.has_runner = false;
        }
        next
    }

    /// Drops what waits, for a loop that is closed.
    pub(crate) fn clear(&self) {
        let waiting = std::mem::take(&mut self.lock().waiting);
        drop(waiting);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue
            .lock()
            .expect("nothing under this lock can panic")
    }
}

impl std::fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Callbacks")
            .field("waiting", &self.lock().waiting.len())
            .finish()
    }
}

/// The scheduler of tasks that no registry knows.
struct Unlisted(Arc<Shared>);

impl Schedule for Unlisted {
    fn schedule(&self, runnable: Runnable) {
        Handle(self.0.clone()).schedule(runnable);
    }

    fn retire(&self, _slot: u64) -> Option<TaskRef> {
        None
    }

    fn call_soon(&self, callback: Callback) {
        Handle(self.0.clone()).call_soon(callback);
    }

    fn panic_unseen(&self, task: &TaskRef, panic: Panic) {
        Handle(self.0.clone()).panic_unseen(task, panic);
    }
}
