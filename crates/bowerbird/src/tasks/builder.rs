//! Tasks with a name or a context of their own.

use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

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
        let location = Location::caller();
        created(with_loop(|handle| {
            handle.create_task(future, self.birth(handle, location))
        }))
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
        let location = Location::caller();
        created(with_loop(|handle| {
            handle.create_local_task(future, self.birth(handle, location))
        }))
    }

    fn birth(
        self,
        handle: &bowerbird_executor::Handle,
        location: &'static Location<'static>,
    ) -> bowerbird_core::Birth {
        let mut birth = birth(handle, location);
        birth.name = self.name;
        if let Some(context) = self.context {
            birth.context = (&context).into();
        }
        birth
    }
}
