//! The two attributes that turn an `async fn` into a program or a test: they write down the
//! `Runner` that the author would have written by hand.
//!
//! The facade re-exports both; nobody depends on this crate directly. It emits paths into the
//! facade and never names one of its types, so it can be tested without a runtime.
//!
//! Reading order: `expand` (what comes out), `settings` (the arguments), `item` (the function),
//! `complaint` (what the author is told).

mod expand;

mod settings;

mod item;

mod complaint;

use proc_macro::TokenStream;

use crate::expand::{Entry, expand};

/// Runs an `async fn main` on an event loop of its own, and closes the loop when it returns.
///
/// Arguments, each at most once, in any order:
///
/// - `flavor`: `"multi_thread"` (the default) or `"current_thread"`.
/// - `worker_threads`: how many workers, at least 1; only with the multi-threaded flavour.
///   Left out, the loop takes one per processor.
/// - `debug`: `true` turns the loop's debug mode on.
/// - `crate`: the path under which bowerbird is found, as a string; `"::bowerbird"` if left out.
///
/// The function takes no parameters and no generics, and returns what any `main` may return.
///
/// - Panics when the operating system refuses the loop its file descriptors or threads.
/// - asyncio: `runners.py`, `asyncio.run(main())` under `if __name__ == "__main__"`.
///
/// ```ignore
/// #[bowerbird::main(worker_threads = 2)]
/// async fn main() -> std::io::Result<()> {
///     let (reader, writer) = bowerbird::open_connection("localhost:7").await?;
///     Ok(())
/// }
/// ```
///
/// A wrong argument does not compile, and the message lists the right ones:
///
/// ```ignore
/// #[bowerbird::main(workers = 2)] // unknown argument `workers`; the arguments are …
/// async fn main() {}
/// ```
#[proc_macro_attribute]
pub fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand(Entry::Main, arguments.into(), item.into()).into()
}

/// Runs an `async fn` as a test, on an event loop of its own.
///
/// Takes the arguments of [`macro@main`], with one difference: the flavour is `"current_thread"`
/// unless said otherwise, so that a test runs in one order only. `#[should_panic]`, `#[ignore]`
/// and the other attributes of a test keep their meaning; `#[test]` itself is added here and must
/// not be repeated.
///
/// - Panics, and so fails the test, when the loop cannot be built.
/// - asyncio: `unittest.IsolatedAsyncioTestCase`, one loop a test.
///
/// ```ignore
/// #[bowerbird::test]
/// async fn a_sleep_is_never_early() {
///     bowerbird::sleep(std::time::Duration::from_millis(5)).await;
/// }
/// ```
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand(Entry::Test, arguments.into(), item.into()).into()
}
