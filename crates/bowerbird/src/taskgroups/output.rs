//! What a child may return: whether it has failed must show.

/// What the future of a child of a group with failures `E` gives.
///
/// `Result<T, E>`, where an `Err` is a failure, `()`, and the type of futures that never end. Other
/// values go into an `Ok`; so no `Err` of another type can be mistaken for a value.
///
/// ```
/// # bowerbird::run(async {
/// let scope = bowerbird::TaskGroup::scope(async |group| {
///     let valued = group.create_task(async { Ok::<_, String>(1) });
///     group.create_task(async { /* nothing can fail here */ });
///     Ok(valued.await.unwrap())
/// });
/// assert_eq!(scope.await.unwrap(), 1);
/// # });
/// ```
#[diagnostic::on_unimplemented(
    message = "a child of this task group must return `Result<_, {E}>` or `()`",
    label = "this future gives `{Self}`",
    note = "wrap a value in `Ok`, and turn another error into `{E}` with `?` or `map_err`"
)]
pub trait ChildOutput<E> {
    /// What awaiting the child gives.
    type Value;

    /// The value, or the failure.
    ///
    /// # Errors
    /// The failure.
    fn into_result(self) -> Result<Self::Value, E>;
}

impl<T, E> ChildOutput<E> for Result<T, E> {
    type Value = T;

    fn into_result(self) -> Self {
        self
    }
}

impl<E> ChildOutput<E> for () {
    type Value = ();

    fn into_result(self) -> Result<(), E> {
        Ok(())
    }
}

/// What a function gives: a way to write the type `!`, which has no name of its own yet.
#[doc(hidden)]
#[expect(unnameable_types, reason = "a way to write a type, for one line below")]
pub trait Gives {
    /// What it gives.
    type Given;
}

impl<T> Gives for fn() -> T {
    type Given = T;
}

impl<E> ChildOutput<E> for <fn() -> ! as Gives>::Given {
    type Value = ();

    fn into_result(self) -> Result<(), E> {
        self
    }
}
