//! The door between tasks and whatever runs them. The executor implements it; the cell calls it.

use crate::error::Panic;
use crate::runnable::Runnable;
use crate::task_ref::TaskRef;

/// Where a task goes when it wants to be polled, and who is told of its end.
///
/// One value lives in every task, so make it a cheap handle (an `Arc`). Every method is called
/// with no lock held (I4), from any thread: foreign threads wake tasks too.
pub trait Schedule: Send + Sync + 'static {
    /// Takes a task that was idle and now wants a poll. Dropping the runnable cancels the task.
    fn schedule(&self, runnable: Runnable);

    /// The task ends: gives back the reference that was kept under `slot` (see
    /// [`TaskRef::set_slot`]), so that it goes in the same step as the task's own.
    fn retire(&self, slot: u64) -> Option<TaskRef>;

    /// Runs `callback` soon, in the order of the calls, never inside this call.
    fn call_soon(&self, callback: Callback);

    /// A task panicked and nobody is left who could see it.
    fn panic_unseen(&self, task: &TaskRef, panic: Panic);
}

/// A piece of work for the loop: a done-callback on its way.
pub type Callback = Box<dyn FnOnce() + Send>;
