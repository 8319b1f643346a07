//! Sockets as the facade needs them and std does not make them: non-blocking from the start.
//!
//! Plain functions over descriptors; what only some systems know is in `sys`. They register nothing
//! and wait for nothing; what is not ready is `WouldBlock`, so that they can be the operation of
//! [`Async::poll_io`](crate::Async::poll_io).

mod sys;

#[cfg(unix)]
mod unix;

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

#[cfg(unix)]
use std::mem::MaybeUninit;
#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd};

pub use sys::{bind_device, set_reuse_port};
#[cfg(unix)]
pub use unix::*;

/// Connections that may wait to be accepted when nobody says how many.
pub const BACKLOG: u32 = 1_024;

/// Begins to connect. The connection is there, or has failed, once the socket is writable: ask
/// [`finish_connect`].
///
/// # Errors
///
/// Those of `socket` and `connect`, if the attempt fails at once.
pub fn start_connect(to: SocketAddr) -> io::Result<TcpStream> {
    let socket = tcp_socket(Domain::for_address(to))?;
    begin_connect(&socket, to)?;
    Ok(socket.into())
}

/// A non-blocking TCP socket that child processes do not inherit.
///
/// # Errors
///
/// Those of `socket`.
pub fn tcp_socket(domain: Domain) -> io::Result<Socket> {
    new_socket(domain, Type::STREAM, Some(Protocol::TCP))
}

/// Begins to connect `socket`, which must be non-blocking; finish with [`finish_connect`].
///
/// # Errors
///
/// Those of `connect`, if the attempt fails at once.
pub fn begin_connect(socket: &Socket, to: SocketAddr) -> io::Result<()> {
    begin(socket, &to.into())
}

/// Whether a connection that was begun is there.
///
/// # Errors
///
/// `WouldBlock` while it is under way; otherwise why it failed, once: the system forgets it then.
pub fn finish_connect(stream: &TcpStream) -> io::Result<()> {
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
    let socket = tcp_socket(Domain::for_address(at))?;
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

/// Whether the system has run out of something, so that the same call may succeed once others have
/// given it back: descriptors, of the process or of the machine, or memory for sockets. A
/// connection that could not be accepted for such a reason is not lost.
///
/// ```
/// let out_of_memory = std::io::ErrorKind::OutOfMemory.into();
/// assert!(bowerbird_io::net::is_out_of_resources(&out_of_memory));
/// let refused = std::io::ErrorKind::ConnectionRefused.into();
/// assert!(!bowerbird_io::net::is_out_of_resources(&refused));
/// ```
#[must_use]
pub fn is_out_of_resources(error: &io::Error) -> bool {
    let is_named = |code| sys::SCARCITY.contains(&code);
    error.kind() == io::ErrorKind::OutOfMemory || error.raw_os_error().is_some_and(is_named)
}

/// Whether the system has no sockets of the family that was asked for.
#[must_use]
pub fn is_unknown_family(error: &io::Error) -> bool {
    error.raw_os_error() == Some(sys::UNKNOWN_FAMILY)
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
