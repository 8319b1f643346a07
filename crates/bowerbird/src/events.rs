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
use bowerbird_executor::{Config, Handle, Runtime};

pub use bowerbird_executor::{Flavor, Metrics, Report, WorkerMetrics};

use crate::exceptions::{LoopError, NoRunningLoop};
use crate::futures::Promise;
use crate::tasks::{Task, TaskRef};

/// An event loop, cheap to clone: all clones are the same loop.
///
/// - It makes progress only while it runs ([`run_until_complete`](Self::run_until_complete)), and
///   can be run again. It closes when its last clone is dropped.
/// - asyncio: `base_events.py`, `BaseEventLoop`. One type for all systems; tasks run on all cores,
///   unless the flavour says otherwise.
#[derive(Clone)]
pub struct EventLoop {
    /// The door to it.
    handle: Handle,
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
        Builder {
            config: Config::default(),
        }
    }

    /// Runs the loop on this thread until `future` has its value.
    ///
    /// - `future`: anything that can be awaited, a [`Task`] too; it need be neither `Send` nor
    ///   `'static`.
    /// - asyncio: `run_until_complete`. A future that was given by value is dropped when the loop
    ///   stops first; a task survives in the loop, and `&mut task` can be awaited again.
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
        self.runtime()?
            .run_until_complete(future.into_future(), birth)
    }

    /// Runs the loop on this thread until [`stop`](Self::stop).
    ///
    /// # Errors
    /// [`LoopError`]: it runs already, this thread runs another loop, or it is closed.
    pub fn run_forever(&self) -> Result<(), LoopError> {
        self.runtime()?.run_forever()
    }

    /// Ends the run that is under way after the current pass; before a run, the next one makes
    /// exactly one pass. From any thread. asyncio: `stop`.
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

    /// What the loop has done so far: polls, steals, parks, depths.
    pub fn metrics(&self) -> Metrics {
        self.handle.metrics()
    }

    /// Sends what nobody else can be told (a panic that nobody awaits, a callback that failed) to
    /// `handler`, on the thread where it arises; `None`: a line on stderr. A handler that panics
    /// is reported on stderr, and the report with it. asyncio: `set_exception_handler`.
    pub fn set_exception_handler<H>(&self, handler: Option<H>)
    where
        H: Fn(&Report) + Send + Sync + 'static,
    {
        self.handle
            .set_reporter(handler.map(|handler| Arc::new(handler) as _));
    }

    /// The door to the executor, for the other files of this crate.
    pub(crate) fn handle(&self) -> &Handle {
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
pub fn get_running_loop() -> Result<EventLoop, NoRunningLoop> {
    let handle = Handle::current().ok_or(NoRunningLoop)?;
    let runtime = Owner::Weak(Runtime::of(&handle));
    Ok(EventLoop { handle, runtime })
}

/// What a new task starts with: its creator's context, and in debug mode where it was created.
#[inline]
pub(crate) fn birth(handle: &Handle, location: &'static Location<'static>) -> Birth {
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

/// What a loop is built from.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `build`"]
pub struct Builder {
    /// The knobs.
    config: Config,
}

impl Builder {
    /// One worker per core, or everything on the thread that runs the loop.
    pub fn flavor(mut self, flavor: Flavor) -> Self {
        self.config.flavor = flavor;
        self
    }

    /// How many threads run tasks, the one that runs the loop included: at least 1. Without it
    /// `BOWERBIRD_WORKER_THREADS`, else one per core.
    pub fn worker_threads(mut self, workers: usize) -> Self {
        self.config.worker_threads = Some(workers);
        self
    }

    /// The most threads for blocking calls; 512 without it. Further calls wait for a thread.
    pub fn max_blocking_threads(mut self, threads: usize) -> Self {
        self.config.max_blocking_threads = threads;
        self
    }

    /// How long an idle thread for blocking calls stays; 10 s without it.
    pub fn thread_keep_alive(mut self, idle: Duration) -> Self {
        self.config.thread_keep_alive = idle;
        self
    }

    /// What the loop's threads are called; what they do and a number are appended.
    pub fn thread_name(mut self, name: impl Into<String>) -> Self {
        self.config.thread_name = name.into();
        self
    }

    /// The stack of each thread of the loop, in bytes; what std gives without it. More than the
    /// system has is an error when the thread is to start.
    pub fn thread_stack_size(mut self, bytes: usize) -> Self {
        self.config.thread_stack_size = Some(bytes);
        self
    }

    /// How long an idle worker may spin before it blocks: at most, and only while work usually
    /// comes sooner. Zero never spins; 50 us without it.
    pub fn spin(mut self, limit: Duration) -> Self {
        self.config.spin = limit;
        self
    }

    /// In debug mode tasks remember where they were created, and reports say so.
    pub fn debug(mut self, debug: bool) -> Self {
        self.config.debug = debug;
        self
    }

    /// Runs first on every thread that the loop starts.
    pub fn on_thread_start(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.config.on_thread_start = Some(Arc::new(hook));
        self
    }

    /// Runs last on every thread that the loop starts.
    pub fn on_thread_stop(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.config.on_thread_stop = Some(Arc::new(hook));
        self
    }

    /// The loop; its threads wait until it is run.
    ///
    /// # Errors
    /// `InvalidInput` for knobs that make no sense (zero workers, several on a current-thread
    /// loop, a variable that is no number); what the system says when it gives no threads or
    /// descriptors. Nothing is left behind.
    ///
    /// ```
    /// let refused = bowerbird::EventLoop::builder().worker_threads(0).build();
    /// assert_eq!(refused.unwrap_err().to_string(), "worker_threads must be at least 1");
    /// ```
    pub fn build(self) -> io::Result<EventLoop> {
        let runtime = Runtime::new(self.config)?;
        Ok(EventLoop {
            handle: runtime.handle(),
            runtime: Owner::Strong(runtime),
        })
    }
}
