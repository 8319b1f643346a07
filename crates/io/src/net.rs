//! Sockets as the facade needs them and std does not make them: non-blocking from the start.
//!
//! Plain functions over descriptors. They register nothing and wait for nothing; what is not ready
//! is `WouldBlock`, so that they can be the operation of [`Async::poll_io`](crate::Async::poll_io).

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

#[cfg(unix)]
use std::mem::MaybeUninit;
#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
#[cfg(unix)]
use std::os::unix::net::{UnixListener, UnixStream};
#[cfg(unix)]
use std::path::Path;

/// Connections that may wait to be accepted when nobody says how many.
pub const BACKLOG: u32 = 1_024;

/// Begins to connect. The connection is there, or has failed, once the socket is writable: ask
/// [`finish_connect`].
///
/// # Errors
///
/// Those of `socket` and `connect`, if the attempt fails at once.
pub fn start_connect(to: SocketAddr) -> io::Result<TcpStream> {
    let socket = new_socket(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
    begin(&socket, &to.into())?;
    Ok(socket.into())
}

/// Whether a connection that was begun is there.
///
/// # Errors
///
/// `WouldBlock` while it is under way; otherwise why it failed, once: the system forgets it then.
pub fn finish_connect(stream: &TcpStream) -> io::Result<()> {
    settle(stream.take_error()?, || stream.peer_addr().map(drop))
}

/// Begins to connect to a socket in the file system; finish with [`finish_connect_unix`].
///
/// # Errors
///
/// Those of `socket` and `connect`. `WouldBlock` means that too many connections wait to be
/// accepted: the system offers no way to be told, try again later.
#[cfg(unix)]
pub fn start_connect_unix(path: impl AsRef<Path>) -> io::Result<UnixStream> {
    let socket = new_socket(Domain::UNIX, Type::STREAM, None)?;
    begin(&socket, &SockAddr::unix(path)?)?;
    Ok(socket.into())
}

/// As [`finish_connect`].
///
/// # Errors
///
/// As [`finish_connect`].
#[cfg(unix)]
pub fn finish_connect_unix(stream: &UnixStream) -> io::Result<()> {
    settle(stream.take_error()?, || stream.peer_addr().map(drop))
}

/// Listens on `at`. On Unix the address may be one whose last connections still linger, on Windows
/// never, where that would let others take it over.
///
/// - `backlog`: connections that may wait to be accepted; the system has a limit of its own.
///
/// # Errors
///
/// Those of `socket`, `bind` and `listen`.
pub fn listen(at: SocketAddr, backlog: u32) -> io::Result<TcpListener> {
    let socket = new_socket(Domain::for_address(at), Type::STREAM, Some(Protocol::TCP))?;
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&at.into())?;
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}

/// Takes a connection that waits: not inherited by child processes, and non-blocking, with a single
/// system call on Linux.
///
/// # Errors
///
/// `WouldBlock` when none waits, and those of `accept`; most concern one connection only.
pub fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    #[cfg(target_os = "linux")]
    {
        use rustix::net::{SocketFlags, acceptfrom_with};
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let (socket, peer) = acceptfrom_with(listener, flags)?;
        let peer = peer.and_then(|peer| SocketAddr::try_from(peer).ok());
        let peer = peer.ok_or(io::ErrorKind::InvalidData)?;
        Ok((socket.into(), peer))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let (stream, peer) = listener.accept()?;
        stream.set_nonblocking(true)?;
        Ok((stream, peer))
    }
}

/// As [`accept`]. Ask the stream for its peer's address, which most peers lack.
///
/// # Errors
///
/// As [`accept`].
#[cfg(unix)]
pub fn accept_unix(listener: &UnixListener) -> io::Result<UnixStream> {
    #[cfg(target_os = "linux")]
    {
        use rustix::net::{SocketFlags, accept_with};
        let socket: OwnedFd = accept_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC)?;
        Ok(socket.into())
    }
    #[cfg(not(target_os = "linux"))]
    {
        let (stream, _peer) = listener.accept()?;
        stream.set_nonblocking(true)?;
        Ok(stream)
    }
}

/// Receives into memory that need not be initialised: the part that was filled, empty at the end
/// of a stream. A datagram that does not fit is cut off.
///
/// # Errors
///
/// Those of `recv`.
#[cfg(unix)]
pub fn receive(socket: impl AsFd, buffer: &mut [MaybeUninit<u8>]) -> io::Result<&mut [u8]> {
    fn receive<'b>(
        socket: BorrowedFd<'_>,
        buffer: &'b mut [MaybeUninit<u8>],
    ) -> io::Result<&'b mut [u8]> {
        let ((filled, _rest), _full_length) =
            rustix::net::recv(socket, buffer, rustix::net::RecvFlags::empty())?;
        Ok(filled)
    }
    receive(socket.as_fd(), buffer)
}

/// A non-blocking socket that child processes do not inherit.
fn new_socket(domain: Domain, kind: Type, protocol: Option<Protocol>) -> io::Result<Socket> {
    #[cfg(target_os = "linux")]
    let socket = Socket::new(domain, kind.nonblocking(), protocol)?;
    #[cfg(not(target_os = "linux"))]
    let socket = Socket::new(domain, kind, protocol)?;
    #[cfg(not(target_os = "linux"))]
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Begins to connect; that it takes a while is no error.
fn begin(socket: &Socket, to: &SockAddr) -> io::Result<()> {
    match socket.connect(to) {
        Err(error) if is_under_way(&error) => Ok(()),
        begun => begun,
    }
}

/// Whether `connect` said that it goes on by itself.
fn is_under_way(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        // An interrupted attempt goes on, too.
        let errno = error.raw_os_error();
        errno == Some(rustix::io::Errno::INPROGRESS.raw_os_error())
            || error.kind() == io::ErrorKind::Interrupted
    }
    #[cfg(not(unix))]
    {
        error.kind() == io::ErrorKind::WouldBlock
    }
}

/// What became of an attempt, from its pending error and whether it has a peer.
fn settle(error: Option<io::Error>, peer: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    if let Some(error) = error {
        return Err(error);
    }
    match peer() {
        Err(error) if error.kind() == io::ErrorKind::NotConnected => {
            Err(io::ErrorKind::WouldBlock.into())
        }
        settled => settled,
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
