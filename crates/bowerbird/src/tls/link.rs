//! TLS over a link, and a link itself: so TLS goes over TLS, too. Made by connectors and acceptors;
//! streams use it like a socket.
//!
//! The session is locked for the cryptography alone, never while the link below is polled or
//! anybody is woken (I4). One task reads and one writes at a time, as for every link.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::{Shutdown, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use super::Limits;
use super::session::{Session, TlsInfo};
use crate::streams::link::Link;
use crate::streams::scratch::with_scratch;
use crate::tasks::wait_for;

/// See the module.
pub(crate) struct TlsLink {
    /// What carries the encrypted bytes.
    inner: Arc<dyn Link>,
    /// The session, and who waits for it.
    state: Mutex<State>,
    /// Encrypted bytes on their way; taken out while they are being sent.
    outgoing: Mutex<Vec<u8>>,
    /// How long our end waits for the peer's farewell.
    shutdown_limit: Duration,
}

/// What the lock guards.
struct State {
    /// The session.
    session: Session,
    /// Our end has begun its farewell: from now on that does the reading.
    is_leaving: bool,
    /// Who reads, so that it learns of the farewell.
    reader: Option<Waker>,
    /// Who takes leave: the reader's last poll may have taken its place at the link below.
    leaver: Option<Waker>,
}

impl TlsLink {
    /// Shakes hands over `inner`; `early` is what the peer has sent of that already.
    ///
    /// - Cancel: closes the link below.
    ///
    /// # Errors
    /// The link's; `InvalidData` with rustls' reason inside; `UnexpectedEof` when the peer goes
    /// away; `ConnectionAborted` when it takes longer than the limit. The link below is closed
    /// then.
    pub(crate) async fn shake_hands(
        inner: Arc<dyn Link>,
        tls: impl Into<rustls::Connection>,
        early: Vec<u8>,
        limits: Limits,
    ) -> io::Result<Arc<Self>> {
        limits.check()?;
        let closing = ClosedByDrop(Some(inner.clone()));
        let link = Self {
            inner,
            state: Mutex::new(State {
                session: Session::new(tls, early),
                is_leaving: false,
                reader: None,
                leaver: None,
            }),
            outgoing: Mutex::default(),
            shutdown_limit: limits.shutdown,
        };
        let limit = limits.handshake;
        match wait_for(poll_fn(|cx| link.poll_handshake(cx)), limit).await {
            Ok(agreed) => agreed?,
            Err(_) => return Err(too_slow(limit)),
        }
        closing.keep_open();
        Ok(Arc::new(link))
    }

