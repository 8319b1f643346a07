//! The future of a group: the body, then its children, then what came of them.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bowerbird_core::cancel::{Catcher, Requests, ScopeFuture, scope};
use bowerbird_core::note_all;
use pin_project_lite::pin_project;

use super::group::{Asked, Children, Group};
use super::{Failure, TaskGroupError};
use crate::tasks::ended;

pin_project! {
    /// See [`TaskGroup::scope`](super::TaskGroup::scope).
    pub(super) struct GroupScope<B, R, E> {
        // Sees the requests from outside, once the body had its chance.
        catcher: Catcher,
        // What body and children were asked to end for.
        requests: Requests,
        // Body and children.
        #[pin]
        crew: Crew<B, R, E>,
        // Whether all have ended.
        is_over: bool,
    }

    impl<B, R, E> PinnedDrop for GroupScope<B, R, E> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if !*this.is_over {
                this.crew.abandon();
            }
        }
    }
}

impl<B, R, E> GroupScope<B, R, E> {
    pub(super) fn new(body: B, group: Arc<Group<E>>) -> Self
    where
        B: Future,
    {
        Self {
            catcher: Catcher::new(),
            requests: Requests::new(),
            crew: Crew {
                body: Some(scope(body)),
                outcome: Outcome::Nothing,
                leaving: None,
                group,
            },
            is_over: false,
        }
    }
}

impl<B, R, E> Future for GroupScope<B, R, E>
where
    B: Future<Output = Result<R, E>>,
{
    type Output = Result<R, TaskGroupError<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if *this.is_over {
            // The requests are on their way outwards; nothing comes any more.
            return Poll::Pending;
        }
        loop {
            match this.catcher.poll(cx, |cx| this.crew.as_mut().poll(cx)) {
                Ok(polled) => break ready!(polled),
                Err(asked) => {
                    this.crew.as_mut().stop();
                    this.requests.push(asked.see());
                }
            }
        }
        *this.is_over = true;
        this.catcher.finish();
        let was_asked = !this.requests.is_empty();
        this.requests.pass_on();
        let result = this.crew.conclude();
        // Failures are told even then; the request ends whoever goes on after them.
        let has_failed = matches!(&result, Err(error) if !error.is_cancelled());
        if was_asked && !has_failed {
            return Poll::Pending;
        }
        Poll::Ready(result)
    }
}

pin_project! {
    /// Everybody in a group.
    struct Crew<B, R, E> {
        // The body, until it has ended. It is a scope, so that failures of children can end it.
        #[pin]
        body: Option<ScopeFuture<B>>,
        // What came of it.
        outcome: Outcome<R, E>,
        // The wait for children that have left and are not done yet.
        leaving: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
        // The children.
        group: Arc<Group<E>>,
    }
}

/// What came of the body.
enum Outcome<R, E> {
    /// It has not ended; or it was asked to, and did.
    Nothing,
    Value(R),
    Error(E),
    Panic(Box<dyn Any + Send>),
}

impl<B, R, E> Crew<B, R, E>
where
    B: Future<Output = Result<R, E>>,
{
    /// Ready when everybody has ended.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.group.watch(cx.waker());
        let asked = self.group.take_asking();
        if asked.is_some() {
            let body = self.as_mut().project().body.as_pin_mut();
            body.map(|body| body.request(None));
        }
        self.as_mut().poll_body(cx);
        cancel(asked);
        if self.body.is_some() {
            return Poll::Pending;
        }
        // It may be the body that has failed just now.
        cancel(self.group.take_asking());
        self.poll_children(cx)
    }

    fn poll_body(self: Pin<&mut Self>, cx: &mut Context<'_>) {
        let mut this = self.project();
        let Some(body) = this.body.as_mut().as_pin_mut() else {
            return;
        };
        let polled = catch_unwind(AssertUnwindSafe(|| body.poll(cx)));
        *this.outcome = match polled {
            Ok(Poll::Pending) => return,
            Ok(Poll::Ready(Ok(Ok(value)))) => Outcome::Value(value),
            Ok(Poll::Ready(Ok(Err(error)))) => Outcome::Error(error),
            Ok(Poll::Ready(Err(_ended))) => Outcome::Nothing,
            Err(panic) => Outcome::Panic(panic),
        };
        drop_body(this.body, this.outcome);
        if matches!(this.outcome, Outcome::Error(_) | Outcome::Panic(_)) {
            this.group.stop();
        }
    }

    fn poll_children(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        if this.leaving.is_none() {
            match this.group.look() {
                Children::Alive => {
                    note_all(std::iter::once_with(|| this.group.awaited()).flatten());
                    return Poll::Pending;
                }
                Children::Done => return Poll::Ready(()),
                Children::Leaving(tasks) => {
                    *this.leaving = Some(Box::pin(async move { ended(&tasks).await }));
                }
            }
        }
        match this.leaving {
            Some(leaving) => leaving.as_mut().poll(cx),
            None => Poll::Ready(()),
        }
    }

    /// Everybody has ended: what came of it all.
    fn conclude(self: Pin<&mut Self>) -> Result<R, TaskGroupError<E>> {
        let this = self.project();
        let mut failures = this.group.take_failures();
        match std::mem::replace(this.outcome, Outcome::Nothing) {
            Outcome::Value(value) if failures.is_empty() => return Ok(value),
            Outcome::Value(_) | Outcome::Nothing => {}
            Outcome::Error(error) => failures.push(Failure::Error(error)),
            Outcome::Panic(panic) => {
                let unseen = failures.into_iter();
                unseen.for_each(|failure| this.group.report(failure));
                resume_unwind(panic);
            }
        }
        Err(TaskGroupError::new(failures))
    }
}

impl<B, R, E> Crew<B, R, E> {
    /// A request from outside: the body ends here and now, the children are asked to.
    fn stop(self: Pin<&mut Self>) {
        let this = self.project();
        this.group.stop();
        let asked = this.group.take_asking();
        drop_body(this.body, this.outcome);
        cancel(asked);
    }

    /// The scope is dropped midway.
    fn abandon(self: Pin<&mut Self>) {
        let this = self.project();
        let asked = this.group.abandon();
        drop_body(this.body, this.outcome);
        cancel(Some(asked));
        if let Outcome::Panic(panic) = std::mem::replace(this.outcome, Outcome::Nothing) {
            if !std::thread::panicking() {
                resume_unwind(panic);
            }
        }
    }
}

/// Drops the body; its first panic is its outcome.
fn drop_body<B, R, E>(mut body: Pin<&mut Option<ScopeFuture<B>>>, outcome: &mut Outcome<R, E>) {
    let dropped = catch_unwind(AssertUnwindSafe(|| body.set(None)));
    if let Err(panic) = dropped {
        if !matches!(outcome, Outcome::Panic(_)) {
            *outcome = Outcome::Panic(panic);
        }
    }
}

fn cancel(asked: Option<Vec<Asked>>) {
    asked.into_iter().flatten().for_each(Asked::cancel);
}
