//! The user's service, as hyper sees it: one that always answers. Errors and panics become 500 and
//! a report; the connection lives on.

use std::any::Any;
use std::convert::Infallible;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use bowerbird::{Panic, Report};
use http::header::{EXPECT, HOST};
use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use hyper::body::{Body, Incoming};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::Failure;
#[cfg(feature = "tracing")]
use super::access::Entry;
use super::connection::{Origin, report};
use super::outbox::Outgoing;
use crate::sse::Leave;

/// See the module. One for each connection.
#[derive(Debug)]
pub(super) struct Guarded<S> {
    /// The user's service, to be cloned for each request.
    service: S,
    /// Who asks.
    origin: Arc<Origin>,
}

impl<S> Guarded<S> {
    pub(super) fn new(service: S, origin: Origin) -> Self {
        let origin = Arc::new(origin);
        Self { service, origin }
    }
}

impl<S, B> hyper::service::Service<Request<Incoming>> for Guarded<S>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone,
    S::Error: Into<Failure>,
    S::Future: Send + 'static,
    B: Body + 'static,
{
    type Response = Response<Outgoing<B>>;
    type Error = Infallible;
    type Future = Answering<S, B>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let has_body = !request.body().is_end_stream();
        self.origin.activity.note_request(has_body);
        self.origin.note_in(&mut request);
        let has_windows = request.version() == Version::HTTP_2;
        Answering {
            #[cfg(feature = "tracing")]
            entry: Entry::of(&request),
            under_way: Some(UnderWay {
                origin: self.origin.clone(),
                is_connect: request.method() == Method::CONNECT,
                is_answered: false,
            }),
            has_windows,
            step: if has_windows {
                // Its stream's own task is yet to come, and handlers run in that.
                Step::waiting(self.service.clone(), request)
            } else if let Some(status) = refusal(&request) {
                Step::Refused(status)
            } else {
                Step::begin(self.service.clone(), request)
            },
        }
    }
}

/// What a request is told that must not reach a handler: one of HTTP/1.1 names its host, and
/// expects nothing that nobody here can do.
fn refusal(request: &Request<Incoming>) -> Option<StatusCode> {
    if request.version() != Version::HTTP_11 {
        return None;
    }
    let headers = request.headers();
    if !headers.contains_key(HOST) {
        return Some(StatusCode::BAD_REQUEST);
    }
    let is_known =
        |expected: &HeaderValue| expected.as_bytes().eq_ignore_ascii_case(b"100-continue");
    let all_known = headers.get_all(EXPECT).iter().all(is_known);
    (!all_known).then_some(StatusCode::EXPECTATION_FAILED)
}

/// A request that was not answered yet, which its connection counts. Over HTTP/1.1, until its
/// answer was taken.
#[derive(Debug)]
pub(super) struct UnderWay {
    /// The connection's.
    origin: Arc<Origin>,
    /// Whether success means that the connection is the handler's from now on.
    is_connect: bool,
    /// Whether it has been by now.
    is_answered: bool,
}

impl UnderWay {
    fn note_answer(&mut self, status: StatusCode) {
        let is_tunnel = self.is_connect && status.is_success();
        let is_upgrade = status == StatusCode::SWITCHING_PROTOCOLS || is_tunnel;
        self.origin.activity.note_answer(is_upgrade);
        self.is_answered = true;
    }

    /// Whether a handler is to go on although its answer is not wanted.
    fn goes_on(&self) -> bool {
        // Only a client that has gone leaves orphans: a server that is cut cancels.
        self.origin.activity.has_left() && !self.origin.is_cancelling()
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if !self.is_answered {
            self.origin.activity.note_abandoned();
        }
        self.origin.activity.note_end();
    }
}

/// A request on its way through the user's service.
pub(super) struct Answering<S, B: 'static> {
    /// How far it is.
    step: Step<S, B>,
    /// Counted until it is dropped; goes with the answer, over HTTP/1.1.
    under_way: Option<UnderWay>,
    /// Whether its client says how much of the answer it takes: HTTP/2.
    has_windows: bool,
    /// For the access log, while somebody reads that.
    #[cfg(feature = "tracing")]
    entry: Option<Box<Entry>>,
}

/// A user's handler. In a box, so that it can go on without its connection.
type Handling<B> = Pin<Box<dyn Future<Output = Result<Response<B>, Failure>> + Send>>;

enum Step<S, B: 'static> {
    /// Until the service is ready. In a box, because it rarely has to wait.
    Waiting(Box<(S, Request<Incoming>)>),
    /// Until it has answered.
    Handling(Handling<B>),
    /// There will be no answer, for this reason.
    Failed(Report),
    /// It is told this, and the handler nothing.
    Refused(StatusCode),
    /// It has answered, or it panicked.
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
    type Output = Result<Response<Outgoing<B>>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Step::Refused(status) = self.step {
            self.step = Step::Over;
            return Poll::Ready(Ok(self.tell(status)));
        }
        // What panicked is dropped and not looked at again.
        let polled = catch_unwind(AssertUnwindSafe(|| self.step.poll(cx)));
        let answer = match polled {
            Ok(step) => ready!(step),
            Err(panic) => Err(panicked(panic)),
        };
        self.step = Step::Over;
        Poll::Ready(Ok(match answer {
            Ok(response) => self.answer(response),
            Err(why) => self.apologise(why),
        }))
    }
}

