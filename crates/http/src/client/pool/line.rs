//! Waiting for one's turn at a pool.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::super::errors::ClientError;
use super::super::key::Key;
use super::Pool;
use super::state::Granted;

/// A place in the line. Dropping it leaves the line, and hands what it was given to the next.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    /// Where.
    pool: &'a Arc<Pool>,
    /// For which host.
    key: &'a Key,
    /// The place.
    number: u64,
    /// Whether it has collected, and is in line no more.
    is_over: bool,
}

impl<'a> Turn<'a> {
    pub(super) fn new(pool: &'a Arc<Pool>, key: &'a Key, number: u64) -> Self {
        Self {
            pool,
            key,
            number,
            is_over: false,
        }
    }
}

impl Future for Turn<'_> {
    type Output = Result<Granted, ClientError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (granted, old) = self.pool.state().collect(self.key, self.number, cx.waker());
        drop(old);
        match granted {
            Some(granted) => {
                self.is_over = granted.is_ok();
                Poll::Ready(granted)
            }
            None => Poll::Pending,
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            let now = self.pool.time();
            let (wakes, seen_off, old) = self.pool.state().leave(self.key, self.number, now);
            wakes.wake();
            drop((seen_off, old));
        }
    }
}
