//! Callbacks of a loop: in the order of the calls, one at a time, never inside the call.
//!
//! On a single-threaded loop each stands in the common line between the tasks. On a pool one
//! unlisted task runs them all, so that they stay serialised while tasks run in parallel; it does
//! so in passes over what is there at the beginning of each, so that a run has a point to stop at.
//! A callback that panics is reported; those behind it run all the same. `timed` hands in those
//! whose time has come.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;

use bowerbird_core::contexts::Context;
use bowerbird_core::locked::{Guarded, assert_none_held};
use bowerbird_core::{Birth, Callback, Panic, Runnable, Schedule, Task, TaskRef, create};

use crate::error::LoopError;
use crate::handle::Handle;
use crate::life::Phase;
use crate::refusal::drop_refused;
use crate::report::{CallSite, Report};
use crate::shared::Shared;
use crate::slow;
use crate::sync::ranks;

/// Callbacks that may run before other tasks get a turn.
const BATCH: usize = 64;

/// A callback with what belongs to it.
pub struct Call {
    /// What is to be called.
    pub callback: Callback,
    /// The variables it sees.
    pub context: Context,
    /// Where it comes from, if that is known.
    pub site: Option<CallSite>,
}

impl From<Callback> for Call {
    fn from(callback: Callback) -> Self {
        Self {
            callback,
            context: Context::new(),
            site: None,
        }
    }
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("site", &self.site)
            .finish_non_exhaustive()
    }
}

/// See the module.
pub(crate) struct Callbacks {
    /// Those that wait, on a pool. Taken before the lock of `timed`, never after it.
    queue: Mutex<Queue>,
}

pub(crate) struct Queue {
    /// Oldest first.
    waiting: VecDeque<Call>,
    /// A task exists that will run them.
    has_runner: bool,
    /// Calls of the pass under way that have not ended.
    pass: usize,
    /// No run is under way, or it is about to end: nothing begins until the next one.
    is_halted: bool,
}

/// What a runner of callbacks does next.
enum Step {
    /// Run this one.
    Run(Call),
    /// Wait for the next run of the loop.
    Halt,
    /// End: nothing is left.
    End,
}

impl Handle {
    /// Runs `callback` soon, after all that were handed in before; drops it on a closed loop.
    pub fn call_soon(&self, callback: Callback) {
        let _refused = self.call(callback.into());
    }

    /// Runs a callback soon, after all that were handed in before.
    ///
    /// # Errors
    /// `LoopError::Closed` on a closed loop; the callback is dropped.
    pub fn call(&self, call: Call) -> Result<(), LoopError> {
        if self.0.life.phase() == Phase::Closed {
            drop_refused(call);
            return Err(LoopError::Closed);
        }
        if self.0.is_single() {
            self.line_up(call);
        } else {
            self.enqueue(|queue| queue.waiting.push_back(call));
        }
        match self.0.life.phase() {
            Phase::Closed => {
                // Either we see that the loop is closed, or its closing thread, which empties the
                // queue after saying so, came after us: the queue's lock stands between.
                self.0.callbacks.clear();
                Err(LoopError::Closed)
            }
            _ => Ok(()),
        }
    }

    /// Hands in the callbacks whose time has come, in the order of their times.
    pub(crate) fn call_due(&self) {
        let now = self.now();
        if !self.0.timed.is_due(now) {
            return;
        }
        if self.0.is_single() {
            let due = self.0.timed.take_due(now);
            due.into_iter().for_each(|call| self.line_up(call));
        } else {
            // Under the queue's lock, so that two workers that come at once keep the order.
            self.enqueue(|queue| queue.waiting.extend(self.0.timed.take_due(now)));
        }
    }

    /// On a single-threaded loop a call is a task of its own.
    fn line_up(&self, call: Call) {
        let handle = self.clone();
        self.spawn_unlisted(async move { handle.run_call(call) });
    }

