//! Waiting in a fair line: the one machine behind every lock and every queue.
//!
//! Called by `locks` and `queues`, which say through [`Service`] what is waited for.
//! A [`Desk`] keeps a state under a short lock. Who cannot be served at once takes a place in a
//! [`Line`]; whoever frees something serves the first in that line *before* the lock is released,
//! so nobody who comes later can take it (first come, first served), and a place that is given up
//! hands on what it was given (I8). User code never runs under the lock: wakers are cloned, dropped
//! and woken outside of it (I4).
//!
//! ```text
//! Outside ──served at once───────────────────► Over
//!    └─takes a place─► Waiting ──collects────► Over
//!                         └─dropped─► leaves; what it was given goes to the next
//! ```

use std::any::type_name;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bowerbird_core::{Awaited, note};
use bowerbird_executor::budget;

mod line;

mod wakes;

#[cfg(test)]
mod tests;

pub(crate) use line::{Line, Ticket};
pub(crate) use wakes::Wakes;

use line::Asked;

/// One thing that can be waited for at a desk. All of it runs under the desk's lock.
pub(crate) trait Service {
    /// What the desk keeps.
    type State;
    /// What the waiter brings, and keeps until it is served.
    type Wish;
    /// What those who serve can see of a waiter.
    type Mark;
    /// What a waiter is given in its place; its own until it collects it or leaves.
    type Gift;
    /// What the wait ends with.
    type Output;

    /// How these waiters are marked.
    const MARK: Self::Mark;

    /// The line they wait in.
    fn line(state: &mut Self::State) -> &mut Line<Self::Mark, Self::Gift>;

    /// Serves somebody who has just come, or gives the wish back: it has to wait.
    fn serve_now(
        state: &mut Self::State,
        wish: Self::Wish,
        wakes: &mut Wakes,
    ) -> Result<Self::Output, Self::Wish>;

    /// Ends a wait whose place was given `gift`.
    fn collect(
        state: &mut Self::State,
        wish: Self::Wish,
        gift: Self::Gift,
        wakes: &mut Wakes,
    ) -> Self::Output;

    /// A waiter has left its place, with `gift` uncollected if it was served before.
    fn left(state: &mut Self::State, gift: Option<Self::Gift>, wakes: &mut Wakes);
}

/// A state that is changed by one caller at a time, and by none for long.
pub(crate) struct Desk<S> {
    /// Held for a few steps; a panic under it (only an item's `Ord` can) leaves the state whole.
    state: Mutex<S>,
}

impl<S> Desk<S> {
    /// A desk with this state.
    pub(crate) const fn new(state: S) -> Self {
        Self {
            state: Mutex::new(state),
        }
    }

    /// Changes the state, then wakes whom the change has served.
    pub(crate) fn with<R>(&self, change: impl FnOnce(&mut S, &mut Wakes) -> R) -> R {
        // Declared first and so dropped last, also when `change` panics: after the lock.
        let mut wakes = Wakes::new();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut state, &mut wakes);
        drop(state);
        drop(wakes);
        result
    }

    /// Looks at the state.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&S) -> R) -> R {
        look(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The state, for an owner who has nobody beside him.
    pub(crate) fn get_mut(&mut self) -> &mut S {
        self.state.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state itself.
    pub(crate) fn into_inner(self) -> S {
        self.state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// One wait at a desk.
///
/// - Cancel: dropping it gives up the place; what was given there goes to the next in line.
#[must_use = "futures do nothing unless awaited"]
pub(crate) struct Wait<'a, S: Service> {
    /// Where it waits.
    desk: &'a Desk<S::State>,
    /// What it came for; `None` once it is over.
    wish: Option<S::Wish>,
    /// Its place, from the first poll that could not be served.
    ticket: Option<Ticket>,
}

// Nothing is ever pinned through it: a wish is only moved.
impl<S: Service> Unpin for Wait<'_, S> {}

impl<'a, S: Service> Wait<'a, S> {
    /// Comes to `desk` with `wish` at the first poll.
    pub(crate) fn new(desk: &'a Desk<S::State>, wish: S::Wish) -> Self {
        Self {
            desk,
            wish: Some(wish),
            ticket: None,
        }
    }

    /// Whether it has a place in the line.
    pub(crate) fn is_in_line(&self) -> bool {
        self.ticket.is_some()
    }

    /// The first poll: is served, or takes a place.
    fn enter(&mut self, waker: &Waker) -> Poll<S::Output> {
        let wish = self.take_wish();
        let wish = match self
            .desk
            .with(|state, wakes| S::serve_now(state, wish, wakes))
        {
            Ok(output) => return Poll::Ready(output),
            Err(wish) => wish,
        };
        // Cloned while nothing is locked; if it turns out not to be needed, dropped so too.
        let mut fresh = Some(waker.clone());
        let entered = self.desk.with(|state, wakes| {
            let wish = match S::serve_now(state, wish, wakes) {
                Ok(output) => return Ok(output),
                Err(wish) => wish,
            };
            let waker = fresh.take().expect("it was cloned just now");
            Err((wish, S::line(state).join(S::MARK, waker)))
        });
        match entered {
            Ok(output) => Poll::Ready(output),
            Err((wish, ticket)) => {
                self.wish = Some(wish);
                self.ticket = Some(ticket);
                Poll::Pending
            }
        }
    }

    /// A later poll: collects what the place was given, or sees to it that `waker` is the one in
    /// the line.
    fn ask(&mut self, waker: &Waker) -> Poll<S::Output> {
        if let Some(polled) = self.ask_with(waker, &mut None) {
            return polled;
        }
        // The future has moved to another task. Cloned, and the former one dropped, unlocked.
        let mut fresh = Some(waker.clone());
        let polled = self.ask_with(waker, &mut fresh);
        polled.expect("there was a fresh waker to leave")
    }

    /// `None`: the waker in the line is another one, and `fresh` holds none to put there.
    fn ask_with(&mut self, waker: &Waker, fresh: &mut Option<Waker>) -> Option<Poll<S::Output>> {
        let (wish, ticket) = (&mut self.wish, &mut self.ticket);
        self.desk.with(|state, wakes| {
            let place = ticket.take().expect("only a wait in line asks");
            match S::line(state).ask(place, waker, fresh) {
                Asked::Served(gift) => {
                    let wish = wish.take().expect("a wait in line keeps its wish");
                    Some(Poll::Ready(S::collect(state, wish, gift, wakes)))
                }
                Asked::Waiting(place) => {
                    *ticket = Some(place);
                    Some(Poll::Pending)
                }
                Asked::OtherWaker(place) => {
                    *ticket = Some(place);
                    None
                }
            }
        })
    }

    fn take_wish(&mut self) -> S::Wish {
        self.wish
            .take()
            .expect("a wait that is over must not be polled again")
    }
}

impl<S: Service> Future for Wait<'_, S> {
    type Output = S::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<S::Output> {
        ready!(budget::poll_proceed(cx));
        let this = self.get_mut();
        let polled = if this.is_in_line() {
            this.ask(cx.waker())
        } else {
            this.enter(cx.waker())
        };
        if polled.is_pending() {
            note(Awaited::Line(type_name::<S>()));
            budget::restore();
        }
        polled
    }
}

impl<S: Service> Drop for Wait<'_, S> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket.take() else {
            return;
        };
        let waker = self.desk.with(|state, wakes| {
            let (waker, gift) = S::line(state).leave(ticket);
            S::left(state, gift, wakes);
            waker
        });
        drop(waker);
    }
}
