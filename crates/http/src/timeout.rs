//! Limits of time around services, as layers of tower: for a handler as a whole, and for the pauses
//! in a request's body. The names are those of tower-http, whose layers need tokio's timers; these
//! use the running loop's. The server does not use them: its own limits are about connections.
//!
//! ```
//! use std::time::Duration;
//!
//! use axum::{Router, routing::get};
//! use bowerbird_http::testing::TestServer;
//! use bowerbird_http::timeout::TimeoutLayer;
//!
//! # bowerbird::run(async {
//! let routes = Router::new()
//!     .route("/never", get(std::future::pending::<String>))
//!     .layer(TimeoutLayer::new(Duration::from_millis(10)));
//! let server = TestServer::start(routes).await.unwrap();
//! let answer = server.client().get("/never").await.unwrap();
//! assert_eq!(answer.status(), 504);
//! # });
//! ```

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bowerbird::{Awaitable, WaitFor};
use http::{Request, Response, StatusCode};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

mod body;

pub use body::{BodyTimeoutError, RequestBodyTimeout, RequestBodyTimeoutLayer, TimeoutBody};

/// Gives handlers so much time to answer, and then answers in their place.
///
/// - A handler that is late is cancelled as by [`bowerbird::timeout`]: dropped where it waits,
///   after clean-ups it asked for (`finally`, a task group). A value that it gives all the same is
///   the answer.
/// - The time counts until the answer begins; its body may take longer.
/// - asyncio: a middleware with `asyncio.timeout` in it. aiohttp has none.
///
/// See the [module](self) for an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeoutLayer {
    /// What who is late is answered with.
    status: StatusCode,
    /// For a request.
    limit: Duration,
}

impl TimeoutLayer {
    /// Answers 504: it is the server that was slow. To 408, which tower-http had as its default,
    /// browsers react by asking again.
    ///
    /// - `limit`: from the call of the service on. Zero answers what can be had without waiting.
    pub const fn new(limit: Duration) -> Self {
        Self::with_status_code(StatusCode::GATEWAY_TIMEOUT, limit)
    }

    /// Answers `status`, without a body.
    pub const fn with_status_code(status: StatusCode, limit: Duration) -> Self {
        Self { status, limit }
    }
}

impl<S> Layer<S> for TimeoutLayer {
    type Service = Timeout<S>;

    fn layer(&self, inner: S) -> Timeout<S> {
        Timeout {
            inner,
            layer: *self,
        }
    }
}

/// The service that [`TimeoutLayer`] makes.
#[derive(Debug, Clone, Copy)]
pub struct Timeout<S> {
    /// The handlers.
    inner: S,
    /// What they are allowed.
    layer: TimeoutLayer,
}

impl<S, R, B> Service<Request<R>> for Timeout<S>
where
    S: Service<Request<R>, Response = Response<B>>,
    B: Default,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Timed<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<R>) -> Timed<S::Future> {
        Timed {
            answering: bowerbird::timeout(self.layer.limit, self.inner.call(request)),
            status: self.layer.status,
        }
    }
}

pin_project! {
    /// A request on its way through [`Timeout`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct Timed<F>
    where
        F: Future,
    {
        // The handler's.
        #[pin]
        answering: WaitFor<<F as Awaitable>::Wait>,
        // What it is answered with when it is late.
        status: StatusCode,
    }
}

impl<F, B, E> Future for Timed<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Default,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let answered = ready!(this.answering.poll(cx));
        Poll::Ready(answered.unwrap_or_else(|_late| {
            let mut response = Response::new(B::default());
            *response.status_mut() = *this.status;
            Ok(response)
        }))
    }
}

impl<F: Future> fmt::Debug for Timed<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timed")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
