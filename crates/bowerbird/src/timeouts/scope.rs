//! `timeout_scope`: a limit that what is inside can look at and move.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bowerbird_core::cancel::{ScopeFuture, scope};
use pin_project_lite::pin_project;

use super::Alarm;
use crate::exceptions::TimeoutError;
use crate::tasks::with_loop;

/// Runs `body`, at most for `limit`, which `body` can look at and move through its [`Timeout`].
///
/// - `limit`: counted from the first poll; `None` is no limit, until `body` sets one. Zero, or a
///   deadline that has passed, fires at the first await: a body that never waits is untouched.
/// - `body` may borrow, and what it gives is the result. When the time is over it ends as in
///   [`timeout`](super::timeout): dropped at its await, or cleaning up first. If it then returns
///   all the same, its value is the result, and [`Timeout::expired`] says what happened.
/// - Cancel: drops `body`; no timer is left.
/// - asyncio: `async with timeout(delay) as cm`. A body that ends cannot raise, so what asyncio
///   turns into a `TimeoutError` at the block's exit is the scope's result here.
///
/// # Errors
/// [`TimeoutError`] when the time was over first.
///
/// # Panics
/// When polled outside a running loop.
///
/// ```
/// # use std::time::{Duration, Instant};
/// # use bowerbird::{sleep, timeout_scope};
/// # bowerbird::run(async {
/// let limit = Duration::from_millis(1);
/// let answer = timeout_scope(limit, async |limit| {
///     // Connected in time: the rest may take as long as it takes.
///     limit.reschedule(None);
///     sleep(Duration::from_millis(3)).await;
///     42
/// });
/// assert_eq!(answer.await, Ok(42));
///
/// let late = timeout_scope(limit, async |_| std::future::pending::<()>().await);
/// assert!(late.await.is_err());
/// # });
/// ```
pub fn timeout_scope<F, B>(
    limit: impl Into<Option<Duration>>,
    body: F,
) -> impl Future<Output = Result<B::Output, TimeoutError>>
where
    // Not `AsyncFnOnce`: the compiler cannot see through that whether the future is `Send` once a
    // lifetime is involved.
    F: FnOnce(Timeout) -> B,
    B: Future,
{
    let handle = Timeout(Arc::default());
    TimeoutScope {
        scope: scope(body(handle.clone())),
        begin: Some(limit.into()),
        alarm: Alarm::Never,
        seen: 0,
        handle,
    }
}

/// The limit of a [`timeout_scope`]: all clones are the same one, and may be kept after its end.
///
/// - asyncio: `timeouts.py`, `Timeout`.
///
/// ```
/// # use std::time::{Duration, Instant};
/// # bowerbird::run(async {
/// let limit = Duration::from_secs(60);
/// let kept = bowerbird::timeout_scope(limit, async |limit| {
///     let first = limit.when().expect("there is a limit");
///     assert!(limit.reschedule(first + Duration::from_secs(1)));
///     assert!(limit.when() > Some(first));
///     limit
/// });
/// let kept = kept.await.unwrap();
/// assert!(!kept.expired());
/// assert!(!kept.reschedule(Instant::now()), "it is over");
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct Timeout(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// The deadline, if there is one.
    when: Option<Instant>,
    /// How often the deadline was moved.
    moves: u64,
    /// How far it has come.
    stage: Stage,
    /// Who polls the scope; woken when the deadline moves.
    waker: Option<Waker>,
}

/// A limit's life, in this order; it may end at either of the last two.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The time is not over.
    #[default]
    Active,
    /// The body was asked to end, and may have.
    Expired,
    /// The body has ended in time.
    Finished,
}

impl Timeout {
    /// The deadline; `None` when there is no limit.
    pub fn when(&self) -> Option<Instant> {
        self.lock().when
    }

