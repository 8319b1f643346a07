//! Sockets: TCP, UDP and, on Unix, those of the file system; names and addresses; and other
//! people's descriptors. asyncio: the `sock_*` methods of the loop, and what streams are made of.
//!
//! Every operation is tried at once and waits only if it would block. A read from TCP that gives
//! less than was asked for has left nothing, and costs no second system call to find out. Each
//! success counts against what a task may do in one poll, so that a socket that is always ready
//! leaves its worker to others. Errors are the system's own, as `io::Error`.

mod pollable;

mod addrs;

mod lookup;

mod connect;

mod options;

mod streaming;

mod halves;

mod tcp;

mod udp;

mod sendfile;

mod descriptors;

#[cfg(unix)]
mod unix;

#[cfg(unix)]
mod watching;

pub use addrs::{Target, ToAddrs};
pub use bowerbird_io::net::is_out_of_resources;
pub use connect::ConnectError;
pub use halves::{Duplex, OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, WriteHalf};
pub use lookup::lookup_host;
pub use pollable::{AsSource, Async, Direction};
pub use sendfile::{SendfileTarget, sendfile, sendfile_without_fallback};
pub use tcp::{Keepalive, TcpListener, TcpSocket, TcpStream};
pub use udp::UdpSocket;
#[cfg(unix)]
pub use unix::{PeerCred, UnixDatagram, UnixListener, UnixStream};
