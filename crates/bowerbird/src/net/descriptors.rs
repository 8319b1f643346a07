//! The descriptor behind each socket, lent to those who want of the system what has no method here.
//!
//! ```
//! # bowerbird::run(async {
//! let socket = bowerbird::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
//! socket2::SockRef::from(&socket).set_tos_v4(0x10).unwrap();
//! # });
//! ```

#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd};
#[cfg(windows)]
use std::os::windows::io::{AsSocket, BorrowedSocket};

use super::{AsSource, Async, TcpListener, TcpStream, UdpSocket};
#[cfg(unix)]
use super::{UnixDatagram, UnixListener, UnixStream};

#[cfg(unix)]
impl<T: AsSource> AsFd for Async<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.get_ref().source()
    }
}

#[cfg(windows)]
impl<T: AsSource> AsSocket for Async<T> {
    fn as_socket(&self) -> BorrowedSocket<'_> {
        self.get_ref().source()
    }
}

macro_rules! lent {
    ($($socket:ident . $field:tt),*) => {$(
        #[cfg(unix)]
        impl AsFd for $socket {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.$field.as_fd()
            }
        }

        #[cfg(windows)]
        impl AsSocket for $socket {
            fn as_socket(&self) -> BorrowedSocket<'_> {
                self.$field.as_socket()
            }
        }
    )*};
}

lent!(TcpListener.0, TcpStream.0, UdpSocket.0);
#[cfg(unix)]
lent!(UnixListener.socket, UnixStream.0, UnixDatagram.socket);
