//! Sockets. Built on the loop's reactor; every operation is tried at once and waits only if it
//! would block. asyncio: the `sock_*` methods of the loop, and what streams are made of.

mod addrs;

mod tcp;

pub use addrs::{Target, ToAddrs};
pub use tcp::{Accept, TcpListener, TcpStream};
