//! `finally(future, cleanup)`: what `try`/`finally` with awaits is.
//!
//! Made of [`catch_cancel`]; it knows nothing of trees.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::catcher::{Cancelled, CatchCancel, Resume, catch_cancel};

/// Runs `future`, then `cleanup`, whichever way `future` went.
///
/// After a value, `cleanup` runs and the value is the result. After a cancel request, `cleanup`
/// runs and the request goes on outwards. After a panic, `cleanup` runs and the panic goes on.
/// Until then `cleanup` is not polled, so an `async` block in its place starts afterwards.
///
/// - Cancel: a second cancel request, or one that arrives while `cleanup` runs, interrupts
///   `cleanup`. Dropping the future (a `select!`, a closing loop) drops both and runs nothing.
/// - Panics with whatever `future` or `cleanup` panics with.
/// - asyncio: `try: await future` / `finally: await cleanup`.
pub fn finally<F: Future, C: Future>(future: F, cleanup: C) -> Finally<F, C> {
    Finally {
        body: Some(catch_cancel(future)),
        cleanup: Some(cleanup),
        way_out: WayOut::Inside,
    }
}

pin_project_lite::pin_project! {
    /// The future behind [`finally`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct Finally<F: Future, C> {
        // The user's future, until it has ended one way or another.
        #[pin]
        body: Option<CatchCancel<F>>,
        // What to run then, until it is done.
        #[pin]
        cleanup: Option<C>,
        // How the body ended.
        way_out: WayOut<F::Output>,
    }
}

/// How the body ended.
enum WayOut<T> {
    /// Not yet, or the result is out.
    Inside,
    /// With a value.
    Value(T),
    /// It was asked to.
    Asked(Cancelled),
    /// With a panic.
    Panic(Box<dyn Any + Send>),
    /// The request is on its way outwards, and nothing comes any more.
    Leaving(Resume),
}

impl<F: Future, C: Future> Future for Finally<F, C> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if let Some(body) = this.body.as_mut().as_pin_mut() {
            let polled = catch_unwind(AssertUnwindSafe(|| body.poll(cx)));
            *this.way_out = match polled {
                Ok(polled) => ready!(polled).map_or_else(WayOut::Asked, WayOut::Value),
                Err(panic) => WayOut::Panic(panic),
            };
            drop_kept(this.body, this.way_out);
        }
        if let Some(cleanup) = this.cleanup.as_mut().as_pin_mut() {
            ready!(cleanup.poll(cx));
            this.cleanup.set(None);
        }
        match std::mem::replace(this.way_out, WayOut::Inside) {
            WayOut::Value(value) => return Poll::Ready(value),
            WayOut::Panic(panic) => resume_unwind(panic),
            WayOut::Asked(cancelled) => *this.way_out = WayOut::Leaving(cancelled.resume()),
            leaving @ WayOut::Leaving(_) => *this.way_out = leaving,
            WayOut::Inside => panic!("`finally` was polled after its result"),
        }
        let WayOut::Leaving(resume) = this.way_out else {
            return Poll::Pending;
        };
        match ready!(Pin::new(resume).poll(cx)) {}
    }
}

/// Drops the body; if that panics, the panic is how the body ended.
fn drop_kept<F: Future, T>(mut body: Pin<&mut Option<CatchCancel<F>>>, way_out: &mut WayOut<T>) {
    let dropped = catch_unwind(AssertUnwindSafe(|| body.set(None)));
    if let Err(panic) = dropped {
        *way_out = WayOut::Panic(panic);
    }
}

impl<F: Future, C> fmt::Debug for Finally<F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finally")
            .field("is_cleaning", &self.body.is_none())
            .finish_non_exhaustive()
    }
}
