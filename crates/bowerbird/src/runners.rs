//! Running a program: a loop for one future, or for several in a row. asyncio: `runners.py`.
//!
//! A run ends as asyncio's does: what is left is cancelled, in rounds until nothing is left (tasks
//! that a clean-up spawned included), then blocking calls get their time, then the loop closes.

use std::future::Future;
use std::io;
use std::time::Duration;

use crate::events::{Builder, EventLoop, Flavor, Report};
use crate::exceptions::LoopError;

/// How long leftover tasks may take to end once they are cancelled.
const LEFTOVER_LIMIT: Duration = Duration::from_secs(60);

/// How long blocking calls may go on after the main future is done, as in asyncio.
const BLOCKING_LIMIT: Duration = Duration::from_secs(300);

/// Runs `main` to its end on a new loop with a worker per core, and closes the loop.
///
/// - The calling thread is one of the workers: tasks that `main` creates start right beside it.
/// - Afterwards tasks that are left are cancelled and awaited, and blocking calls get up to five
///   minutes to end.
/// - asyncio: `runners.py`, `run`. Takes any future, which need be neither `Send` nor `'static`.
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
pub fn run<F: Future>(main: F) -> F::Output {
    refuse_nested();
    let mut runner = match Runner::builder().build() {
        Ok(runner) => runner,
        Err(error) => panic!("run() could not start an event loop: {error}"),
    };
    runner.run(main)
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
/// - asyncio: `runners.py`, `Runner`.
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
    /// # Panics
    /// Inside a running loop, after `close`, when the loop was stopped or `main` cancelled before
    /// it had a value, and with whatever `main` panics with.
    #[track_caller]
    pub fn run<F: Future>(&mut self, main: F) -> F::Output {
        refuse_nested();
        match self.event_loop.run_until_complete(main) {
            Ok(output) => output,
            Err(LoopError::Closed) => panic!("Runner is closed"),
            Err(error) => panic!("run() ended without a value: {error}"),
        }
    }

    /// The loop that this runner runs.
    pub fn event_loop(&self) -> &EventLoop {
        &self.event_loop
    }

    /// Cancels and awaits what is left, and closes the loop. Closing again does nothing.
    pub fn close(&mut self) {
        if self.event_loop.is_closed() {
            return;
        }
        self.cancel_leftovers();
        let left = self.event_loop.handle().drain_blocking(BLOCKING_LIMIT);
        if left > 0 {
            self.event_loop.handle().report(&Report::new(format!(
                "{left} blocking calls were still running {BLOCKING_LIMIT:?} after the end"
            )));
        }
        // It does not run and is not closed, so nothing can be wrong.
        let _closed = self.event_loop.close();
    }

    /// Rounds of cancelling until no task is left, or the limit is over.
    fn cancel_leftovers(&self) {
        let handle = self.event_loop.handle().clone();
        if handle.alive_tasks() == 0 {
            return;
        }
        let quiet = async {
            let me = crate::tasks::current_task();
            loop {
                let left: Vec<_> = handle
                    .all_tasks()
                    .into_iter()
                    .filter(|task| Some(task) != me.as_ref())
                    .collect();
                if left.is_empty() {
                    return;
                }
                // Each task is asked once a round; those that clean up get time between rounds.
                for task in left.iter().filter(|task| task.cancelling() == 0) {
                    task.cancel();
                }
                crate::tasks::ended(&left).await;
            }
        };
        let ended = self
            .event_loop
            .run_until_complete(crate::wait_for(quiet, LEFTOVER_LIMIT));
        if !matches!(ended, Ok(Ok(()))) {
            let names: Vec<_> = handle.all_tasks().iter().map(|task| task.name()).collect();
            handle.report(&Report::new(format!(
                "tasks did not end within {LEFTOVER_LIMIT:?} of being cancelled: {}",
                names.join(", ")
            )));
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The program is on its way down: drop what is left and wait for nobody.
            let _closed = self.event_loop.close();
        } else {
            self.close();
        }
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
        Ok(Runner {
            event_loop: self.builder.build()?,
        })
    }
}

impl From<Builder> for RunnerBuilder {
    fn from(builder: Builder) -> Self {
        Self { builder }
    }
}