    fn poll_handshake(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.poll_flush(cx))?;
            let digested = {
                let mut state = self.lock();
                if !state.session.is_handshaking() {
                    return Poll::Ready(Ok(()));
                }
                state.session.digest()
            };
            match digested {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    // The peer may not want to hear what is wrong; that is no other error.
                    let _told = self.poll_flush(cx);
                    return Poll::Ready(Err(error));
                }
            }
            if ready!(self.poll_arrival(cx))? == 0 {
                return Poll::Ready(Err(io::Error::new(
                    ErrorKind::UnexpectedEof,
                    "the peer closed the connection during the TLS handshake",
                )));
            }
        }
    }

    /// What was agreed on.
    pub(crate) fn info(&self) -> TlsInfo {
        self.lock().session.info()
    }

    /// Tells the peer that nothing follows, without waiting for its answer.
    pub(crate) fn poll_close_notify(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.lock().session.say_farewell();
        self.poll_flush(cx)
    }

    /// Reads from the link below: how many encrypted bytes.
    fn poll_arrival(&self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        with_scratch(|scratch| {
            let arrived = ready!(self.inner.poll_read(cx, scratch))?;
            self.lock().session.arrive(&scratch[..arrived]);
            Poll::Ready(Ok(arrived))
        })
    }

    /// Sends what the session has to say.
    fn poll_outgoing(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut outgoing = std::mem::take(&mut *self.lock_outgoing());
        self.lock().session.take_outgoing(&mut outgoing)?;
        let mut sent = 0;
        while sent < outgoing.len() {
            match self.inner.poll_write(cx, &outgoing[sent..]) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(bytes)) => sent += bytes,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    outgoing.drain(..sent);
                    *self.lock_outgoing() = outgoing;
                    return Poll::Pending;
                }
            }
        }
        outgoing.clear();
        *self.lock_outgoing() = outgoing;
        Poll::Ready(Ok(()))
    }

    /// Plain bytes that are there; none for ever, once our end takes leave.
    fn read_session(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let mut state = self.lock();
        if !state.is_leaving {
            return state.session.read(buffer);
        }
        let leaver = state.leaver.take();
        drop(state);
        if let Some(leaver) = leaver {
            leaver.wake();
        }
        Ok(Some(0))
    }

    fn list_reader(&self, waker: &Waker) {
        // Cloned, and the former one dropped, unlocked.
        let reader = waker.clone();
        let before = self.lock().reader.replace(reader);
        drop(before);
    }

    /// Reads and drops what comes until the peer's farewell.
    fn poll_answer(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            match with_scratch(|scratch| self.lock().session.read(scratch))? {
                Some(0) => return Poll::Ready(Ok(())),
                Some(_) => {}
                None => {
                    let _bytes = ready!(self.poll_arrival(cx))?;
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Only the cryptography could panic under it, and its session then fails by itself.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_outgoing(&self) -> MutexGuard<'_, Vec<u8>> {
        self.outgoing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Link for TlsLink {
    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut is_listed = false;
        loop {
            if let Some(bytes) = self.read_session(buffer)? {
                return Poll::Ready(Ok(bytes));
            }
            if is_listed {
                let _bytes = ready!(self.poll_arrival(cx))?;
            } else {
                // A farewell that began meanwhile has not seen this reader: look again.
                self.list_reader(cx.waker());
                is_listed = true;
            }
        }
    }

    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_outgoing(cx))?;
        let taken = self.lock().session.write(bytes)?;
        // What does not leave now does so before the next bytes are taken, or when flushed.
        match self.poll_outgoing(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(taken)),
        }
    }

    fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_outgoing(cx))?;
        self.inner.poll_flush(cx)
    }

    fn poll_farewell(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let leaver = cx.waker().clone();
        let (reader, before) = {
            let mut state = self.lock();
            state.is_leaving = true;
            (state.reader.take(), state.leaver.replace(leaver))
        };
        drop(before);
        if let Some(reader) = reader {
            reader.wake();
        }
        ready!(self.poll_close_notify(cx))?;
        ready!(self.poll_answer(cx))?;
        self.inner.poll_farewell(cx)
    }

    fn farewell_limit(&self) -> Option<Duration> {
        Some(self.shutdown_limit)
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.inner.shutdown(how)
    }

    fn can_write_eof(&self) -> bool {
        false
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        self.inner.peer_addr()
    }

    fn local_addr(&self) -> Option<SocketAddr> {
        self.inner.local_addr()
    }

    fn tls_info(&self) -> Option<TlsInfo> {
        Some(self.info())
    }
}

/// Closes a link whose handshake does not come to its end.
struct ClosedByDrop(Option<Arc<dyn Link>>);

impl ClosedByDrop {
    fn keep_open(mut self) {
        self.0 = None;
    }
}

impl Drop for ClosedByDrop {
    fn drop(&mut self) {
        if let Some(link) = &self.0 {
            // Nobody is left to be told.
            let _closed = link.shutdown(Shutdown::Both);
        }
    }
}

fn too_slow(limit: Duration) -> io::Error {
    io::Error::new(
        ErrorKind::ConnectionAborted,
        format!("the TLS handshake is taking longer than {limit:?}: aborting the connection"),
    )
}
