//! A pipe as what carries a stream, so that asyncio's readers and writers work on a child, too.
//! Made by `into_reader` and `into_writer`. It goes one way, and closing is letting go of it.

use std::io;
use std::net::{Shutdown, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use super::{Pipe, spend};
use crate::streams::link::Link;

/// See the module.
pub(super) struct PipeLink {
    /// Our end, until it is closed; locked to be looked at, never while it is in use.
    pipe: Mutex<Option<Arc<Pipe>>>,
    /// Which way it goes.
    flow: Flow,
}

/// Which way a pipe goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// From the child to us.
    FromChild,
    /// From us to the child.
    ToChild,
}

impl PipeLink {
    pub(super) fn new(pipe: Option<Pipe>, flow: Flow) -> Self {
        Self {
            pipe: Mutex::new(pipe.map(Arc::new)),
            flow,
        }
    }

    /// Our end, if it is open and goes this way.
    fn pipe(&self, flow: Flow) -> Option<Arc<Pipe>> {
        self.lock().clone().filter(|_| self.flow == flow)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Pipe>>> {
        self.pipe.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Link for PipeLink {
    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match self.pipe(Flow::FromChild) {
            Some(pipe) => spend(cx, |cx| pipe.poll_read(cx, buffer)),
            None => Poll::Ready(Ok(0)),
        }
    }

    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.pipe(Flow::ToChild) {
            Some(pipe) => spend(cx, |cx| pipe.poll_write(cx, bytes)),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.pipe(Flow::ToChild) {
            Some(pipe) => pipe.poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        let is_ours = match how {
            Shutdown::Both => true,
            Shutdown::Write => self.flow == Flow::ToChild,
            Shutdown::Read => self.flow == Flow::FromChild,
        };
        // Dropped when the lock is free: whoever waits for the pipe is woken by that.
        let closed = if is_ours { self.lock().take() } else { None };
        drop(closed);
        Ok(())
    }

    fn can_write_eof(&self) -> bool {
        self.flow == Flow::ToChild
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        None
    }

    fn local_addr(&self) -> Option<SocketAddr> {
        None
    }
}
