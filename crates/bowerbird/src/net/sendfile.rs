//! Files to sockets, inside the kernel where it can. asyncio: `loop.sendfile`, `sock_sendfile`.
//!
//! The socket says when it is full, but the file never says that its bytes are still on the disk:
//! the kernel reads them in the midst of the call, and blocks. So the sending is done on threads
//! for blocking calls, a *leg* of at most 1 MiB each, which ends early when the socket is full;
//! then the task waits for the socket, where nobody waits with it. A leg costs one trip to the
//! pool, a few microseconds beside the hundreds that its bytes take, and a cold disk holds up no
//! worker at all. (To ask first whether pages are in memory is possible on some file systems, page
//! by page, and stale once answered.)
//!
//! A leg owns all it touches, the socket's second descriptor too: given up midway, it ends by
//! itself and never writes to a descriptor that belongs to somebody else by then.

use std::fs;
use std::future::Future;
use std::io::{self, ErrorKind, Write};
use std::sync::Arc;

use bowerbird_io::files;

use super::pollable::{AsSource, Direction};
use crate::exceptions::SendfileNotAvailableError;
use crate::fs::{File, trip};

/// Bytes that one leg sends at most: what is sent for nobody after a cancellation.
const LEG: u64 = 1 << 20;

/// Bytes that are copied at once where the kernel does not know how to send.
const COPIED: usize = 128 << 10;

/// What [`sendfile`] sends to: a connection that the loop watches.
pub trait SendfileTarget {
    /// The socket itself, non-blocking.
    type Socket: AsSource + Send + Sync + 'static;

    /// A second descriptor of the socket, for the threads that send.
    ///
    /// # Errors
    /// The system's, for instance that there are no more descriptors.
    fn second(&self) -> io::Result<Self::Socket>;

    /// Writes from `bytes` to such a descriptor without waiting.
    ///
    /// # Errors
    /// `WouldBlock` when it is full, and the system's.
    fn write(socket: &Self::Socket, bytes: &[u8]) -> io::Result<usize>;

    /// Waits until there is room to write.
    fn room(&self) -> impl Future<Output = io::Result<()>> + Send;
}

macro_rules! target {
    ($ours:ty, $std:ty) => {
        impl SendfileTarget for $ours {
            type Socket = $std;

            fn second(&self) -> io::Result<$std> {
                self.try_io(Direction::Write, <$std>::try_clone)
            }

            fn write(mut socket: &$std, bytes: &[u8]) -> io::Result<usize> {
                socket.write(bytes)
            }

            fn room(&self) -> impl Future<Output = io::Result<()>> + Send {
                self.writable()
            }
        }
    };
}

target!(super::TcpStream, std::net::TcpStream);
#[cfg(unix)]
target!(super::UnixStream, std::os::unix::net::UnixStream);

/// Sends a part of a file: how many bytes, fewer than `count` only where the file ends. No byte is
/// copied where the system can do without, which is Linux with nearly every kind of file; elsewhere
/// they pass through a buffer.
///
/// - `offset`: where to begin, in bytes from the start of the file.
/// - `count`: how many bytes; `None` for all up to the end.
/// - Afterwards the file's position is behind what was sent, also after an error; so several at
///   once from one file leave it behind one of them.
/// - What others write to the connection meanwhile goes in between.
/// - Needs one more descriptor while it lasts.
/// - *Cancel:* at most 1 MiB more may be sent. The file's position stays where it was.
/// - asyncio: `loop.sendfile(transport, file, offset, count)`, `loop.sock_sendfile`.
///
/// # Errors
/// `InvalidInput` when `count` is zero, or `offset` beyond what a file can have (asyncio's
/// `ValueError`); those of the connection, of reading the file, and of what was written to it
/// before.
///
/// # Panics
/// Outside a running loop.
///
/// ```
/// use bowerbird::fs::File;
/// use bowerbird::net::{TcpListener, TcpStream, sendfile};
/// use futures_lite::AsyncReadExt;
///
/// # bowerbird::run(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let mut client = TcpStream::connect(listener.local_addr()?).await?;
/// let (server, _peer) = listener.accept().await?;
///
/// let file = File::open("Cargo.toml").await?;
/// assert_eq!(sendfile(&server, &file, 1, 7).await?, 7);
/// let mut heading = [0; 7];
/// client.read_exact(&mut heading).await?;
/// assert_eq!(&heading, b"package");
///
/// assert!(sendfile(&server, &file, 0, 0).await.is_err());
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub async fn sendfile<S: SendfileTarget>(
    connection: &S,
    file: &File,
    offset: u64,
    count: impl Into<Option<u64>>,
) -> io::Result<u64> {
    let count = count.into();
    Sending::new(
        connection,
        file,
        offset,
        count,
        Way::Kernel { copies: true },
    )?
    .finish()
    .await
}

