//! Tasks with a name or a context of their own, and tasks that begin at once.

use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use bowerbird_core::Birth;
use bowerbird_executor::Handle;

use super::{Task, with_loop};
use crate::contextvars::Context;
use crate::events::{birth, created};

/// A task in the making. asyncio: the keywords of `create_task`.
///
/// ```
/// # bowerbird::run(async {
/// let task = bowerbird::task::Builder::new().name("worker-1").create_task(async {});
/// assert_eq!(&*task.name(), "worker-1");
/// # });
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until `create_task`"]
pub struct Builder {
    /// The name, if not `Task-N`.
    name: Option<Arc<str>>,
    /// The context, if not a copy of the creator's.
    context: Option<Context>,
    /// It begins inside the call that creates it.
    is_eager: bool,
}

impl Builder {
    /// Nothing out of the ordinary yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The task's name.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The context the task runs in, instead of a copy of its creator's: this very one, so that
    /// tasks which are given the same one see what the others set.
    ///
    /// ```
    /// use bowerbird::{Context, ContextVar, task};
    ///
    /// static USER: ContextVar<&str> = ContextVar::new("user");
    ///
    /// # bowerbird::run(async {
    /// let context = Context::new();
    /// let login = task::Builder::new().context(context.clone()).create_task(async {
    ///     let _token = USER.set("ann");
    /// });
    /// login.await.unwrap();
    /// assert_eq!(context.get(&USER), Some("ann"));
    /// # });
    /// ```
    pub fn context(mut self, context: Context) -> Self {
        self.context = Some(context);
        self
    }

    /// Whether the task begins inside the call that creates it, up to its first wait, instead of
    /// soon after it. One that never waits is done when the call returns.
    ///
    /// - Inside, the task is itself: its own context, its own name, its own scopes for
    ///   cancellation. A panic stays in the task and never leaves the call.
    /// - Eager starts that stand in each other more than 32 deep begin soon, as other tasks do, so
    ///   that no recursion overflows the stack; and so they do on a loop that is closing.
    /// - asyncio: `eager_task_factory`, `eager_start=True`. Asked for task by task, because code
    ///   that creates tasks may rely on going on first.
    ///
    /// ```
    /// # bowerbird::run(async {
    /// let lookup = bowerbird::task::Builder::new().eager(true).create_task(async { "cached" });
    /// assert!(lookup.is_done());
    /// assert_eq!(lookup.await.unwrap(), "cached");
    /// # });
    /// ```
    pub fn eager(mut self, is_eager: bool) -> Self {
        self.is_eager = is_eager;
        self
    }

    /// See [`create_task`](crate::create_task).
    ///
    /// # Panics
    /// Outside a running loop.
    #[must_use = "dropping a task's handle detaches it: it runs on, and its result is lost"]
    #[track_caller]
    pub fn create_task<F>(self, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let handle = with_loop(Handle::clone);
        let (is_eager, birth) = self.birth(&handle, Location::caller());
        created(if is_eager {
            handle.create_eager_task(future, birth)
        } else {
            handle.create_task(future, birth)
        })
    }

    /// See [`create_local_task`](crate::create_local_task).
    ///
    /// # Panics
    /// Outside a running loop.
    #[must_use = "dropping a task's handle detaches it: it runs on, and its result is lost"]
    #[track_caller]
    pub fn create_local_task<F>(self, future: F) -> Task<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let handle = with_loop(Handle::clone);
        let (is_eager, birth) = self.birth(&handle, Location::caller());
        created(if is_eager {
            handle.create_eager_local_task(future, birth)
        } else {
            handle.create_local_task(future, birth)
        })
    }

    /// Whether the task is to begin at once, and what it begins with.
    fn birth(self, handle: &Handle, location: &'static Location<'static>) -> (bool, Birth) {
        let mut birth = birth(handle, location);
        birth.name = self.name;
        if let Some(context) = self.context {
            birth.context = (&context).into();
        }
        (self.is_eager, birth)
    }
}
