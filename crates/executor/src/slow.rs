//! Debug mode's eye on polls and callbacks that take too long.
//!
//! Off, a poll pays one load and one predicted branch for it. On, the worker and the runner of
//! callbacks come here before and after what they run, and what took the limit or longer is
//! reported. Never interrupts anything.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bowerbird_core::{Runnable, TaskRef, keep_notes};
use bowerbird_io::Deadline;

use crate::report::{CallSite, Report};
use crate::shared::Shared;
use crate::worker::Worker;

thread_local! {
    /// When what runs on this thread began. A callback that ends moves it on, so that its time is
    /// not charged to the task that runs callbacks.
    static SINCE: Cell<Deadline> = const { Cell::new(Deadline::ORIGIN) };
}

/// Whether debug mode is on, and what it takes for slow.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Debug mode.
    is_on: AtomicBool,
    /// From how many nanoseconds on a poll or callback is reported.
    limit: AtomicU64,
}

// Relaxed throughout: each is a switch of its own, which orders nothing.
impl Pace {
    pub(crate) fn new(is_on: bool, limit: Duration) -> Self {
        let pace = Self {
            is_on: AtomicBool::new(false),
            limit: AtomicU64::new(0),
        };
        pace.turn(is_on);
        pace.set_limit(limit);
        pace
    }

    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    pub(crate) fn turn(&self, is_on: bool) {
        if is_on {
            keep_notes();
        }
        self.is_on.store(is_on, Ordering::Relaxed);
    }

    pub(crate) fn limit(&self) -> Duration {
        Duration::from_nanos(self.limit.load(Ordering::Relaxed))
    }

    pub(crate) fn set_limit(&self, limit: Duration) {
        let nanos = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        self.limit.store(nanos, Ordering::Relaxed);
    }
}

/// Polls a task.
#[inline]
pub(crate) fn run(worker: &Worker, runnable: Runnable) -> Option<Runnable> {
    if worker.shared().pace.is_on() {
        run_watched(worker.shared(), runnable)
    } else {
        runnable.run()
    }
}

#[cold]
fn run_watched(shared: &Shared, runnable: Runnable) -> Option<Runnable> {
    let task = runnable.task();
    poll(shared, task, || runnable.run())
}

/// Polls what `task` stands for.
pub(crate) fn poll_main<R>(shared: &Shared, task: &TaskRef, poll_it: impl FnOnce() -> R) -> R {
    if shared.pace.is_on() {
        poll(shared, task.clone(), poll_it)
    } else {
        poll_it()
    }
}

fn poll<R>(shared: &Shared, task: TaskRef, poll_it: impl FnOnce() -> R) -> R {
    // Put back afterwards: a poll may begin within a poll, where tasks start eagerly.
    task.forget_awaits();
    let outer = SINCE.replace(shared.clock.now());
    let answer = poll_it();
    let took = shared.clock.now().saturating_since(SINCE.replace(outer));
    if took >= shared.pace.limit() {
        let report = Report::warning(told(&task.name(), took));
        shared.desk.report(&Report {
            took: Some(took),
            ..report.with_task(task)
        });
    }
    answer
}

/// When a callback began; `None` while debug mode is off.
pub(crate) fn begin_call(shared: &Shared) -> Option<Deadline> {
    shared.pace.is_on().then(|| shared.clock.now())
}

/// A callback has ended.
pub(crate) fn end_call(shared: &Shared, began: Option<Deadline>, site: Option<CallSite>) {
    let Some(began) = began else {
        return;
    };
    let took = shared.clock.now().saturating_since(began);
    if took >= shared.pace.limit() {
        shared.desk.report(&Report {
            took: Some(took),
            callback: site,
            ..Report::warning(told("a callback", took))
        });
    }
    SINCE.set(shared.clock.now());
}

/// asyncio's words.
fn told(what: &str, took: Duration) -> String {
    format!("Executing {what} took {:.3} seconds", took.as_secs_f64())
}
