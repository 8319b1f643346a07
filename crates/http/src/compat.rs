//! Libraries that need tokio, on bowerbird's loop: reqwest, tonic and their kin, as they are.
//!
//! Such libraries ask the thread they are on for a tokio runtime, to register a socket or a timer
//! with it or to spawn a task; without one they panic with "there is no reactor running". Here they
//! find one: a runtime with a single thread, started when it is first needed. Their futures are
//! polled by bowerbird, like all others; tokio's thread waits for their sockets and timers, and
//! wakes them. Feature `tokio-compat`; without it, none of tokio's runtime is built.
//!
//! - [`run`] and [`run_on`]: a whole program that finds tokio wherever it looks, at no cost per
//!   poll.
//! - [`tokio()`]: one future, on any loop: in [`bowerbird::run`], under `#[bowerbird::main]`, in
//!   tests.
//!
//! ```
//! use std::time::Duration;
//!
//! let answer = bowerbird_http::compat::run(async {
//!     // Here and in every task, as in a program of tokio's.
//!     let task = bowerbird::create_task(async {
//!         tokio::time::sleep(Duration::from_millis(1)).await;
//!         tokio::spawn(async { 6 * 7 }).await
//!     });
//!     task.await.expect("it is not cancelled").expect("neither is this one")
//! });
//! assert_eq!(answer, 42);
//! ```
//!
//! # What works
//!
//! - `tokio::net`, `tokio::time`, `tokio::spawn`, `spawn_blocking`, `Handle::current`, and what
//!   else asks for a context. `tokio::sync`, `select!` and `join!` never asked for one.
//! - reqwest's client; tonic, both ends: `integrations` in the repository runs them in CI against
//!   this crate's server. Other libraries do what these do, and have not been tried here.
//!
//! # What is different
//!
//! - What `tokio::spawn` starts runs on tokio's thread, all of it on one. Bowerbird's cancellation,
//!   groups, context variables and reports end where it begins: keep its handle, and abort it.
//! - Cancelling a task of bowerbird's drops the libraries' futures in it, as tokio's `abort` does.
//! - tokio's budget for tasks that never wait counts on tokio's thread only: a socket of its that
//!   is always ready keeps a worker, until [`yield_now`](bowerbird::yield_now).
//! - A wake-up comes from another thread. Where it matters, use the sockets of
//!   [`bowerbird::net`], which are waited for by the workers themselves.
//! - Not there: `tokio::task::spawn_local`, and `#[tokio::test(start_paused)]`'s hand on the clock.
//! - A value that needs tokio when it is *made* must be made inside, as with tokio: in the future,
//!   and not before it.
//!
//! # At the end
//!
//! - [`run`] first ends its loop, then tokio: tasks that `tokio::spawn` started are dropped where
//!   they wait. What blocks its thread for longer than a second is left to itself.
//! - The runtime behind [`tokio()`] belongs to the process and stays until that ends, and so do the
//!   tasks in it: the end of a loop does not end them.

use std::cell::Cell;
use std::future::{Future, IntoFuture};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::Duration;

use bowerbird::runners::RunnerBuilder;
use bowerbird::{Builder, EventLoop, Runner};
use pin_project_lite::pin_project;
use tokio::runtime::{Handle, Runtime};

/// How long the end of a run waits for what blocks tokio's threads.
const PATIENCE: Duration = Duration::from_secs(1);

/// The runtime of the process, for single futures. Never dropped.
static LONE: OnceLock<Runtime> = OnceLock::new();

