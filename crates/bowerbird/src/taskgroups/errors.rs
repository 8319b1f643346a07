//! What went wrong in a group: all of it, in the order of happening.

use std::error::Error;
use std::fmt;

use bowerbird_core::Panic;

/// What failed in a [`TaskGroup`](crate::TaskGroup).
///
/// - Shape: the failures in the order in which they happened, those of clean-ups included; the
///   body's own error is the last. None, when the group was ended by
///   [`TaskGroup::cancel`](crate::TaskGroup::cancel) before the body had a value.
/// - As an error, its `source` is the first failure.
/// - asyncio: `ExceptionGroup("unhandled errors in a TaskGroup")`.
///
/// ```
/// # use bowerbird::{TaskGroup, taskgroups::Failure};
/// # bowerbird::run(async {
/// let failed = TaskGroup::scope(async |group| {
///     group.create_task(async { Err::<(), _>("child") });
///     bowerbird::yield_now().await;
///     Err::<(), _>("body")
/// });
/// let error = failed.await.unwrap_err();
/// assert!(error.errors().all(|error| ["child", "body"].contains(error)));
/// assert!(matches!(error.into_iter().next(), Some(Failure::Error(_))));
/// # });
/// ```
#[derive(Debug)]
pub struct TaskGroupError<E> {
    /// In the order of happening.
    failures: Vec<Failure<E>>,
}

/// How a child, or the body, of a group failed.
///
/// ```
/// # bowerbird::run(async {
/// use bowerbird::{TaskGroup, taskgroups::Failure};
///
/// let failed = TaskGroup::scope(async |group| {
///     group.create_task(async { Err::<(), _>("no") });
///     Ok(())
/// });
/// let failures: Vec<_> = failed.await.unwrap_err().into_iter().collect();
/// assert!(matches!(failures[..], [Failure::Error("no")]));
/// # });
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure<E> {
    /// It returned an error.
    Error(E),
    /// It panicked; what it panicked with is inside.
    Panicked(Panic),
}

impl<E> TaskGroupError<E> {
    pub(super) fn new(failures: Vec<Failure<E>>) -> Self {
        Self { failures }
    }

    /// All failures, in the order of happening.
    pub fn failures(&self) -> &[Failure<E>] {
        &self.failures
    }

    /// The errors among them, without the panics.
    pub fn errors(&self) -> impl Iterator<Item = &E> {
        self.failures.iter().filter_map(|failure| match failure {
            Failure::Error(error) => Some(error),
            Failure::Panicked(_) => None,
        })
    }

    /// Whether nothing failed: the group was cancelled, and the body had no value yet.
    pub fn is_cancelled(&self) -> bool {
        self.failures.is_empty()
    }
}

impl<E> IntoIterator for TaskGroupError<E> {
    type Item = Failure<E>;
    type IntoIter = std::vec::IntoIter<Failure<E>>;

    fn into_iter(self) -> Self::IntoIter {
        self.failures.into_iter()
    }
}

impl<E: fmt::Display> fmt::Display for TaskGroupError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.failures.len() {
            0 => return f.write_str("task group was cancelled"),
            1 => f.write_str("1 failure in a task group")?,
            many => write!(f, "{many} failures in a task group")?,
        }
        let separators = std::iter::once(": ").chain(std::iter::repeat("; "));
        for (separator, failure) in separators.zip(&self.failures) {
            write!(f, "{separator}{failure}")?;
        }
        Ok(())
    }
}

impl<E: Error + 'static> Error for TaskGroupError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.failures.first().map(|first| first as _)
    }
}

impl<E: fmt::Display> fmt::Display for Failure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(error) => error.fmt(f),
            Self::Panicked(panic) => write!(f, "task panicked: {panic}"),
        }
    }
}

impl<E: Error + 'static> Error for Failure<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Error(error) => error.source(),
            Self::Panicked(_) => None,
        }
    }
}
