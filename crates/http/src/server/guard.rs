//! The user's service, as hyper sees it: one that always answers. Errors and panics become 500 and
//! a report; the connection lives on.

use std::convert::Infallible;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bowerbird::{Panic, Report};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{Either, Empty};
use hyper::body::{Body, Incoming};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::Failure;
use super::activity::Activity;
use super::connection::{Origin, report};

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
    B: Body,
{
    type Response = Response<Either<B, Empty<B::Data>>>;
    type Error = Infallible;
    type Future = Answering<S, S::Future>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let has_body = !request.body().is_end_stream();
        self.activity.note_request(has_body);
        self.origin.note_in(&mut request);
        let is_connect = request.method() == Method::CONNECT;
        Answering {
            step: Step::Waiting {
                service: self.service.clone(),
                request: Some(request),
            },
            under_way: UnderWay {
                activity: self.activity.clone(),
                is_connect,
                is_answered: false,
            },
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

pin_project! {
    /// A request on its way through the user's service.
    pub(super) struct Answering<S, F> {
        // How far it is.
        #[pin]
        step: Step<S, F>,
        // Counted until it is dropped.
        under_way: UnderWay,
    }
}

pin_project! {
    #[project = StepNow]
    enum Step<S, F> {
        // Until the service is ready.
        Waiting { service: S, request: Option<Request<Incoming>> },
        // Until it has answered.
        Handling { #[pin] handling: F },
        // It has, or it panicked.
        Over,
    }
}

impl<S, B> Future for Answering<S, S::Future>
where
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Error: Into<Failure>,
    B: Body,
{
    type Output = Result<Response<Either<B, Empty<B::Data>>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        // What panicked is dropped and not looked at again.
        let polled = catch_unwind(AssertUnwindSafe(|| this.step.as_mut().poll(cx)));
        let answer = match polled {
            Ok(step) => ready!(step).map_err(|error| {
                Report::new("unhandled error in an HTTP handler").with_error(error)
            }),
            Err(panic) => {
                Err(Report::new("unhandled panic in an HTTP handler").with_panic(Panic::new(panic)))
            }
        };
        this.step.set(Step::Over);
        let response = answer.map_or_else(sorry, |response| response.map(Either::Left));
        this.under_way.note_answer(response.status());
        Poll::Ready(Ok(response))
    }
}

impl<S, B> Step<S, S::Future>
where
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Error: Into<Failure>,
{
    /// Whatever the user's code does.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Response<B>, Failure>> {
        loop {
            let handling = match self.as_mut().project() {
                StepNow::Waiting { service, request } => {
                    ready!(service.poll_ready(cx)).map_err(Into::into)?;
                    let request = request.take();
                    service.call(request.expect("it is taken once, on the way out of here"))
                }
                StepNow::Handling { handling } => return handling.poll(cx).map_err(Into::into),
                StepNow::Over => panic!("an answer must not be polled after it was given"),
            };
            self.set(Self::Handling { handling });
        }
    }
}

/// The answer where there is none.
fn sorry<B: Body>(why: Report) -> Response<Either<B, Empty<B::Data>>> {
    report(why);
    let mut response = Response::new(Either::Right(Empty::new()));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
