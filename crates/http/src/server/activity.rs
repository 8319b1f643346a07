//! What the parts of a connection tell each other: the wire, hyper's clock, the guard around the
//! handlers, and the connection that drives them.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use super::outbox::Outbox;

/// See the module. One for each connection.
///
/// All is Relaxed: over HTTP/1.1 one task at a time polls these parts, and what moves a task
/// between threads orders its memory. Streams of HTTP/2 are tasks of their own, which only count
/// here; numbers that are a moment old end a connection a moment later.
#[derive(Debug, Default)]
pub(super) struct Activity {
    /// Bytes that came.
    arrived: AtomicU64,
    /// Requests whose heads were read.
    requests: AtomicU64,
    /// Those that were answered.
    answers: AtomicU64,
    /// Those that were given up by their clients before.
    abandoned: AtomicU64,
    /// Handlers at work.
    under_way: AtomicUsize,
    /// Whether the last request had a body, some of which may never be read.
    has_body: AtomicBool,
    /// Whether it speaks another protocol now.
    is_upgraded: AtomicBool,
    /// Whether its client has gone.
    has_left: AtomicBool,
    /// Answers over HTTP/2 that are being sent.
    pub(super) outbox: Outbox,
    /// Who waits for fewer handlers at work.
    crowded: Mutex<Option<Waker>>,
}

impl Activity {
    /// Bytes came.
    pub(super) fn note_arrived(&self, length: usize) {
        self.arrived.fetch_add(length as u64, Ordering::Relaxed);
    }

    /// A request's head was read, and its handler is at work.
    pub(super) fn note_request(&self, has_body: bool) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.under_way.fetch_add(1, Ordering::Relaxed);
        self.has_body.store(has_body, Ordering::Relaxed);
    }

    /// A handler has answered.
    pub(super) fn note_answer(&self, is_upgrade: bool) {
        self.answers.fetch_add(1, Ordering::Relaxed);
        if is_upgrade {
            self.is_upgraded.store(true, Ordering::Relaxed);
        }
    }

    /// A client did not wait for its answer.
    pub(super) fn note_abandoned(&self) {
        self.abandoned.fetch_add(1, Ordering::Relaxed);
    }

    /// A handler is no longer at work.
    pub(super) fn note_end(&self) {
        // Relaxed: the lock orders this with whoever waits.
        let before = self.under_way.fetch_sub(1, Ordering::Relaxed);
        // Nobody waits for fewer than two.
        if before > 2 {
            let waiting = self.crowded().take();
            if let Some(waker) = waiting {
                waker.wake();
            }
        }
    }

    /// Ready when at most so many handlers, of which there are at least two, are at work.
    pub(super) fn poll_room(&self, limit: usize, cx: &mut Context<'_>) -> Poll<()> {
        let has_room = || self.under_way.load(Ordering::Relaxed) <= limit;
        if has_room() {
            return Poll::Ready(());
        }
        let waker = cx.waker().clone();
        let before = self.crowded().replace(waker);
        drop(before);
        // One may have ended before it saw us.
        if has_room() {
            return Poll::Ready(());
        }
        Poll::Pending
    }

    fn crowded(&self) -> MutexGuard<'_, Option<Waker>> {
        let crowded = self.crowded.lock();
        crowded.expect("nothing under this lock can panic")
    }

    pub(super) fn arrived(&self) -> u64 {
        self.arrived.load(Ordering::Relaxed)
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(super) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    /// Whether so many more requests were given up than answered.
    pub(super) fn is_hostile(&self, limit: u64) -> bool {
        let abandoned = self.abandoned.load(Ordering::Relaxed);
        abandoned > limit.saturating_add(self.answers())
    }

    pub(super) fn has_body(&self) -> bool {
        self.has_body.load(Ordering::Relaxed)
    }

    /// The client has gone.
    pub(super) fn note_left(&self) {
        self.has_left.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_left(&self) -> bool {
        self.has_left.load(Ordering::Relaxed)
    }

    pub(super) fn is_upgraded(&self) -> bool {
        self.is_upgraded.load(Ordering::Relaxed)
    }
}
