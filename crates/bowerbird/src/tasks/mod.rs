//! Tasks: making them, looking at them, waiting for them. asyncio: `tasks.py`.

use std::future::Future;
use std::panic::Location;

use bowerbird_executor::Handle;

pub use bowerbird_core::{BorrowedWait, CallbackId, OwnedWait, Task, TaskId, TaskRef};

use crate::events::{birth, created};
use crate::exceptions::NoRunningLoop;

mod as_completed;

mod builder;

mod cancelling;

mod ended;

mod gather;

mod ready;

mod shield;

mod sleep;

mod wait;

mod wait_for;

mod yielding;

pub use as_completed::{AsCompleted, AsCompletedTimeout, as_completed};
pub use cancelling::{Cancelled, CatchCancel, Finally, Resume, catch_cancel, finally};
pub(crate) use ended::ended;
pub use gather::{Gather, GatherAll, gather, try_gather};
pub use shield::{Shield, shield};
pub use sleep::{Interval, Sleep, interval, sleep, sleep_until};
pub use wait::{AsTask, ReturnWhen, Wait, try_wait, wait};
pub use wait_for::{WaitFor, wait_for};
pub use yielding::{YieldNow, yield_now};

/// What [`gather`](gather()) is made of, for those who name its type.
pub mod gathering {
    pub use super::gather::{Children, Many, Plain, Rule, Slot, Tried, TryTuple, Tuple};
}

/// Making tasks with a name or a context of their own.
pub mod task {
    pub use super::builder::Builder;
}

/// Makes a task of `future` on the running loop; it starts soon, never inside this call.
///
/// - Await the [`Task`] for its result, or drop it: the task then runs on alone.
/// - asyncio: `tasks.py`, `create_task`. A name goes through [`task::Builder`].
///
/// # Panics
/// Outside a running loop; [`EventLoop::create_task`](crate::EventLoop::create_task) works from
/// anywhere.
///
/// ```
/// # bowerbird::run(async {
/// let task = bowerbird::create_task(async { 1 + 1 });
/// assert_eq!(task.await.unwrap(), 2);
/// # });
/// ```
///
/// ```should_panic
/// let _task = bowerbird::create_task(async {}); // no loop runs here
/// ```
#[must_use = "dropping a task's handle detaches it: it runs on, and its result is lost"]
#[track_caller]
#[inline]
pub fn create_task<F>(future: F) -> Task<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let location = Location::caller();
    created(with_loop(|handle| {
        handle.create_task(future, birth(handle, location))
    }))
}

/// Makes a task whose future stays on this worker, and so need not be `Send`.
///
/// - Only the worker that made it runs it: no other helps out while that one is busy.
/// - asyncio: every task is like this there.
///
/// # Panics
/// Outside a running loop.
///
/// ```
/// # bowerbird::run(async {
/// let shared = std::rc::Rc::new(1);
/// let task = bowerbird::create_local_task(async move { *shared + 1 });
/// assert_eq!(task.await.unwrap(), 2);
/// # });
/// ```
#[must_use = "dropping a task's handle detaches it: it runs on, and its result is lost"]
#[track_caller]
pub fn create_local_task<F>(future: F) -> Task<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let location = Location::caller();
    created(with_loop(|handle| {
        handle.create_local_task(future, birth(handle, location))
    }))
}

/// The task whose code calls this; `None` in plain callbacks and outside a loop. The main future
/// is a task too. asyncio: `current_task`.
///
/// ```
/// # bowerbird::run(async {
/// use bowerbird::current_task;
///
/// let task = bowerbird::create_task(async { current_task().unwrap().id() });
/// let id = task.id();
/// assert_eq!(task.await.unwrap(), id);
/// # });
/// ```
pub fn current_task() -> Option<TaskRef> {
    TaskRef::current()
}

/// The unfinished tasks of the running loop, the caller included. asyncio: `all_tasks`.
///
/// # Panics
/// Outside a running loop.
///
/// ```
/// # bowerbird::run(async {
/// let task = bowerbird::create_task(std::future::pending::<()>());
/// assert_eq!(bowerbird::all_tasks().len(), 2); // this one is a task, too
/// task.cancel();
/// # });
/// ```
#[track_caller]
pub fn all_tasks() -> Vec<TaskRef> {
    with_loop(Handle::all_tasks)
}

/// Calls `f` with the running loop.
#[track_caller]
#[inline]
pub(crate) fn with_loop<R>(f: impl FnOnce(&Handle) -> R) -> R {
    let location = Location::caller();
    Handle::with_current(|handle| match handle {
        Some(handle) => f(handle),
        None => panic!("{NoRunningLoop} (called at {location})"),
    })
}
