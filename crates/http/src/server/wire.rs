//! A connection's bytes: counted and judged as they come, given up when the peer takes too long
//! over them, and not cut off at the end. What hyper reads and writes, between it and the socket.
//!
//! Closing a socket with unread bytes makes the system reset the connection, and the reset may
//! overtake the answer: a client that was told 413 in the middle of its upload would never read it.
//! So after a request with a body the end is said first, and what still comes is thrown away for a
//! while.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bowerbird::{Sleep, sleep};
use futures_io::{AsyncRead, AsyncWrite};

use super::activity::Activity;
use super::framing::Framing;
use super::limits::Limits;
use super::line::{Arrived, Line};
use crate::rt::Io;

/// How long bytes that nobody reads are waited for.
const LINGER: Duration = Duration::from_secs(2);

/// See the module.
#[derive(Debug)]
pub(super) struct Wire {
    /// The socket.
    line: Arc<Line>,
    /// Told of what comes.
    activity: Arc<Activity>,
    /// Judges what comes before hyper does.
    framing: Framing,
    /// How long it waits for its peer.
    limits: Limits,
    /// How many handlers may be at work before no more is read.
    handlers: usize,
    /// Set while the peer pauses in the middle of a body.
    pausing: Option<Sleep>,
    /// Set while the peer takes nothing.
    stalled: Option<Sleep>,
    /// Set once the end is said, for as long as bytes are thrown away.
    lingering: Option<Sleep>,
}

impl Wire {
    pub(super) fn new(line: Arc<Line>, activity: Arc<Activity>, limits: Limits) -> Self {
        Self {
            line,
            activity,
            framing: Framing::default(),
            limits,
            handlers: limits.handlers(),
            pausing: None,
            stalled: None,
            lingering: None,
        }
    }

    /// A write's result, unless the peer has taken nothing for too long.
    fn unless_stalled<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if let Poll::Ready(written) = written {
            if self.stalled.take().is_some() {
                self.activity.note_stalled(false);
            }
            return Poll::Ready(written.map_err(|error| self.broken(error)));
        }
        let limit = self.limits.write;
        self.activity.note_stalled(true);
        let limit = self.stalled.get_or_insert_with(|| sleep(limit));
        ready!(Pin::new(limit).poll(cx));
        let late = late("the peer takes nothing of what is written");
        Poll::Ready(Err(self.broken(late)))
    }

    /// The client has gone. Noted before hyper hears of it: that drops the handlers of HTTP/2, each
    /// in its own task, before the connection comes to its end.
    fn broken(&self, error: io::Error) -> io::Error {
        self.activity.note_left();
        error
    }

    /// Nothing came: whether it is a pause in the middle of a body, and for too long.
    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if !self.framing.is_in_body() {
            return Poll::Pending;
        }
        let limit = self.limits.body_read;
        let limit = self.pausing.get_or_insert_with(|| sleep(limit));
        ready!(Pin::new(limit).poll(cx));
        Poll::Ready(late("the rest of a body does not come"))
    }

    /// For hyper.
    pub(super) fn into_io(self) -> Io<Self> {
        if self.line.socket.is_flattened() {
            Io::flattened(self)
        } else {
            Io::new(self)
        }
    }

    /// Ready when the peer has gone, or enough time.
    fn poll_waste(&mut self, limit: &mut Sleep, cx: &mut Context<'_>) -> Poll<()> {
        // First of all: who sends without end leaves no time to look at it later.
        if Pin::new(limit).poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let mut waste = [0; 4 * 1024];
        loop {
            match ready!(Pin::new(&mut &self.line.socket).poll_read(cx, &mut waste)) {
                Ok(1..) => {}
                Ok(0) | Err(_) => return Poll::Ready(()),
            }
        }
    }
}

fn late(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        // Whoever starts more handlers than may be at work waits for some of them.
        ready!(self.activity.poll_room(self.handlers, cx));
        let Poll::Ready(read) = self.line.poll_read(cx, buffer) else {
            let paused = self.poll_pause(cx);
            return paused.map(|late| Err(self.broken(late)));
        };
        let Arrived { length, answers } = read.map_err(|error| self.broken(error))?;
        if length == 0 {
            self.activity.note_left();
        }
        let this = &mut *self;
        this.pausing = None;
        // What came early is judged as it would have been then.
        let answers = answers.unwrap_or_else(|| this.activity.answers());
        let bytes = &mut buffer[..length];
        this.framing.look_after(answers, bytes, &this.activity);
        this.activity.note_stage(this.framing.stage());
        Poll::Ready(Ok(length))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut &self.line.socket).poll_write(cx, bytes);
        self.unless_stalled(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut &self.line.socket).poll_write_vectored(cx, pieces);
        self.unless_stalled(written, cx)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut &self.line.socket).poll_flush(cx);
        self.unless_stalled(flushed, cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut limit = match self.lingering.take() {
            Some(limit) => limit,
            None => {
                let closed = Pin::new(&mut &self.line.socket).poll_close(cx);
                ready!(self.unless_stalled(closed, cx))?;
                if !self.activity.has_body() {
                    return Poll::Ready(Ok(()));
                }
                sleep(LINGER)
            }
        };
        let wasted = self.poll_waste(&mut limit, cx);
        if wasted.is_pending() {
            self.lingering = Some(limit);
        }
        wasted.map(Ok)
    }
}
