//! What nobody else can be told: panics without a witness, callbacks that failed.
//!
//! The facade installs the loop's exception handler here; without one a report is a line on stderr.

use std::fmt;
use std::sync::{Arc, Mutex};

use bowerbird_core::{Panic, TaskRef};

/// Something that went wrong where nobody was left to see it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// What happened, in a sentence.
    pub message: String,
    /// The task it happened in.
    pub task: Option<TaskRef>,
    /// The panic, if it was one.
    pub panic: Option<Panic>,
}

impl Report {
    /// A report of `message` alone.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            task: None,
            panic: None,
        }
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
        if let Some(panic) = &self.panic {
            write!(f, ": {panic}")?;
        }
        Ok(())
    }
}

/// Gets the reports of a loop, on the thread where they arise.
pub type Reporter = Arc<dyn Fn(&Report) + Send + Sync>;

/// Where a loop's reports go.
#[derive(Default)]
pub(crate) struct Desk {
    /// The handler, if one is set.
    reporter: Mutex<Option<Reporter>>,
}

impl Desk {
    pub(crate) fn set(&self, reporter: Option<Reporter>) {
        let before = std::mem::replace(&mut *self.lock(), reporter);
        drop(before);
    }

    /// Hands the report on. A handler that panics is itself reported, on stderr.
    pub(crate) fn report(&self, report: &Report) {
        let reporter = self.lock().clone();
        let Some(reporter) = reporter else {
            return eprintln!("bowerbird: {report}");
        };
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| reporter(report)));
        if told.is_err() {
            eprintln!("bowerbird: the exception handler panicked over: {report}");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Reporter>> {
        self.reporter
            .lock()
            .expect("nothing under this lock can panic")
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}
