//! The end of a run: what is left is cancelled and awaited, then blocking calls get their time.
//!
//! Called by `Runner::close`, before it closes the loop. The loop runs meanwhile, so that clean-ups
//! can await, and blocking calls can still ask it for something.

use std::collections::HashSet;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::{Duration, Instant};

use crate::events::{EventLoop, Limits, Report};
use crate::exceptions::LoopError;
use crate::tasks::{TaskId, TaskRef, current_task, ended, wait_for};

/// How long a round may take until the report says what it waits for.
const NOTICE: Duration = Duration::from_secs(10);

/// Names in a report; more are counted.
const NAMES: usize = 16;

/// Ends everything that `event_loop` has left, unless somebody runs it: then that is theirs.
pub(super) fn shut_down(event_loop: &EventLoop, limits: Limits) {
    if event_loop.is_running() {
        return;
    }
    event_loop.handle().shut_down();
    let mut asked = HashSet::new();
    let is_quiet = cancel_leftovers(event_loop, limits.tasks, &mut asked);
    end_blocking_calls(event_loop, limits.blocking);
    if is_quiet {
        // What those calls have left behind.
        cancel_leftovers(event_loop, limits.tasks, &mut asked);
    }
}

/// Rounds of cancelling until no task is left, or the limit is over. Each task is asked once, and
/// gets time to clean up, with awaits and with tasks of its own, before the next round begins.
/// False: some are left, and were reported.
fn cancel_leftovers(event_loop: &EventLoop, limit: Duration, asked: &mut HashSet<TaskId>) -> bool {
    let end = event_loop.time().checked_add(limit);
    // Not by their number: that is a guess while workers are on their way to a rest.
    while !event_loop.all_tasks().is_empty() {
        match run_until(event_loop, end, quiet(event_loop, asked)) {
            Ok(true) => return true,
            // In the midst of another loop's task nothing can be waited for; and whoever has begun
            // to run this loop meanwhile, or to close it, goes on with that.
            Err(LoopError::AnotherRunning | LoopError::AlreadyRunning | LoopError::Closed) => {
                return false;
            }
            Ok(false) => {
                let left = names(&event_loop.all_tasks());
                let told = format!("tasks did not end within {limit:?} of being cancelled: {left}");
                event_loop.call_exception_handler(&Report::new(told));
                return false;
            }
            // A clean-up has stopped the loop, or cancelled every task it found: go on.
            Err(_) => {}
        }
    }
    true
}

/// Waits until nothing is left, cancelling whatever turns up.
async fn quiet(event_loop: &EventLoop, asked: &mut HashSet<TaskId>) {
    let me = current_task();
    loop {
        let mut left = event_loop.all_tasks();
        left.retain(|task| Some(task) != me.as_ref());
        if left.is_empty() {
            return;
        }
        for task in left.iter().filter(|task| asked.insert(task.id())) {
            task.cancel();
        }
        let mut round = pin!(ended(&left));
        if wait_for(round.as_mut(), NOTICE).await.is_err() {
            let told = format!("waiting for cancelled tasks to end: {}", names(&left));
            event_loop.call_exception_handler(&Report::warning(told));
            round.await;
        }
    }
}

/// Takes no more blocking calls, and waits for those that have begun.
fn end_blocking_calls(event_loop: &EventLoop, limit: Duration) {
    event_loop.handle().shut_blocking();
    if event_loop.metrics().blocking_threads == 0 {
        return;
    }
    let end = event_loop.time().checked_add(limit);
    loop {
        match run_until(event_loop, end, blocking_ended(event_loop)) {
            Ok(true)
            | Err(LoopError::AnotherRunning | LoopError::AlreadyRunning | LoopError::Closed) => {
                return;
            }
            Ok(false) => {
                let left = event_loop.metrics().blocking_threads;
                let told = format!("{left} blocking calls were still running {limit:?} later");
                return event_loop.call_exception_handler(&Report::warning(told));
            }
            Err(_) => {}
        }
    }
}

/// Waits until no thread for blocking calls is left.
pub(crate) async fn blocking_ended(event_loop: &EventLoop) {
    poll_fn(|cx| event_loop.handle().poll_blocking_ended(cx)).await;
}

/// Runs the loop for `future`; false: the time was over first.
fn run_until(
    event_loop: &EventLoop,
    end: Option<Instant>,
    future: impl Future<Output = ()>,
) -> Result<bool, LoopError> {
    let left = end.map(|end| end.saturating_duration_since(event_loop.time()));
    let ended = event_loop.run_until_complete(wait_for(future, left));
    ended.map(|in_time| in_time.is_ok())
}

fn names(tasks: &[TaskRef]) -> String {
    let shown: Vec<_> = tasks.iter().take(NAMES).map(TaskRef::name).collect();
    let more = tasks.len().saturating_sub(NAMES);
    match more {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
