//! A reference to a task that is not its handle: any number of them, without the output's type.
//!
//! Used by the executor's registry, by done-callbacks, and by users as `TaskRef`.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::task::Waker;

use crate::awaited::Awaited;
use crate::cancel::Tree;
use crate::cell::{self, Ref};
use crate::cold::bind;
use crate::contexts::{SharedContext, copy_context};
use crate::id::{CallbackId, TaskId};
use crate::sync::lock;
use crate::sync::ranks::CONTEXT;
use crate::waker;

/// A task, to be looked at and cancelled. Cloning it is cheap; it does not keep the task running,
/// and dropping it changes nothing.
#[derive(Clone)]
pub struct TaskRef(Ref);

impl TaskRef {
    pub(crate) fn new(task: Ref) -> Self {
        Self(task)
    }

    pub(crate) fn into_ref(self) -> Ref {
        self.0
    }

    /// The task whose poll calls this function; `None` between polls and outside a loop.
    pub fn current() -> Option<Self> {
        cell::current().map(Self)
    }

    /// Runs `f` as if this task polled it: inside, [`TaskRef::current`] is this task.
    pub fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        cell::enter(&self.0, f)
    }

    /// Runs `f` as if no task polled it: inside, [`TaskRef::current`] is `None`. For callbacks,
    /// which an executor may run from a task of its own.
    pub fn outside<R>(f: impl FnOnce() -> R) -> R {
        cell::outside(f)
    }

    /// The task's id.
    pub fn id(&self) -> TaskId {
        self.0.header().id
    }

    /// The name it was given, else `Task-N`, N being its id.
    pub fn name(&self) -> Arc<str> {
        let given = self
            .0
            .header()
            .existing_cold()
            .and_then(|cold| cold.parts().name.clone());
        given.unwrap_or_else(|| format!("Task-{}", self.id()).into())
    }

    /// Gives the task another name.
    pub fn set_name(&self, name: impl Into<Arc<str>>) {
        self.0.cold().parts().name = Some(name.into());
    }

    /// Whether the task has ended, in whichever way.
    pub fn is_done(&self) -> bool {
        self.0.header().state.load().is_done()
    }

    /// What the task does at this moment.
    pub fn state(&self) -> TaskState {
        let state = self.0.header().state.load();
        if state.is_done() {
            TaskState::Done
        } else if state.is_running() {
            TaskState::Running
        } else if state.is_queued() {
            TaskState::Ready
        } else {
            TaskState::Waiting
        }
    }

    /// What it waited for at the end of its last poll, as far as that was noted.
    pub fn awaits(&self) -> Vec<Awaited> {
        let cold = self.0.header().existing_cold();
        cold.map_or(Vec::new(), |cold| cold.parts().awaits.clone())
    }

    /// A poll begins: what the task waited for is over.
    pub fn forget_awaits(&self) {
        if let Some(cold) = self.0.header().existing_cold() {
            cold.parts().awaits.clear();
        }
    }

    /// Whether its [`Task`](crate::Task) handle lives: somebody may still see how it ends.
    pub fn has_handle(&self) -> bool {
        self.0.header().state.load().has_handle()
    }

    /// Whether the task has ended as a cancelled one: whoever awaits it sees, or saw,
    /// `TaskError::Cancelled`. False while it has not ended, and when it answered the request with
    /// a value. asyncio: `Task.cancelled`.
    pub fn is_cancelled(&self) -> bool {
        self.0.header().state.load().is_cancelled()
    }

    /// Asks the task to end at its current await, or at its next one if it is running.
    ///
    /// The innermost catcher inside the task gets the request; where there is none the task's
    /// future is dropped, on a worker, and whoever awaits it sees `TaskError::Cancelled`. A task
    /// that was never polled never starts. Returns false, and does nothing, when the task is done.
    pub fn cancel(&self) -> bool {
        self.request(None)
    }

    /// [`cancel`](Self::cancel) with a text for whoever catches it. Of several requests before a
    /// delivery the first one's text counts.
    pub fn cancel_with(&self, message: impl Into<Arc<str>>) -> bool {
        self.request(Some(message.into()))
    }

    fn request(&self, message: Option<Arc<str>>) -> bool {
        if self.is_done() {
            return false;
        }
        let mut parts = self.0.cold().parts();
        // Under the lock: an `uncancel` sees the count and the flag agree, and the runner that
        // takes the flag waits here for the message.
        let Some(duty) = self.0.header().state.cancel(false) else {
            return false;
        };
        parts.requests += 1;
        if parts.message.is_none() {
            parts.message = message;
        }
        drop(parts);
        self.0.enqueue(duty);
        true
    }

    /// Ends the task without asking anybody inside; for a loop that closes.
    pub fn abort(&self) {
        if let Some(duty) = self.0.header().state.cancel(true) {
            self.0.enqueue(duty);
        }
    }

    /// How many cancel requests stand, those that were delivered included.
    pub fn cancelling(&self) -> usize {
        self.0
            .header()
            .existing_cold()
            .map_or(0, |cold| cold.parts().requests)
    }

    /// Takes one cancel request back and returns how many are left. At none left, a request that
    /// was not delivered yet is forgotten.
    pub fn uncancel(&self) -> usize {
        let Some(cold) = self.0.header().existing_cold() else {
            return 0;
        };
        let mut parts = cold.parts();
        parts.requests = parts.requests.saturating_sub(1);
        if parts.requests == 0 && !self.is_done() {
            parts.message = None;
            let _was_pending = self.0.header().state.take_request();
        }
        parts.requests
    }

    /// The context of this task: the handle of that very one, and not a copy. asyncio:
    /// `Task.get_context`.
    pub fn context(&self) -> SharedContext {
        lock(&self.0.cold().context, CONTEXT).share()
    }

    /// Calls `callback` with this task once it is done: through the loop, in the order added and in
    /// a copy of the caller's context, soon if it is done already.
    pub fn add_done_callback(
        &self,
        callback: impl FnOnce(&TaskRef) + Send + 'static,
    ) -> CallbackId {
        let cold = self.0.cold();
        let header = self.0.header();
        let mut context = copy_context();
        let callback = move |task: &Self| context.run(|| callback(task));
        let mut parts = cold.parts();
        // Under the lock: a finisher that comes later takes the callbacks after this one is in.
        if header.state.set_cold() {
            let id = parts.spent_id();
            drop(parts);
            self.0
                .call_soon(vec![bind(Box::new(callback), self.clone())]);
            return id;
        }
        parts.add_callback(Box::new(callback))
    }

    /// Takes a callback back; false when it is not there (any more).
    pub fn remove_done_callback(&self, id: CallbackId) -> bool {
        let Some(cold) = self.0.header().existing_cold() else {
            return false;
        };
        let callback = cold.parts().remove_callback(id);
        callback.is_some()
    }

    /// A waker that asks for a poll of this task.
    pub fn waker(&self) -> Waker {
        waker::owned(self.0.clone())
    }

    /// The type of the task's future; for an async fn it names the function.
    pub fn type_name(&self) -> &'static str {
        self.0.type_name()
    }

    /// Where the task was created, if the loop was asked to remember.
    pub fn location(&self) -> Option<&'static Location<'static>> {
        self.0
            .header()
            .existing_cold()
            .and_then(|cold| cold.location)
    }

    /// The scopes inside the task, made at the first use.
    pub(crate) fn tree(&self) -> Arc<Tree> {
        let cold = self.0.cold();
        let mut parts = cold.parts();
        // The finisher looks for the tree only behind this flag, and takes it out: its waker would
        // keep the cell for ever. So a done task gets a tree that is not kept.
        if self.0.header().state.set_cold() {
            return Tree::new(self.waker());
        }
        parts
            .tree
            .get_or_insert_with(|| Tree::new(self.waker()))
            .clone()
    }

    /// The executor's own word about the task, for its registry; set before the task is first
    /// queued, given to [`Schedule::retire`](crate::Schedule::retire) at its end.
    pub fn set_slot(&self, slot: u64) {
        self.0.header().set_slot(slot);
    }
}

/// What a task does at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TaskState {
    /// It stands in line for a poll.
    Ready,
    /// It is being polled.
    Running,
    /// It was polled, and waits for something.
    Waiting,
    /// It has ended.
    Done,
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Done => "done",
        })
    }
}

impl fmt::Debug for TaskRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskRef")
            .field("id", &self.id())
            .field("name", &self.name())
            .field("state", &self.0.header().state.load())
            .field("future", &self.type_name())
            .finish()
    }
}

impl PartialEq for TaskRef {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_ptr() == other.0.as_ptr()
    }
}

impl Eq for TaskRef {}
