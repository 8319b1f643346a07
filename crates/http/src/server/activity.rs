//! What the parts of a connection tell each other: the wire, the guard around the handlers, and the
//! connection that drives them.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use super::outbox::Outbox;
use super::pace::Wait;

/// How far a client is, over HTTP/1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// After so many heads, and all that belongs to them.
    Between(u64),
    /// In the head after so many.
    Head(u64),
    /// In a body, or not in HTTP/1.1.
    Elsewhere,
}

/// See the module. One for each connection.
///
/// All is Relaxed: over HTTP/1.1 one task at a time polls these parts, and what moves a task
/// between threads orders its memory. Streams of HTTP/2 are tasks of their own, which only count
/// here; numbers that are a moment old end a connection a moment later.
#[derive(Debug, Default)]
pub(super) struct Activity {
    /// Heads that have come whole, over HTTP/1.1; meaningless in the middle of a body.
    heads: AtomicU64,
    /// Whether a part of one more has come.
    is_in_head: AtomicBool,
    /// Requests whose heads were read. Written by the connection's own task alone.
    requests: AtomicU64,
    /// Those that were answered.
    answers: AtomicU64,
    /// Those that were given up by their clients before.
    abandoned: AtomicU64,
    /// Handlers at work. Over HTTP/1.1, until their answers were taken.
    under_way: AtomicUsize,
    /// Whether the last request had a body, some of which may never be read.
    has_body: AtomicBool,
    /// Whether another protocol was ever asked for.
    is_asking: AtomicBool,
    /// Whether it speaks another protocol now.
    is_upgraded: AtomicBool,
    /// Whether something waits to be written.
    is_stalled: AtomicBool,
    /// Whether its client has gone.
    has_left: AtomicBool,
    /// Answers over HTTP/2 that are being sent.
    pub(super) outbox: Outbox,
    /// Who waits for fewer handlers at work.
    crowded: Mutex<Option<Waker>>,
}

impl Activity {
    /// A request's head was read, and its handler is at work.
    pub(super) fn note_request(&self, has_body: bool) {
        let requests = self.requests.load(Ordering::Relaxed);
        self.requests.store(requests + 1, Ordering::Relaxed);
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

    /// More came over HTTP/1.1.
    pub(super) fn note_stage(&self, stage: Stage) {
        let (is_in_head, heads) = match stage {
            Stage::Between(heads) => (false, heads),
            Stage::Head(heads) => (true, heads),
            // As many as nobody will have sent.
            Stage::Elsewhere => (false, u64::MAX),
        };
        self.is_in_head.store(is_in_head, Ordering::Relaxed);
        self.heads.store(heads, Ordering::Relaxed);
    }

    /// What the client is waited for, if it is. Whoever waits for an answer, or takes one, or
    /// speaks another protocol, may take its time.
    pub(super) fn wait(&self) -> Option<Wait> {
        let requests = self.requests();
        if requests == 0 {
            // A connection is not idle before it was used.
            return Some(Wait::Head(0));
        }
        let is_due = self.is_at(requests)
            && self.under_way.load(Ordering::Relaxed) == 0
            && !self.is_stalled.load(Ordering::Relaxed);
        is_due.then(|| match self.is_in_head.load(Ordering::Relaxed) {
            true => Wait::Head(requests),
            false => Wait::Request(requests),
        })
    }

    /// Over HTTP/1.1, whether the client waits for an answer, or takes one, and has asked for
    /// nothing more.
    pub(super) fn is_answering(&self) -> bool {
        self.under_way.load(Ordering::Relaxed) > 0
            && self.is_at(self.requests())
            && !self.is_in_head.load(Ordering::Relaxed)
    }

    /// Over HTTP/1.1, whether so many requests, and no more, have come whole.
    fn is_at(&self, requests: u64) -> bool {
        self.heads.load(Ordering::Relaxed) == requests && !self.is_upgraded()
    }

    /// Whether something waits to be written.
    pub(super) fn note_stalled(&self, is_stalled: bool) {
        self.is_stalled.store(is_stalled, Ordering::Relaxed);
    }

    /// Another protocol is asked for.
    pub(super) fn note_asking(&self) {
        self.is_asking.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_asking(&self) -> bool {
        self.is_asking.load(Ordering::Relaxed)
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
