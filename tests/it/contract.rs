//! The public contract, as programs outside this repository use it: every name in the shape it was
//! promised in, from the crate's root and from asyncio's own module. What each name does in full is
//! tested by its area; here nothing may go missing, and no signature may narrow.

use std::time::Duration;

/// Short enough to be waited for.
const SHORT: Duration = Duration::from_millis(1);

/// Longer than any test runs.
const LONG: Duration = Duration::from_secs(3600);

/// Fails to compile unless the value may go to another thread.
fn is_send<T: Send>(value: T) -> T {
    value
}

/// The contract's errors are errors, may cross threads and are said in one line.
fn is_error<E: std::error::Error + Send + Sync + 'static>(error: &E, words: &str) {
    assert_eq!(error.to_string(), words);
}

mod names;

mod runners;

mod events;

mod tasks;

mod groups;

mod primitives;

mod connections;

mod files;
