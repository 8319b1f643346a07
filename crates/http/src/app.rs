//! A service with a beginning and an end: what is opened before it serves and closed after it, and
//! the signals that stop it. asyncio: aiohttp's `web_app.py` (its signals) and `run_app`.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::{fmt, io};

use bowerbird::ctrl_c;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use tower_service::Service;

use crate::files::{ServeDir, WithFiles};
use crate::server::{Failure, Server, Stopped};

/// What a hook gives.
type Done<T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send>>;

/// Something to do once.
type Hook = Box<dyn FnOnce() -> Done<()> + Send>;

/// Something to begin, and how to end it.
type Begin = Box<dyn FnOnce() -> Done<Option<Hook>> + Send>;

/// A service, and what goes with it.
///
/// - Beginnings run in the order in which they were added, before the server accepts; ends in
///   reverse, after the last handler, and only those whose beginnings have run.
/// - asyncio: aiohttp's `Application`, for what is not routes.
///
/// ```
/// use bowerbird_http::{App, Server, http, service_fn};
///
/// # bowerbird::run(async {
/// let hello = service_fn(async |_: http::Request<_>| {
///     Ok::<_, std::convert::Infallible>(http::Response::new("hello\n".to_owned()))
/// });
/// let app = App::new(hello)
///     .cleanup_ctx(async || {
///         println!("open the database");
///         Ok(async || {
///             println!("close the database");
///             Ok(())
///         })
///     })
///     .on_shutdown(async || {
///         println!("the last requests are under way");
///         Ok(())
///     });
/// let server = Server::bind("localhost:0").await?;
/// # let stop = bowerbird::sleep(std::time::Duration::from_millis(1));
/// # let _ = stringify! {
/// app.run(server).await?; // until Ctrl-C or SIGTERM
/// # };
/// # app.run_until(server, stop).await?;
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// # }).unwrap();
/// ```
#[must_use = "an app does nothing until it runs"]
pub struct App<S> {
    /// What answers.
    service: S,
    /// What is begun, in this order.
    begins: Vec<Begin>,
    /// What is done when nobody is accepted any more, in this order.
    shutdowns: Vec<Hook>,
}

impl<S> App<S> {
    /// A service with nothing around it.
    pub fn new(service: S) -> Self {
        Self {
            service,
            begins: Vec::new(),
            shutdowns: Vec::new(),
        }
    }

    /// Serves the files below a directory beside the service, which is asked for the rest.
    ///
    /// - `prefix`: `/static`, say: what comes before the paths of the files. With or without
    ///   slashes around it; an empty one, or `/`, leaves nothing to the service.
    /// - What is below the prefix is never the service's, though no file be found. Middlewares of
    ///   the service see nothing of it; put it into a router to have them around it.
    /// - asyncio: aiohttp's `add_static`.
    ///
    /// ```
    /// use bowerbird_http::files::ServeDir;
    /// use bowerbird_http::{App, Server, http, service_fn};
    ///
    /// # bowerbird::run(async {
    /// let hello = service_fn(async |_: http::Request<_>| {
    ///     Ok::<_, std::convert::Infallible>(http::Response::new("hello\n".to_owned()))
    /// });
    /// let app = App::new(hello).add_static("/static", ServeDir::new("src"));
    /// # let server = Server::bind("localhost:0").await?;
    /// # app.run_until(server, async {}).await?;
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// # }).unwrap();
    /// ```
    pub fn add_static(self, prefix: &str, files: ServeDir) -> App<WithFiles<S>> {
        App {
            service: WithFiles::new(prefix, files, self.service),
            begins: self.begins,
            shutdowns: self.shutdowns,
        }
    }

