//! A stream as tungstenite wants it: one that says "would block" instead of waiting. Its two wakers
//! are set before it is used. Called by the core.

use std::io::{self, ErrorKind, Read, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use futures_io::{AsyncRead, AsyncWrite};

use super::deflate::Unpacker;

/// See the module.
#[derive(Debug)]
pub(super) struct Pipe<S> {
    /// What it goes over.
    pub(super) stream: S,
    /// Woken when there is something to read.
    pub(super) reader: Waker,
    /// Woken when there is room to write: whoever sends, and whoever receives, for pongs and
    /// farewells are written on the way. A stream remembers one of them only.
    pub(super) writers: Waker,
    /// Where messages may come packed: what the protocol is told instead.
    unpacker: Option<Box<Unpacker>>,
}

/// Everybody who may wait for room.
#[derive(Debug, Default)]
pub(super) struct Writers(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    /// Who receives.
    receiver: Option<Waker>,
    /// Who sends.
    sender: Option<Waker>,
}

impl<S> Pipe<S> {
    pub(super) fn new(stream: S, writers: Arc<Writers>, unpacker: Option<Unpacker>) -> Self {
        Self {
            stream,
            reader: Waker::noop().clone(),
            writers: writers.into(),
            unpacker: unpacker.map(Box::new),
        }
    }
}

impl Writers {
    /// Who receives from now on.
    pub(super) fn set_receiver(&self, waker: &Waker) {
        let waker = waker.clone();
        let before = self.with(|waiting| waiting.receiver.replace(waker));
        drop(before);
    }

    /// Who sends from now on.
    pub(super) fn set_sender(&self, waker: &Waker) {
        let waker = waker.clone();
        let before = self.with(|waiting| waiting.sender.replace(waker));
        drop(before);
    }

    fn with<T>(&self, change: impl FnOnce(&mut Waiting) -> T) -> T {
        let waiting = self.0.lock();
        change(&mut waiting.expect("nothing under this lock can panic"))
    }
}

impl Wake for Writers {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let waiting = self.with(std::mem::take);
        for waker in [waiting.receiver, waiting.sender].into_iter().flatten() {
            waker.wake();
        }
    }
}

/// What a poll comes to, for those who do not wait.
fn at_once<T>(polled: Poll<io::Result<T>>) -> io::Result<T> {
    match polled {
        Poll::Ready(result) => result,
        Poll::Pending => Err(ErrorKind::WouldBlock.into()),
    }
}

impl<S: AsyncRead + Unpin> Read for Pipe<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut cx = Context::from_waker(&self.reader);
        let stream = &mut self.stream;
        let mut wire = |bytes: &mut [u8]| at_once(Pin::new(&mut *stream).poll_read(&mut cx, bytes));
        match &mut self.unpacker {
            None => wire(buffer),
            Some(unpacker) => unpacker.read(buffer, wire),
        }
    }
}

impl<S: AsyncWrite + Unpin> Write for Pipe<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut cx = Context::from_waker(&self.writers);
        at_once(Pin::new(&mut self.stream).poll_write(&mut cx, bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut cx = Context::from_waker(&self.writers);
        at_once(Pin::new(&mut self.stream).poll_flush(&mut cx))
    }
}
