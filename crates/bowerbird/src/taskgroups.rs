//! Tasks that end together. asyncio: `taskgroups.py`.
//!
//! [`TaskGroup::scope`] runs a body that creates children, and is over when all of them are. Its
//! future is a catcher, and the body a scope in it, so each learns of the other's end by the one
//! mechanism that cancels everything here. It never polls a child: those are tasks of the loop.
//!
//! Reading order: this file (what users see), `scope` (the future), `child` (what each child is
//! wrapped in), `group` (what they share), `output` and `errors`.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use crate::contextvars::Context;

use crate::tasks::{Task, task};

mod scope;

mod child;

mod group;

mod output;

mod errors;

pub use errors::{Failure, TaskGroupError};
pub use output::ChildOutput;

use child::Child;
use group::Group;
use scope::GroupScope;

/// Creates the children of a group; cheap to clone, also into the children themselves.
///
/// Made by [`TaskGroup::scope`], which is where all there is to know about groups is told.
///
/// - asyncio: `taskgroups.py`, `TaskGroup`.
pub struct TaskGroup<E> {
    /// What all clones, the children and the scope share.
    group: Arc<Group<E>>,
}

impl<E> TaskGroup<E> {
    /// Runs `body`, which creates children through the group it is given, and waits until all of
    /// them have ended: no child outlives the scope.
    ///
    /// - `body`: an async closure; it may borrow, and need not be `Send` if the future is not to
    ///   be. What it gives is the result, when nothing fails.
    /// - A child fails when it panics, or returns an `Err`. The first failure cancels the other
    ///   children and the body, at its next await. All are awaited, clean-ups included, and then
    ///   every failure is reported, in the order of happening, the body's own at last. A child that
    ///   is cancelled, by whomever, has not failed.
    /// - A body that catches the group's cancellation may go on and even return a value: the
    ///   failures are the result all the same.
    /// - Children may be created as long as body or children are alive, by either. Once something
    ///   has failed, or everything has ended, a new child is refused: it never starts, its future
    ///   is dropped at once, and its task is a cancelled one.
    /// - Nothing here leaves a loop thread: a child never runs inside the call that creates it.
    /// - Cancel: a request that arrives inside goes to the body; if that ends, the children are
    ///   cancelled and awaited, and the request goes on outwards. With failures in the clean-ups,
    ///   these are the result instead, and the request ends the code around at its next await.
    ///   Further requests never interrupt the children's clean-ups. Dropping the future (a
    ///   `select!`) cancels all children without waiting; what fails from then on is reported to
    ///   the loop's exception handler.
    /// - asyncio: `async with TaskGroup() as tg`. A group cannot be entered twice, so the errors
    ///   for that do not exist.
    ///
    /// # Errors
    /// [`TaskGroupError`] with all failures; with none, when the body was ended by
    /// [`cancel`](Self::cancel).
    ///
    /// # Panics
    /// When the body panics: all children are cancelled and awaited, then the panic goes on.
    ///
    /// ```
    /// use bowerbird::{TaskGroup, TaskGroupError};
    ///
    /// async fn length(text: &'static str) -> Result<usize, String> {
    ///     if text.is_empty() { Err("nothing there".into()) } else { Ok(text.len()) }
    /// }
    ///
    /// # bowerbird::run(async {
    /// let sum = TaskGroup::scope(async |group| {
    ///     let one = group.create_task(length("one"));
    ///     let three = group.create_task(length("three"));
    ///     let sum = one.await.unwrap_or(0) + three.await.unwrap_or(0);
    ///     Ok::<_, String>(sum)
    /// });
    /// assert_eq!(sum.await.unwrap(), 8);
    ///
    /// let failed: Result<(), TaskGroupError<String>> = TaskGroup::scope(async |group| {
    ///     group.create_task(length(""));
    ///     group.create_task(std::future::pending::<()>()); // is cancelled
    ///     Ok(())
    /// })
    /// .await;
    /// let error = failed.unwrap_err();
    /// assert_eq!(error.to_string(), "1 failure in a task group: nothing there");
    /// # });
    /// ```
    pub fn scope<F, B, R>(body: F) -> impl Future<Output = Result<R, TaskGroupError<E>>>
    where
        // Not `AsyncFnOnce`: the compiler cannot see through that whether the future is `Send` once
        // a lifetime is involved, `'static` included.
        F: FnOnce(Self) -> B,
        B: Future<Output = Result<R, E>>,
    {
        let group = Arc::new(Group::new());
        let body = body(Self {
            group: group.clone(),
        });
        GroupScope::new(body, group)
    }

