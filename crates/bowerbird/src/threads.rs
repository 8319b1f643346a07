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
