//! Which task this thread polls right now. Set around every poll by the runner, and by the loop
//! around the polls of its main future; read by `current_task`, by the scopes and by the
//! context variables.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use super::{Header, Ref};
use crate::sync::thread_local;

thread_local! {
    /// The task under poll; null between polls.
    static CURRENT: Cell<Option<NonNull<Header>>> = const { Cell::new(None) };
}

/// Restores what was current before.
pub(crate) struct Entered(Option<NonNull<Header>>);

/// Makes the task current until the guard drops.
///
/// # Safety
/// The caller keeps the cell alive until then, and drops the guard on this thread.
#[inline]
pub(super) unsafe fn set(task: NonNull<Header>) -> Entered {
    Entered(CURRENT.with(|current| current.replace(Some(task))))
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        CURRENT.with(|current| current.set(self.0));
    }
}

/// The task that is being polled on this thread.
pub(crate) fn current() -> Option<Ref> {
    let header = CURRENT.try_with(Cell::get).ok().flatten()?;
    // SAFETY: whoever made it current keeps the cell alive (contract of `set`).
    unsafe { header.as_ref() }.state.retain();
    // SAFETY: the reference was counted in the line above.
    Some(unsafe { Ref::from_raw(header) })
}

/// Shows `f` the task that is being polled on this thread; cheaper than [`current`].
#[inline]
pub(crate) fn with_current<R>(f: impl FnOnce(Option<&Ref>) -> R) -> R {
    let header = CURRENT.try_with(Cell::get).ok().flatten();
    // SAFETY: whoever made it current keeps the cell alive until this call is over (contract of
    // `set`), and the reference, which is not counted, is never dropped.
    let task = header.map(|header| ManuallyDrop::new(unsafe { Ref::from_raw(header) }));
    f(task.as_deref())
}

/// Runs `f` as if no task polled it.
pub(crate) fn outside<R>(f: impl FnOnce() -> R) -> R {
    let _entered = Entered(CURRENT.with(|current| current.replace(None)));
    f()
}

/// Runs `f` as if `task` polled it.
pub(crate) fn enter<R>(task: &Ref, f: impl FnOnce() -> R) -> R {
    // SAFETY: `task` outlives the guard, which stays on this thread's stack.
    let _entered = unsafe { set(task.as_ptr()) };
    f()
}
