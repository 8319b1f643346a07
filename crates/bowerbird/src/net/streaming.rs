//! The traits of byte streams, for sockets that hold an `Async`. The streams of this module expand
//! the macro; how bytes come in, and closing, is where they differ from a plain descriptor.

use std::io::{self, IoSliceMut};
use std::net::TcpStream;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::AsyncRead;

use super::pollable::Async;

/// How bytes come in.
pub(super) trait Receive {
    /// As `AsyncRead::poll_read`.
    fn poll_receive(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;

    /// As `AsyncRead::poll_read_vectored`.
    fn poll_receive_vectored(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>>;
}

impl Receive for Async<TcpStream> {
    fn poll_receive(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_read(cx, buffer)
    }

    fn poll_receive_vectored(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_read_vectored(cx, buffers)
    }
}

#[cfg(unix)]
impl Receive for Async<std::os::unix::net::UnixStream> {
    fn poll_receive(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.poll_unix(cx, &mut [IoSliceMut::new(buffer)])
    }

    fn poll_receive_vectored(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_unix(cx, buffers)
    }
}

/// Implements `AsyncRead` and `AsyncWrite` for a socket and for references to it, by the `Async` in
/// its field 0 and its method `shutdown`.
macro_rules! byte_stream {
    ($socket:ty) => {
        const _: () = {
            use std::io::{IoSlice, IoSliceMut, Result};
            use std::net::Shutdown;
            use std::pin::Pin;
            use std::task::{Context, Poll};

            use futures_io::{AsyncRead, AsyncWrite};

            use crate::net::streaming::Receive;

            impl AsyncRead for &$socket {
                fn poll_read(
                    self: Pin<&mut Self>,
                    cx: &mut Context<'_>,
                    buffer: &mut [u8],
                ) -> Poll<Result<usize>> {
                    self.0.poll_receive(cx, buffer)
                }

                fn poll_read_vectored(
                    self: Pin<&mut Self>,
                    cx: &mut Context<'_>,
                    buffers: &mut [IoSliceMut<'_>],
                ) -> Poll<Result<usize>> {
                    self.0.poll_receive_vectored(cx, buffers)
                }
            }

            impl AsyncWrite for &$socket {
                fn poll_write(
                    self: Pin<&mut Self>,
                    cx: &mut Context<'_>,
                    buffer: &[u8],
                ) -> Poll<Result<usize>> {
                    Pin::new(&mut &self.0).poll_write(cx, buffer)
                }

                fn poll_write_vectored(
                    self: Pin<&mut Self>,
                    cx: &mut Context<'_>,
                    buffers: &[IoSlice<'_>],
                ) -> Poll<Result<usize>> {
                    Pin::new(&mut &self.0).poll_write_vectored(cx, buffers)
                }

                /// Nothing to do: nothing is kept on this side of the system call.
                fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
                    Poll::Ready(Ok(()))
                }

                /// Ends the writing direction; the peer reads to the end and may still answer.
                fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
                    Poll::Ready(crate::net::streaming::ended(self.shutdown(Shutdown::Write)))
                }
            }

            impl AsyncRead for $socket {
                fn poll_read(
                    self: Pin<&mut Self>,
                    cx: &mut Context<'_>,
                    buffer: &mut [u8],
                ) -> Poll<Result<usize>> {
                    Pin::new(&mut &*self).poll_read(cx, buffer)
                }

                fn poll_read_vectored(
                    self: Pin<&mut Self>,
                    cx: &mut Context<'_>,
                    buffers: &mut [IoSliceMut<'_>],
                ) -> Poll<Result<usize>> {
                    Pin::new(&mut &*self).poll_read_vectored(cx, buffers)
                }
            }

            impl AsyncWrite for $socket {
                fn poll_write(
                    self: Pin<&mut Self>,
                    cx: &mut Context<'_>,
                    buffer: &[u8],
                ) -> Poll<Result<usize>> {
                    Pin::new(&mut &*self).poll_write(cx, buffer)
                }

                fn poll_write_vectored(
                    self: Pin<&mut Self>,
                    cx: &mut Context<'_>,
                    buffers: &[IoSlice<'_>],
                ) -> Poll<Result<usize>> {
                    Pin::new(&mut &*self).poll_write_vectored(cx, buffers)
                }

                fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
                    Pin::new(&mut &*self).poll_flush(cx)
                }

                fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
                    Pin::new(&mut &*self).poll_close(cx)
                }
            }
        };
    };
}

pub(super) use byte_stream;

/// What closing says, given what shutting down said: a connection that has gone is closed.
pub(super) fn ended(shutdown: io::Result<()>) -> io::Result<()> {
    match shutdown {
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
        ended => ended,
    }
}
