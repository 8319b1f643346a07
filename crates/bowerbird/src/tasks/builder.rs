//! Tasks with a name or a context of their own.

use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use bowerbird_core::contexts::Context;

use super::{Task, with_loop};
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

    /// The context variables the task sees, instead of a copy of its creator's.
    pub fn context(mut self, context: Context) -> Self {
        self.context = Some(context);
        self
    }

    /// See [`create_task`](crate::create_task).
    ///
    /// # Panics
    /// Outside a running loop.
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
            birth.context = context;
        }
        birth
    }
}
