//! TLS over any stream, for those who do not want the streams of this crate: HTTP libraries, say.
//! A shell around the link; it speaks no protocol itself.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};

use super::link::TlsLink;
use super::session::TlsInfo;
use crate::streams::link::Link;

/// What TLS of a [`TlsConnector`](super::TlsConnector) can go over: bytes read and written through
/// `&`, from any thread. Every such type is one.
pub trait Carrier: Send + Sync + 'static {
    #[doc(hidden)]
    fn poll_read_shared(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;

    #[doc(hidden)]
    fn poll_write_shared(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;

    #[doc(hidden)]
    fn poll_flush_shared(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    #[doc(hidden)]
    fn poll_close_shared(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

impl<S> Carrier for S
where
    S: Send + Sync + 'static,
    for<'a> &'a S: AsyncRead + AsyncWrite,
{
    fn poll_read_shared(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_read(cx, buffer)
    }

    fn poll_write_shared(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_write(cx, bytes)
    }

    fn poll_flush_shared(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self).poll_flush(cx)
    }

    fn poll_close_shared(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self).poll_close(cx)
    }
}

/// A TLS connection over a stream `S`. Reads and writes go through the traits of `futures-io`, on
/// `TlsStream` and on `&TlsStream`: one task may read while another one writes.
///
/// - Made by [`TlsConnector::connect`](super::TlsConnector::connect) and
///   [`TlsAcceptor::accept`](super::TlsAcceptor::accept).
/// - Closing it tells the peer (`close_notify`) and closes the writing direction of `S`; reading
///   goes on. Dropping it does not tell the peer, who has to take that for an attack.
/// - A peer that goes without a word is an `UnexpectedEof`: bytes may be missing.
/// - asyncio has none; there streams are all there is.
pub struct TlsStream<S> {
    /// The protocol.
    link: Arc<TlsLink>,
    /// What it goes over.
    stream: Arc<Carried<S>>,
}

/// A stream as a link.
struct Carried<S>(S);

/// Shakes hands over a stream.
pub(super) async fn over<S, F>(
    stream: S,
    shake_hands: impl FnOnce(Arc<dyn Link>) -> F,
) -> io::Result<TlsStream<S>>
where
    S: Carrier,
    F: Future<Output = io::Result<Arc<TlsLink>>>,
{
    let stream = Arc::new(Carried(stream));
    let link = shake_hands(stream.clone()).await?;
    Ok(TlsStream { link, stream })
}

impl<S> TlsStream<S> {
    /// What the two ends have agreed on.
    pub fn info(&self) -> TlsInfo {
        self.link.info()
    }

    /// What it goes over. Reading from or writing to that directly breaks the connection.
    pub fn get_ref(&self) -> &S {
        &self.stream.0
    }
}

impl<S: Carrier> Link for Carried<S> {
    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.0.poll_read_shared(cx, buffer)
    }

    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.poll_write_shared(cx, bytes)
    }

    fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush_shared(cx)
    }

    fn shutdown(&self, _how: Shutdown) -> io::Result<()> {
        // Its owner drops it, which closes it.
        Ok(())
    }

    fn can_write_eof(&self) -> bool {
        false
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        None
    }

    fn local_addr(&self) -> Option<SocketAddr> {
        None
    }
}

impl<S: Carrier> AsyncRead for &TlsStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.link.poll_read(cx, buffer)
    }
}

impl<S: Carrier> AsyncWrite for &TlsStream<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.link.poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.link.poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.link.poll_close_notify(cx))?;
        self.stream.0.poll_close_shared(cx)
    }
}

impl<S: Carrier> AsyncRead for TlsStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_read(cx, buffer)
    }
}

impl<S: Carrier> AsyncWrite for TlsStream<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self).poll_close(cx)
    }
}

impl<S> fmt::Debug for TlsStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsStream")
            .field("info", &self.info())
            .finish_non_exhaustive()
    }
}
