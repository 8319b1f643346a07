//! Tasks for hyper. HTTP/2 gives each stream one.

use std::future::Future;

/// Runs futures as tasks of the running loop, detached: hyper keeps no handle to them.
///
/// - A panic goes to the loop's exception handler, as with every task that nobody awaits.
///
/// # Panics
/// `execute` outside a running loop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Executor;

impl<F> hyper::rt::Executor<F> for Executor
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        drop(bowerbird::create_task(future));
    }
}
