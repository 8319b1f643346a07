//! What nobody else can be told: who gets it, and what becomes of it without a handler. asyncio:
//! the loop's `*_exception_handler`.

use std::fmt;
use std::sync::Arc;

use bowerbird_executor::{Report, Reporter};

use super::EventLoop;

impl EventLoop {
    /// Sends what nobody else can be told to `handler` from now on; `None`: to the
    /// [default](Self::default_exception_handler).
    ///
    /// - That is: a panic that nobody awaits, a task that the closing loop drops and nobody holds,
    ///   a callback that panics, what [`call_exception_handler`](Self::call_exception_handler) is
    ///   given; and, as warnings, what debug mode finds. Each comes once.
    /// - `handler` is called on the thread where it arises, several at a time on a pool. When it
    ///   panics, the default gets that and the report.
    /// - asyncio: `set_exception_handler`. The handler does not get the loop: capture it.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use bowerbird::{EventLoop, Report};
    ///
    /// let event_loop = EventLoop::new_current_thread().expect("descriptors");
    /// let (sink, reports) = mpsc::channel();
    /// event_loop.set_exception_handler(Some(move |report: &Report| {
    ///     sink.send(report.to_string()).expect("the test listens");
    /// }));
    /// event_loop.call_soon(|| panic!("unheard"));
    /// event_loop.run_until_complete(async {}).expect("it runs");
    /// assert!(reports.recv().unwrap().starts_with("a callback panicked"));
    /// ```
    pub fn set_exception_handler<H>(&self, handler: Option<H>)
    where
        H: Fn(&Report) + Send + Sync + 'static,
    {
        let reporter = handler.map(|handler| Arc::new(handler) as Reporter);
        self.handle.set_reporter(reporter);
    }

    /// The handler in use; `None`: the default. asyncio: `get_exception_handler`.
    ///
    /// ```
    /// let event_loop = bowerbird::EventLoop::new_current_thread().expect("descriptors");
    /// assert!(event_loop.get_exception_handler().is_none());
    /// ```
    pub fn get_exception_handler(&self) -> Option<ExceptionHandler> {
        self.handle.reporter().map(ExceptionHandler)
    }

    /// Reports something yourself, as the loop would. asyncio: `call_exception_handler`.
    ///
    /// ```
    /// use bowerbird::{EventLoop, Report};
    ///
    /// let event_loop = EventLoop::new_current_thread().expect("descriptors");
    /// event_loop.set_exception_handler(Some(|report: &Report| {
    ///     assert_eq!(report.message, "the cache is cold");
    /// }));
    /// event_loop.call_exception_handler(&Report::warning("the cache is cold"));
    /// ```
    pub fn call_exception_handler(&self, report: &Report) {
        self.handle.report(report);
    }

    /// What becomes of a report without a handler: an event through `tracing`, at level ERROR or
    /// WARN, where that feature is on and a subscriber is set; else a line on stderr. Never panics.
    /// For handlers that care for some reports only. asyncio: `default_exception_handler`.
    ///
    /// ```
    /// use bowerbird::{EventLoop, Report};
    ///
    /// let event_loop = EventLoop::new_current_thread().expect("descriptors");
    /// let same = event_loop.clone();
    /// event_loop.set_exception_handler(Some(move |report: &Report| {
    ///     if report.source.as_deref() != Some("the cache") {
    ///         same.default_exception_handler(report);
    ///     }
    /// }));
    /// # event_loop.set_exception_handler(None::<fn(&Report)>);
    /// ```
    pub fn default_exception_handler(&self, report: &Report) {
        self.handle.report_to_fallback(report);
    }
}

/// A loop's exception handler, as it was set.
///
/// ```
/// use bowerbird::{EventLoop, Report};
///
/// let event_loop = EventLoop::new_current_thread().expect("descriptors");
/// event_loop.set_exception_handler(Some(|report: &Report| eprintln!("heard: {report}")));
/// // One that adds to what was there before.
/// let before = event_loop.get_exception_handler().expect("set just now");
/// event_loop.set_exception_handler(Some(move |report: &Report| before.call(report)));
/// event_loop.call_exception_handler(&Report::new("twice through"));
/// ```
#[derive(Clone)]
pub struct ExceptionHandler(Reporter);

impl ExceptionHandler {
    /// Calls it.
    pub fn call(&self, report: &Report) {
        (self.0)(report);
    }
}

impl fmt::Debug for ExceptionHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExceptionHandler").finish_non_exhaustive()
    }
}

/// What the loops of this crate do without a handler.
#[cfg(not(feature = "tracing"))]
pub(super) fn fall_back(report: &Report) {
    bowerbird_executor::print(report);
}

/// What the loops of this crate do without a handler.
#[cfg(feature = "tracing")]
pub(super) fn fall_back(report: &Report) {
    use bowerbird_executor::Level;
    use tracing::dispatcher::get_default;
    use tracing::subscriber::NoSubscriber;

    if get_default(|subscriber| subscriber.is::<NoSubscriber>()) {
        return bowerbird_executor::print(report);
    }
    let task = report.task.as_ref().map(|task| task.name());
    let task = task.as_deref();
    match report.level {
        Level::Warning => tracing::warn!(target: "bowerbird", task, "{report}"),
        _ => tracing::error!(target: "bowerbird", task, "{report}"),
    }
}
