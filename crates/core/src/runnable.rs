//! The right to poll a task once. Schedulers queue it; the cell hands it out.

use std::fmt;

use crate::cell::Permit;
use crate::error::{Panic, TaskError};
use crate::id::TaskId;
use crate::task_ref::TaskRef;

/// A task that wants to be polled, and the only right to do so (I1).
///
/// Dropping it cancels the task: its future is dropped right there, and its awaiter sees
/// [`TaskError::Cancelled`](crate::TaskError::Cancelled).
#[must_use = "dropping a runnable cancels its task"]
pub struct Runnable(pub(crate) Permit);

impl Runnable {
    /// Polls the task once.
    ///
    /// Gives the runnable back when the task was woken during the poll: put it behind those that
    /// wait already. A panic of the task is kept for its awaiter and never leaves this call.
    #[inline]
    pub fn run(self) -> Option<Runnable> {
        self.0.run().map(Runnable)
    }

    /// Ends the task without polling it: whoever awaits it sees this panic. For a scheduler that
    /// cannot run what it was given.
    pub fn fail(self, panic: Panic) {
        self.0.fail(TaskError::Panicked(panic));
    }

    /// Sends a new task on its first way, through its own scheduler.
    pub fn schedule(self) {
        self.0.schedule();
    }

    /// The id of the task.
    pub fn id(&self) -> TaskId {
        self.0.header().id
    }

    /// A reference to the task that does not hold the right to poll it.
    pub fn task(&self) -> TaskRef {
        TaskRef::new(self.0.to_ref())
    }
}

impl fmt::Debug for Runnable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runnable")
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}
