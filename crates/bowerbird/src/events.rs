//! The event loop: what drives tasks, callbacks and timers. asyncio: `events.py`,
//! `base_events.py`.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::io;
use std::panic::Location;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bowerbird_core::Birth;
use bowerbird_core::contexts::copy_context;
use bowerbird_executor::{Handle as Door, Runtime};

pub use bowerbird_executor::{CallSite, Flavor, Level, Metrics, Report, WorkerMetrics};

use crate::exceptions::{LoopError, NoRunningLoop};
use crate::futures::Promise;
use crate::tasks::{Task, TaskRef};

mod builder;

mod calls;

mod reports;

pub use builder::Builder;
pub(crate) use builder::Limits;
pub use calls::{Handle, TimerHandle};
pub use reports::ExceptionHandler;

/// An event loop, cheap to clone: all clones are the same loop.
///
/// - It makes progress only while it runs ([`run_until_complete`](Self::run_until_complete)), and
///   can be run again. It closes when its last clone is dropped.
/// - asyncio: `base_events.py`, `BaseEventLoop`. One type for all systems; tasks run on all cores,
///   unless the flavour says otherwise.
///
/// ```
/// use bowerbird::{EventLoop, LoopError};
///
/// let event_loop = EventLoop::builder().worker_threads(2).build().expect("threads");
/// let task = event_loop.create_task(async { 1 }); // it waits for a run
/// let sum = event_loop.run_until_complete(async { task.await.unwrap() + 1 });
/// assert_eq!(sum, Ok(2));
///
/// let stopper = event_loop.clone();
/// event_loop.call_soon(move || stopper.stop());
/// assert_eq!(event_loop.run_forever(), Ok(()));
/// assert!(!event_loop.is_running() && event_loop.all_tasks().is_empty());
/// assert_eq!(event_loop.metrics().workers.len(), 2);
///
/// event_loop.close().expect("it does not run");
/// assert!(event_loop.is_closed());
/// assert_eq!(event_loop.run_forever(), Err(LoopError::Closed));
/// ```
#[derive(Clone)]
pub struct EventLoop {
    /// The door to it.
    handle: Door,
    /// The loop itself; weak in what a task of the loop is given, which must not keep it alive.
    runtime: Owner,
}

#[derive(Clone)]
enum Owner {
    Strong(Arc<Runtime>),
    Weak(Weak<Runtime>),
}

impl EventLoop {
    /// A loop with a worker per core.
    ///
    /// # Errors
    /// What the system says when it gives no threads or descriptors.
    pub fn new() -> io::Result<Self> {
        Self::builder().build()
    }

    /// A loop that runs everything on the thread that runs it, first in, first out.
    ///
    /// # Errors
    /// What the system says when it gives no descriptors.
    pub fn new_current_thread() -> io::Result<Self> {
        Self::builder().flavor(Flavor::CurrentThread).build()
    }

    /// A loop with knobs.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Runs the loop on this thread until `future` has its value.
    ///
    /// - `future`: anything that can be awaited, a [`Task`] too; it need be neither `Send` nor
    ///   `'static`.
    /// - asyncio: `run_until_complete`. What was given by value is dropped when the loop stops
    ///   first, and a task cancelled with it; one that was lent, as `&mut task`, lives on, and can
    ///   be awaited again.
    ///
    /// # Errors
    /// [`LoopError`]: it runs already, this thread runs another loop, it is closed, or it was
    /// stopped, or the future cancelled, before there was a value.
    ///
    /// # Panics
    /// With what `future` panics with; the loop can be run again.
    #[track_caller]
    pub fn run_until_complete<F: IntoFuture>(&self, future: F) -> Result<F::Output, LoopError> {
        let birth = self.birth(Location::caller());
        self.run_main(future.into_future(), birth)
    }

    /// Runs the loop until the main future has its value; `birth` is what its task starts with.
    pub(crate) fn run_main<F: Future>(
        &self,
        future: F,
        birth: Birth,
    ) -> Result<F::Output, LoopError> {
        self.runtime()?.run_until_complete(future, birth)
    }

