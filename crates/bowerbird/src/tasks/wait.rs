//! Waiting for some of many tasks, without taking their results.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bowerbird_core::{Awaited, TaskError, note_all};

use super::ready::Ready;
use super::{Sleep, Task, sleep};

/// Waits until enough of `tasks` are done, and gives them back in two parts: those that are done
/// and those that are not.
///
/// - `tasks`: tasks, or `&mut` tasks where the caller keeps them; futures that are no tasks go
///   through [`create_task`](crate::create_task) first. None at all gives two empty parts at once.
/// - [`return_when`](Wait::return_when) says what is enough (all of them, without it), and
///   [`timeout`](Wait::timeout) how long to wait at most.
/// - Shape: `(done, pending)`, both in the order given. Whatever is done by then is in `done`, and
///   its result is still in the task: take it with [`Task::try_result`], or await it.
/// - Cancel: nothing is ever cancelled here. Dropped midway, it lets go of the tasks it was given,
///   and they run on alone; those it was lent are the caller's as before.
/// - asyncio: `tasks.py`, `wait`. No `ValueError` for an empty set; the parts are ordered; a task
///   whose panic was only counted here is still reported if nobody looks at it.
///
/// ```
/// use bowerbird::{ReturnWhen, create_task, sleep, wait};
/// use std::time::Duration;
///
/// # bowerbird::run(async {
/// let quick = create_task(async { "quick" });
/// let slow = create_task(sleep(Duration::from_secs(60)).with_result("slow"));
/// let (mut done, pending) = wait([quick, slow])
///     .return_when(ReturnWhen::FirstCompleted)
///     .await;
/// assert_eq!(done[0].try_result().unwrap().unwrap(), "quick");
/// pending[0].cancel();
/// # });
/// ```
///
/// Lent tasks stay where they are:
///
/// ```
/// # use std::time::Duration;
/// # use bowerbird::{create_task, sleep, wait};
/// # bowerbird::run(async {
/// let mut tasks = vec![create_task(sleep(Duration::from_secs(60)))];
/// let (done, pending) = wait(&mut tasks).timeout(Duration::from_millis(1)).await;
/// assert_eq!((done.len(), pending.len()), (0, 1));
/// tasks[0].cancel();
/// # });
/// ```
pub fn wait<I>(tasks: I) -> Wait<I::Item>
where
    I: IntoIterator,
    I::Item: AsTask,
{
    Wait::new(tasks, has_panicked)
}

/// [`wait`] for tasks that give a `Result`: with [`ReturnWhen::FirstException`] an `Err` is enough,
/// just as a panic is.
///
/// ```
/// use bowerbird::{ReturnWhen, create_task, try_wait};
///
/// # bowerbird::run(async {
/// let failing = create_task(async { Err::<(), _>("no") });
/// let endless = create_task(std::future::pending());
/// let (done, pending) = try_wait([failing, endless])
///     .return_when(ReturnWhen::FirstException)
///     .await;
/// assert_eq!((done.len(), pending.len()), (1, 1));
/// pending[0].cancel();
/// # });
/// ```
pub fn try_wait<I, T, E>(tasks: I) -> Wait<I::Item>
where
    I: IntoIterator,
    I::Item: AsTask<Output = Result<T, E>>,
{
    Wait::new(tasks, |result| {
        has_panicked(result) || matches!(result, Ok(Err(_)))
    })
}

/// What [`wait`] can wait for: a [`Task`], or a `&mut` to one.
///
/// ```
/// # bowerbird::run(async {
/// let mut task = bowerbird::create_task(async { 1 });
/// let (lent, _) = bowerbird::wait([&mut task]).await;
/// assert_eq!(lent.len(), 1);
/// let (given, _) = bowerbird::wait([task]).await;
/// assert_eq!(given.len(), 1);
/// # });
/// ```
#[diagnostic::on_unimplemented(
    message = "`wait` takes tasks, and `{Self}` is none",
    label = "not a task",
    note = "make a task of a future first: `bowerbird::create_task(..)`"
)]
pub trait AsTask {
    /// The output of the task.
    type Output;

    /// The task.
    fn as_task(&mut self) -> &mut Task<Self::Output>;
}

impl<T> AsTask for Task<T> {
    type Output = T;

    fn as_task(&mut self) -> &mut Self {
        self
    }
}

impl<A: AsTask + ?Sized> AsTask for &mut A {
    type Output = A::Output;

    fn as_task(&mut self) -> &mut Task<A::Output> {
        (**self).as_task()
    }
}

