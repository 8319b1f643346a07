//! A connection's bytes: counted as they come, and not cut off at the end. What hyper reads and
//! writes, between it and the socket.
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

use super::connection::Activity;
use super::listener::Socket;
use crate::rt::Io;

/// How long bytes that nobody reads are waited for.
const LINGER: Duration = Duration::from_secs(2);

/// See the module.
#[derive(Debug)]
pub(super) struct Wire {
    /// The socket.
    socket: Socket,
    /// Told of what comes.
    activity: Arc<Activity>,
    /// Set once the end is said, for as long as bytes are thrown away.
    lingering: Option<Sleep>,
}

impl Wire {
    pub(super) fn new(socket: Socket, activity: Arc<Activity>) -> Self {
        Self {
            socket,
            activity,
            lingering: None,
        }
    }

    /// For hyper.
    pub(super) fn into_io(self) -> Io<Self> {
        if self.socket.is_flattened() {
            Io::flattened(self)
        } else {
            Io::new(self)
        }
    }

    /// Ready when the peer has gone, or enough time.
    fn poll_waste(&mut self, limit: &mut Sleep, cx: &mut Context<'_>) -> Poll<()> {
        let mut waste = [0; 4 * 1024];
        loop {
            match Pin::new(&mut &self.socket).poll_read(cx, &mut waste) {
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(()),
                Poll::Pending => return Pin::new(limit).poll(cx),
            }
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let length = ready!(Pin::new(&mut &self.socket).poll_read(cx, buffer))?;
        self.activity.note_arrived(length);
        Poll::Ready(Ok(length))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &self.socket).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &self.socket).poll_write_vectored(cx, pieces)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &self.socket).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut limit = match self.lingering.take() {
            Some(limit) => limit,
            None => {
                ready!(Pin::new(&mut &self.socket).poll_close(cx))?;
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
