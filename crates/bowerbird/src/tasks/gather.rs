//! Many at once, results in the order given.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use bowerbird_core::cancel::{Catcher, Requests};
use bowerbird_core::{IntoTask, Spawner, TaskError};
use bowerbird_executor::Handle;

use super::{Task, with_loop};
use crate::events::{birth, created};

mod children;

mod rules;

mod tuples;

pub use children::{Children, Many, Slot};
pub use rules::{Plain, Rule, Tried};
pub use tuples::{TryTuple, Tuple};

/// Runs everything given at the same time, and gives the results in the order given.
///
/// - Each item is a [`Task`] or a future, which becomes one. None gives an empty `Vec` at once.
///   Items of different types go through [`gather!`](crate::gather!).
/// - The first task that panics or is cancelled ends the wait with its error; the others run on,
///   and what they give is nobody's, but a panic is reported to the loop's exception handler.
///   [`Gather::return_exceptions`] waits for all instead.
/// - Cancel: a request that arrives inside cancels all tasks that are not done, waits until they
///   have ended, and goes on outwards, even if they refuse; a second one asks them again. Dropping
///   it (a `select!`) cancels them without waiting.
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
pub fn gather<I>(items: I) -> Gather<Many<Plain<<I::Item as IntoTask>::Output>>>
where
    I: IntoIterator,
    I::Item: IntoTask,
{
    Gather::new(Many::new(tasks(items, Location::caller())))
}

/// [`gather`](gather()) for what can fail with an error of its own: the first `Err` is a failure
/// just as a panic is.
///
/// - `E` must be made from [`TaskError`], for tasks that panic or are cancelled.
/// - Otherwise as `gather`: the others run on, [`Gather::return_exceptions`] waits for all, and a
///   cancel request waits until all have ended.
/// - asyncio: `gather`, where every exception counts.
///
/// # Errors
/// That of the first task that fails.
///
/// # Panics
/// Outside a running loop.
///
/// ```
/// use std::num::ParseIntError;
///
/// #[derive(Debug)]
/// enum Error {
///     Parse(ParseIntError),
///     Task(bowerbird::TaskError),
/// }
/// # impl From<ParseIntError> for Error { fn from(e: ParseIntError) -> Self { Self::Parse(e) } }
/// # impl From<bowerbird::TaskError> for Error {
/// #     fn from(e: bowerbird::TaskError) -> Self { Self::Task(e) }
/// # }
///
/// async fn parse(text: &'static str) -> Result<u32, Error> {
///     Ok(text.parse()?)
/// }
///
/// # bowerbird::run(async {
/// let numbers = bowerbird::try_gather(["1", "2"].map(parse)).await;
/// assert_eq!(numbers.unwrap(), [1, 2]);
///
/// let failed = bowerbird::try_gather(["1", "two"].map(parse)).await;
/// assert!(matches!(failed, Err(Error::Parse(_))));
/// # });
/// ```
#[track_caller]
pub fn try_gather<I, T, E>(items: I) -> Gather<Many<Tried<T, E>>>
where
    I: IntoIterator,
    I::Item: IntoTask<Output = Result<T, E>>,
    E: From<TaskError>,
{
    Gather::new(Many::new(tasks(items, Location::caller())))
}

/// [`gather`](gather()) for up to twelve awaitables of different types: gives a tuple.
///
/// - `gather!(a, b)` gives `Result<(A, B), TaskError>`, and with `.return_exceptions()` a tuple of
///   `Result`s. All else is as in `gather`.
///
/// ```
/// # bowerbird::run(async {
/// let name = async { "bower" };
/// let size = bowerbird::create_task(async { 25 });
/// let (name, size) = bowerbird::gather!(name, size).await.unwrap();
/// assert_eq!((name, size), ("bower", 25));
///
/// let (fine, failed) = bowerbird::gather!(async { 1 }, async { panic!("no") })
///     .return_exceptions()
///     .await;
/// # let failed: Result<(), _> = failed;
/// assert_eq!(fine.unwrap(), 1);
/// assert!(failed.unwrap_err().is_panic());
/// # });
/// ```
#[macro_export]
macro_rules! gather {
    ($($item:expr),+ $(,)?) => {
        $crate::tasks::gathering::Tuple::gather(($($item,)+))
    };
}

