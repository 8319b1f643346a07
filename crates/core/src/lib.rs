//! The task and promise state machines of bowerbird.
//!
//! A task here is one allocation that holds a future, and later its output, and a word of state
//! that decides who may touch them. This crate knows neither threads nor queues nor clocks: it
//! hands out a [`Runnable`] whenever a task wants to be polled, through the one door [`Schedule`].
//! Only std's `Waker` passes between it and whatever tasks wait for.
//!
//! Reading order: `state` (a task's life, drawn), `cell` (its memory), `cell/run` (one poll, and
//! the end), `task` (the handle), `waker`; then `cancel` (requests that know their scope),
//! `promise`, `contexts`.

mod sync;

pub mod locked;

mod state;

#[expect(
    unsafe_code,
    reason = "the task cell: layout, references, the lock on the future"
)]
mod cell;

#[expect(unsafe_code, reason = "the raw waker of the task cell")]
mod waker;

#[expect(
    unsafe_code,
    reason = "a pinned future that is dropped on its own thread only"
)]
mod home;

mod cold;

mod runnable;

mod schedule;

#[expect(
    unsafe_code,
    reason = "vouches that the cell's future may travel, or stays at home"
)]
mod task;

mod task_ref;

mod awaitable;

mod awaited;

#[expect(unsafe_code, reason = "a runnable kept as a pointer")]
mod slot;

mod error;

mod id;

pub mod cancel;

pub mod promise;

pub mod contexts;

pub use awaitable::{Awaitable, BorrowedTaskWait, IntoTask, PlainWait, Spawner, TaskWait, Wait};
pub use awaited::{Awaited, keep_notes, note, note_all};
pub use cell::{KeptBlocks, keep_blocks};
pub use error::{Panic, TaskError};
pub use id::{CallbackId, TaskId};
pub use runnable::Runnable;
pub use schedule::{Callback, Schedule};
pub use slot::Slot;
pub use task::{Birth, BorrowedWait, OwnedWait, Task, create, create_local};
pub use task_ref::{TaskRef, TaskState};

/// What the scopes need of the task under poll.
pub(crate) mod current {
    use std::sync::Arc;

    use crate::cancel::Tree;
    use crate::task_ref::TaskRef;

    /// The scopes of the task that is being polled on this thread; `None` outside a task.
    pub(crate) fn tree() -> Option<Arc<Tree>> {
        TaskRef::current().map(|task| task.tree())
    }

    /// The task that is being polled on this thread, as a number; zero outside a task. Another
    /// task may get the same one when this is over.
    #[inline]
    pub(crate) fn mark() -> usize {
        crate::cell::with_current(|task| task.map_or(0, |task| task.as_ptr().addr().get()))
    }
}

#[cfg(test)]
mod tests;