thread_local! {
    /// Whether this thread finds a runtime for as long as it lives, without being asked each time.
    static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Runs `main` as [`bowerbird::run`] does, on a loop whose threads are all inside of a tokio
/// runtime.
///
/// - The runtime is the one that the calling thread is in, if any; otherwise a new one with one
///   thread, which ends when the loop has: see [At the end](self#at-the-end).
/// - Each thread enters it once. There is nothing to pay per task or poll.
///
/// # Panics
/// As [`bowerbird::run`], and when the system gives tokio no thread.
///
/// ```
/// # use std::time::Duration;
/// bowerbird_http::compat::run(async {
///     let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
///     let limit = tokio::time::timeout(Duration::from_millis(1), listener.accept());
///     assert!(limit.await.is_err());
/// });
/// ```
#[track_caller]
pub fn run<F: IntoFuture>(main: F) -> F::Output {
    match run_on(EventLoop::builder(), main) {
        Ok(output) => output,
        Err(error) => panic!("run() could not start its threads: {error}"),
    }
}

/// The same, on a loop with knobs of its own.
///
/// - `builder`: its [`on_thread_start`](Builder::on_thread_start) is taken for this purpose, and
///   replaces one that was set before.
///
/// # Errors
/// What the system says when it gives no threads or descriptors, to the loop or to tokio.
///
/// # Panics
/// When called inside of a running loop, and with what `main` panics with.
///
/// ```
/// use bowerbird::{EventLoop, Flavor};
///
/// let builder = EventLoop::builder().flavor(Flavor::CurrentThread);
/// let handle = bowerbird_http::compat::run_on(builder, async {
///     tokio::runtime::Handle::try_current()
/// });
/// assert!(handle.unwrap().is_ok());
/// ```
#[track_caller]
pub fn run_on<F: IntoFuture>(builder: Builder, main: F) -> io::Result<F::Output> {
    let (own, handle) = match Handle::try_current() {
        Ok(handle) => (None, handle),
        Err(_outside) => {
            let own = start()?;
            let handle = own.handle().clone();
            (Some(own), handle)
        }
    };
    let inside = handle.clone();
    let builder = builder.on_thread_start(move || stay(&inside));
    let entered = handle.enter();
    let mut runner: Runner = RunnerBuilder::from(builder).build()?;
    let outcome = catch_unwind(AssertUnwindSafe(|| runner.run(main)));
    runner.close();
    drop(entered);
    if let Some(own) = own {
        own.shutdown_timeout(PATIENCE);
    }
    Ok(outcome.unwrap_or_else(|panic| resume_unwind(panic)))
}

/// Enters for the rest of a thread's life: those of a loop end with the loop, and a guard that
/// stays there could not be told which thread it is of.
fn stay(handle: &Handle) {
    std::mem::forget(handle.enter());
    IS_INSIDE.set(true);
}

/// Gives `future` a tokio runtime to find, on whatever loop it is awaited.
///
/// - Where there is one already, because of [`run`] or because tokio polls it, that is the one.
///   Otherwise it is one that all such futures of the process share, started by the first.
/// - Tasks that `future` creates with [`bowerbird::create_task`] need a call of their own; what it
///   starts with `tokio::spawn` does not.
/// - It is entered and left at each poll, and when the future is dropped: a destructor may spawn.
///   That counts references which all threads share: some hundred nanoseconds, and more for two
///   threads at once (160 and 460 on a busy machine). [`run`] pays nothing.
/// - Cancel: that of `future`.
///
/// # Panics
/// Awaiting it, when the system gives tokio no thread.
///
/// ```
/// # use std::time::Duration;
/// # bowerbird::run(async {
/// use bowerbird_http::compat;
///
/// let task = bowerbird::create_task(compat::tokio(async {
///     tokio::time::sleep(Duration::from_millis(1)).await;
///     "woken by tokio"
/// }));
/// assert_eq!(task.await.unwrap(), "woken by tokio");
/// # });
/// ```
///
/// Without it:
///
/// ```should_panic
/// # use std::time::Duration;
/// bowerbird::run(async {
///     tokio::time::sleep(Duration::from_millis(1)).await; // there is no reactor running
/// });
/// ```
pub fn tokio<F: IntoFuture>(future: F) -> Tokio<F::IntoFuture> {
    Tokio {
        future: Some(future.into_future()),
    }
}

pin_project! {
    /// What [`tokio()`] gives.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Tokio<F> {
        // Gone only while it is being dropped.
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for Tokio<F> {
        fn drop(this: Pin<&mut Self>) {
            // What never asked for a runtime starts none now.
            let lone = LONE.get().filter(|_| is_outside());
            let _entered = lone.map(Runtime::enter);
            this.project().future.set(None);
        }
    }
}

impl<F: Future> Future for Tokio<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let _entered = is_outside().then(|| lone().enter());
        let future = self.project().future.as_pin_mut();
        future.expect("only its end takes it").poll(cx)
    }
}

/// Whether the thread is in no runtime, and not about to end either.
fn is_outside() -> bool {
    if IS_INSIDE.get() {
        return false;
    }
    Handle::try_current().is_err_and(|error| error.is_missing_context())
}

/// The runtime of the process.
fn lone() -> &'static Runtime {
    LONE.get_or_init(|| match start() {
        Ok(runtime) => runtime,
        Err(error) => panic!("tokio's thread could not be started: {error}"),
    })
}

/// Of the kind with many threads, of which it has one: in the other kind, tasks cannot call
/// `block_in_place`, and somebody has to drive it.
fn start() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("bowerbird-tokio")
        .enable_all()
        .build()
}
