//! Calls that block, off the workers. asyncio: `threads.py`.

use std::panic::Location;

use bowerbird_executor::Handle;

use crate::events::birth;
use crate::exceptions::NoRunningLoop;
use crate::tasks::Task;

/// Runs `f` on a thread where it may block, and gives what it returns.
///
/// - The result is a task: await it, or let it go. `f` sees a copy of the caller's context
///   variables.
/// - Cancel: a call that has begun runs to its end, and its result is dropped; one that still waits
///   for a thread never starts.
/// - asyncio: `threads.py`, `to_thread`. Starts at once, not at the first await.
///
/// # Panics
/// Outside a running loop. Awaiting gives `TaskError::Panicked` with an `io::Error` inside when
/// the system has no thread for the call.
///
/// ```
/// # bowerbird::run(async {
/// let bytes = bowerbird::to_thread(|| std::fs::read("Cargo.toml")).await;
/// assert!(bytes.is_ok());
/// # });
/// ```
#[must_use = "dropping a task's handle detaches it: it runs on, and its result is lost"]
#[track_caller]
pub fn to_thread<F, T>(f: F) -> Task<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let location = Location::caller();
    let Some(handle) = Handle::current() else {
        panic!("{NoRunningLoop}")
    };
    let birth = birth(&handle, location);
    handle.to_thread(f, birth)
}

/// Runs `f`, which may block, right here, and gives what it returns.
///
/// - Unlike [`to_thread`]'s, this `f` may borrow and need not be `Send`. It sees the task's own
///   context variables, and [`current_task`](crate::current_task) is still the caller.
/// - On a pool the worker first hands over what is queued behind the call, and another thread
///   stands in for it meanwhile, with tasks, timers and sockets; so a pool of one goes on as well.
///   What no other thread can run waits: the main future, if it is its thread that blocks, the
///   local tasks of this worker, and whatever else the calling task does at the same time (the
///   branches of a join).
/// - Up to 16 calls at a time are stood in for; each one beyond that takes a worker away while it
///   lasts. Long or many calls belong to [`to_thread`].
/// - Inside `f` no loop is running on this thread: it may run one of its own, and tasks are created
///   through an [`EventLoop`](crate::EventLoop) that it was given.
/// - On a `current_thread` loop everything waits until `f` returns, and outside of a loop it is
///   just called.
/// - Cancel: nothing can be cancelled while it runs.
/// - asyncio: has none; `run_in_executor` and `to_thread` are the way there.
///
/// # Panics
/// When `f` does.
///
/// ```
/// # bowerbird::run(async {
/// let words = vec!["read", "me"];
/// let joined = bowerbird::block_in_place(|| words.join(" "));
/// assert_eq!(joined, "read me");
/// # });
/// ```
pub fn block_in_place<R>(f: impl FnOnce() -> R) -> R {
    bowerbird_executor::block_in_place(f)
}
