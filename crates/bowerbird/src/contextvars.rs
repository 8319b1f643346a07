//! Variables whose values follow a task. asyncio: the standard library's `contextvars`.
//!
//! A task starts with a copy of its creator's context, and what it sets it sets for itself: across
//! awaits, and on whatever thread it runs next. Blocking calls
//! ([`to_thread`](crate::to_thread)) and callbacks get a copy too, taken at the call that hands
//! them in.
//!
//! ```
//! use bowerbird::{ContextVar, create_task, to_thread};
//!
//! static REQUEST: ContextVar<u32> = ContextVar::new("request");
//!
//! # bowerbird::run(async {
//! let _token = REQUEST.set(7);
//! let child = create_task(async {
//!     let inherited = REQUEST.get();
//!     let _token = REQUEST.set(8);
//!     inherited
//! });
//! assert_eq!(child.await.unwrap(), Some(7));
//! assert_eq!(REQUEST.get(), Some(7), "the child has set its own");
//! assert_eq!(to_thread(|| REQUEST.get()).await.unwrap(), Some(7));
//! # });
//! ```

pub use bowerbird_core::contexts::{
    ContextVar, ResetError, ResetProblem, SharedContext as Context, Token,
};

/// A copy of the running context: of the task's, of the one entered with [`Context::run`], or of
/// what the thread has set where neither is.
///
/// - asyncio: `contextvars.copy_context`.
///
/// ```
/// use bowerbird::{ContextVar, copy_context};
///
/// static DEPTH: ContextVar<u32> = ContextVar::new("depth");
///
/// # bowerbird::run(async {
/// let _token = DEPTH.set(1);
/// let context = copy_context();
/// context.run(|| {
///     let _token = DEPTH.set(2);
/// });
/// assert_eq!((DEPTH.get(), context.get(&DEPTH)), (Some(1), Some(2)));
/// # });
/// ```
pub fn copy_context() -> Context {
    Context::current()
}
