//! What a child's future is wrapped in: tells the group of its failure, and of its end.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bowerbird_core::Panic;
use pin_project_lite::pin_project;

use super::group::{Group, Seat};
use super::{ChildOutput, Failure};
use crate::tasks::current_task;

pin_project! {
    /// The future of a child's task.
    pub(super) struct Child<F, E> {
        // The user's future, until it is done; none at all in a child that was refused.
        #[pin]
        future: Option<F>,
        // The group and the place in it; as above.
        place: Option<(Arc<Group<E>>, Seat)>,
    }

    impl<F, E> PinnedDrop for Child<F, E> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let Some((group, seat)) = this.place.take() else { return };
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| this.future.set(None))) {
                group.fail(Failure::Panicked(Panic::new(panic)));
            }
            group.leave(seat);
        }
    }
}

impl<F, E> Child<F, E> {
    pub(super) fn new(future: F, group: Arc<Group<E>>, seat: Seat) -> Self {
        Self {
            future: Some(future),
            place: Some((group, seat)),
        }
    }

    /// A child that never starts.
    pub(super) fn refused() -> Self {
        Self {
            future: None,
            place: None,
        }
    }
}

impl<F, E> Future for Child<F, E>
where
    F: Future,
    F::Output: ChildOutput<E>,
{
    type Output = <F::Output as ChildOutput<E>>::Value;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if this.future.is_some() {
            let failure = match poll_to_end(this.future.as_mut(), cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(value)) => return Poll::Ready(value),
                Poll::Ready(Err(failure)) => failure,
            };
            if let Some((group, _)) = this.place {
                group.fail(failure);
            }
        }
        // There is no value, and whoever awaits the task is to know.
        if let Some(task) = current_task() {
            task.cancel();
        }
        Poll::Pending
    }
}

/// A child's value, or its failure.
type End<F, E> = Result<<<F as Future>::Output as ChildOutput<E>>::Value, Failure<E>>;

/// Polls the future, and drops it at its end; a panic in either is a failure.
fn poll_to_end<F, E>(mut future: Pin<&mut Option<F>>, cx: &mut Context<'_>) -> Poll<End<F, E>>
where
    F: Future,
    F::Output: ChildOutput<E>,
{
    let polled = catch_unwind(AssertUnwindSafe(|| match future.as_mut().as_pin_mut() {
        Some(future) => future.poll(cx),
        None => Poll::Pending,
    }));
    let polled = match polled {
        Ok(polled) => Ok(ready!(polled)),
        Err(panic) => Err(panic),
    };
    let dropped = catch_unwind(AssertUnwindSafe(|| future.set(None)));
    // The first panic is the cause, one in a destructor only its echo.
    Poll::Ready(match (polled, dropped) {
        (Ok(output), Ok(())) => output.into_result().map_err(Failure::Error),
        (Err(panic), _) | (Ok(_), Err(panic)) => Err(Failure::Panicked(Panic::new(panic))),
    })
}
