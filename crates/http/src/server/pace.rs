//! The clock of a connection over HTTP/1.1. hyper knows one limit, from the moment it waits for a
//! request until its head is whole. Here it is two: one for the time in which nothing comes, one
//! from the first byte on.
//!
//! hyper wants a timer for each head, and nearly none of them ever rings. So the alarm of one head
//! is left to the next: it rings too early for that, and is set anew only then.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bowerbird::{EventLoop, Sleep, get_running_loop, sleep_until};

use super::activity::Activity;
use crate::rt::Timer;

/// A timer for hyper, whose deadlines are those of idle connections.
#[derive(Debug)]
pub(super) struct Pace(Arc<Clock>);

/// What the heads of a connection have in common.
#[derive(Debug)]
struct Clock {
    /// Tells of the first byte.
    activity: Arc<Activity>,
    /// For a head, from its first byte on.
    header_read: Duration,
    /// Whose time it is; `None` outside of any loop, where nobody asks.
    running: Option<EventLoop>,
    /// The alarm that the last head has left.
    spare: Mutex<Option<Alarm>>,
}

/// Something that rings.
#[derive(Debug)]
struct Alarm {
    /// When.
    at: Instant,
    /// The wait for it.
    sleep: Sleep,
}

impl Pace {
    pub(super) fn new(activity: Arc<Activity>, header_read: Duration) -> Self {
        Self(Arc::new(Clock {
            activity,
            header_read,
            running: get_running_loop().ok(),
            spare: Mutex::new(None),
        }))
    }
}

impl hyper::rt::Timer for Pace {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        let is_first = self.0.activity.requests() == 0;
        Box::pin(Head {
            clock: self.0.clone(),
            before: Some(self.0.activity.arrived()),
            // A connection is not idle before it was used.
            deadline: if is_first {
                self.0.now() + self.0.header_read
            } else {
                deadline
            },
            alarm: None,
        })
    }

    fn now(&self) -> Instant {
        self.0.now()
    }
}

impl Clock {
    fn now(&self) -> Instant {
        let running = self.running.as_ref();
        running.map_or_else(|| hyper::rt::Timer::now(&Timer), EventLoop::time)
    }

    /// One that rings at this time, or before.
    fn alarm(&self, at: Instant) -> Alarm {
        let spare = self.exchange(None).filter(|spare| spare.at <= at);
        spare.unwrap_or_else(|| Alarm {
            at,
            sleep: sleep_until(at),
        })
    }

    fn exchange(&self, alarm: Option<Alarm>) -> Option<Alarm> {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut spare, alarm)
    }
}

/// The wait for a head.
struct Head {
    /// The connection's.
    clock: Arc<Clock>,
    /// How many bytes had come before; gone with the first one of this head.
    before: Option<u64>,
    /// When it has taken too long.
    deadline: Instant,
    /// What wakes it then, or earlier; `None` while nobody waits.
    alarm: Option<Alarm>,
}

impl Future for Head {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let arrived = self.clock.activity.arrived();
        if self.before.is_some_and(|before| before != arrived) {
            self.before = None;
            self.deadline = self.clock.now() + self.clock.header_read;
            self.alarm = None;
        }
        let Self {
            clock,
            deadline,
            alarm,
            ..
        } = &mut *self;
        loop {
            let set = alarm.get_or_insert_with(|| clock.alarm(*deadline));
            ready!(Pin::new(&mut set.sleep).poll(cx));
            let is_late = set.at >= *deadline;
            *alarm = None;
            if is_late {
                return Poll::Ready(());
            }
        }
    }
}

impl Drop for Head {
    fn drop(&mut self) {
        if let Some(alarm) = self.alarm.take() {
            drop(self.clock.exchange(Some(alarm)));
        }
    }
}

impl hyper::rt::Sleep for Head {}
