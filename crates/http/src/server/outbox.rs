//! Answers over HTTP/2 on their way to a peer, and whether it still takes them.
//!
//! Over HTTP/1.1 who takes nothing stops the socket, and the wire sees it. Over HTTP/2 each stream
//! has a window, which a peer may leave shut while the socket is fine: it says that it lives, and
//! has the server keep two hundred answers. So each piece of a body is counted until hyper has sent
//! it. The guard wraps the bodies; the connection looks, now and then, whether something moves.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bowerbird::{Sleep, TaskRef, current_task, sleep};
use bytes::Buf;
use hyper::body::{Body, Frame, SizeHint};
use hyper::rt::Timer as _;
use pin_project_lite::pin_project;

use super::guard::UnderWay;
use crate::rt::Timer;

/// As many answers are kept in mind before those that were sent are looked for and forgotten.
const KEPT_MIN: usize = 64;

/// The answers of a connection.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// Whether there have been any since the last look. Relaxed: a head that is to be sent wakes
    /// the connection, and the wake orders the two.
    is_in_use: AtomicBool,
    /// What is known of each.
    letters: Mutex<Letters>,
}

/// The answers, in no order.
#[derive(Debug, Default)]
struct Letters {
    /// Those that may not have been sent.
    open: Vec<Letter>,
    /// With so many, it is time to forget those that were.
    crowded: usize,
}

/// An answer.
#[derive(Debug)]
struct Letter {
    /// What of it is with hyper.
    held: Arc<Held>,
    /// The stream's task.
    stream: Option<TaskRef>,
    /// How often something had moved at the last look, and when that was first so.
    seen: Option<(u64, Instant)>,
}

/// What of an answer is with hyper. Shared by its body, its pieces, and its letter: when that alone
/// is left, all is sent or thrown away.
///
/// All is Relaxed: numbers that are a moment old end a stream a moment later.
#[derive(Debug, Default)]
struct Held {
    /// Pieces that were not sent to their ends.
    pieces: AtomicUsize,
    /// How often a piece came, or some of one went.
    moves: AtomicU64,
}

impl Outbox {
    /// A body whose pieces are counted; of the stream whose task this is called in.
    pub(super) fn watched<B>(&self, body: B) -> Outgoing<B> {
        let held = Arc::new(Held::default());
        let letter = Letter {
            held: held.clone(),
            stream: current_task(),
            seen: None,
        };
        let mut letters = self.letters();
        let sent = if letters.open.len() >= letters.crowded.max(KEPT_MIN) {
            letters.forget_sent()
        } else {
            Vec::new()
        };
        letters.open.push(letter);
        drop(letters);
        // A task's last handle may run users' code when it is dropped.
        drop(sent);
        self.is_in_use.store(true, Ordering::Relaxed);
        Outgoing {
            body: Some(body),
            held: Some(held),
            under_way: None,
        }
    }

    /// Gives up streams of which nothing has moved for `limit`; whether the connection has to go,
    /// because one of them is out of reach: hyper has all of its answer, and its task has ended.
    fn look(&self, limit: Duration) -> bool {
        let now = Timer.now();
        self.is_in_use.store(false, Ordering::Relaxed);
        // No lock is held while tasks are cancelled.
        let mut open = std::mem::take(&mut self.letters().open);
        open.retain(|letter| !letter.is_sent());
        let mut is_hopeless = false;
        for letter in &mut open {
            if letter.stands_still(now, limit) {
                // As long again for the stream to go.
                letter.seen = None;
                let stream = letter.stream.take();
                is_hopeless |= !stream.is_some_and(|stream| stream.cancel());
            }
        }
        if !open.is_empty() {
            self.is_in_use.store(true, Ordering::Relaxed);
        }
        self.letters().open.append(&mut open);
        is_hopeless
    }

    fn letters(&self) -> MutexGuard<'_, Letters> {
        self.letters
            .lock()
            .expect("nothing under this lock can panic")
    }
}

impl Letters {
    fn forget_sent(&mut self) -> Vec<Letter> {
        let open = std::mem::take(&mut self.open);
        let (sent, open) = open.into_iter().partition(Letter::is_sent);
        self.open = open;
        self.crowded = self.open.len() * 2;
        sent
    }
}

