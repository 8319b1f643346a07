//! What users put around every request: an onion, whose core sends. Runs once for each redirect.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::errors::ClientError;
use super::message::ClientRequest;
use super::response::Response;
use super::session::Inner;
use super::timeouts::Limits;

/// A middleware's answer, on its way.
pub type Handling = Pin<Box<dyn Future<Output = Result<Response, ClientError>> + Send>>;

/// Something around every request: it may change the request, ask once more, answer by itself, or
/// look at the answer.
///
/// - Every `Fn(ClientRequest, Next) -> impl Future` is one. The first of a session's is the
///   outermost.
/// - Cookies and the session's own headers are there already; limits of time count what it does.
/// - asyncio: aiohttp's client middlewares.
///
/// ```
/// use bowerbird_http::client::{ClientRequest, ClientSession, Next};
/// use bowerbird_http::http::HeaderValue;
///
/// async fn sign(mut request: ClientRequest, next: Next) -> bowerbird_http::client::Answered {
///     let name = HeaderValue::from_static("bird");
///     request.headers_mut().insert("x-signed-by", name);
///     next.run(request).await
/// }
///
/// # bowerbird::run(async {
/// let session = ClientSession::builder().middleware(sign).build().unwrap();
/// # drop(session);
/// # });
/// ```
pub trait Middleware: Send + Sync + 'static {
    /// Handles a request; `next` is what is inside.
    fn handle(&self, request: ClientRequest, next: Next) -> Handling;
}

/// What a request comes to.
pub type Answered = Result<Response, ClientError>;

impl<F, Answering> Middleware for F
where
    F: Fn(ClientRequest, Next) -> Answering + Send + Sync + 'static,
    Answering: Future<Output = Answered> + Send + 'static,
{
    fn handle(&self, request: ClientRequest, next: Next) -> Handling {
        Box::pin(self(request, next))
    }
}

/// What is inside a middleware: the next one, or the sending. `Clone`, to ask more than once.
#[derive(Clone)]
pub struct Next {
    /// The session.
    pub(super) session: Arc<Inner>,
    /// The middlewares that are to be run.
    pub(super) middlewares: Arc<[Arc<dyn Middleware>]>,
    /// How many of them were.
    pub(super) at: usize,
    /// How long it may take.
    pub(super) limits: Limits,
    /// Whom to ask instead, if the session does not choose.
    pub(super) proxy: Option<super::proxy::Proxy>,
}

impl Next {
    /// Goes on with this request.
    ///
    /// # Errors
    /// What is inside gives.
    pub async fn run(self, request: ClientRequest) -> Answered {
        let middleware = self.middlewares.get(self.at).cloned();
        match middleware {
            Some(middleware) => {
                let next = Self {
                    at: self.at + 1,
                    ..self
                };
                middleware.handle(request, next).await
            }
            None => self.session.ask(request, self.proxy, &self.limits).await,
        }
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next")
            .field("middlewares", &(self.middlewares.len() - self.at))
            .finish_non_exhaustive()
    }
}
