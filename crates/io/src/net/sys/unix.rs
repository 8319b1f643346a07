//! Unix: numbers of errors, and options that not every Unix has.

use std::io;
use std::os::unix::net::UnixStream;

use rustix::io::Errno;
use socket2::Socket;

use crate::net::PeerCred;

/// Errors that say that something has run out.
pub(in crate::net) const SCARCITY: [i32; 4] = [
    Errno::MFILE.raw_os_error(),
    Errno::NFILE.raw_os_error(),
    Errno::NOBUFS.raw_os_error(),
    Errno::NOMEM.raw_os_error(),
];

/// The error of a family of addresses that the system does not have.
pub(in crate::net) const UNKNOWN_FAMILY: i32 = Errno::AFNOSUPPORT.raw_os_error();

/// Lets several sockets share an address.
///
/// # Errors
///
/// `Unsupported` where the system cannot; otherwise its own.
pub fn set_reuse_port(socket: &Socket) -> io::Result<()> {
    #[cfg(not(any(target_os = "solaris", target_os = "illumos", target_os = "cygwin")))]
    {
        socket.set_reuse_port(true)
    }
    #[cfg(any(target_os = "solaris", target_os = "illumos", target_os = "cygwin"))]
    {
        let _socket = socket;
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Binds a socket to a network device by its name.
///
/// # Errors
///
/// `Unsupported` where the system cannot; otherwise its own.
pub fn bind_device(socket: &Socket, name: &str) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "fuchsia"))]
    {
        socket.bind_device(Some(name.as_bytes()))
    }
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "fuchsia")))]
    {
        let _unknown = (socket, name);
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Who is at the other end, as the system noted it when the connection was made.
///
/// # Errors
///
/// `Unsupported` where we do not know how to ask; otherwise the system's.
pub fn peer_cred(stream: &UnixStream) -> io::Result<PeerCred> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let cred = rustix::net::sockopt::socket_peercred(stream)?;
        Ok(PeerCred {
            uid: cred.uid.as_raw(),
            gid: cred.gid.as_raw(),
            pid: Some(cred.pid.as_raw_nonzero().get()),
        })
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let _unknown = stream;
        Err(io::ErrorKind::Unsupported.into())
    }
}
