//! The user's service, as hyper sees it: one that always answers. Errors and panics become 500 and
//! a report; the connection lives on.

use std::convert::Infallible;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bowerbird::{Panic, Report};
use http::{Method, Request, Response, StatusCode, Version};
use http_body_util::{Either, Empty};
use hyper::body::{Body, Incoming};
use tower_service::Service;

use super::Failure;
#[cfg(feature = "tracing")]
use super::access::Entry;
use super::activity::Activity;
use super::connection::{Origin, report};
use super::keeper::Keeper;
use super::outbox::Outgoing;
use crate::sse::Leave;

/// See the module. One for each connection.
#[derive(Debug)]
pub(super) struct Guarded<S> {
    /// The user's service, to be cloned for each request.
    service: S,
    /// Who asks.
    origin: Origin,
    /// Told of each request.
    activity: Arc<Activity>,
}

impl<S> Guarded<S> {
    pub(super) fn new(service: S, origin: Origin, activity: Arc<Activity>) -> Self {
        Self {
            service,
            origin,
            activity,
        }
    }
}

impl<S, B> hyper::service::Service<Request<Incoming>> for Guarded<S>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone,
    S::Error: Into<Failure>,
    S::Future: Send + 'static,
    B: Body + 'static,
{
    type Response = Response<Reply<B>>;
    type Error = Infallible;
    type Future = Answering<S, B>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let has_body = !request.body().is_end_stream();
        self.activity.note_request(has_body);
        self.origin.note_in(&mut request);
        Answering {
            #[cfg(feature = "tracing")]
            entry: Entry::of(&request),
            under_way: UnderWay {
                activity: self.activity.clone(),
                is_connect: request.method() == Method::CONNECT,
                is_answered: false,
            },
            has_windows: request.version() == Version::HTTP_2,
            keeper: self.origin.keeper(),
            is_cancelling: self.origin.is_cancelling(),
            step: Step::Waiting(self.service.clone(), Some(request)),
        }
    }
}

/// A request that was not answered yet, which its connection counts.
#[derive(Debug)]
struct UnderWay {
    /// The connection's.
    activity: Arc<Activity>,
    /// Whether success means that the connection is the handler's from now on.
    is_connect: bool,
    /// Whether it has been by now.
    is_answered: bool,
}

impl UnderWay {
    fn note_answer(&mut self, status: StatusCode) {
        let is_tunnel = self.is_connect && status.is_success();
        let is_upgrade = status == StatusCode::SWITCHING_PROTOCOLS || is_tunnel;
        self.activity.note_answer(is_upgrade);
        self.is_answered = true;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if !self.is_answered {
            self.activity.note_abandoned();
        }
        self.activity.note_end();
    }
}

/// What a request is answered with: the handler's body, or none.
type Reply<B> = Outgoing<Either<B, Empty<<B as Body>::Data>>>;

/// A request on its way through the user's service.
pub(super) struct Answering<S, B: 'static> {
    /// How far it is.
    step: Step<S, B>,
    /// Counted until it is dropped.
    under_way: UnderWay,
    /// Whether its client says how much of the answer it takes: HTTP/2.
    has_windows: bool,
    /// Where a handler goes on whose client has gone.
    keeper: Keeper,
    /// Whether such a handler is cancelled instead.
    is_cancelling: bool,
    /// For the access log, while somebody reads that.
    #[cfg(feature = "tracing")]
    entry: Option<Box<Entry>>,
}

/// A user's handler. In a box, so that it can go on without its connection.
type Handling<B> = Pin<Box<dyn Future<Output = Result<Response<B>, Failure>> + Send>>;

#[expect(
    clippy::large_enum_variant,
    reason = "a request waits for its service here, and a box for it would cost each one"
)]
enum Step<S, B: 'static> {
    /// Until the service is ready.
    Waiting(S, Option<Request<Incoming>>),
    /// Until it has answered.
    Handling(Handling<B>),
    /// It has, or it panicked.
    Over,
}

// Nothing in it is ever pinned but the box's content.
impl<S, B: 'static> Unpin for Answering<S, B> {}

impl<S, B> Future for Answering<S, B>
where
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Error: Into<Failure>,
    S::Future: Send + 'static,
    B: Body + 'static,
{
    type Output = Result<Response<Reply<B>>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // What panicked is dropped and not looked at again.
        let polled = catch_unwind(AssertUnwindSafe(|| self.step.poll(cx)));
        let answer = match polled {
            Ok(step) => ready!(step).map_err(|error| {
                Report::new("unhandled error in an HTTP handler").with_error(error)
            }),
            Err(panic) => {
                Err(Report::new("unhandled panic in an HTTP handler").with_panic(Panic::new(panic)))
            }
        };
        self.step = Step::Over;
        if let Ok(response) = &answer {
            // An answer that goes on until the server stops has to be told of it.
            if let Some(leave) = response.extensions().get::<Leave>() {
                leave.give(&self.keeper);
            }
        }
        let response = answer.map_or_else(sorry, |response| response.map(Either::Left));
        self.under_way.note_answer(response.status());
        #[cfg(feature = "tracing")]
        if let Some(entry) = self.entry.take() {
            let length = match response.body() {
                Either::Left(body) => body.size_hint().exact(),
                Either::Right(_) => Some(0),
            };
            entry.write(response.status(), length);
        }
        Poll::Ready(Ok(response.map(|body| self.send(body))))
    }
}

impl<S, B: Body> Answering<S, B> {
    /// A body on its way; watched where a client could leave it standing.
    fn send(&self, body: Either<B, Empty<B::Data>>) -> Reply<B> {
        let has_more = matches!(&body, Either::Left(body) if !body.is_end_stream());
        if self.has_windows && has_more {
            self.under_way.activity.outbox.watched(body)
        } else {
            Outgoing::unwatched(body)
        }
    }
}

impl<S, B> Step<S, B>
where
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Error: Into<Failure>,
    S::Future: Send + 'static,
{
    /// Whatever the user's code does.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response<B>, Failure>> {
        loop {
            let handling = match self {
                Self::Waiting(service, request) => {
                    ready!(service.poll_ready(cx)).map_err(Into::into)?;
                    let request = request.take();
                    service.call(request.expect("it is taken once, on the way out of here"))
                }
                Self::Handling(handling) => return handling.as_mut().poll(cx),
                Self::Over => panic!("an answer must not be polled after it was given"),
            };
            *self = Self::Handling(Box::pin(async { handling.await.map_err(Into::into) }));
        }
    }
}

impl<S, B: 'static> Drop for Answering<S, B> {
    fn drop(&mut self) {
        let step = std::mem::replace(&mut self.step, Step::Over);
        // Only a client that has gone leaves orphans: a server that is cut cancels.
        let goes_on = self.under_way.activity.has_left() && !self.is_cancelling;
        if let (Step::Handling(handling), true) = (step, goes_on) {
            self.keeper.start(go_on(handling));
        }
    }
}

/// The rest of a handler whose answer nobody reads.
async fn go_on<B: 'static>(handling: Handling<B>) {
    if let Err(error) = handling.await {
        let what = "unhandled error in an HTTP handler whose client has gone";
        report(Report::new(what).with_error(error));
    }
}

/// The answer where there is none.
fn sorry<B: Body>(why: Report) -> Response<Either<B, Empty<B::Data>>> {
    report(why);
    let mut response = Response::new(Either::Right(Empty::new()));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
