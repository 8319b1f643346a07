//! A limit for the pauses in a request's body. Whoever reads the body finds it broken off.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bowerbird::{Sleep, sleep};
use http::Request;
use hyper::body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

/// Gives clients so much time for each piece of a request's body.
///
/// - Over HTTP/1.1 the server has such a limit of its own,
///   [`body_read_timeout`](crate::Server::body_read_timeout). hyper keeps the bodies of HTTP/2 to
///   itself, so there it takes this layer.
/// - It counts while the handler waits for more, and from there on anew with each piece. What to
///   answer is the handler's to say: axum's extractors say 400.
///
/// ```
/// # use std::time::Duration;
/// use axum::{Router, routing::post};
/// use bowerbird_http::timeout::RequestBodyTimeoutLayer;
///
/// let routes: Router = Router::new()
///     .route("/length", post(async |text: String| text.len().to_string()))
///     .layer(RequestBodyTimeoutLayer::new(Duration::from_secs(30)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestBodyTimeoutLayer {
    /// For a pause.
    limit: Duration,
}

impl RequestBodyTimeoutLayer {
    /// - `limit`: for each pause. Zero takes what has come already.
    pub const fn new(limit: Duration) -> Self {
        Self { limit }
    }
}

impl<S> Layer<S> for RequestBodyTimeoutLayer {
    type Service = RequestBodyTimeout<S>;

    fn layer(&self, inner: S) -> RequestBodyTimeout<S> {
        RequestBodyTimeout {
            inner,
            layer: *self,
        }
    }
}

/// The service that [`RequestBodyTimeoutLayer`] makes.
#[derive(Debug, Clone, Copy)]
pub struct RequestBodyTimeout<S> {
    /// The handlers.
    inner: S,
    /// What their clients are allowed.
    layer: RequestBodyTimeoutLayer,
}

impl<S, B> Service<Request<B>> for RequestBodyTimeout<S>
where
    S: Service<Request<TimeoutBody<B>>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> S::Future {
        let limit = self.layer.limit;
        self.inner
            .call(request.map(|body| TimeoutBody::new(limit, body)))
    }
}

pin_project! {
    /// A body that breaks off when the next piece does not come in time.
    ///
    /// # Panics
    /// When it has to wait outside of a running loop.
    #[derive(Debug)]
    pub struct TimeoutBody<B> {
        // Where the pieces come from.
        #[pin]
        body: B,
        // For a pause.
        limit: Duration,
        // Set while one is waited for.
        pause: Option<Sleep>,
        // Whether one was too long: nothing comes after that.
        is_over: bool,
    }
}

impl<B> TimeoutBody<B> {
    /// - `limit`: for each pause, while somebody waits for the next piece.
    pub const fn new(limit: Duration, body: B) -> Self {
        Self {
            body,
            limit,
            pause: None,
            is_over: false,
        }
    }
}

impl<B> Body for TimeoutBody<B>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = B::Data;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, Self::Error>>> {
        let this = self.project();
        if *this.is_over {
            return Poll::Ready(None);
        }
        if let Poll::Ready(frame) = this.body.poll_frame(cx) {
            *this.pause = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let limit = *this.limit;
        let pause = this.pause.get_or_insert_with(|| sleep(limit));
        ready!(Pin::new(pause).poll(cx));
        *this.is_over = true;
        let error = BodyTimeoutError { limit };
        Poll::Ready(Some(Err(error.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.is_over || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Why a [`TimeoutBody`] broke off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyTimeoutError {
    /// What a pause may take.
    limit: Duration,
}

impl fmt::Display for BodyTimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no more of the body came for {:?}", self.limit)
    }
}

impl Error for BodyTimeoutError {}
