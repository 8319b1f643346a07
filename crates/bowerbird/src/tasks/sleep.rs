//! Waiting for time to pass.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bowerbird_core::{Awaited, note};
use bowerbird_executor::{Handle, TimerId};
use bowerbird_io::Deadline;
use futures_core::Stream;

use super::with_loop;

/// Waits for `delay`, letting other tasks run.
///
/// - `delay`: counted from the first poll, as in asyncio. Zero yields once. It never ends early,
///   and on an idle machine some tens of microseconds late.
/// - Cancel: dropping it removes the timer and nothing else.
/// - asyncio: `tasks.py`, `sleep`; a result goes through [`Sleep::with_result`].
///
/// # Panics
/// When first polled outside a running loop; or when its loop has closed before the time was over,
/// and somebody outside of that loop goes on polling it.
///
/// ```
/// # use std::time::Duration;
/// # bowerbird::run(async {
/// bowerbird::sleep(Duration::from_millis(1)).await;
/// let answer = bowerbird::sleep(Duration::ZERO).with_result(42).await;
/// assert_eq!(answer, 42);
/// # });
/// ```
pub fn sleep(delay: Duration) -> Sleep {
    Sleep {
        state: State::For(delay),
        result: Some(()),
    }
}

/// Waits until `when`; a time that has passed yields once. Otherwise as [`sleep`].
pub fn sleep_until(when: Instant) -> Sleep {
    Sleep {
        state: State::Until(when),
        result: Some(()),
    }
}

/// A wait for time to pass; see [`sleep`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Sleep<T = ()> {
    /// How far it has come.
    state: State,
    /// What it gives in the end; `None` once given.
    result: Option<T>,
}

#[derive(Debug)]
enum State {
    /// Not polled yet.
    For(Duration),
    /// Not polled yet.
    Until(Instant),
    /// Due from the beginning; the next poll is the end.
    Yielded,
    /// In a wheel of this loop, or fired; due then.
    Armed(Handle, TimerId, Deadline),
    /// Over.
    Done,
}

impl<T> Sleep<T> {
    /// The same wait, giving `result` in the end.
    pub fn with_result<R>(mut self, result: R) -> Sleep<R> {
        let state = std::mem::replace(&mut self.state, State::Done);
        Sleep {
            state,
            result: Some(result),
        }
    }

    /// The wait itself: Ready when it is over.
    #[track_caller]
    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &self.state {
            State::For(_) | State::Until(_) => self.begin(cx),
            State::Armed(handle, timer, due) => {
                if handle.update_timer(*timer, cx.waker()) {
                    note(Awaited::Timer);
                    return Poll::Pending;
                }
                // A timer leaves its wheel by firing, and at the end of its loop. One that fired
                // may be polled as the loop closes, by a worker that is not done yet.
                assert!(
                    !handle.is_closed() || handle.now() >= *due,
                    "cannot sleep: event loop is closed"
                );
                self.state = State::Done;
                Poll::Ready(())
            }
            State::Yielded | State::Done => {
                self.state = State::Done;
                Poll::Ready(())
            }
        }
    }

    #[track_caller]
    fn begin(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let state = std::mem::replace(&mut self.state, State::Done);
        self.state = with_loop(|handle| {
            let deadline = match state {
                State::For(delay) if delay.is_zero() => None,
                State::For(delay) => Some(handle.now().after(delay)),
                State::Until(when) => {
                    Some(handle.clock().deadline(when)).filter(|&when| when > handle.now())
                }
                _ => unreachable!("only a sleep that was not polled begins"),
            };
            let Some(deadline) = deadline else {
                return State::Yielded;
            };
            let timer = handle.add_timer(deadline, cx.waker());
            let timer = timer.expect("a running loop takes timers");
            State::Armed(handle.clone(), timer, deadline)
        });
        if matches!(self.state, State::Yielded) {
            cx.waker().wake_by_ref();
        } else {
            note(Awaited::Timer);
        }
        Poll::Pending
    }
}

impl<T> Drop for Sleep<T> {
    fn drop(&mut self) {
        if let State::Armed(handle, timer, _) = &self.state {
            handle.remove_timer(*timer);
        }
    }
}

impl<T: Unpin> Future for Sleep<T> {
    type Output = T;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        ready!(self.poll_over(cx));
        Poll::Ready(
            self.result
                .take()
                .expect("a sleep that is over must not be polled again"),
        )
    }
}

/// Ticks every `period`, the first time at once. asyncio has none; see [`Interval::tick`].
///
/// - `period`: one that leads past what a clock can show never ticks again.
///
/// # Panics
/// If `period` is zero.
///
/// ```
/// # bowerbird::run(async {
/// use std::time::Duration;
///
/// let mut ticks = bowerbird::interval(Duration::from_millis(1));
/// let first = ticks.tick().await;
/// assert!(ticks.tick().await >= first + Duration::from_millis(1));
/// # });
/// ```
///
/// ```should_panic
/// bowerbird::interval(std::time::Duration::ZERO); // never ends
/// ```
pub fn interval(period: Duration) -> Interval {
    assert!(
        !period.is_zero(),
        "interval: the period must be longer than zero"
    );
    Interval {
        period,
        next: Due::AtOnce,
        sleep: None,
    }
}

/// Regular ticks; a [`Stream`] of the times at which they were due.
///
/// ```
/// # bowerbird::run(async {
/// use std::time::Duration;
///
/// use futures_lite::StreamExt;
///
/// let ticks: Vec<_> = bowerbird::interval(Duration::from_millis(1)).take(3).collect().await;
/// assert!(ticks.is_sorted());
/// # });
/// ```
#[derive(Debug)]
#[must_use = "an interval does nothing until `tick`"]
pub struct Interval {
    /// From one tick to the next.
    period: Duration,
    /// When the next tick is due.
    next: Due,
    /// The wait for it, once begun.
    sleep: Option<Sleep>,
}

/// When a tick is due.
#[derive(Debug)]
enum Due {
    /// It is the first.
    AtOnce,
    At(Instant),
    /// No clock shows that time.
    Never,
}

impl From<Option<Instant>> for Due {
    fn from(when: Option<Instant>) -> Self {
        when.map_or(Self::Never, Self::At)
    }
}

impl Interval {
    /// Waits for the next tick and gives the time it was due at. Ticks that were missed are
    /// skipped; the rhythm stays.
    ///
    /// - Cancel: no tick is lost; the next call waits for the same one.
    pub async fn tick(&mut self) -> Instant {
        std::future::poll_fn(|cx| self.poll_tick(cx)).await
    }

    /// [`tick`](Self::tick), for those who write futures.
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        let now = || with_loop(|handle| handle.clock().instant(handle.now()));
        let due = match self.next {
            Due::At(due) => due,
            Due::Never => return Poll::Pending,
            Due::AtOnce => {
                let first = now();
                self.next = first.checked_add(self.period).into();
                return Poll::Ready(first);
            }
        };
        let sleep = self.sleep.get_or_insert_with(|| sleep_until(due));
        ready!(sleep.poll_over(cx));
        self.sleep = None;
        let late = now().saturating_duration_since(due);
        let missed = late.as_nanos() / self.period.as_nanos();
        let steps = u32::try_from(missed).unwrap_or(u32::MAX).saturating_add(1);
        let later = self.period.checked_mul(steps);
        self.next = later.and_then(|later| due.checked_add(later)).into();
        Poll::Ready(due)
    }
}

impl Stream for Interval {
    type Item = Instant;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Instant>> {
        self.poll_tick(cx).map(Some)
    }
}
