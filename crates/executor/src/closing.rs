//! The end of a loop: its threads are joined, its tasks dropped, and what waits for it is told.
//!
//! Called by the runtime's `close` and by its drop, once, when nobody runs the loop any more.

use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bowerbird_core::TaskRef;

use crate::report::Report;
use crate::shared::Shared;
use crate::worker::{Core, Worker};

/// Futures that a closing loop drops one by one, beyond those it had: what their drops spawn.
const LAST_DROPS: usize = 100_000;

/// A loop that nobody will run again.
pub(crate) struct Remains {
    /// What its threads share.
    pub(crate) shared: Arc<Shared>,
    /// Worker 0's own part.
    pub(crate) core: Core,
    /// The other workers' threads.
    pub(crate) threads: Vec<JoinHandle<()>>,
    /// Tasks that nobody waits for any more, as they were before anything was dropped.
    pub(crate) unwatched: Vec<TaskRef>,
}

impl Remains {
    /// Closes the loop, on this thread.
    pub(crate) fn close(self, limit: Duration) {
        let Self {
            shared,
            core,
            threads,
            unwatched,
        } = self;
        for worker in 1..shared.manned().len() {
            shared.call_worker(worker);
        }
        for thread in threads.into_iter().chain(shared.relief.close()) {
            // A worker survives its tasks' panics; what else it may have printed is done.
            let _ = thread.join();
        }
        drop_tasks(&shared, core);
        for task in unwatched {
            // asyncio's words. Whoever holds a handle sees the cancellation there.
            let report = Report::new("Task was destroyed but it is pending!");
            shared.desk.report(&report.with_task(task));
        }
        shared.life.finish();
        // I3, partner in `Shared::inject`: whoever pushes either sees that the loop is closed and
        // drops its task itself, or is seen here.
        fence(Ordering::SeqCst);
        shared.drop_injected(usize::MAX);
        shared.callbacks.clear();
        shared.timed.clear();
        shared.signal_handlers.clear();
        let left = shared.pool.close(limit);
        if left > 0 && !limit.is_zero() {
            shared.desk.report(&Report::warning(format!(
                "event loop closed while {left} blocking calls were still running"
            )));
        }
        end_waiting(&shared);
    }
}

/// Drops every task there is, on this thread; nobody polls any more.
fn drop_tasks(shared: &Arc<Shared>, core: Core) {
    let worker = Worker::new(shared.clone(), 0, core);
    let mut left = shared.registry.len() + LAST_DROPS;
    loop {
        worker.drop_queued();
        left = left.saturating_sub(shared.drop_injected(left));
        let tasks = shared.registry.tasks();
        if tasks.is_empty() || left == 0 {
            break;
        }
        tasks.iter().for_each(TaskRef::abort);
        // A task that a foreign thread is just waking comes through the injector in a moment.
        thread::yield_now();
    }
}

/// Wakes whoever waits for a timer or a source from outside: they see that the loop is closed.
fn end_waiting(shared: &Shared) {
    for remote in &shared.remotes {
        bowerbird_io::wake_all(&mut remote.timers.drain());
    }
    shared.reactor.close();
}

/// The unfinished tasks whose end nobody will see.
pub(crate) fn unwatched(shared: &Shared) -> Vec<TaskRef> {
    let mut tasks = shared.registry.tasks();
    tasks.retain(|task| !task.has_handle());
    tasks
}
