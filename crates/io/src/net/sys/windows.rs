//! Windows: numbers of errors, and options that it does not have.

use std::io;

use socket2::Socket;

/// Errors that say that something has run out: descriptors, room for buffers.
pub(in crate::net) const SCARCITY: [i32; 2] = [10_024, 10_055];

/// The error of a family of addresses that the system does not have.
pub(in crate::net) const UNKNOWN_FAMILY: i32 = 10_047;

/// Lets several sockets share an address, which Windows cannot without letting strangers join.
///
/// # Errors
///
/// `Unsupported`, always.
pub fn set_reuse_port(_socket: &Socket) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Binds a socket to a network device by its name, which Windows cannot.
///
/// # Errors
///
/// `Unsupported`, always.
pub fn bind_device(_socket: &Socket, _name: &str) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
