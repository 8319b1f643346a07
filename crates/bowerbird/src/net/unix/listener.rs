//! Taking connections of Unix sockets.

use std::fmt;
use std::io;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bowerbird_io::net::{BACKLOG, accept_unix, is_served_unix, listen_unix};
use futures_core::Stream;

use super::UnixStream;
use super::file::SocketFile;
use crate::net::pollable::{Async, Direction};

/// Takes connections of a Unix socket.
///
/// Dropping it removes its file, if the path still leads to it; see [`keep_file`](Self::keep_file).
///
/// ```
/// use bowerbird::net::{UnixListener, UnixStream};
/// use futures_lite::{AsyncReadExt, AsyncWriteExt};
///
/// # fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("bowerbird-doc-{}", std::process::id()));
/// bowerbird::run(async {
///     let listener = UnixListener::bind(&path)?;
///     let mut client = UnixStream::connect(&path).await?;
///     let mut server = listener.accept().await?;
///     client.write_all(b"hi").await?;
///     let mut hello = [0; 2];
///     server.read_exact(&mut hello).await?;
///
///     let taken = UnixListener::bind(&path);
///     assert_eq!(taken.unwrap_err().kind(), std::io::ErrorKind::AddrInUse);
///     drop(listener);
///     assert!(!path.exists());
///     Ok(())
/// })
/// # }
/// ```
pub struct UnixListener {
    /// The socket. Closed before the file is removed, so that nobody connects to a listener that
    /// is about to go.
    pub(in crate::net) socket: Async<net::UnixListener>,
    /// The file that is removed in the end.
    file: Option<SocketFile>,
}

impl UnixListener {
    /// Listens at `path`.
    ///
    /// - `path`: a socket's file that nobody listens at any more is replaced. On Linux a path that
    ///   begins with a zero byte is an abstract name, without a file.
    /// - asyncio: `create_unix_server`; there a socket's file is replaced even while another server
    ///   listens at it.
    ///
    /// # Errors
    /// `AddrInUse` when somebody listens there, or when there is a file of another kind;
    /// `InvalidInput` when the path is too long (about 100 bytes) or contains a zero byte; others
    /// of the file system.
    ///
    /// # Panics
    /// Outside a running loop.
    #[track_caller]
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        let listen = |path: &Path| listen_unix(path, BACKLOG);
        let (socket, file) = SocketFile::bind(path.as_ref(), listen, is_served_unix)?;
        let socket = Async::new(socket)?;
        Ok(Self { socket, file })
    }

    /// Listens at an address of std: how `from_abstract_name` comes to use. A file at its path is
    /// neither replaced nor removed.
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    ///
    /// # Panics
    /// Outside a running loop.
    #[track_caller]
    pub fn bind_addr(addr: &SocketAddr) -> io::Result<Self> {
        Self::from_std(net::UnixListener::bind_addr(addr)?)
    }

    /// Takes over a listener that std, or another library, made. Its file stays where it is.
    ///
    /// # Errors
    /// When it cannot be watched, or the loop is closed.
    ///
    /// # Panics
    /// Outside a running loop.
    #[track_caller]
    pub fn from_std(listener: net::UnixListener) -> io::Result<Self> {
        let socket = Async::new(listener)?;
        Ok(Self { socket, file: None })
    }

    /// Back to std, non-blocking still. Its file stays where it is.
    ///
    /// # Errors
    /// When the system cannot take it out of the loop.
    pub fn into_std(self) -> io::Result<net::UnixListener> {
        if let Some(file) = self.file {
            file.keep();
        }
        self.socket.into_inner()
    }

    /// Leaves the file where it is when this is dropped. asyncio: `cleanup_socket=False`.
    #[must_use]
    pub fn keep_file(mut self) -> Self {
        if let Some(file) = self.file.take() {
            file.keep();
        }
        self
    }

    /// Waits for a connection. Any number of tasks may wait at once. What the peer may be asked for
    /// is its credentials ([`UnixStream::peer_cred`]): most have no address.
    ///
    /// - Cancel: no connection is lost; it waits for the next call.
    ///
    /// # Errors
    /// Those of `accept`; see [`TcpListener::accept`](crate::net::TcpListener::accept).
    pub async fn accept(&self) -> io::Result<UnixStream> {
        let accepted = self.socket.read_with(accept_unix).await;
        self.connection(accepted)
    }

    /// [`accept`](Self::accept), for those who write futures: the task that polled last is woken.
    ///
    /// # Errors
    /// As `accept`.
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<UnixStream>> {
        let accepted = ready!(self.socket.poll_io(Direction::Read, cx, accept_unix));
        Poll::Ready(self.connection(accepted))
    }

    /// Takes a connection that is there already.
    ///
    /// # Errors
    /// `WouldBlock` when none is; otherwise as [`accept`](Self::accept).
    pub fn try_accept(&self) -> io::Result<UnixStream> {
        let accepted = self.socket.try_io(Direction::Read, accept_unix);
        self.connection(accepted)
    }

    fn connection(&self, accepted: io::Result<net::UnixStream>) -> io::Result<UnixStream> {
        Ok(UnixStream::within(self.socket.sibling(accepted?)?))
    }

    /// Connections as a stream that never ends; see [`accept`](Self::accept).
    pub fn incoming(&self) -> impl Stream<Item = io::Result<UnixStream>> + Send + '_ {
        Incoming(self)
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_ref().local_addr()
    }
}

impl fmt::Debug for UnixListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UnixListener")
            .field(self.socket.get_ref())
            .finish()
    }
}

/// See [`UnixListener::incoming`].
struct Incoming<'a>(&'a UnixListener);

impl Stream for Incoming<'_> {
    type Item = io::Result<UnixStream>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_accept(cx).map(Some)
    }
}
