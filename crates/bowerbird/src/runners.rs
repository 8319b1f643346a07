//! Running a program: a loop for one future, or for several in a row. asyncio: `runners.py`.
//!
//! A run ends as asyncio's does: what is left is cancelled, in rounds until nothing is left (tasks
//! that a clean-up spawned included), then blocking calls get their time, then the loop closes.

use std::future::{Future, IntoFuture};
use std::io;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};

use crate::contextvars::{Context, copy_context};
use crate::events::{Builder, EventLoop, Flavor, Limits, Report, birth};
use crate::exceptions::LoopError;

mod interrupt;

mod shutdown;

use interrupt::CtrlC;
pub(crate) use shutdown::blocking_ended;

/// Runs `main` to its end on a new loop with a worker per core, and closes the loop.
///
/// - The calling thread is one of the workers: tasks that `main` creates start right beside it.
/// - Afterwards, also when `main` panics, tasks that are left are cancelled and awaited, in rounds
///   until none is left, for up to a minute; then blocking calls get up to five minutes to end.
///   Both limits are knobs of [`Builder`], for a [`Runner`]. A leftover that panics is reported
///   with "unhandled exception during run() shutdown".
/// - Ctrl-C, on the main thread, cancels `main` first; then leftovers are cancelled as ever, and
///   the process ends as by Ctrl-C, after its clean-ups: the rest of the caller does not run. A
///   second Ctrl-C ends it at once. [`Runner::run`] says more, and [`Runner::try_run`] gives an
///   error instead.
/// - asyncio: `runners.py`, `run`. Takes whatever can be awaited, tasks of other loops included,
///   as asyncio does from 3.14 on; it need be neither `Send` nor `'static`.
///
/// # Panics
/// "run() cannot be called from a running event loop" when nested; when the system gives no
/// threads or descriptors; and whatever `main` itself panics with.
///
/// ```
/// let answer = bowerbird::run(async { 6 * 7 });
/// assert_eq!(answer, 42);
/// ```
///
/// ```should_panic
/// bowerbird::run(async { bowerbird::run(async {}) });
/// ```
#[track_caller]
pub fn run<F: IntoFuture>(main: F) -> F::Output {
    refuse_nested();
    let mut runner = match Runner::builder().build() {
        Ok(runner) => runner,
        Err(error) => panic!("run() could not start an event loop: {error}"),
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| runner.run(main)));
    runner.close();
    outcome.unwrap_or_else(|payload| resume_unwind(payload))
}

#[track_caller]
fn refuse_nested() {
    assert!(
        crate::events::get_running_loop().is_err(),
        "run() cannot be called from a running event loop: await the future, or create a task of it"
    );
}

/// Runs several futures in a row on one loop; dropping it closes the loop.
///
/// - All runs share one context: a variable that one sets is seen by the next, and not by the
///   caller.
/// - asyncio: `runners.py`, `Runner`. The loop is made at once, and not at the first run.
///
/// ```
/// let mut runner = bowerbird::Runner::new().expect("threads and descriptors are there");
/// let one = runner.run(async { 1 });
/// let two = runner.run(async { one + 1 });
/// assert_eq!(two, 2);
/// ```
#[derive(Debug)]
pub struct Runner {
    /// The loop, until it is closed.
    event_loop: EventLoop,
    /// The variables of all runs.
    context: Context,
    /// How long the end may take.
    limits: Limits,
}

impl Runner {
    /// A runner with a worker per core.
    ///
    /// # Errors
    /// What the system says when it gives no threads or descriptors.
    pub fn new() -> io::Result<Self> {
        Self::builder().build()
    }

    /// A runner with knobs.
    pub fn builder() -> RunnerBuilder {
        RunnerBuilder {
            builder: EventLoop::builder(),
        }
    }

    /// Runs `main` to its end. Tasks it leaves behind wait for the next run, or for the close.
    ///
    /// - Ctrl-C, on the main thread: the first one cancels `main`, which may catch it and clean up.
    ///   If that ends cancelled, the runner is closed, so that what is left cleans up as well, and
    ///   the process ends as by Ctrl-C. If `main` has a value all the same, that is what this
    ///   gives. A second Ctrl-C ends the process at once. Where Ctrl-C is handled otherwise, or
    ///   ignored, or has a listener, it is left alone.
    /// - [`try_run`](Self::try_run) leaves the end of the process to the caller.
    ///
    /// # Panics
    /// Inside a running loop, after `close`, when the loop was stopped or `main` cancelled before
    /// it had a value, and with whatever `main` panics with.
    #[track_caller]
    pub fn run<F: IntoFuture>(&mut self, main: F) -> F::Output {
        refuse_nested();
        match self.try_run(main) {
            Ok(output) => output,
            Err(LoopError::Interrupted) => {
                self.close();
                interrupt::end_interrupted()
            }
            Err(LoopError::Closed) => panic!("Runner is closed"),
            Err(error) => panic!("run() ended without a value: {error}"),
        }
    }