    /// Runs `hook` before the server accepts. Where it fails, nothing is served.
    pub fn on_startup<F, Doing>(mut self, hook: F) -> Self
    where
        F: FnOnce() -> Doing + Send + 'static,
        Doing: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        self.begins.push(Box::new(|| {
            let doing = hook();
            Box::pin(async { doing.await.map(|()| None) })
        }));
        self
    }

    /// Begins something, and ends it with what `begin` gives.
    pub fn cleanup_ctx<F, Beginning, End, Ending>(mut self, begin: F) -> Self
    where
        F: FnOnce() -> Beginning + Send + 'static,
        Beginning: Future<Output = Result<End, Failure>> + Send + 'static,
        End: FnOnce() -> Ending + Send + 'static,
        Ending: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        self.begins.push(Box::new(|| {
            let beginning = begin();
            Box::pin(async {
                let end = beginning.await?;
                Ok(Some(Box::new(|| Box::pin(end()) as Done<()>) as Hook))
            })
        }));
        self
    }

    /// Runs `hook` when the server stops: nobody is accepted any more, idle connections are closed,
    /// and requests under way are yet to be waited for. In the order of these calls.
    pub fn on_shutdown<F, Doing>(mut self, hook: F) -> Self
    where
        F: FnOnce() -> Doing + Send + 'static,
        Doing: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        self.shutdowns.push(Box::new(|| Box::pin(hook())));
        self
    }

    /// Runs `hook` after the last handler, among the ends of what was begun: in reverse order.
    pub fn on_cleanup<F, Doing>(mut self, hook: F) -> Self
    where
        F: FnOnce() -> Doing + Send + 'static,
        Doing: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let end: Hook = Box::new(|| Box::pin(hook()));
        self.begins
            .push(Box::new(|| Box::pin(async { Ok(Some(end)) })));
        self
    }

    /// Serves until Ctrl-C or, on Unix, SIGTERM; then stops gracefully. asyncio: aiohttp's
    /// `run_app`.
    ///
    /// # Errors
    /// As [`run_until`](Self::run_until); and that the signals cannot be listened to.
    ///
    /// # Panics
    /// Outside a running loop.
    pub async fn run<B>(self, server: Server) -> Result<Stopped, AppError>
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S::Error: Into<Failure>,
        S::Future: Send + 'static,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Failure>,
    {
        let stop = stop_signal().map_err(|error| AppError::new(error.into()))?;
        self.run_until(server, stop).await
    }

    /// Serves until `stop` is ready: see [`Server::serve_until`].
    ///
    /// - Cancel: everything is cancelled, and no end is run.
    ///
    /// # Errors
    /// What hooks have failed with: each that was to run has run all the same.
    ///
    /// # Panics
    /// Outside a running loop; and when a hook does.
    pub async fn run_until<B>(self, server: Server, stop: impl Future) -> Result<Stopped, AppError>
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S::Error: Into<Failure>,
        S::Future: Send + 'static,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Failure>,
    {
        let mut ends = Vec::new();
        for begin in self.begins {
            match begin().await {
                Ok(end) => ends.extend(end),
                Err(error) => return Err(end_all(ends, vec![error]).await),
            }
        }
        let shutdowns = self.shutdowns;
        let leaving = async {
            let mut failures = Vec::new();
            for hook in shutdowns {
                failures.extend(hook().await.err());
            }
            failures
        };
        let (stopped, failures) = server.serve_hooked(self.service, stop, leaving).await;
        let told = end_all(ends, failures).await;
        if told.failures.is_empty() {
            Ok(stopped)
        } else {
            Err(told)
        }
    }
}

/// Ends in reverse what was begun, and gathers what fails.
async fn end_all(ends: Vec<Hook>, mut failures: Vec<Failure>) -> AppError {
    for end in ends.into_iter().rev() {
        failures.extend(end().await.err());
    }
    AppError { failures }
}

/// Waits for Ctrl-C or, on Unix, SIGTERM: from this call on, and once.
///
/// # Errors
/// What the system says when it has no descriptors left.
///
/// # Panics
/// Outside a running loop.
pub fn stop_signal() -> io::Result<impl Future<Output = ()> + Send> {
    let mut interrupt = Box::pin(ctrl_c());
    #[cfg(unix)]
    let mut terminate = bowerbird::signal::signal(bowerbird::signal::SIGTERM)?;
    Ok(std::future::poll_fn(move |cx| {
        #[cfg(unix)]
        if terminate.poll_recv(cx).is_ready() {
            return std::task::Poll::Ready(());
        }
        interrupt.as_mut().poll(cx).map(|_pressed_or_closed| ())
    }))
}

/// What the hooks of an [`App`] have failed with.
#[derive(Debug)]
pub struct AppError {
    /// The first failure first.
    failures: Vec<Failure>,
}

impl AppError {
    fn new(failure: Failure) -> Self {
        let failures = vec![failure];
        Self { failures }
    }

    /// All of them, in the order in which they came; at least one.
    pub fn failures(&self) -> &[Box<dyn Error + Send + Sync>] {
        &self.failures
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = self.failures.len().saturating_sub(1);
        match self.failures.first() {
            Some(first) if more > 0 => write!(f, "{first} (and {more} more)"),
            Some(first) => write!(f, "{first}"),
            None => f.write_str("nothing has failed"),
        }
    }
}

impl Error for AppError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let first = self.failures.first()?;
        Some(&**first)
    }
}

impl<S> fmt::Debug for App<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("begins", &self.begins.len())
            .field("shutdowns", &self.shutdowns.len())
            .finish_non_exhaustive()
    }
}
