//! Unix sockets, as [`super`] has them for TCP: non-blocking from the start.
//!
//! A path that begins with a zero byte is an abstract name, on Linux; elsewhere it is invalid.

#[cfg(not(target_os = "linux"))]
use std::io::Read;
use std::io::{self, IoSliceMut};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;

#[cfg(target_os = "linux")]
use rustix::net::{RecvAncillaryBuffer, RecvFlags, ReturnFlags, recvmsg};
use socket2::{Domain, SockAddr, SockRef, Type};

use super::{begin, new_socket, settle};

pub use super::sys::peer_cred;

/// Begins to connect to who listens at `path`; finish with [`finish_connect_unix`].
///
/// # Errors
///
/// Those of `socket` and `connect`. `WouldBlock` means that too many connections wait to be
/// accepted: the system offers no way to be told, try again later.
pub fn start_connect_unix(path: impl AsRef<Path>) -> io::Result<UnixStream> {
    let socket = new_socket(Domain::UNIX, Type::STREAM, None)?;
    begin(&socket, &address(path.as_ref())?)?;
    Ok(socket.into())
}

/// Reads into several buffers: how many bytes, and whether more may be behind them though there
/// was room. So it is after descriptors that were sent along, and between senders where a socket is
/// to tell them apart; what came beside the bytes is dropped, and that it was is what Linux tells.
#[cfg(target_os = "linux")]
pub(crate) fn receive_unix(
    stream: &UnixStream,
    buffers: &mut [IoSliceMut<'_>],
) -> io::Result<(usize, bool)> {
    let mut no_room = RecvAncillaryBuffer::default();
    let received = recvmsg(stream, buffers, &mut no_room, RecvFlags::empty())?;
    let is_cut = received.flags.contains(ReturnFlags::CTRUNC);
    Ok((received.bytes, is_cut))
}

/// The same where nothing tells.
#[cfg(not(target_os = "linux"))]
pub(crate) fn receive_unix(
    mut stream: &UnixStream,
    buffers: &mut [IoSliceMut<'_>],
) -> io::Result<(usize, bool)> {
    Ok((stream.read_vectored(buffers)?, true))
}

/// As [`finish_connect`](super::finish_connect).
///
/// # Errors
///
/// As [`finish_connect`](super::finish_connect).
pub fn finish_connect_unix(stream: &UnixStream) -> io::Result<()> {
    settle(stream.take_error()?, || stream.peer_addr().map(drop))
}

/// Listens at `path`, which must not exist.
///
/// # Errors
///
/// Those of `socket`, `bind` and `listen`.
pub fn listen_unix(path: &Path, backlog: u32) -> io::Result<UnixListener> {
    let address = address(path)?;
    let socket = new_socket(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&address)?;
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}

/// As [`accept`](super::accept). Ask the stream for its peer's address, which most peers lack.
///
/// # Errors
///
/// As [`accept`](super::accept).
pub fn accept_unix(listener: &UnixListener) -> io::Result<UnixStream> {
    #[cfg(target_os = "linux")]
    {
        use rustix::net::{SocketFlags, accept_with};
        let socket: std::os::fd::OwnedFd =
            accept_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC)?;
        Ok(socket.into())
    }
    #[cfg(not(target_os = "linux"))]
    {
        let (stream, _peer) = listener.accept()?;
        stream.set_nonblocking(true)?;
        Ok(stream)
    }
}

/// Whether somebody listens for connections at `path`, as far as can be told: what is not a refusal
/// counts as somebody. Connects, and hangs up at once, which a listener sees.
#[must_use]
pub fn is_served_unix(path: &Path) -> bool {
    !is_refused(start_connect_unix(path).map(drop))
}

/// A datagram socket at `path`, which must not exist.
///
/// # Errors
///
/// Those of `socket` and `bind`.
pub fn bind_unix_datagram(path: &Path) -> io::Result<UnixDatagram> {
    let address = address(path)?;
    let socket = new_socket(Domain::UNIX, Type::DGRAM, None)?;
    socket.bind(&address)?;
    Ok(socket.into())
}

/// Whether somebody receives datagrams at `path`, as far as can be told. Sends none.
#[must_use]
pub fn is_served_unix_datagram(path: &Path) -> bool {
    let connected = UnixDatagram::unbound().and_then(|socket| connect_unix_datagram(&socket, path));
    !is_refused(connected)
}

/// Sets the peer of `socket`.
///
/// # Errors
///
/// Those of `connect`.
pub fn connect_unix_datagram(socket: &UnixDatagram, path: &Path) -> io::Result<()> {
    SockRef::from(socket).connect(&address(path)?)
}

/// Sends a datagram to `path`.
///
/// # Errors
///
/// Those of `sendto`. `WouldBlock` means that the receiver has too many unread: the system does not
/// tell when it has not.
pub fn send_to_unix_datagram(
    socket: &UnixDatagram,
    datagram: &[u8],
    path: &Path,
) -> io::Result<usize> {
    SockRef::from(socket).send_to(datagram, &address(path)?)
}

/// Who is at the other end of a Unix connection; on a listener's side, who connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PeerCred {
    /// The user.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// The process; `None` where the system does not tell, or when it is outside of our view.
    pub pid: Option<i32>,
}

/// A path as the system wants it.
fn address(path: &Path) -> io::Result<SockAddr> {
    let bytes = path.as_os_str().as_bytes();
    let is_abstract = cfg!(target_os = "linux") && bytes.first() == Some(&0);
    let why = if bytes.is_empty() {
        "a path must not be empty"
    } else if bytes.contains(&0) && !is_abstract {
        "a path must not contain a zero byte"
    } else {
        return SockAddr::unix(path);
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, why))
}

/// Whether nobody is there, for certain.
fn is_refused(attempt: io::Result<()>) -> bool {
    let kinds = [io::ErrorKind::ConnectionRefused, io::ErrorKind::NotFound];
    attempt.is_err_and(|error| kinds.contains(&error.kind()))
}
