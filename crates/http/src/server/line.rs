//! A connection's socket, shared by the wire, which hyper reads and writes, and by the connection,
//! which watches a client that waits for its answer.
//!
//! hyper could watch it, by reading on. But it would read into the buffer that the request at hand
//! still holds on to, and so make a new one of 8 KiB for each request, answered at once or not. So
//! hyper does not look (its half-closed mode), and only those are watched that have to wait. What
//! comes from them meanwhile is kept, and is the first that hyper gets when it reads again.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use futures_io::AsyncRead;

use super::listener::Socket;

/// How much is read ahead of hyper, at most.
const AHEAD: usize = 512;

/// See the module.
#[derive(Debug)]
pub(super) struct Line {
    /// The socket.
    pub(super) socket: Socket,
    /// Whether something was read ahead. Relaxed: a connection is polled by one task at a time, and
    /// what moves a task, or its upgraded stream to another one, orders its memory.
    is_ahead: AtomicBool,
    /// What was.
    early: Mutex<Early>,
}

/// Bytes that came before hyper wanted them.
#[derive(Debug, Default)]
struct Early {
    /// They.
    bytes: Vec<u8>,
    /// How many answers had been given when they came.
    answers: u64,
}

/// Bytes for hyper.
#[derive(Debug)]
pub(super) struct Arrived {
    /// How many.
    pub(super) length: usize,
    /// How many answers had been given by then, if they came earlier.
    pub(super) answers: Option<u64>,
}

impl Line {
    pub(super) fn new(socket: Socket) -> Self {
        Self {
            socket,
            is_ahead: AtomicBool::new(false),
            early: Mutex::default(),
        }
    }

    /// Ready when the client has gone. Pending without a wake-up while it has sent something.
    ///
    /// - `answers`: how many were given by now.
    pub(super) fn poll_gone(&self, answers: u64, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_ahead.load(Ordering::Relaxed) {
            return Poll::Pending;
        }
        let mut bytes = [0; AHEAD];
        match ready!(Pin::new(&mut &self.socket).poll_read(cx, &mut bytes)) {
            Ok(length @ 1..) => {
                let bytes = bytes[..length].to_vec();
                *self.early.lock().unwrap_or_else(PoisonError::into_inner) =
                    Early { bytes, answers };
                self.is_ahead.store(true, Ordering::Relaxed);
                Poll::Pending
            }
            Ok(0) | Err(_) => Poll::Ready(()),
        }
    }

    /// Reads what came, early or not.
    pub(super) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<Arrived>> {
        if self.is_ahead.load(Ordering::Relaxed) && !buffer.is_empty() {
            return Poll::Ready(Ok(self.take_early(buffer)));
        }
        let read = Pin::new(&mut &self.socket).poll_read(cx, buffer);
        read.map_ok(|length| Arrived {
            length,
            answers: None,
        })
    }

    fn take_early(&self, buffer: &mut [u8]) -> Arrived {
        let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        let length = early.bytes.len().min(buffer.len());
        let rest = early.bytes.split_off(length);
        buffer[..length].copy_from_slice(&early.bytes);
        self.is_ahead.store(!rest.is_empty(), Ordering::Relaxed);
        early.bytes = rest;
        Arrived {
            length,
            answers: Some(early.answers),
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    //! Promises about clients that are watched while they wait.

    use std::future::poll_fn;

    use bowerbird::net::UnixStream;
    use futures_lite::AsyncWriteExt;

    use super::*;

    /// A line, and the client at its other end.
    fn pair() -> (Line, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        (Line::new(Socket::Unix(ours)), theirs)
    }

    async fn read(line: &Line, room: usize) -> (Vec<u8>, Option<u64>) {
        let mut buffer = vec![0; room];
        let arrived = poll_fn(|cx| line.poll_read(cx, &mut buffer)).await;
        let Arrived { length, answers } = arrived.unwrap();
        buffer.truncate(length);
        (buffer, answers)
    }

    /// Watches until something has come.
    async fn watch(line: &Line, answers: u64) {
        poll_fn(|cx| {
            assert!(line.poll_gone(answers, cx).is_pending());
            match line.is_ahead.load(Ordering::Relaxed) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }

    #[test]
    fn what_came_early_is_read_first_and_said_to_be_early() {
        bowerbird::run(async {
            let (line, mut client) = pair();
            client.write_all(b"early").await.unwrap();
            watch(&line, 7).await;
            client.write_all(b"late").await.unwrap();
            assert_eq!(read(&line, 2).await, (b"ea".to_vec(), Some(7)));
            assert_eq!(read(&line, 9).await, (b"rly".to_vec(), Some(7)));
            assert_eq!(read(&line, 9).await, (b"late".to_vec(), None));
        });
    }

    #[test]
    fn no_more_is_read_ahead_than_fits() {
        bowerbird::run(async {
            let (line, mut client) = pair();
            client.write_all(&[b'x'; 3 * AHEAD]).await.unwrap();
            watch(&line, 0).await;
            watch(&line, 1).await;
            assert_eq!(read(&line, 9 * AHEAD).await, (vec![b'x'; AHEAD], Some(0)));
            assert_eq!(read(&line, 9 * AHEAD).await, (vec![b'x'; 2 * AHEAD], None));
        });
    }

    #[test]
    fn a_client_that_leaves_is_missed() {
        bowerbird::run(async {
            let (line, client) = pair();
            drop(client);
            poll_fn(|cx| line.poll_gone(0, cx)).await;
        });
    }
}