/// When a [`wait`] has seen enough. asyncio: `FIRST_COMPLETED`, `FIRST_EXCEPTION`,
/// `ALL_COMPLETED`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ReturnWhen {
    /// When one task is done, in whichever way.
    FirstCompleted,
    /// When one task has failed, or all are done. A cancelled task has not failed.
    FirstException,
    /// When all are done.
    #[default]
    AllCompleted,
}

/// What [`wait`] gives.
#[must_use = "futures do nothing unless awaited"]
pub struct Wait<W: AsTask> {
    /// The tasks, given or lent; empty once handed back.
    members: Vec<W>,
    /// Which of them may have ended.
    ready: Ready,
    /// How many have not been seen done.
    waiting: usize,
    /// One of those that are done has failed.
    has_failed: bool,
    /// What counts as a failure.
    is_failure: IsFailure<W>,
    /// What is enough.
    return_when: ReturnWhen,
    /// The end of the time, if there is one.
    limit: Option<Sleep>,
}

/// Tells a failure.
type IsFailure<W> = fn(&Result<<W as AsTask>::Output, TaskError>) -> bool;

impl<W: AsTask> Wait<W> {
    fn new(tasks: impl IntoIterator<Item = W>, is_failure: IsFailure<W>) -> Self {
        let members: Vec<W> = tasks.into_iter().collect();
        Self {
            ready: Ready::new(members.len()),
            waiting: members.len(),
            members,
            has_failed: false,
            is_failure,
            return_when: ReturnWhen::default(),
            limit: None,
        }
    }

    /// What is enough; without it, all tasks have to be done.
    pub fn return_when(mut self, return_when: ReturnWhen) -> Self {
        self.return_when = return_when;
        self
    }

    /// Waits at most so long, counted from the first poll; `None` is no limit. When the time is
    /// over the tasks come back as they are, and nobody is told. Zero lets others run once.
    ///
    /// # Panics
    /// The wait itself, when polled outside a running loop.
    pub fn timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.limit = limit.into().map(sleep);
        self
    }

    /// Counts those that have ended since the last look.
    fn count(&mut self, cx: &Context<'_>) {
        for index in self.ready.take(cx) {
            let task = self.members[index].as_task();
            let mut cx = Context::from_waker(self.ready.waker(index));
            // Ready at most once for each: a task that is done keeps no waker that could lead here
            // again.
            if task.poll_done(&mut cx).is_ready() {
                self.waiting -= 1;
                self.has_failed |= task.peek_result().is_some_and(self.is_failure);
            }
        }
    }

    fn is_enough(&self) -> bool {
        self.waiting == 0
            || match self.return_when {
                ReturnWhen::FirstCompleted => self.waiting < self.members.len(),
                ReturnWhen::FirstException => self.has_failed,
                ReturnWhen::AllCompleted => false,
            }
    }

    /// The tasks as they stand. Those that are still to end forget this wait.
    fn parts(&mut self) -> (Vec<W>, Vec<W>) {
        let (mut done, mut pending) = (Vec::new(), Vec::new());
        for mut member in self.members.drain(..) {
            let task = member.as_task();
            if task.is_done() {
                done.push(member);
            } else {
                task.stop_waiting();
                pending.push(member);
            }
        }
        (done, pending)
    }
}

/// Nothing in it is pinned: the tasks run elsewhere.
impl<W: AsTask> Unpin for Wait<W> {}

impl<W: AsTask> Future for Wait<W> {
    type Output = (Vec<W>, Vec<W>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.count(cx);
        let is_over = |limit: &mut Sleep| Pin::new(limit).poll(cx).is_ready();
        if self.is_enough() || self.limit.as_mut().is_some_and(is_over) {
            return Poll::Ready(self.parts());
        }
        // Those that were not woken are awaited still.
        let tasks = self.members.iter_mut().map(AsTask::as_task);
        note_all(tasks.filter_map(|task| (!task.is_done()).then(|| Awaited::Task(task.id()))));
        Poll::Pending
    }
}

impl<W: AsTask> Drop for Wait<W> {
    /// Tasks that were lent live on with their owner, and must not wake us any more.
    fn drop(&mut self) {
        for member in &mut self.members {
            member.as_task().stop_waiting();
        }
    }
}

impl<W: AsTask> fmt::Debug for Wait<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("members", &self.members.len())
            .field("waiting", &self.waiting)
            .field("return_when", &self.return_when)
            .finish_non_exhaustive()
    }
}

fn has_panicked<T>(result: &Result<T, TaskError>) -> bool {
    matches!(result, Err(TaskError::Panicked(_)))
}
