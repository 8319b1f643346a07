//! The part of a task that most tasks never need: name, messages, callbacks, scopes, context.
//!
//! Allocated at the first use, so that a plain task pays one flag for all of it. The cell owns it;
//! `TaskRef` reads and writes it. No user code runs while its lock is held (I4).

use std::panic::Location;
use std::sync::Arc as StdArc;

use crate::awaited::Awaited;
use crate::cancel::Tree;
use crate::contexts::Context;
use crate::id::CallbackId;
use crate::schedule::Callback;
use crate::sync::ranks::PARTS;
use crate::sync::{Locked, Mutex, lock};
use crate::task_ref::TaskRef;

/// A done-callback: gets the task that is done.
pub(crate) type DoneCallback = Box<dyn FnOnce(&TaskRef) + Send>;

/// See the module.
pub(crate) struct Cold {
    /// Where the task was created, where that was asked for.
    pub(crate) location: Option<&'static Location<'static>>,
    /// The variables its polls see; locked for a few steps at a time, nearly always by the thread
    /// that polls.
    pub(crate) context: Mutex<Context>,
    /// The rest, under one lock.
    parts: Mutex<Parts>,
}

/// What the lock guards.
#[derive(Default)]
pub(crate) struct Parts {
    /// The name, where one was given.
    pub(crate) name: Option<StdArc<str>>,
    /// Cancel requests not taken back, for `cancelling`.
    pub(crate) requests: usize,
    /// The message of the request that is to be delivered next.
    pub(crate) message: Option<StdArc<str>>,
    /// The scopes and catchers inside, once one was polled.
    pub(crate) tree: Option<StdArc<Tree>>,
    /// What it waited for at the end of its last poll, in debug mode.
    pub(crate) awaits: Vec<Awaited>,
    /// Callbacks in the order added.
    callbacks: Vec<(CallbackId, DoneCallback)>,
    /// The next callback's id.
    next_callback: u64,
}

impl Cold {
    pub(crate) fn new(context: Context, location: Option<&'static Location<'static>>) -> Self {
        Self {
            location,
            context: Mutex::new(context),
            parts: Mutex::new(Parts::default()),
        }
    }

    pub(crate) fn parts(&self) -> Locked<'_, Parts> {
        lock(&self.parts, PARTS)
    }

    /// Takes all callbacks out, ready for the loop; `task` is what they are called with.
    pub(crate) fn take_callbacks(&self, task: &TaskRef) -> Vec<Callback> {
        let callbacks = std::mem::take(&mut self.parts().callbacks);
        callbacks
            .into_iter()
            .map(|(_, callback)| bind(callback, task.clone()))
            .collect()
    }
}

impl Parts {
    /// Keeps `callback` until the end.
    pub(crate) fn add_callback(&mut self, callback: DoneCallback) -> CallbackId {
        let id = CallbackId(self.next_callback);
        self.next_callback += 1;
        self.callbacks.push((id, callback));
        id
    }

    /// Takes a callback back; the caller drops it outside the lock.
    pub(crate) fn remove_callback(&mut self, id: CallbackId) -> Option<DoneCallback> {
        let at = self.callbacks.iter().position(|(known, _)| *known == id)?;
        Some(self.callbacks.remove(at).1)
    }

    /// The id for a callback that is never kept, because the task is done.
    pub(crate) fn spent_id(&mut self) -> CallbackId {
        let id = CallbackId(self.next_callback);
        self.next_callback += 1;
        id
    }
}

/// The callback with its task, as the loop runs it.
pub(crate) fn bind(callback: DoneCallback, task: TaskRef) -> Callback {
    Box::new(move || callback(&task))
}
