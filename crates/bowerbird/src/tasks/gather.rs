//! Many at once, results in the order given.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bowerbird_core::{IntoTask, Spawner, TaskError};
use bowerbird_executor::Handle;

use super::ready::Ready;
use super::{Task, with_loop};
use crate::events::{birth, created};

/// Runs everything given at the same time, and gives the results in the order given.
///
/// - Each item is a [`Task`] or a future, which becomes one. None gives an empty `Vec` at once.
/// - The first task that panics or is cancelled ends the wait with its error; the others run on,
///   and their later errors are nobody's. [`Gather::return_exceptions`] waits for all instead.
/// - Cancel: dropping it cancels all tasks that are not done.
/// - asyncio: `tasks.py`, `gather`. The tasks start at this call, not at the first await.
///
/// # Errors
/// [`TaskError`] of the first task that fails.
///
/// # Panics
/// Outside a running loop.
///
/// ```
/// # bowerbird::run(async {
/// let squares = bowerbird::gather((1..4).map(|n| async move { n * n })).await;
/// assert_eq!(squares.unwrap(), [1, 4, 9]);
///
/// let failing = bowerbird::create_task(async { panic!("no") });
/// assert!(bowerbird::gather([failing]).await.is_err());
/// # });
/// ```
#[track_caller]
pub fn gather<I>(items: I) -> Gather<<I::Item as IntoTask>::Output>
where
    I: IntoIterator,
    I::Item: IntoTask,
{
    let location = std::panic::Location::caller();
    let tasks = with_loop(|handle| {
        let spawner = OnLoop(handle, location);
        items
            .into_iter()
            .map(|item| item.into_task(&spawner))
            .collect()
    });
    Gather {
        children: Children::new(tasks),
    }
}

/// Makes the tasks.
pub(super) struct OnLoop<'a>(
    pub(super) &'a Handle,
    pub(super) &'static std::panic::Location<'static>,
);

impl Spawner for OnLoop<'_> {
    fn spawn<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        created(self.0.create_task(future, birth(self.0, self.1)))
    }
}

/// What [`gather`] gives: all values, or the first error.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited, and dropping this cancels its tasks"]
pub struct Gather<T> {
    /// The tasks and what came of them.
    children: Children<T>,
}

impl<T> Gather<T> {
    /// Waits for all of them, whatever comes of each.
    pub fn return_exceptions(mut self) -> GatherAll<T> {
        GatherAll {
            children: self.children.take(),
        }
    }
}

/// What [`Gather::return_exceptions`] gives: each task's result.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited, and dropping this cancels its tasks"]
pub struct GatherAll<T> {
    /// The tasks and what came of them.
    children: Children<T>,
}

impl<T> Unpin for Gather<T> {}

impl<T> Unpin for GatherAll<T> {}

impl<T> Future for Gather<T> {
    type Output = Result<Vec<T>, TaskError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let children = &mut self.children;
        children.poll(cx);
        if let Some(error) = children.take_failure() {
            // The others run on, as asyncio has it.
            children.forget();
            return Poll::Ready(Err(error));
        }
        if children.waiting > 0 {
            return Poll::Pending;
        }
        Poll::Ready(children.results().into_iter().collect())
    }
}

impl<T> Future for GatherAll<T> {
    type Output = Vec<Result<T, TaskError>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.children.poll(cx);
        if self.children.waiting > 0 {
            return Poll::Pending;
        }
        Poll::Ready(self.children.results())
    }
}

/// The tasks of a gather.
#[derive(Debug)]
struct Children<T> {
    /// Each task, then its result.
    slots: Vec<Child<T>>,
    /// How many have no result yet.
    waiting: usize,
    /// The first that failed.
    failed: Option<usize>,
    /// Which of them want a poll.
    ready: Ready,
}

#[derive(Debug)]
enum Child<T> {
    Waiting(Task<T>),
    Done(Result<T, TaskError>),
    Gone,
}

impl<T> Children<T> {
    fn new(tasks: Vec<Task<T>>) -> Self {
        let ready = Ready::new(tasks.len());
        let waiting = tasks.len();
        Self {
            slots: tasks.into_iter().map(Child::Waiting).collect(),
            waiting,
            failed: None,
            ready,
        }
    }

    /// Polls those that were woken.
    fn poll(&mut self, cx: &Context<'_>) {
        for index in self.ready.take(cx) {
            let Child::Waiting(task) = &mut self.slots[index] else {
                continue;
            };
            let mut cx = Context::from_waker(self.ready.waker(index));
            if let Poll::Ready(result) = task.poll_result(&mut cx) {
                if result.is_err() && self.failed.is_none() {
                    self.failed = Some(index);
                }
                self.slots[index] = Child::Done(result);
                self.waiting -= 1;
            }
        }
    }

    fn take_failure(&mut self) -> Option<TaskError> {
        match std::mem::replace(&mut self.slots[self.failed?], Child::Gone) {
            Child::Done(Err(error)) => Some(error),
            _ => unreachable!("the index was set where an error was stored"),
        }
    }

    /// All results; every child is done.
    fn results(&mut self) -> Vec<Result<T, TaskError>> {
        let done = |child| match child {
            Child::Done(result) => result,
            Child::Waiting(_) | Child::Gone => unreachable!("all children are done"),
        };
        std::mem::take(&mut self.slots)
            .into_iter()
            .map(done)
            .collect()
    }

    /// Lets the tasks run on alone.
    fn forget(&mut self) {
        self.slots.clear();
    }

    fn take(&mut self) -> Self {
        std::mem::replace(self, Self::new(Vec::new()))
    }
}

impl<T> Drop for Children<T> {
    fn drop(&mut self) {
        for child in &self.slots {
            if let Child::Waiting(task) = child {
                task.cancel();
            }
        }
    }
}
