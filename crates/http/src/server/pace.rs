//! The clock of a connection over HTTP/1.1. hyper knows one limit, from the moment it waits for a
//! request until its head is whole. Here it is two: one for the time in which nothing comes, one
//! from the first byte on.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bowerbird::{Sleep, sleep, sleep_until};

use super::activity::Activity;
use crate::rt::Timer;

/// A timer for hyper, whose deadlines are those of idle connections.
#[derive(Debug)]
pub(super) struct Pace {
    /// Tells of the first byte.
    pub(super) activity: Arc<Activity>,
    /// For a head, from its first byte on.
    pub(super) header_read: Duration,
}

impl hyper::rt::Timer for Pace {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(Head {
            activity: self.activity.clone(),
            header_read: self.header_read,
            before: Some(self.activity.arrived()),
            limit: sleep_until(deadline),
        })
    }

    fn now(&self) -> Instant {
        Timer.now()
    }
}

/// The wait for a head.
struct Head {
    /// Tells of the first byte.
    activity: Arc<Activity>,
    /// See [`Pace`].
    header_read: Duration,
    /// How many bytes had come before; gone with the first one of this head.
    before: Option<u64>,
    /// When it has taken too long.
    limit: Sleep,
}

impl Future for Head {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let came = |before: u64| before != self.activity.arrived();
        if self.before.is_some_and(came) {
            self.before = None;
            self.limit = sleep(self.header_read);
        }
        Pin::new(&mut self.limit).poll(cx)
    }
}

impl hyper::rt::Sleep for Head {}