/// [`sendfile`], or no byte: where the system cannot send this file without a copy, it is an error.
/// asyncio: `fallback=False`.
///
/// # Errors
/// [`SendfileNotAvailableError`], inside one of kind `Unsupported`; those of `sendfile`.
///
/// # Panics
/// Outside a running loop.
pub async fn sendfile_without_fallback<S: SendfileTarget>(
    connection: &S,
    file: &File,
    offset: u64,
    count: impl Into<Option<u64>>,
) -> io::Result<u64> {
    let count = count.into();
    Sending::new(
        connection,
        file,
        offset,
        count,
        Way::Kernel { copies: false },
    )?
    .finish()
    .await
}

/// How bytes get from the file to the socket.
#[derive(Clone, Copy)]
enum Way {
    /// The kernel sends. If it does not know how, they are copied, or not.
    Kernel {
        /// Whether copying is fine.
        copies: bool,
    },
    /// Through a buffer.
    Copy,
}

/// A part of a file on its way.
struct Sending<'a, S> {
    /// Where to.
    connection: &'a S,
    /// Where from.
    file: &'a File,
    /// Of the next byte.
    at: u64,
    /// Bytes to go, at most.
    left: u64,
    /// How.
    way: Way,
}

impl<'a, S: SendfileTarget> Sending<'a, S> {
    fn new(
        connection: &'a S,
        file: &'a File,
        offset: u64,
        count: Option<u64>,
        way: Way,
    ) -> io::Result<Self> {
        let room = i64::MAX.unsigned_abs().checked_sub(offset);
        let (Some(room), Some(1..) | None) = (room, count) else {
            let told = "sendfile needs an offset within a file, and a count above zero";
            return Err(io::Error::new(ErrorKind::InvalidInput, told));
        };
        Ok(Self {
            connection,
            file,
            at: offset,
            left: count.unwrap_or(room).min(room),
            way,
        })
    }

    async fn finish(mut self) -> io::Result<u64> {
        self.file.at_rest().await?;
        let start = self.at;
        let sent = self.send().await;
        if self.at > start || sent.is_ok() {
            self.file.go_to(self.at);
        }
        sent.map(|()| self.at - start)
    }

    async fn send(&mut self) -> io::Result<()> {
        let socket = Arc::new(self.connection.second()?);
        let file = self.file.descriptor();
        while self.left > 0 {
            let leg = Leg {
                file: file.clone(),
                socket: socket.clone(),
                at: self.at,
                count: self.left.min(LEG),
                way: self.way,
            };
            let Arrival { sent, way, why } = trip(move || Ok(leg.go::<S>())).await?;
            (self.at, self.left, self.way) = (self.at + sent, self.left - sent, way);
            match why? {
                Why::Sent => {}
                Why::Full => self.connection.room().await?,
                Why::End => break,
            }
        }
        Ok(())
    }
}

/// What one trip does.
struct Leg<K> {
    /// Where from.
    file: Arc<fs::File>,
    /// Where to.
    socket: Arc<K>,
    /// Of the first byte.
    at: u64,
    /// How many bytes.
    count: u64,
    /// How.
    way: Way,
}

/// What came of it.
struct Arrival {
    /// Bytes that were sent, whatever came then.
    sent: u64,
    /// How the next leg goes.
    way: Way,
    /// Why it ended.
    why: io::Result<Why>,
}

enum Why {
    /// All of it is sent.
    Sent,
    /// The socket takes no more for now.
    Full,
    /// There is no more in the file.
    End,
}

impl<K: AsSource> Leg<K> {
    fn go<S: SendfileTarget<Socket = K>>(mut self) -> Arrival {
        let mut sent = 0;
        let mut buffer = Vec::new();
        let why = loop {
            if sent == self.count {
                break Ok(Why::Sent);
            }
            let step = match self.way {
                Way::Kernel { .. } => self.send(sent),
                Way::Copy => self.copy::<S>(sent, &mut buffer),
            };
            match step {
                Ok(0) => break Ok(Why::End),
                Ok(length) => sent += length as u64,
                Err(error) => match (error.kind(), self.way) {
                    (ErrorKind::Interrupted, _) => {}
                    (ErrorKind::WouldBlock, _) => break Ok(Why::Full),
                    (ErrorKind::Unsupported, Way::Kernel { copies: true }) => self.way = Way::Copy,
                    (ErrorKind::Unsupported, Way::Kernel { copies: false }) => {
                        break Err(SendfileNotAvailableError.into());
                    }
                    _ => break Err(error),
                },
            }
        };
        let way = self.way;
        Arrival { sent, way, why }
    }

    fn send(&self, sent: u64) -> io::Result<usize> {
        let count = usize::try_from(self.count - sent).unwrap_or(usize::MAX);
        files::send(&self.file, &*self.socket, self.at + sent, count)
    }

    /// What the socket does not take is read again: the kernel has it in memory by now.
    fn copy<S: SendfileTarget<Socket = K>>(
        &self,
        sent: u64,
        buffer: &mut Vec<u8>,
    ) -> io::Result<usize> {
        let left = usize::try_from(self.count - sent).unwrap_or(usize::MAX);
        buffer.resize(left.min(COPIED), 0);
        match files::read_at(&self.file, buffer, self.at + sent)? {
            0 => Ok(0),
            length => S::write(&self.socket, &buffer[..length]),
        }
    }
}
