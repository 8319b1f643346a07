//! The knobs of a loop, as plain values. The environment is read here and nowhere else.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crate::counts::FIELD_MAX;
use crate::report::{self, Fallback};

/// How many threads run the tasks of a loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Flavor {
    /// One worker per core, tasks move to whoever is idle.
    #[default]
    MultiThread,
    /// The thread that runs the loop runs everything, strictly first in, first out.
    CurrentThread,
}

/// Called by every thread of the loop when it starts or stops.
pub type ThreadHook = Arc<dyn Fn() + Send + Sync>;

/// What a loop is built from; `Default` is what most programs want.
#[derive(Clone)]
pub struct Config {
    /// One thread, or one per core.
    pub flavor: Flavor,
    /// Workers of the multi-threaded flavour; `None`: `BOWERBIRD_WORKER_THREADS`, or one per core.
    pub worker_threads: Option<usize>,
    /// The most threads for blocking calls.
    pub max_blocking_threads: usize,
    /// How long an idle thread for blocking calls stays.
    pub thread_keep_alive: Duration,
    /// What the threads are called; a number is appended.
    pub thread_name: String,
    /// The stack of each thread, in bytes; std's default without it.
    pub thread_stack_size: Option<usize>,
    /// How long an idle worker may spin before it blocks; zero never spins.
    pub spin: Duration,
    /// Runs first on every thread that the loop starts.
    pub on_thread_start: Option<ThreadHook>,
    /// Runs last on every thread that the loop starts.
    pub on_thread_stop: Option<ThreadHook>,
    /// Debug mode; `None`: as `BOWERBIRD_DEBUG` says.
    pub debug: Option<bool>,
    /// From when on debug mode reports a poll or a callback.
    pub slow_callback_duration: Duration,
    /// Gets the reports while no exception handler is set.
    pub fallback: Fallback,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            flavor: Flavor::MultiThread,
            worker_threads: None,
            max_blocking_threads: 512,
            thread_keep_alive: Duration::from_secs(10),
            thread_name: "bowerbird".to_owned(),
            thread_stack_size: None,
            spin: Duration::from_micros(50),
            on_thread_start: None,
            on_thread_stop: None,
            debug: None,
            slow_callback_duration: Duration::from_millis(100),
            fallback: report::print,
        }
    }
}

impl Config {
    /// How many workers the loop gets.
    ///
    /// # Errors
    /// `InvalidInput` for a number that cannot be, whether asked for or found in the environment.
    pub(crate) fn workers(&self) -> io::Result<usize> {
        if self.thread_name.contains('\0') {
            return Err(invalid("thread_name must not contain a zero byte".into()));
        }
        if self.flavor == Flavor::CurrentThread {
            return match self.worker_threads {
                None | Some(1) => Ok(1),
                Some(_) => Err(invalid(
                    "a current_thread loop has exactly one worker".into(),
                )),
            };
        }
        let workers = match self.worker_threads {
            Some(workers) => workers,
            None => workers_from_environment()?.unwrap_or_else(num_cpus::get),
        };
        match workers {
            0 => Err(invalid("worker_threads must be at least 1".into())),
            1..=FIELD_MAX => Ok(workers),
            _ => Err(invalid(format!(
                "worker_threads must be at most {FIELD_MAX}"
            ))),
        }
    }

    /// Whether the loop begins in debug mode.
    pub(crate) fn is_debug(&self) -> bool {
        self.debug.unwrap_or_else(debug_from_environment)
    }

    /// A thread of the loop begins its life.
    pub(crate) fn thread_starts(&self) {
        call(self.on_thread_start.as_ref());
    }

    /// A thread of the loop ends its life.
    pub(crate) fn thread_stops(&self) {
        call(self.on_thread_stop.as_ref());
    }
}

/// Calls a hook. One that panics is reported by the panic hook alone: the thread and its work go on
/// (I7).
fn call(hook: Option<&ThreadHook>) {
    if let Some(hook) = hook {
        let _printed = catch_unwind(AssertUnwindSafe(|| hook()));
    }
}

const VARIABLE: &str = "BOWERBIRD_WORKER_THREADS";

fn workers_from_environment() -> io::Result<Option<usize>> {
    let Some(text) = std::env::var_os(VARIABLE) else {
        return Ok(None);
    };
    let number = text.to_str().and_then(|text| text.trim().parse().ok());
    number
        .map(Some)
        .ok_or_else(|| invalid(format!("{VARIABLE} must be a number, not {text:?}")))
}

/// Anything but nothing and a plain no counts as yes.
fn debug_from_environment() -> bool {
    std::env::var_os("BOWERBIRD_DEBUG")
        .is_some_and(|text| !matches!(text.to_str(), Some("" | "0" | "false")))
}

/// The seed that somebody wants to see again.
#[cfg(bowerbird_chaos)]
pub(crate) fn chaos_from_environment() -> Option<u64> {
    let text = std::env::var("BOWERBIRD_CHAOS_SEED").ok()?;
    text.trim().parse().ok()
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("flavor", &self.flavor)
            .field("worker_threads", &self.worker_threads)
            .field("max_blocking_threads", &self.max_blocking_threads)
            .field("thread_keep_alive", &self.thread_keep_alive)
            .field("thread_name", &self.thread_name)
            .field("spin", &self.spin)
            .field("debug", &self.debug)
            .finish_non_exhaustive()
    }
}