/// [`try_gather`](try_gather()) for up to twelve awaitables of different types, with one error
/// type: gives a tuple.
///
/// ```
/// # bowerbird::run(async {
/// async fn length(text: &'static str) -> Result<usize, Box<dyn std::error::Error + Send + Sync>> {
///     if text.is_empty() { Err("empty".into()) } else { Ok(text.len()) }
/// }
/// let both = bowerbird::try_gather!(length("four"), async { Ok("more") }).await;
/// assert_eq!(both.unwrap(), (4, "more"));
///
/// let failed = bowerbird::try_gather!(length(""), length("four")).await;
/// assert_eq!(failed.unwrap_err().to_string(), "empty");
/// # });
/// ```
#[macro_export]
macro_rules! try_gather {
    ($($item:expr),+ $(,)?) => {
        $crate::tasks::gathering::TryTuple::try_gather(($($item,)+))
    };
}

#[track_caller]
fn tasks<I>(
    items: I,
    location: &'static Location<'static>,
) -> Vec<Task<<I::Item as IntoTask>::Output>>
where
    I: IntoIterator,
    I::Item: IntoTask,
{
    with_loop(|handle| {
        let spawner = OnLoop(handle, location);
        let tasks = items.into_iter().map(|item| item.into_task(&spawner));
        tasks.collect()
    })
}

/// Makes the tasks.
pub(super) struct OnLoop<'a>(pub(super) &'a Handle, pub(super) &'static Location<'static>);

impl Spawner for OnLoop<'_> {
    fn spawn<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        created(self.0.create_task(future, birth(self.0, self.1)))
    }
}

/// What [`gather`](gather()) and its kin give: all values, or the first error.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited, and dropping this cancels its tasks"]
pub struct Gather<C: Children>(Gathering<C>);

impl<C: Children> Gather<C> {
    pub(super) fn new(children: C) -> Self {
        Self(Gathering {
            catcher: Catcher::new(),
            children: Some(children),
            requests: Requests::new(),
        })
    }

    /// Waits for all of them, whatever comes of each, and gives each one's own result.
    ///
    /// - asyncio: `return_exceptions=True`.
    pub fn return_exceptions(self) -> GatherAll<C> {
        GatherAll(self.0)
    }
}

impl<C: Children> Unpin for Gather<C> {}

impl<C: Children> Future for Gather<C> {
    type Output = Result<C::Values, C::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // On a failure the others run on, as asyncio has it.
        self.0.poll(cx, C::poll_values)
    }
}

/// What [`Gather::return_exceptions`] gives: each task's result.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited, and dropping this cancels its tasks"]
pub struct GatherAll<C: Children>(Gathering<C>);

impl<C: Children> Unpin for GatherAll<C> {}

impl<C: Children> Future for GatherAll<C> {
    type Output = C::Results;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(cx, C::poll_results)
    }
}

/// Tasks that are awaited together, and cancelled together.
struct Gathering<C: Children> {
    /// Sees the requests that all children are to see.
    catcher: Catcher,
    /// The children; gone once there is a result, or a request was passed on.
    children: Option<C>,
    /// The requests that the children were asked to end for.
    requests: Requests,
}

impl<C: Children> Gathering<C> {
    /// Polls the children by way of `ask`, until there is an answer. After a request: until all
    /// have ended.
    fn poll<R>(
        &mut self,
        cx: &mut Context<'_>,
        ask: impl Fn(&mut C, &mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        let Some(children) = &mut self.children else {
            // The request is on its way outwards; nothing comes any more.
            return Poll::Pending;
        };
        let answer = loop {
            let is_ending = !self.requests.is_empty();
            let polled = self.catcher.poll(cx, |cx| match is_ending {
                true => children.poll_results(cx).map(|_unwanted| None),
                false => ask(children, cx).map(Some),
            });
            match polled {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(answer)) => break answer,
                Err(asked) => {
                    children.cancel();
                    self.requests.push(asked.see());
                }
            }
        };
        self.children = None;
        self.catcher.finish();
        self.requests.pass_on();
        answer.map_or(Poll::Pending, Poll::Ready)
    }
}

impl<C: Children> Drop for Gathering<C> {
    fn drop(&mut self) {
        if let Some(children) = &self.children {
            children.cancel();
        }
    }
}

impl<C: Children> fmt::Debug for Gathering<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gathering")
            .field("is_over", &self.children.is_none())
            .field("is_ending", &!self.requests.is_empty())
            .finish_non_exhaustive()
    }
}
