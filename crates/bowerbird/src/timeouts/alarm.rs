//! When a limit is over. A timer is armed at the first look, not before.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::tasks::{Sleep, sleep, sleep_until, with_loop};

/// Rings once its time has come: at once, if that is so at the first look.
#[derive(Debug)]
pub(crate) enum Alarm {
    /// There is no limit.
    Never,
    /// So long after the first look.
    After(Duration),
    /// At that time.
    At(Instant),
    /// Its timer is armed.
    Armed(Sleep),
}

impl Alarm {
    #[inline]
    pub(crate) fn after(limit: Option<Duration>) -> Self {
        limit.map_or(Self::Never, Self::After)
    }

    #[inline]
    pub(crate) fn at(when: Option<Instant>) -> Self {
        when.map_or(Self::Never, Self::At)
    }

    /// Ready when the time is over; not to be asked again then.
    #[track_caller]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut sleep = match std::mem::replace(self, Self::Never) {
            Self::Never => return Poll::Pending,
            Self::After(Duration::ZERO) => return Poll::Ready(()),
            Self::At(when) if is_past(when) => return Poll::Ready(()),
            Self::After(limit) => sleep(limit),
            Self::At(when) => sleep_until(when),
            Self::Armed(sleep) => sleep,
        };
        let polled = Pin::new(&mut sleep).poll(cx);
        *self = Self::Armed(sleep);
        polled
    }
}

#[track_caller]
fn is_past(when: Instant) -> bool {
    with_loop(|handle| handle.clock().deadline(when) <= handle.now())
}
