//! Many at once, results in the order in which they come.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bowerbird_core::{IntoTask, TaskError};
use futures_core::Stream;

use super::gather::OnLoop;
use super::ready::Ready;
use super::{Sleep, Task, sleep_until, with_loop};
use crate::exceptions::TimeoutError;

/// Runs everything given at the same time, and gives each result as soon as it is there.
///
/// - Each item is a [`Task`] or a future, which becomes one. None is the end at once.
/// - Shape: a [`Stream`] of as many `Result<T, TaskError>` as there are items;
///   [`next`](AsCompleted::next) awaits one.
/// - Cancel: dropping a `next` loses no result. Dropping the whole leaves the tasks that are not
///   done running on alone, as in asyncio; [`into_pending`](AsCompleted::into_pending) gives them
///   back, to be cancelled or awaited.
/// - asyncio: `tasks.py`, `as_completed`. The tasks start at this call; what comes out are results
///   and not awaitables.
///
/// # Panics
/// Outside a running loop.
///
/// ```
/// use std::time::Duration;
///
/// # bowerbird::run(async {
/// let naps = [20, 10].map(|ms| bowerbird::sleep(Duration::from_millis(ms)).with_result(ms));
/// let mut results = bowerbird::as_completed(naps);
/// while let Some(ms) = results.next().await {
///     println!("slept for {} ms", ms.expect("a nap neither panics nor is cancelled"));
/// }
/// # });
/// ```
#[track_caller]
pub fn as_completed<I>(items: I) -> AsCompleted<<I::Item as IntoTask>::Output>
where
    I: IntoIterator,
    I::Item: IntoTask,
{
    let location = Location::caller();
    let tasks = with_loop(|handle| {
        let spawner = OnLoop(handle, location);
        let tasks = items.into_iter().map(|item| item.into_task(&spawner));
        tasks.collect()
    });
    AsCompleted::new(tasks)
}

/// What [`as_completed`] gives.
#[derive(Debug)]
#[must_use = "a stream does nothing unless polled, and dropping it lets the tasks run on alone"]
pub struct AsCompleted<T> {
    /// The tasks whose results are to come.
    tasks: Vec<Option<Task<T>>>,
    /// Results that are there and have not been given, in the order in which they came.
    arrived: VecDeque<Result<T, TaskError>>,
    /// How many tasks are left in `tasks`.
    waiting: usize,
    /// Which of them may have ended.
    ready: Ready,
}

impl<T> AsCompleted<T> {
    fn new(tasks: Vec<Task<T>>) -> Self {
        let count = tasks.len();
        let mut this = Self {
            tasks: tasks.into_iter().map(Some).collect(),
            arrived: VecDeque::new(),
            waiting: count,
            ready: Ready::idle(count),
        };
        // From now on the tasks line up in the order in which they end.
        for index in 0..count {
            this.collect(index);
        }
        this
    }

    /// The next result; `None` when all have been given.
    ///
    /// - Cancel: no result is lost; the next call gives it.
    pub async fn next(&mut self) -> Option<Result<T, TaskError>> {
        poll_fn(|cx| self.poll_result(cx)).await
    }

    /// Waits for all of it at most so long, counted from this call; `None` is no limit. Then the
    /// stream gives `Err(TimeoutError)` once, and ends. Nobody is cancelled.
    ///
    /// # Panics
    /// Outside a running loop.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # bowerbird::run(async {
    /// let endless = bowerbird::create_task(std::future::pending::<()>());
    /// let mut results = bowerbird::as_completed([endless]).timeout(Duration::from_millis(1));
    /// assert!(matches!(results.next().await, Some(Err(bowerbird::TimeoutError { .. }))));
    /// assert!(results.next().await.is_none());
    /// results.into_pending()[0].cancel();
    /// # });
    /// ```
    #[track_caller]
    pub fn timeout(self, limit: impl Into<Option<Duration>>) -> AsCompletedTimeout<T> {
        let now = with_loop(|handle| handle.clock().instant(handle.now()));
        // A time that no clock can show never comes.
        let end = limit.into().and_then(|limit| now.checked_add(limit));
        AsCompletedTimeout {
            results: self,
            limit: end.map(sleep_until),
            is_over: false,
        }
    }

    /// The tasks whose results have not come, in the order given.
    pub fn into_pending(mut self) -> Vec<Task<T>> {
        let mut pending: Vec<Task<T>> = self.tasks.drain(..).flatten().collect();
        pending.iter_mut().for_each(Task::stop_waiting);
        pending
    }

    fn poll_result(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, TaskError>>> {
        for index in self.ready.take(cx) {
            self.collect(index);
        }
        match self.arrived.pop_front() {
            Some(result) => Poll::Ready(Some(result)),
            None if self.waiting == 0 => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    /// Takes the result of this task, if it is there.
    fn collect(&mut self, index: usize) {
        let Some(task) = &mut self.tasks[index] else {
            return;
        };
        let mut cx = Context::from_waker(self.ready.waker(index));
        if let Poll::Ready(result) = task.poll_result(&mut cx) {
            self.arrived.push_back(result);
            self.tasks[index] = None;
            self.waiting -= 1;
        }
    }

    /// How many results are still to be given.
    fn left(&self) -> usize {
        self.waiting + self.arrived.len()
    }
}

impl<T> Unpin for AsCompleted<T> {}

impl<T> Stream for AsCompleted<T> {
    type Item = Result<T, TaskError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_result(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left(), Some(self.left()))
    }
}

/// What [`AsCompleted::timeout`] gives.
#[derive(Debug)]
#[must_use = "a stream does nothing unless polled, and dropping it lets the tasks run on alone"]
pub struct AsCompletedTimeout<T> {
    /// The results.
    results: AsCompleted<T>,
    /// When to stop waiting for them.
    limit: Option<Sleep>,
    /// The time was over, and has been said to be.
    is_over: bool,
}

impl<T> AsCompletedTimeout<T> {
    /// The next result, or `Err(TimeoutError)` if the time is over and results are still missing;
    /// `None` after that, and when all have been given. What has arrived is given first.
    ///
    /// - Cancel: no result is lost; the next call gives it.
    pub async fn next(&mut self) -> Option<Result<Result<T, TaskError>, TimeoutError>> {
        poll_fn(|cx| self.poll_result(cx)).await
    }

    /// The tasks whose results have not come, in the order given.
    pub fn into_pending(self) -> Vec<Task<T>> {
        self.results.into_pending()
    }

    fn poll_result(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Result<T, TaskError>, TimeoutError>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        if let Poll::Ready(result) = self.results.poll_result(cx) {
            return Poll::Ready(result.map(Ok));
        }
        let Some(limit) = &mut self.limit else {
            return Poll::Pending;
        };
        ready!(Pin::new(limit).poll(cx));
        self.is_over = true;
        Poll::Ready(Some(Err(TimeoutError)))
    }
}

impl<T> Unpin for AsCompletedTimeout<T> {}

impl<T> Stream for AsCompletedTimeout<T> {
    type Item = Result<Result<T, TaskError>, TimeoutError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_result(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let most = if self.is_over { 0 } else { self.results.left() };
        // The error comes in the place of a result that is missing.
        (most.min(1), Some(most))
    }
}
