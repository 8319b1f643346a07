//! The door to a loop, from any thread: tasks, callbacks, timers, blocking calls.
//!
//! Cheap to clone; every task holds one and schedules itself through it.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bowerbird_core::{
    Birth, Callback, Panic, Runnable, Schedule, Task, TaskRef, create, create_local,
};
use bowerbird_io::{Clock, Reactor};

use crate::current;
use crate::error::LoopError;
use crate::life::Phase;
use crate::metrics::Metrics;
use crate::refusal::drop_refused;
use crate::report::{Report, Reporter};
use crate::shared::Shared;

/// A loop, to be used from anywhere.
#[derive(Clone)]
pub struct Handle(pub(crate) Arc<Shared>);

impl Handle {
    /// The loop that runs on this thread.
    pub fn current() -> Option<Self> {
        current::with_handle(|handle| handle.cloned())
    }

    /// Calls `f` with the loop that runs on this thread; cheaper than [`current`](Self::current).
    #[inline]
    pub fn with_current<R>(f: impl FnOnce(Option<&Self>) -> R) -> R {
        current::with_handle(f)
    }

    /// Makes a task that any worker may run.
    ///
    /// On a loop that is closing the task is cancelled before it starts.
    ///
    /// # Errors
    /// `LoopError::Closed` on a closed loop; the future is dropped.
    #[inline]
    pub fn create_task<F>(&self, future: F, birth: Birth) -> Result<Task<F::Output>, LoopError>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let phase = self.0.life.phase();
        if phase == Phase::Closed {
            drop_refused(future);
            return Err(LoopError::Closed);
        }
        let holds = !birth.context.is_blank();
        let (runnable, task, entry) = create(future, self.clone(), birth);
        let left = current::with_worker_of(&self.0, |worker| {
            let group = worker.map_or(0, |worker| worker.index);
            self.0.registry.enter(group, entry, holds);
            match worker {
                // A worker of a closing loop empties its own queue to the end, which would never
                // come if what it drops went on filling it.
                Some(worker) if phase != Phase::Closing => {
                    worker.push(runnable);
                    None
                }
                _ => Some(runnable),
            }
        });
        if let Some(runnable) = left {
            self.0.inject(runnable);
        }
        Ok(task)
    }

    /// Makes a task that stays on the calling thread, which must be a worker of this loop, or the
    /// one that runs it next.
    ///
    /// # Errors
    /// `LoopError::Closed` on a loop that is closed or closing, `LoopError::AlreadyRunning` when
    /// it runs and this thread is not one of its workers; the future is dropped.
    pub fn create_local_task<F>(
        &self,
        future: F,
        birth: Birth,
    ) -> Result<Task<F::Output>, LoopError>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (runnable, task) = self.local_task_parts(future, birth)?;
        runnable.schedule();
        Ok(task)
    }

    /// A registered task that stays on the calling thread, and that nobody has queued yet.
    pub(crate) fn local_task_parts<F>(
        &self,
        future: F,
        birth: Birth,
    ) -> Result<(Runnable, Task<F::Output>), LoopError>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        if self.is_closed() {
            // While closing, its worker drops its local tasks until none is left.
            drop_refused(future);
            return Err(LoopError::Closed);
        }
        let worker = current::with_worker_of(&self.0, |worker| worker.map(|worker| worker.index));
        let worker = match worker {
            Some(worker) => worker,
            None if self.0.life.phase() == Phase::Paused => 0,
            None => return Err(LoopError::AlreadyRunning),
        };
        let home = Pinned {
            handle: self.clone(),
            worker,
        };
        let (runnable, task, entry) = create_local(future, home, birth);
        let group = self.0.pinned_group(worker);
        self.0.registry.enter(group, entry, true);
        Ok((runnable, task))
    }

    /// Runs `f` on a thread where it may block. A call that has begun runs to its end; one
    /// that waits for a thread when its handle is dropped never starts.
    pub fn to_thread<F, T>(&self, f: F, birth: Birth) -> Task<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.0.pool.submit(f, birth, self.clone())
    }

    /// The unfinished tasks.
    pub fn all_tasks(&self) -> Vec<TaskRef> {
        self.0.registry.tasks()
    }

    /// How many tasks are unfinished.
    pub fn alive_tasks(&self) -> usize {
        self.0.alive_tasks()
    }

    /// Where sources register.
    pub fn reactor(&self) -> &Arc<Reactor> {
        &self.0.reactor
    }

    /// The time of this loop.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// What the workers have done so far.
    pub fn metrics(&self) -> Metrics {
        Metrics::of(&self.0)
    }

    /// Whether debug mode is on: tasks remember where they were created, and slow ones are
    /// reported.
    pub fn is_debug(&self) -> bool {
        self.0.pace.is_on()
    }

    /// Turns debug mode on or off.
    pub fn set_debug(&self, is_on: bool) {
        self.0.pace.turn(is_on);
    }

    /// From when on debug mode reports a poll or a callback.
    pub fn slow_callback_duration(&self) -> Duration {
        self.0.pace.limit()
    }

    /// Sets it; zero reports every one.
    pub fn set_slow_callback_duration(&self, limit: Duration) {
        self.0.pace.set_limit(limit);
    }

    /// Whether a run is under way.
    pub fn is_running(&self) -> bool {
        self.0.life.phase() == Phase::Running
    }

    /// Whether the loop is closed, or about to be.
    pub fn is_closed(&self) -> bool {
        matches!(self.0.life.phase(), Phase::Closing | Phase::Closed)
    }

    /// Ends the run that is under way, or the next one after one pass.
    pub fn stop(&self) {
        self.0.life.stop();
        self.0.call_worker(0);
    }

    /// Sends reports to `reporter` from now on; to the fallback without one.
    pub fn set_reporter(&self, reporter: Option<Reporter>) {
        self.0.desk.set(reporter);
    }

    /// Who gets the reports, if it is not the fallback.
    pub fn reporter(&self) -> Option<Reporter> {
        self.0.desk.reporter()
    }

    /// Sends one report to the fallback, whoever gets the others.
    pub fn report_to_fallback(&self, report: &Report) {
        self.0.desk.fall_back(report);
    }

    /// Sends one report.
    pub fn report(&self, report: &Report) {
        self.0.desk.report(report);
    }

    /// Takes no more blocking calls and cancels those that wait for a thread.
    pub fn shut_blocking(&self) {
        self.0.pool.shut();
    }

    /// Whether blocking calls are refused.
    pub fn is_blocking_shut(&self) -> bool {
        self.0.pool.is_shut()
    }

    /// Ready once no thread for blocking calls is left.
    pub fn poll_blocking_ended(&self, cx: &Context<'_>) -> Poll<()> {
        self.0.pool.poll_ended(cx)
    }

    /// A runner begins to cancel what is left: panics from now on are told as what they are.
    pub fn shut_down(&self) {
        self.0.life.shut_down();
    }

    /// Whether both are doors to the same loop.
    pub fn is_same_loop(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Schedule for Handle {
    #[inline]
    fn schedule(&self, runnable: Runnable) {
        let left = current::with_worker_of(&self.0, |worker| match worker {
            Some(worker) => {
                worker.push_woken(runnable);
                None
            }
            None => Some(runnable),
        });
        if let Some(runnable) = left {
            self.0.inject(runnable);
        }
    }

    #[inline]
    fn retire(&self, slot: u64) -> Option<TaskRef> {
        let is_kept = current::with_worker_of(&self.0, |worker| {
            worker.is_some_and(|worker| worker.keep_ended(slot))
        });
        if is_kept {
            return None;
        }
        self.0.registry.retire(slot)
    }

    fn call_soon(&self, callback: Callback) {
        Self::call_soon(self, callback);
    }

    fn panic_unseen(&self, task: &TaskRef, panic: Panic) {
        // asyncio's words, in both cases.
        let message = if self.0.life.is_shutting_down() {
            "unhandled exception during run() shutdown"
        } else {
            "Task exception was never retrieved"
        };
        let report = Report::new(message).with_task(task.clone());
        let report = report.with_panic(panic);
        // As in asyncio, the handler runs in the context of what has failed.
        task.context().run(|| self.0.desk.report(&report));
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            // All there is to know, for a loop in which nothing moves.
            return fmt::Debug::fmt(&self.0, f);
        }
        f.debug_struct("Handle")
            .field("workers", &self.0.workers())
            .field("phase", &self.0.life.phase())
            .finish_non_exhaustive()
    }
}

/// The scheduler of tasks that stay on one worker.
struct Pinned {
    /// The loop.
    handle: Handle,
    /// The worker.
    worker: usize,
}

impl Schedule for Pinned {
    fn schedule(&self, runnable: Runnable) {
        let shared = &self.handle.0;
        let left = current::with_worker_of(shared, |worker| match worker {
            // On a single-threaded loop local tasks keep their place among the others.
            Some(worker) if worker.index == self.worker && shared.is_single() => {
                worker.push(runnable);
                None
            }
            _ => Some(runnable),
        });
        match left {
            Some(runnable) if shared.is_single() => shared.inject(runnable),
            Some(runnable) => shared.pin(self.worker, runnable),
            None => {}
        }
    }

    fn retire(&self, slot: u64) -> Option<TaskRef> {
        // Nobody steals it, so it is its own worker that ends it.
        self.handle.0.registry.retire(slot)
    }

    fn call_soon(&self, callback: Callback) {
        self.handle.call_soon(callback);
    }

    fn panic_unseen(&self, task: &TaskRef, panic: Panic) {
        self.handle.panic_unseen(task, panic);
    }
}
