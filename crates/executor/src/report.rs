//! What nobody else can be told: panics without a witness, callbacks that failed, polls that took
//! too long.
//!
//! The facade installs the loop's exception handler here; without one a report goes to the
//! fallback of the loop's knobs. Never decides what is worth a report: whoever meets it does.

use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bowerbird_core::locked::{Guarded, assert_none_held};
use bowerbird_core::{Panic, TaskRef};

use crate::sync::ranks;

/// Something that went wrong, or took too long, where nobody was left to see it.
///
/// - asyncio: the context of `call_exception_handler`, with a field for each of its keys: `handle`
///   is `callback`; `future`, `protocol`, `transport` and `socket` are `source`.
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// How bad it is.
    pub level: Level,
    /// What happened, in a sentence.
    pub message: String,
    /// The panic, if it was one.
    pub panic: Option<Panic>,
    /// The error, if it was one.
    pub error: Option<Box<dyn Error + Send + Sync>>,
    /// The task it happened in; it knows its name, and in debug mode where it was created.
    pub task: Option<TaskRef>,
    /// The callback it happened in.
    pub callback: Option<CallSite>,
    /// What else it happened in: a socket, a server, a promise.
    pub source: Option<String>,
    /// How long it took, if that is what is reported.
    pub took: Option<Duration>,
    /// What the exception handler was told when it failed itself.
    pub about: Option<String>,
}

/// How bad a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Level {
    /// Nothing is lost, but somebody should look.
    Warning,
    /// Work was lost.
    Error,
}

impl Report {
    /// A report of `message` alone, as an error; add what else is known.
    ///
    /// ```
    /// use bowerbird_executor::Report;
    ///
    /// let report = Report::new("accept failed").with_source("server 127.0.0.1:80");
    /// assert_eq!(report.to_string(), "accept failed, in server 127.0.0.1:80");
    /// ```
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            level: Level::Error,
            message: message.into(),
            panic: None,
            error: None,
            task: None,
            callback: None,
            source: None,
            took: None,
            about: None,
        }
    }

    /// The same at [`Level::Warning`].
    #[must_use]
    pub fn warning(message: impl Into<String>) -> Self {
        Self {
            level: Level::Warning,
            ..Self::new(message)
        }
    }

    /// With the error that caused it.
    #[must_use]
    pub fn with_error(mut self, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.error = Some(error.into());
        self
    }

    /// With the panic that caused it.
    #[must_use]
    pub fn with_panic(mut self, panic: Panic) -> Self {
        self.panic = Some(panic);
        self
    }

    /// With the task it happened in.
    #[must_use]
    pub fn with_task(mut self, task: TaskRef) -> Self {
        self.task = Some(task);
        self
    }

    /// With what else it happened in.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Where the task was created, or the callback handed in, as far as that is known.
    pub fn location(&self) -> Option<&'static Location<'static>> {
        let of_task = self.task.as_ref().and_then(TaskRef::location);
        of_task.or_else(|| self.callback.and_then(|callback| callback.location))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(task) = &self.task {
            write!(f, ", task {} ({})", task.name(), task.type_name())?;
            if let Some(location) = task.location() {
                write!(f, " created at {location}")?;
            }
        }
        if let Some(callback) = &self.callback {
            write!(f, ", {callback}")?;
        }
        if let Some(source) = &self.source {
            write!(f, ", in {source}")?;
        }
        if let Some(panic) = &self.panic {
            write!(f, ": {panic}")?;
        }
        let mut cause: Option<&dyn Error> = self.error.as_deref().map(|error| error as _);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        match &self.about {
            Some(about) => write!(f, " (it was told: {about})"),
            None => Ok(()),
        }
    }
}

/// A callback, as people can find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallSite {
    /// The type of the callback, which names the function it was written in.
    pub function: &'static str,
    /// Where it was handed to the loop.
    pub location: Option<&'static Location<'static>>,
}

impl CallSite {
    /// A callback of type `F`, handed in at `location`.
    pub fn of<F>(location: &'static Location<'static>) -> Self {
        Self {
            function: std::any::type_name::<F>(),
            location: Some(location),
        }
    }
}

impl fmt::Display for CallSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "callback {}", self.function)?;
        match self.location {
            Some(location) => write!(f, " scheduled at {location}"),
            None => Ok(()),
        }
    }
}

/// Gets the reports of a loop, on the thread where they arise.
pub type Reporter = Arc<dyn Fn(&Report) + Send + Sync>;

/// Where reports go that no handler takes: a plain function, so that it is always there.
pub type Fallback = fn(&Report);

/// Writes a line on stderr.
pub fn print(report: &Report) {
    eprintln!("bowerbird: {report}");
}

/// Where a loop's reports go.
pub(crate) struct Desk {
    /// The handler, if one is set.
    reporter: Mutex<Option<Reporter>>,
    /// What gets them without one.
    fallback: Fallback,
}

impl Desk {
    pub(crate) fn new(fallback: Fallback) -> Self {
        Self {
            reporter: Mutex::default(),
            fallback,
        }
    }

    pub(crate) fn set(&self, reporter: Option<Reporter>) {
        let before = std::mem::replace(&mut *self.lock(), reporter);
        drop(before);
    }

    /// The handler, if one is set.
    pub(crate) fn reporter(&self) -> Option<Reporter> {
        self.lock().clone()
    }

    /// Hands the report on. When the handler panics, the fallback gets that and the report.
    pub(crate) fn report(&self, report: &Report) {
        assert_none_held();
        let Some(reporter) = self.reporter() else {
            return self.fall_back(report);
        };
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| reporter(report))) {
            let failed = Report::new("Unhandled error in exception handler");
            self.fall_back(&Report {
                about: Some(report.to_string()),
                ..failed.with_panic(Panic::new(payload))
            });
        }
    }

    /// Never panics, whatever a subscriber of events or a closed stderr does (I7).
    pub(crate) fn fall_back(&self, report: &Report) {
        let _told = catch_unwind(AssertUnwindSafe(|| (self.fallback)(report)));
    }

    #[track_caller]
    fn lock(&self) -> Guarded<MutexGuard<'_, Option<Reporter>>> {
        Guarded::take(ranks::REPORTER, || {
            self.reporter
                .lock()
                .expect("nothing under this lock can panic")
        })
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}
