//! The knobs of a loop.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bowerbird_executor::{Config, Flavor, Runtime};

use super::EventLoop;

/// What a loop is built from.
///
/// ```
/// use std::time::Duration;
///
/// use bowerbird::{EventLoop, Flavor};
///
/// let event_loop = EventLoop::builder()
///     .flavor(Flavor::CurrentThread)
///     .debug(true)
///     .slow_callback_duration(Duration::from_millis(20))
///     .build()
///     .expect("descriptors");
/// assert!(event_loop.get_debug());
///
/// let nobody = EventLoop::builder().worker_threads(0).build();
/// assert_eq!(nobody.unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
/// ```
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `build`"]
pub struct Builder {
    /// The knobs.
    config: Config,
    /// How long a runner waits at the end.
    limits: Limits,
}

/// How long a runner waits at the end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// For tasks that were cancelled.
    pub(crate) tasks: Duration,
    /// For blocking calls that have begun.
    pub(crate) blocking: Duration,
}

impl Builder {
    /// What most programs want.
    pub(super) fn new() -> Self {
        Self {
            config: Config {
                fallback: super::reports::fall_back,
                ..Config::default()
            },
            limits: Limits {
                tasks: Duration::from_secs(60),
                blocking: Duration::from_secs(300),
            },
        }
    }

    /// How long [`Runner`](crate::Runner) waits at its end.
    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

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

    /// Whether the loop begins in debug mode; see [`EventLoop::set_debug`]. Without it
    /// `BOWERBIRD_DEBUG` decides: debug mode is off when that is unset, empty, `0` or `false`.
    pub fn debug(mut self, debug: bool) -> Self {
        self.config.debug = Some(debug);
        self
    }

    /// From when on debug mode reports a poll or a callback as slow; 100 ms without it, and zero
    /// reports every one.
    pub fn slow_callback_duration(mut self, limit: Duration) -> Self {
        self.config.slow_callback_duration = limit;
        self
    }

    /// How long [`Runner`](crate::Runner) waits at its end for tasks that it has cancelled; 60 s
    /// without it. What is left then is named in a report, and dropped without more clean-up; zero
    /// drops at once. asyncio waits for ever.
    pub fn shutdown_timeout(mut self, limit: Duration) -> Self {
        self.limits.tasks = limit;
        self
    }

    /// How long [`Runner`](crate::Runner) waits at its end for blocking calls that have begun;
    /// 300 s without it, as in asyncio. Then it warns, and leaves them to themselves.
    pub fn blocking_shutdown_timeout(mut self, limit: Duration) -> Self {
        self.limits.blocking = limit;
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
        Ok(EventLoop::owning(runtime))
    }
}