impl Letter {
    fn is_sent(&self) -> bool {
        Arc::strong_count(&self.held) == 1
    }

    /// Whether nothing has moved for so long, though there is something to be sent.
    fn stands_still(&mut self, now: Instant, limit: Duration) -> bool {
        let moves = self.held.moves.load(Ordering::Relaxed);
        let is_waiting = self.held.pieces.load(Ordering::Relaxed) > 0;
        match self.seen {
            Some((before, since)) if is_waiting && before == moves => {
                now.saturating_duration_since(since) >= limit
            }
            _moved => {
                self.seen = Some((moves, now));
                false
            }
        }
    }
}

/// The connection's looks at its outbox.
#[derive(Debug)]
pub(super) struct Rounds {
    /// How long an answer may stand still.
    limit: Duration,
    /// When to look again, while there is something to look at.
    next: Option<Sleep>,
}

impl Rounds {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, next: None }
    }

    /// Ready when the connection has to go.
    pub(super) fn poll(&mut self, outbox: &Outbox, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.next.is_none() && !outbox.is_in_use.load(Ordering::Relaxed) {
                return Poll::Pending;
            }
            // Often enough to be late by no more than half of the limit.
            let period = self.limit / 4;
            let next = self.next.get_or_insert_with(|| sleep(period));
            ready!(Pin::new(next).poll(cx));
            self.next = None;
            if outbox.look(self.limit) {
                return Poll::Ready(());
            }
        }
    }
}

pin_project! {
    /// A response's body; what comes of it is counted, if it goes over HTTP/2.
    #[derive(Debug)]
    pub(super) struct Outgoing<B> {
        // The handler's, if it gave one.
        #[pin]
        body: Option<B>,
        // What counts.
        held: Option<Arc<Held>>,
        // The request that it answers: over HTTP/1.1, that ends with it.
        under_way: Option<UnderWay>,
    }
}

impl<B> Outgoing<B> {
    /// Nothing.
    pub(super) fn empty() -> Self {
        Self {
            body: None,
            held: None,
            under_way: None,
        }
    }

    /// One whose pieces need no counting.
    pub(super) fn unwatched(body: B, under_way: Option<UnderWay>) -> Self {
        Self {
            body: Some(body),
            held: None,
            under_way,
        }
    }
}

impl<B: Body> Body for Outgoing<B> {
    type Data = Piece<B::Data>;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, B::Error>>> {
        let this = self.project();
        let Some(body) = this.body.as_pin_mut() else {
            return Poll::Ready(None);
        };
        let frame = ready!(body.poll_frame(cx));
        let counted = |data| Piece::new(data, this.held.clone());
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(counted))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let nothing = || SizeHint::with_exact(0);
        self.body.as_ref().map_or_else(nothing, Body::size_hint)
    }
}

/// A piece of a body, until it is sent.
#[derive(Debug)]
pub(super) struct Piece<D> {
    /// What it is.
    data: D,
    /// What counts.
    held: Option<Arc<Held>>,
}

impl<D> Piece<D> {
    fn new(data: D, held: Option<Arc<Held>>) -> Self {
        if let Some(held) = &held {
            held.pieces.fetch_add(1, Ordering::Relaxed);
            held.moves.fetch_add(1, Ordering::Relaxed);
        }
        Self { data, held }
    }
}

impl<D> Drop for Piece<D> {
    fn drop(&mut self) {
        if let Some(held) = &self.held {
            held.pieces.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl<D: Buf> Buf for Piece<D> {
    fn remaining(&self) -> usize {
        self.data.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.data.chunk()
    }

    fn chunks_vectored<'a>(&'a self, pieces: &mut [std::io::IoSlice<'a>]) -> usize {
        self.data.chunks_vectored(pieces)
    }

    fn advance(&mut self, length: usize) {
        if let Some(held) = &self.held {
            held.moves.fetch_add(1, Ordering::Relaxed);
        }
        self.data.advance(length);
    }

    fn copy_to_bytes(&mut self, length: usize) -> bytes::Bytes {
        if let Some(held) = &self.held {
            held.moves.fetch_add(1, Ordering::Relaxed);
        }
        self.data.copy_to_bytes(length)
    }
}
