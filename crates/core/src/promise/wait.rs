//! Awaiting a promise: a place in its line, given back when the wait ends or is dropped (I8).

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::{Promise, PromiseError, State};
use crate::awaited::{Awaited, note};
use crate::sync::lock;
use crate::sync::ranks::LINE;

/// A wait for a [`Promise`]; gives what [`Promise::result`] gives, once it is done.
///
/// - Cancel: dropping it leaves the line, and the promise alone.
#[must_use = "futures do nothing unless awaited"]
pub struct PromiseWait<T> {
    /// What is awaited.
    promise: Promise<T>,
    /// The number of this wait's waker in the line.
    place: Option<u64>,
}

impl<T: Clone + 'static> IntoFuture for Promise<T> {
    type Output = Result<T, PromiseError>;
    type IntoFuture = PromiseWait<T>;

    fn into_future(self) -> PromiseWait<T> {
        PromiseWait {
            promise: self,
            place: None,
        }
    }
}

impl<T: Clone + 'static> IntoFuture for &Promise<T> {
    type Output = Result<T, PromiseError>;
    type IntoFuture = PromiseWait<T>;

    fn into_future(self) -> PromiseWait<T> {
        self.clone().into_future()
    }
}

impl<T: Clone + 'static> Future for PromiseWait<T> {
    type Output = Result<T, PromiseError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.enter_line(cx.waker()) {
            note(Awaited::Promise);
            return Poll::Pending;
        }
        self.place = None;
        Poll::Ready(self.promise.result())
    }
}

impl<T> PromiseWait<T> {
    /// Sees to it that `waker` is in the line; false: the promise is done.
    fn enter_line(&mut self, waker: &Waker) -> bool {
        // A waker is cloned and dropped outside the lock, since both may be user code.
        let mut fresh: Option<Waker> = None;
        loop {
            let mut line = lock(&self.promise.shared.line, LINE);
            if !matches!(line.state, State::Pending) {
                return false;
            }
            let known = self.place.and_then(|place| line.wakers.get(&place));
            if known.is_some_and(|known| known.will_wake(waker)) {
                return true;
            }
            if let Some(fresh) = fresh.take() {
                let place = *self.place.get_or_insert_with(|| line.number());
                let former = line.wakers.insert(place, fresh);
                drop(line);
                drop(former);
                return true;
            }
            drop(line);
            fresh = Some(waker.clone());
        }
    }
}

impl<T> Drop for PromiseWait<T> {
    fn drop(&mut self) {
        let Some(place) = self.place else { return };
        let waker = lock(&self.promise.shared.line, LINE).wakers.remove(&place);
        drop(waker);
    }
}

impl<T> fmt::Debug for PromiseWait<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PromiseWait")
            .field("promise", &self.promise)
            .finish_non_exhaustive()
    }
}