    /// Runs the loop on this thread until [`stop`](Self::stop).
    ///
    /// # Errors
    /// [`LoopError`]: it runs already, this thread runs another loop, or it is closed.
    pub fn run_forever(&self) -> Result<(), LoopError> {
        self.runtime()?.run_forever()
    }

    /// Ends the run that is under way after the current pass; before a run, the next one makes
    /// exactly one pass. From any thread; asking again before the run has ended changes nothing.
    ///
    /// - On a `current_thread` loop a pass is every callback and task that is ready when it begins,
    ///   each polled once, in order. What they make ready waits for the next pass, or run.
    /// - On a pool tasks run in no order that could end. A stop lets the polls under way end, and
    ///   the callbacks of the pass under way; tasks in line wait for the next run. A stop before a
    ///   run grants a pass: every callback that is ready when the run begins, and as many polls on
    ///   the running thread as there were tasks in its queue and in the common one. The others take
    ///   from the same queues, so a task that one of them took may still wait for the next run.
    /// - asyncio: `stop`.
    ///
    /// ```
    /// let event_loop = bowerbird::EventLoop::new_current_thread().expect("descriptors");
    /// let mut ready = event_loop.create_task(async { 1 });
    /// event_loop.stop();
    /// event_loop.run_forever().expect("it makes one pass");
    /// assert_eq!(ready.try_result().expect("it was ready").unwrap(), 1);
    /// ```
    pub fn stop(&self) {
        self.handle.stop();
    }

    /// Closes the loop: tasks are dropped, threads joined. Blocking calls that have begun are left
    /// to themselves, as in asyncio. Closing again does nothing.
    ///
    /// # Errors
    /// `LoopError::Running` while it runs.
    pub fn close(&self) -> Result<(), LoopError> {
        match self.runtime() {
            Ok(runtime) => runtime.close(Duration::ZERO),
            Err(_) => Ok(()),
        }
    }

    /// Whether a run is under way.
    pub fn is_running(&self) -> bool {
        self.handle.is_running()
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// Makes a task of `future`; from any thread, also before the loop runs.
    ///
    /// # Panics
    /// On a closed loop.
    #[must_use = "dropping a task's handle detaches it: it runs on, and its result is lost"]
    #[track_caller]
    pub fn create_task<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        created(
            self.handle
                .create_task(future, self.birth(Location::caller())),
        )
    }