impl<S, B: Body> Answering<S, B> {
    /// The handler's answer, on its way.
    fn answer(&mut self, response: Response<B>) -> Response<Outgoing<B>> {
        let (status, length) = (response.status(), response.body().size_hint().exact());
        if let (Some(leave), Some(under_way)) = (
            response.extensions().get::<Leave>(),
            self.under_way.as_ref(),
        ) {
            // An answer that goes on until the server stops has to be told of it.
            leave.give(under_way.origin.keeper());
        }
        self.note_answer(status, length);
        response.map(|body| self.send(body))
    }

    /// The answer where there is none.
    fn apologise(&mut self, why: Report) -> Response<Outgoing<B>> {
        report(why);
        self.tell(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// An answer that is a status and no more.
    fn tell(&mut self, status: StatusCode) -> Response<Outgoing<B>> {
        self.note_answer(status, Some(0));
        let mut response = Response::new(Outgoing::empty());
        *response.status_mut() = status;
        response
    }

    fn note_answer(&mut self, status: StatusCode, length: Option<u64>) {
        if let Some(under_way) = &mut self.under_way {
            under_way.note_answer(status);
        }
        #[cfg(feature = "tracing")]
        if let Some(entry) = self.entry.take() {
            entry.write(status, length);
        }
        #[cfg(not(feature = "tracing"))]
        let _nobody_asks = length;
    }

    /// A body on its way; watched where a client could leave it standing.
    fn send(&mut self, body: B) -> Outgoing<B> {
        if !self.has_windows {
            return Outgoing::unwatched(body, self.under_way.take());
        }
        match &self.under_way {
            Some(under_way) if !body.is_end_stream() => {
                under_way.origin.activity.outbox.watched(body)
            }
            _all_is_here => Outgoing::unwatched(body, None),
        }
    }
}

impl<S, B> Step<S, B>
where
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Error: Into<Failure>,
    S::Future: Send + 'static,
    B: 'static,
{
    fn waiting(service: S, request: Request<Incoming>) -> Self {
        Self::Waiting(Box::new((service, request)))
    }

    /// Calls a service that is ready at once. One that is not is asked again by a poll, which knows
    /// whom to wake.
    fn begin(mut service: S, request: Request<Incoming>) -> Self {
        let mut cx = Context::from_waker(Waker::noop());
        let begun = catch_unwind(AssertUnwindSafe(|| match service.poll_ready(&mut cx) {
            Poll::Ready(Ok(())) => Self::handling(service.call(request)),
            Poll::Ready(Err(error)) => Self::Failed(failed(error.into())),
            Poll::Pending => Self::waiting(service, request),
        }));
        begun.unwrap_or_else(|panic| Self::Failed(panicked(panic)))
    }

    fn handling(handling: S::Future) -> Self {
        Self::Handling(Box::pin(Fallible { handling }))
    }

    /// Whatever the user's code does.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response<B>, Report>> {
        if let Self::Waiting(waiting) = self {
            ready!(waiting.0.poll_ready(cx)).map_err(|error| failed(error.into()))?;
        }
        if let Self::Handling(handling) = self {
            return handling.as_mut().poll(cx).map_err(failed);
        }
        match std::mem::replace(self, Self::Over) {
            Self::Waiting(waiting) => {
                let (mut service, request) = *waiting;
                *self = Self::handling(service.call(request));
                self.poll(cx)
            }
            Self::Failed(why) => Poll::Ready(Err(why)),
            Self::Handling(_) | Self::Refused(_) | Self::Over => {
                panic!("an answer must not be polled after it was given")
            }
        }
    }
}

pin_project! {
    /// A handler whose error is anybody's.
    struct Fallible<F> {
        // The user's.
        #[pin]
        handling: F,
    }
}

impl<F, T, E> Future for Fallible<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<Failure>,
{
    type Output = Result<T, Failure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().handling.poll(cx).map_err(Into::into)
    }
}

impl<S, B: 'static> Drop for Answering<S, B> {
    fn drop(&mut self) {
        let Step::Handling(handling) = std::mem::replace(&mut self.step, Step::Over) else {
            return;
        };
        if let Some(under_way) = self.under_way.as_ref().filter(|it| it.goes_on()) {
            under_way.origin.keeper().start(go_on(handling));
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

fn failed(error: Failure) -> Report {
    Report::new("unhandled error in an HTTP handler").with_error(error)
}

fn panicked(panic: Box<dyn Any + Send>) -> Report {
    Report::new("unhandled panic in an HTTP handler").with_panic(Panic::new(panic))
}