    /// [`run`](Self::run), with every way to end without a value as an error.
    ///
    /// - asyncio: `runners.py`, `Runner.run`, where Ctrl-C is a `KeyboardInterrupt`.
    ///
    /// # Errors
    /// [`LoopError`]: `Interrupted` by Ctrl-C; `Cancelled` by somebody else; `Stopped`; `Closed`
    /// after `close`; `AlreadyRunning` or `AnotherRunning` inside a running loop.
    ///
    /// # Panics
    /// With whatever `main` panics with.
    ///
    /// ```
    /// use bowerbird::{LoopError, Runner, current_task};
    ///
    /// let mut runner = Runner::new().expect("threads and descriptors are there");
    /// assert_eq!(runner.try_run(async { 1 }), Ok(1));
    /// let cancelled = runner.try_run(async {
    ///     current_task().expect("a run has one").cancel();
    ///     std::future::pending::<()>().await
    /// });
    /// assert_eq!(cancelled, Err(LoopError::Cancelled));
    /// ```
    #[track_caller]
    pub fn try_run<F: IntoFuture>(&mut self, main: F) -> Result<F::Output, LoopError> {
        let handle = self.event_loop.handle().clone();
        if handle.is_closed() {
            return Err(LoopError::Closed);
        }
        let main = main.into_future();
        match CtrlC::arm(&handle) {
            Ok(Some((ctrl_c, asked))) => {
                let ended = self.drive(ctrl_c.watch(handle, asked, main));
                ctrl_c.outcome(ended)
            }
            Ok(None) => self.drive(main),
            Err(error) => {
                let message = format!("Ctrl-C will end the run without a clean-up: {error}");
                handle.report(&Report::new(message));
                self.drive(main)
            }
        }
    }

    /// Runs the loop for `main`. Inside, `current_task` is the task that stands for it: whoever
    /// wants a run to end, such as Ctrl-C, cancels that one, and `main` may clean up.
    #[track_caller]
    fn drive<F: Future>(&self, main: F) -> Result<F::Output, LoopError> {
        let mut birth = birth(self.event_loop.handle(), Location::caller());
        birth.context = (&self.context).into();
        self.event_loop.run_main(main, birth)
    }

    /// The loop that this runner runs.
    pub fn event_loop(&self) -> &EventLoop {
        &self.event_loop
    }

    /// Cancels and awaits what is left, in rounds until nothing is, then waits for blocking calls,
    /// and closes the loop. Closing again does nothing.
    ///
    /// - How long each may take: [`Builder::shutdown_timeout`] and
    ///   [`Builder::blocking_shutdown_timeout`]. What did not end by then is named in a report.
    /// - Clean-ups may await, and create tasks: the loop runs until they are done.
    /// - Inside another running loop nothing can be awaited: what is left is dropped.
    /// - While its own loop runs, through a clone that the runner has given away, this does
    ///   nothing: the loop is left to whoever runs it.
    ///
    /// ```
    /// let mut runner = bowerbird::Runner::new().expect("threads and descriptors are there");
    /// let task = runner.run(async { bowerbird::create_task(std::future::pending::<()>()) });
    /// runner.close();
    /// assert!(task.is_done());
    /// ```
    pub fn close(&mut self) {
        if self.event_loop.is_closed() {
            return;
        }
        shutdown::shut_down(&self.event_loop, self.limits);
        // Refused only while somebody else runs it; then it closes with its last clone.
        let _closed = self.event_loop.close();
    }
}

impl Drop for Runner {
    /// Closes, also when a panic of the main future is on its way.
    fn drop(&mut self) {
        self.close();
    }
}

/// What a [`Runner`] is made from.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `build`"]
pub struct RunnerBuilder {
    /// The loop's knobs.
    builder: Builder,
}

impl RunnerBuilder {
    /// See [`Builder::flavor`].
    pub fn flavor(mut self, flavor: Flavor) -> Self {
        self.builder = self.builder.flavor(flavor);
        self
    }

    /// See [`Builder::worker_threads`].
    pub fn worker_threads(mut self, workers: usize) -> Self {
        self.builder = self.builder.worker_threads(workers);
        self
    }

    /// See [`Builder::debug`].
    pub fn debug(mut self, debug: bool) -> Self {
        self.builder = self.builder.debug(debug);
        self
    }

    /// The runner, whose loop is built with all knobs of [`Builder`].
    ///
    /// # Errors
    /// As [`Builder::build`].
    pub fn build(self) -> io::Result<Runner> {
        let limits = self.builder.limits();
        Ok(Runner {
            event_loop: self.builder.build()?,
            context: copy_context(),
            limits,
        })
    }
}

impl From<Builder> for RunnerBuilder {
    fn from(builder: Builder) -> Self {
        Self { builder }
    }
}
