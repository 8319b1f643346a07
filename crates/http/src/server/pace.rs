//! How long a client may take over a head, from its first byte on, and how long it may do nothing
//! between two requests. Over HTTP/1.1, and before the first request whatever it speaks. Asked by
//! the connection whenever it has nothing to do.
//!
//! Each wait would need a timer, and nearly none of them ever rings. So the alarm of one wait is
//! left to the next: it rings too early for that, and is set anew only then.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bowerbird::{EventLoop, Sleep, get_running_loop, sleep_until};

use super::limits::Limits;

/// What a client is waited for, and which one it is: a wait for the next one begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// The rest of a head, by its number; of the first one, all of it.
    Head(u64),
    /// A request, by its number.
    Request(u64),
}

/// See the module. One for each connection.
#[derive(Debug)]
pub(super) struct Pace {
    /// Whose time it is; `None` outside of any loop, where nobody asks.
    running: Option<EventLoop>,
    /// The wait under way, and when it has taken too long, if ever.
    until: Option<(Wait, Option<Instant>)>,
    /// What wakes the connection then, or earlier. Polled before, by its task.
    alarm: Option<Alarm>,
}

/// Something that rings.
#[derive(Debug)]
struct Alarm {
    /// When.
    at: Instant,
    /// The wait for it.
    sleep: Sleep,
}

impl Wait {
    fn limit(self, limits: &Limits) -> Duration {
        match self {
            Self::Head(_) => limits.header_read,
            Self::Request(_) => limits.keep_alive,
        }
    }
}

impl Pace {
    pub(super) fn new() -> Self {
        Self {
            running: get_running_loop().ok(),
            until: None,
            alarm: None,
        }
    }

    /// Ready when what is waited for should have come.
    pub(super) fn poll(
        &mut self,
        wait: Option<Wait>,
        limits: &Limits,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let Some(wait) = wait else {
            self.until = None;
            return Poll::Pending;
        };
        let deadline = match self.until {
            Some((before, deadline)) if before == wait => deadline,
            _another => {
                let now = self.now();
                let deadline = now.checked_add(wait.limit(limits));
                self.until = Some((wait, deadline));
                // A connection stays in its task, so the alarm knows whom to wake.
                if self.rings_between(now, deadline) {
                    return Poll::Pending;
                }
                deadline
            }
        };
        match deadline {
            Some(deadline) => self.poll_deadline(deadline, cx),
            None => Poll::Pending,
        }
    }

    fn rings_between(&self, now: Instant, deadline: Option<Instant>) -> bool {
        let alarm = self.alarm.as_ref();
        alarm.is_some_and(|alarm| now < alarm.at && deadline.is_some_and(|at| alarm.at <= at))
    }

    fn poll_deadline(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        if self.alarm.as_ref().is_some_and(|alarm| deadline < alarm.at) {
            self.alarm = None;
        }
        loop {
            let alarm = self.alarm.get_or_insert_with(|| Alarm {
                at: deadline,
                sleep: sleep_until(deadline),
            });
            ready!(Pin::new(&mut alarm.sleep).poll(cx));
            let is_late = deadline <= alarm.at;
            self.alarm = None;
            if is_late {
                return Poll::Ready(());
            }
        }
    }

    fn now(&self) -> Instant {
        let running = self.running.as_ref();
        running.map_or_else(|| hyper::rt::Timer::now(&crate::rt::Timer), EventLoop::time)
    }
}