    /// Asks everybody to end, and nothing more: the body and all children are cancelled and
    /// awaited, new children are refused, nothing counts as a failure that was none. Calling it
    /// again, or when the group is over, does nothing.
    ///
    /// The scope then gives the body's value if that returned one all the same (the body that
    /// calls this is cancelled at its next await, not at once), and else a [`TaskGroupError`]
    /// without failures. A child that calls it is cancelled too.
    ///
    /// - asyncio: `cancel` of 3.15, where the block is left silently; here its value would be
    ///   missing.
    pub fn cancel(&self) {
        self.group.stop();
    }
}

impl<E: Send + 'static> TaskGroup<E> {
    /// Makes a child of `future`; it starts soon, never inside this call.
    ///
    /// - `future`: gives a `Result<T, E>`, or nothing at all; see [`ChildOutput`].
    /// - The [`Task`] may be awaited, cancelled or dropped: its end is the group's business.
    ///   Awaiting it gives `T`; of a child that has failed it gives `TaskError::Cancelled`, since
    ///   the failure itself is the group's.
    /// - In a group that takes no more children it never starts, and its task is cancelled.
    ///
    /// # Panics
    /// Outside a running loop.
    #[track_caller]
    pub fn create_task<F>(&self, future: F) -> Task<<F::Output as ChildOutput<E>>::Value>
    where
        F: Future + Send + 'static,
        F::Output: ChildOutput<E>,
        <F::Output as ChildOutput<E>>::Value: Send + 'static,
    {
        self.builder().create_task(future)
    }

    /// A child with a name or a context of its own.
    ///
    /// ```
    /// # use bowerbird::TaskGroup;
    /// # bowerbird::run(async {
    /// let name = TaskGroup::scope(async |group| {
    ///     let child = group.builder().name("reader").create_task(async {});
    ///     Ok::<_, std::io::Error>(child.name())
    /// });
    /// assert_eq!(&*name.await.unwrap(), "reader");
    /// # });
    /// ```
    pub fn builder(&self) -> ChildBuilder<'_, E> {
        ChildBuilder {
            group: self,
            task: task::Builder::new(),
        }
    }
}

impl<E> Clone for TaskGroup<E> {
    fn clone(&self) -> Self {
        Self {
            group: self.group.clone(),
        }
    }
}

impl<E> fmt::Debug for TaskGroup<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TaskGroup").field(&self.group).finish()
    }
}

/// A child in the making. asyncio: the keywords of `TaskGroup.create_task`.
///
/// ```
/// # bowerbird::run(async {
/// let scope = bowerbird::TaskGroup::scope(async |group| {
///     let child = group.builder().name("worker").create_task(async { Ok::<_, ()>(1) });
///     assert_eq!(&*child.name(), "worker");
///     Ok(child.await.unwrap())
/// });
/// assert_eq!(scope.await.unwrap(), 1);
/// # });
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until `create_task`"]
pub struct ChildBuilder<'a, E> {
    /// Where the child will be.
    group: &'a TaskGroup<E>,
    /// The task that it will be.
    task: task::Builder,
}

impl<E: Send + 'static> ChildBuilder<'_, E> {
    /// The child's name; `Task-N` without it.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.task = self.task.name(name);
        self
    }

    /// The context variables that the child sees, instead of a copy of its creator's.
    pub fn context(mut self, context: Context) -> Self {
        self.task = self.task.context(context);
        self
    }

    /// See [`TaskGroup::create_task`].
    ///
    /// # Panics
    /// Outside a running loop.
    #[track_caller]
    pub fn create_task<F>(self, future: F) -> Task<<F::Output as ChildOutput<E>>::Value>
    where
        F: Future + Send + 'static,
        F::Output: ChildOutput<E>,
        <F::Output as ChildOutput<E>>::Value: Send + 'static,
    {
        let group = &self.group.group;
        let Some(seat) = group.enter() else {
            drop(future);
            let refused = self.task.create_task(Child::<F, E>::refused());
            refused.cancel();
            return refused;
        };
        let child = self
            .task
            .create_task(Child::new(future, group.clone(), seat));
        group.seat(seat, child.handle());
        child
    }
}
