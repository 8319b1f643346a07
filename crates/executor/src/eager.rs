//! Tasks that begin inside the call that makes them, up to their first wait.
//!
//! A new task's `Runnable` is the right to poll it (I1); here its creator uses it at once, on its
//! own thread and inside its own poll, where otherwise it would queue it. All that a poll brings
//! along (the current task, variables, scopes, the net for panics) belongs to the task, and is the
//! creator's again afterwards. Called by the facade's task builder, never for plain tasks.

use std::cell::Cell;
use std::future::Future;

use bowerbird_core::{Birth, Runnable, Task, create};

use crate::current;
use crate::error::LoopError;
use crate::handle::Handle;
use crate::life::Phase;

/// How deep eager starts may stand in each other. Each is a poll on the stack of the one around
/// it, so what goes deeper is queued like any other task.
const DEPTH_LIMIT: usize = 32;

thread_local! {
    /// Eager starts under way on this thread.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

impl Handle {
    /// Makes a task that any worker may run, and polls it once before this returns; where that
    /// cannot be (off the loop's workers, too deep, while closing) it is queued.
    ///
    /// # Errors
    /// As [`create_task`](Self::create_task).
    pub fn create_eager_task<F>(
        &self,
        future: F,
        birth: Birth,
    ) -> Result<Task<F::Output>, LoopError>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let Some(_begun) = self.may_begin() else {
            return self.create_task(future, birth);
        };
        let holds = !birth.context.is_blank();
        let (runnable, task, entry) = create(future, self.clone(), birth);
        let group =
            current::with_worker_of(&self.0, |worker| worker.map_or(0, |worker| worker.index));
        self.0.registry.enter(group, entry, holds);
        begin(runnable);
        Ok(task)
    }

    /// The same for a task that stays on this worker.
    ///
    /// # Errors
    /// As [`create_local_task`](Self::create_local_task).
    pub fn create_eager_local_task<F>(
        &self,
        future: F,
        birth: Birth,
    ) -> Result<Task<F::Output>, LoopError>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let Some(_begun) = self.may_begin() else {
            return self.create_local_task(future, birth);
        };
        let (runnable, task) = self.local_task_parts(future, birth)?;
        begin(runnable);
        Ok(task)
    }

    /// Whether a task may begin on this stack; it may until the answer is dropped.
    fn may_begin(&self) -> Option<Deeper> {
        let is_here = current::with_worker_of(&self.0, |worker| worker.is_some());
        let may_begin = is_here && self.0.life.phase() == Phase::Running;
        may_begin.then(Deeper::enter).flatten()
    }
}

/// Polls a new task. A panic stays in it; woken meanwhile, it goes where wakes go.
fn begin(runnable: Runnable) {
    if let Some(again) = runnable.run() {
        again.schedule();
    }
}

/// One eager start under way.
struct Deeper(());

impl Deeper {
    /// None where the limit is reached.
    fn enter() -> Option<Self> {
        let depth = DEPTH.get();
        (depth < DEPTH_LIMIT).then(|| {
            DEPTH.set(depth + 1);
            Self(())
        })
    }
}

impl Drop for Deeper {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}