    /// Moves the deadline, `None` taking it away. A time that has passed ends the body at its next
    /// await. False, and nothing happens, when the limit has expired or the scope is over.
    ///
    /// - asyncio raises `RuntimeError` where this gives false: whether the time is over just now is
    ///   nothing that a program can know beforehand.
    pub fn reschedule(&self, when: impl Into<Option<Instant>>) -> bool {
        let mut state = self.lock();
        if state.stage != Stage::Active {
            return false;
        }
        state.when = when.into();
        state.moves += 1;
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    /// Whether the time was over before the body was: true from then on.
    pub fn expired(&self) -> bool {
        self.lock().stage == Stage::Expired
    }

    /// Starts the clock.
    fn begin(&self, limit: Option<Duration>) {
        let when = limit
            .map(|limit| with_loop(|handle| handle.clock().instant(handle.now().after(limit))));
        let mut state = self.lock();
        state.when = when;
        state.moves += 1;
    }

    /// The deadline if it is another one than at `seen`; later moves wake `waker`.
    fn watch(&self, seen: &mut u64, waker: &Waker) -> Option<Option<Instant>> {
        let waker = waker.clone();
        let mut state = self.lock();
        let before = state.waker.replace(waker);
        let has_moved = std::mem::replace(seen, state.moves) != state.moves;
        let when = Some(state.when).filter(|_| has_moved);
        drop(state);
        drop(before);
        when
    }

    /// The time is over, unless the deadline was moved since `seen`: whoever moved it was told that
    /// it is not.
    fn expire(&self, seen: u64) -> bool {
        let mut state = self.lock();
        if state.stage != Stage::Active || state.moves != seen {
            return false;
        }
        state.stage = Stage::Expired;
        let waker = state.waker.take();
        drop(state);
        drop(waker);
        true
    }

    /// The body has ended, or is dropped.
    fn finish(&self) {
        let mut state = self.lock();
        if state.stage == Stage::Active {
            state.stage = Stage::Finished;
        }
        let waker = state.waker.take();
        drop(state);
        drop(waker);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nothing under this lock can panic")
    }
}

pin_project! {
    /// The future behind [`timeout_scope`].
    #[derive(Debug)]
    struct TimeoutScope<B> {
        // The body, which the alarm asks to end.
        #[pin]
        scope: ScopeFuture<B>,
        // The limit to begin with, until the first poll.
        begin: Option<Option<Duration>>,
        // Rings at the deadline.
        alarm: Alarm,
        // How often the deadline had been moved when the alarm was set.
        seen: u64,
        // What the body has.
        handle: Timeout,
    }

    impl<B> PinnedDrop for TimeoutScope<B> {
        fn drop(this: Pin<&mut Self>) {
            this.handle.finish();
        }
    }
}

impl<B: Future> Future for TimeoutScope<B> {
    type Output = Result<B::Output, TimeoutError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(limit) = this.begin.take() {
            this.handle.begin(limit);
        }
        loop {
            if let Poll::Ready(result) = this.scope.as_mut().poll(cx) {
                this.handle.finish();
                // Nobody but us can ask this scope to end.
                return Poll::Ready(result.map_err(|_ended| TimeoutError));
            }
            if this.handle.expired() {
                return Poll::Pending;
            }
            if let Some(when) = this.handle.watch(this.seen, cx.waker()) {
                *this.alarm = Alarm::at(when);
            }
            if this.alarm.poll(cx).is_pending() {
                return Poll::Pending;
            }
            if this.handle.expire(*this.seen) {
                this.scope.as_mut().request(None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_that_was_moved_since_it_was_seen_does_not_expire() {
        let limit = Timeout(Arc::default());
        let mut seen = 0;
        assert!(limit.reschedule(None));
        assert!(limit.watch(&mut seen, Waker::noop()).is_some());
        // Another thread moves it while the alarm rings.
        assert!(limit.reschedule(None));
        assert!(!limit.expire(seen) && !limit.expired());
        assert!(limit.watch(&mut seen, Waker::noop()).is_some());
        assert!(limit.expire(seen) && limit.expired());
        assert!(!limit.reschedule(None) && !limit.expire(seen));
    }
}
