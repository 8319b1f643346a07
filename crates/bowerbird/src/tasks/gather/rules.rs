//! What counts as a failure of a gathered task: its own end only, or its `Err` too.

use std::marker::PhantomData;

use bowerbird_core::TaskError;

/// Tells values from failures, for [`gather`](crate::gather()) and
/// [`try_gather`](crate::try_gather()).
pub trait Rule {
    /// What the task's future gives.
    type Output;
    /// What of it is a value.
    type Value;
    /// What a failure is.
    type Error;

    /// Which of the two the task's result is.
    ///
    /// # Errors
    /// The failure.
    fn judge(result: Result<Self::Output, TaskError>) -> Result<Self::Value, Self::Error>;
}

/// The rule of [`gather`](crate::gather()): panics and cancellations are failures.
#[derive(Debug)]
pub struct Plain<T>(PhantomData<fn() -> T>);

impl<T> Rule for Plain<T> {
    type Output = T;
    type Value = T;
    type Error = TaskError;

    fn judge(result: Result<T, TaskError>) -> Result<T, TaskError> {
        result
    }
}

/// The rule of [`try_gather`](crate::try_gather()): an `Err` is a failure, too.
#[derive(Debug)]
pub struct Tried<T, E>(PhantomData<fn() -> (T, E)>);

impl<T, E: From<TaskError>> Rule for Tried<T, E> {
    type Output = Result<T, E>;
    type Value = T;
    type Error = E;

    fn judge(result: Result<Result<T, E>, TaskError>) -> Result<T, E> {
        result?
    }
}