    fn enqueue(&self, add: impl FnOnce(&mut Queue)) {
        let mut queue = self.0.callbacks.lock();
        add(&mut queue);
        let needs_runner = !queue.has_runner && !queue.waiting.is_empty();
        queue.has_runner |= needs_runner;
        drop(queue);
        if needs_runner {
            self.spawn_unlisted(run_all(self.clone()));
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

    fn run_call(&self, call: Call) {
        let Call {
            callback,
            mut context,
            site,
        } = call;
        let run = || {
            let lap = slow::begin_call(&self.0);
            assert_none_held();
            if let Err(payload) = catch_unwind(AssertUnwindSafe(callback)) {
                let report = Report::new("a callback panicked").with_panic(Panic::new(payload));
                self.0.desk.report(&Report {
                    callback: site,
                    ..report
                });
            }
            slow::end_call(&self.0, lap, site);
        };
        // To a callback there is no task: ours is nobody's business. The exception handler sees the
        // callback's variables too, as in asyncio.
        TaskRef::outside(|| context.run(run));
    }

    fn step_of_calls(&self) -> Step {
        let mut queue = self.0.callbacks.lock();
        if queue.is_halted {
            return Step::Halt;
        }
        if queue.pass == 0 {
            // Behind the lock: who asks for the last pass sets the flag before it counts.
            if self.0.life.is_stopping() && !queue.waiting.is_empty() {
                return Step::Halt;
            }
            queue.pass = queue.waiting.len();
        }
        match queue.waiting.pop_front() {
            Some(call) => Step::Run(call),
            None => {
                queue.has_runner = false;
                queue.pass = 0;
                Step::End
            }
        }
    }

    /// A call of the pass has ended. Whoever waits for the end of the last one is told.
    fn count_call(&self) {
        let is_over = self.0.callbacks.count_down();
        if is_over && self.0.life.is_stopping() {
            self.0.call_worker(0);
        }
    }
}

/// Runs callbacks until none is left.
async fn run_all(handle: Handle) {
    loop {
        for _ in 0..BATCH {
            match handle.step_of_calls() {
                Step::Run(call) => {
                    handle.run_call(call);
                    handle.count_call();
                }
                Step::Halt => break,
                Step::End => return,
            }
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
    pub(crate) fn new() -> Self {
        Self {
            queue: Mutex::new(Queue {
                waiting: VecDeque::new(),
                has_runner: false,
                pass: 0,
                is_halted: true,
            }),
        }
    }

    /// Begins a pass over what waits now, unless one is under way.
    pub(crate) fn begin_pass(&self) {
        let mut queue = self.lock();
        if queue.pass == 0 {
            queue.pass = queue.waiting.len();
        }
    }

    /// Whether all calls of the pass have ended, and then none begins in this run; always so on a
    /// single-threaded loop, where they stand in the common line.
    pub(crate) fn halt_after_pass(&self) -> bool {
        let mut queue = self.lock();
        queue.is_halted = queue.pass == 0;
        queue.is_halted
    }

    /// A run begins. One that is to stop at once still makes a pass, over what waits now: nothing
    /// has begun yet, so none of it was asked for by another.
    pub(crate) fn begin_run(&self, is_stopping: bool) {
        let mut queue = self.lock();
        queue.is_halted = false;
        if is_stopping {
            queue.pass = queue.waiting.len();
        }
    }

    /// A run ends.
    pub(crate) fn halt(&self) {
        self.lock().is_halted = true;
    }

    fn count_down(&self) -> bool {
        let mut queue = self.lock();
        queue.pass = queue.pass.saturating_sub(1);
        queue.pass == 0
    }

    /// Drops what waits, for a loop that is closed.
    pub(crate) fn clear(&self) {
        let mut queue = self.lock();
        queue.pass = 0;
        let waiting = std::mem::take(&mut queue.waiting);
        drop(queue);
        drop(waiting);
    }

    #[track_caller]
    fn lock(&self) -> Guarded<MutexGuard<'_, Queue>> {
        Guarded::take(ranks::CALLBACKS, || {
            self.queue
                .lock()
                .expect("nothing under this lock can panic")
        })
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