    /// Makes a task of `future`, which need not be `Send`: it stays on this thread.
    ///
    /// - On a worker of the loop as [`create_local_task`](crate::create_local_task). Before a run
    ///   the task belongs to the thread that calls this, which must be the one that runs the loop:
    ///   run by another one, the task ends with a panic that says so.
    /// - asyncio: `create_task`, where every task is like this.
    ///
    /// # Panics
    /// On a closed loop, and while the loop runs on any thread but its workers.
    ///
    /// ```
    /// let event_loop = bowerbird::EventLoop::new_current_thread().expect("descriptors");
    /// let shared = std::rc::Rc::new(41);
    /// let task = event_loop.create_local_task(async move { *shared + 1 });
    /// assert_eq!(event_loop.run_until_complete(task).unwrap().unwrap(), 42);
    /// ```
    #[must_use = "dropping a task's handle detaches it: it runs on, and its result is lost"]
    #[track_caller]
    pub fn create_local_task<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let birth = self.birth(Location::caller());
        match self.handle.create_local_task(future, birth) {
            Err(LoopError::AlreadyRunning) => {
                panic!("cannot create a local task here: this thread is no worker of the loop")
            }
            made => created(made),
        }
    }

    /// A pending [`Promise`] of this loop, from any thread; its callbacks run here. asyncio:
    /// `create_future`.
    ///
    /// ```
    /// let event_loop = bowerbird::EventLoop::new_current_thread().unwrap();
    /// let promise = event_loop.create_future::<u32>();
    /// promise.set_result(7).expect("nobody has set it before");
    /// assert_eq!(event_loop.run_until_complete(promise).unwrap().unwrap(), 7);
    /// ```
    pub fn create_future<T: Clone + 'static>(&self) -> Promise<T> {
        Promise::on(&self.handle)
    }

    /// The unfinished tasks of this loop.
    pub fn all_tasks(&self) -> Vec<TaskRef> {
        self.handle.all_tasks()
    }

    /// Whether debug mode is on. asyncio: `get_debug`.
    pub fn get_debug(&self) -> bool {
        self.handle.is_debug()
    }

    /// Turns debug mode on or off, at any time and from any thread.
    ///
    /// - On, tasks remember where they were created and [what they
    ///   await](Self::dump_tasks), and polls and callbacks that take
    ///   [`slow_callback_duration`](Self::slow_callback_duration) or longer are reported, as a
    ///   [`Level::Warning`], with the task's name, where it was created, and how long it took.
    /// - Off, which is the default, nothing of this costs anything. A loop begins with what
    ///   [`Builder::debug`] says, else with `BOWERBIRD_DEBUG`.
    /// - asyncio: `set_debug`. Warnings go to the exception handler too, and not to a log only.
    ///
    /// ```
    /// let event_loop = bowerbird::EventLoop::new_current_thread().expect("descriptors");
    /// event_loop.set_debug(true);
    /// let task = event_loop.create_task(async {});
    /// assert!(task.handle().location().is_some());
    /// ```
    pub fn set_debug(&self, debug: bool) {
        self.handle.set_debug(debug);
    }

    /// How long a poll or a callback must take for debug mode to report it; 100 ms at first.
    /// asyncio: `slow_callback_duration`.
    pub fn slow_callback_duration(&self) -> Duration {
        self.handle.slow_callback_duration()
    }

    /// Sets [`slow_callback_duration`](Self::slow_callback_duration); zero reports every poll.
    pub fn set_slow_callback_duration(&self, limit: Duration) {
        self.handle.set_slow_callback_duration(limit);
    }

    /// What the loop has done so far: polls, steals, parks, depths.
    pub fn metrics(&self) -> Metrics {
        self.handle.metrics()
    }

    /// The loop of this runtime, which lives as long as a clone of what this gives.
    fn owning(runtime: Arc<Runtime>) -> Self {
        Self {
            handle: runtime.handle(),
            runtime: Owner::Strong(runtime),
        }
    }

    /// The door to the executor, for the other files of this crate.
    pub(crate) fn handle(&self) -> &Door {
        &self.handle
    }

    fn birth(&self, location: &'static Location<'static>) -> Birth {
        birth(&self.handle, location)
    }

    fn runtime(&self) -> Result<Arc<Runtime>, LoopError> {
        match &self.runtime {
            Owner::Strong(runtime) => Ok(runtime.clone()),
            Owner::Weak(runtime) => runtime.upgrade().ok_or(LoopError::Closed),
        }
    }
}

impl fmt::Debug for EventLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EventLoop").field(&self.handle).finish()
    }
}

impl PartialEq for EventLoop {
    fn eq(&self, other: &Self) -> bool {
        self.handle.is_same_loop(&other.handle)
    }
}

impl Eq for EventLoop {}

/// The loop that runs on this thread: for code inside tasks and callbacks.
///
/// What it gives does not keep the loop alive. asyncio: `get_running_loop`.
///
/// # Errors
/// [`NoRunningLoop`] on a thread that is no worker of a running loop.
///
/// ```
/// use bowerbird::get_running_loop;
///
/// assert!(get_running_loop().is_err());
/// bowerbird::run(async { assert!(get_running_loop().unwrap().is_running()) });
/// ```
pub fn get_running_loop() -> Result<EventLoop, NoRunningLoop> {
    let handle = Door::current().ok_or(NoRunningLoop)?;
    let runtime = Owner::Weak(Runtime::of(&handle));
    Ok(EventLoop { handle, runtime })
}

/// What a new task starts with: its creator's context, and in debug mode where it was created.
#[inline]
pub(crate) fn birth(handle: &Door, location: &'static Location<'static>) -> Birth {
    let location = handle.is_debug().then_some(location);
    Birth {
        name: None,
        context: copy_context(),
        location,
    }
}

/// The task, or a panic that says why there is none.
#[track_caller]
#[inline]
pub(crate) fn created<T>(task: Result<Task<T>, LoopError>) -> Task<T> {
    match task {
        Ok(task) => task,
        Err(error) => panic!("cannot create a task: {error}"),
    }
}
