//! A WebSocket as its users have it: a handle that many may send through, and one receives from.

use std::fmt;
use std::future::poll_fn;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bowerbird::{Lock, timeout};
use bytes::Bytes;
use futures_io::{AsyncRead, AsyncWrite};
use tungstenite::Message as Frame;
use tungstenite::protocol::CloseFrame;

use super::core::Core;
use super::deflate::{Packer, Packing, Unpacker};
use super::errors::WebSocketError;
use super::message::{CloseReason, Message};
use super::options::{Role, WebSocketOptions};
use super::pipe::{Pipe, Writers};

/// The longest reason that fits into a farewell, in bytes.
const REASON_MAX: usize = 123;

/// One end of a WebSocket over a stream `S`. Cheap to clone: all clones are the same WebSocket.
///
/// - Any number of tasks may send; their messages go whole, in the order of the calls. One at a
///   time may receive.
/// - Pings are answered, fragments put together and texts checked while somebody receives.
/// - Dropping the last clone closes the connection without a farewell; [`close`](Self::close) says
///   it.
/// - asyncio: aiohttp's `WebSocketResponse` and `ClientWebSocketResponse`.
pub struct WebSocket<S>(Arc<Shared<S>>);

struct Shared<S> {
    /// The protocol, and who waits while somebody else uses it.
    desk: Mutex<Desk<S>>,
    /// Whose turn it is to send.
    sending: Lock<()>,
    /// Who receives.
    receiving: Lock<()>,
    /// Who waits for the stream to take more.
    writers: Arc<Writers>,
    /// For the peer's farewell.
    close_timeout: Duration,
    /// What was agreed on in the handshake.
    agreed: Agreed,
}

/// What both ends have agreed on in the handshake.
#[derive(Debug, Default)]
pub(crate) struct Agreed {
    /// What they speak.
    pub(crate) protocol: Option<String>,
    /// How messages are packed, if they are.
    pub(crate) packing: Option<Packing>,
}

struct Desk<S> {
    /// Gone while somebody uses it: the stream may be anybody's code, which no lock is held for.
    core: Option<Box<Core<S>>>,
    /// Who found it gone.
    waiting: Vec<Waker>,
    /// Why the WebSocket was closed, as of its last use.
    farewell: Option<CloseReason>,
    /// Whether nothing can be sent any more, as of then.
    is_closed: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// A WebSocket over a stream whose ends have shaken hands.
    ///
    /// - `early`: bytes that were read together with the handshake; often none.
    /// - What was agreed on elsewhere is not known here: nothing is packed, whatever `options` say
    ///   of it.
    pub fn new(stream: S, early: Vec<u8>, role: Role, options: &WebSocketOptions) -> Self {
        let writers = Arc::new(Writers::default());
        let pipe = Pipe::new(stream, writers.clone(), None);
        let core = Core::new(pipe, early, role, options, None);
        Self::over(core, writers, options, Agreed::default())
    }

    /// The same, with what was agreed on, and nothing read ahead.
    pub(crate) fn agreed(
        stream: S,
        role: Role,
        options: &WebSocketOptions,
        agreed: Agreed,
    ) -> Self {
        let writers = Arc::new(Writers::default());
        let packing = agreed.packing.as_ref();
        let pipe = Pipe::new(stream, writers.clone(), packing.map(Unpacker::new));
        let core = Core::new(pipe, Vec::new(), role, options, packing.map(Packer::new));
        Self::over(core, writers, options, agreed)
    }

    fn over(
        core: Core<S>,
        writers: Arc<Writers>,
        options: &WebSocketOptions,
        agreed: Agreed,
    ) -> Self {
        Self(Arc::new(Shared {
            desk: Mutex::new(Desk {
                core: Some(Box::new(core)),
                waiting: Vec::new(),
                farewell: None,
                is_closed: false,
            }),
            sending: Lock::new(()),
            receiving: Lock::new(()),
            writers,
            close_timeout: options.close_timeout,
            agreed,
        }))
    }

    /// Waits for the next message; `None` once the WebSocket is closed, by whichever end.
    ///
    /// - Why it was closed: [`close_reason`](Self::close_reason).
    /// - Cancel: nothing is lost; the next call gets what would have come.
    ///
    /// # Errors
    /// [`Busy`](WebSocketError::Busy) while somebody else receives. What ends the connection comes
    /// once, and then `None`.
    pub async fn receive(&self) -> Result<Option<Message>, WebSocketError> {
        let Some(_alone) = self.0.receiving.try_acquire() else {
            return Err(WebSocketError::Busy);
        };
        poll_fn(|cx| self.0.poll_receive(cx)).await
    }

    /// Sends a message: a text, bytes, or one that was received. Ready when the stream has it.
    ///
    /// - Cancel: while others are sending, it is not sent; later, it goes whole or not at all.
    ///
    /// # Errors
    /// [`Closed`](WebSocketError::Closed) after a farewell; [`Lost`](WebSocketError::Lost).
    pub async fn send(&self, message: impl Into<Message>) -> Result<(), WebSocketError> {
        self.0.send(message.into().into()).await
    }

    /// Asks the peer for a pong, which whoever receives will not see.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    ///
    /// # Panics
    /// For more than 125 bytes.
    pub async fn ping(&self, payload: impl Into<Bytes>) -> Result<(), WebSocketError> {
        let payload = payload.into();
        assert!(payload.len() <= 125, "a ping has at most 125 bytes");
        self.0.send(Frame::Ping(payload)).await
    }

    /// Says farewell, waits for the peer's, and closes the connection.
    ///
    /// - `code`: 1000 for a normal end; 3000 to 4999 are the application's.
    /// - Messages that come meanwhile go to whoever receives, or are dropped where nobody does.
    /// - A peer that takes longer than [`close_timeout`](WebSocketOptions::close_timeout) is given
    ///   up, which is no error here. Closing again does nothing.
    /// - Cancel: the farewell was said, or not; calling it again goes on.
    ///
    /// # Errors
    /// [`InvalidClose`](WebSocketError::InvalidClose), before anything is said.
    pub async fn close(&self, code: u16, reason: &str) -> Result<(), WebSocketError> {
        let is_sayable = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
        if !is_sayable || reason.len() > REASON_MAX {
            return Err(WebSocketError::InvalidClose);
        }
        let (code, reason) = (code.into(), reason.into());
        let farewell = Frame::Close(Some(CloseFrame { code, reason }));
        let parting = async {
            // Who cannot be told any more has gone, or has been told.
            let _said = self.0.send(farewell).await;
            self.0.drain().await;
        };
        if timeout(self.0.close_timeout, parting).await.is_err() {
            self.0.give_up().await;
        }
        Ok(())
    }
}

impl<S> WebSocket<S> {
    /// The protocol that was agreed on in the handshake. asyncio: `ws_protocol`.
    pub fn protocol(&self) -> Option<&str> {
        self.0.agreed.protocol.as_deref()
    }

    /// Whether messages are packed on their way: both ends have agreed to
    /// [`compress`](WebSocketOptions::compress). asyncio: `compress`.
    pub fn is_compressed(&self) -> bool {
        self.0.agreed.packing.is_some()
    }

    /// Why it was closed, once it was: what the peer has said, or 1006 where it said nothing.
    /// asyncio: `close_code`.
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.0.lock().farewell.clone()
    }

    /// Whether nothing can be sent any more. asyncio: `closed`.
    pub fn is_closed(&self) -> bool {
        self.0.lock().is_closed
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Shared<S> {
    async fn send(&self, frame: Frame) -> Result<(), WebSocketError> {
        let _turn = self.sending.acquire().await;
        let mut frame = Some(frame);
        poll_fn(|cx| {
            self.writers.set_sender(cx.waker());
            self.with(cx, |core, _| core.poll_send(&mut frame))
        })
        .await
    }

    fn poll_receive(&self, cx: &mut Context<'_>) -> Poll<Result<Option<Message>, WebSocketError>> {
        self.writers.set_receiver(cx.waker());
        self.with(cx, |core, cx| core.poll_receive(cx))
    }

    /// Ends it without the peer, and without whoever receives: that future may exist and never be
    /// polled again.
    async fn give_up(&self) {
        poll_fn(|cx| {
            self.with(cx, |core, cx| {
                core.give_up(cx);
                Poll::Ready(())
            })
        })
        .await;
    }

    /// Receives to the end, and drops what comes.
    async fn drain(&self) {
        let _alone = self.receiving.acquire().await;
        while let Ok(Some(_late)) = poll_fn(|cx| self.poll_receive(cx)).await {}
    }
}

impl<S> Shared<S> {
    /// Uses the protocol, unless somebody else does at this moment.
    fn with<T>(
        &self,
        cx: &mut Context<'_>,
        work: impl FnOnce(&mut Core<S>, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let mut desk = self.lock();
        let Some(core) = desk.core.take() else {
            desk.waiting.push(cx.waker().clone());
            return Poll::Pending;
        };
        drop(desk);
        let mut borrowed = Borrowed {
            shared: self,
            core: Some(core),
        };
        match &mut borrowed.core {
            Some(core) => work(core, cx),
            None => Poll::Pending,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Desk<S>> {
        let desk = self.desk.lock();
        desk.expect("nothing under this lock can panic")
    }
}

/// The protocol in use; goes back to the desk, also from under a panic.
struct Borrowed<'a, S> {
    /// Where it belongs.
    shared: &'a Shared<S>,
    /// There until it is given back.
    core: Option<Box<Core<S>>>,
}

impl<S> Drop for Borrowed<'_, S> {
    fn drop(&mut self) {
        let mut desk = self.shared.lock();
        desk.core = self.core.take();
        if let Some(core) = &desk.core {
            let (is_closed, farewell) = (core.is_closed(), core.farewell().cloned());
            desk.is_closed = is_closed;
            desk.farewell = farewell;
        }
        let waiting = mem::take(&mut desk.waiting);
        drop(desk);
        for waker in waiting {
            waker.wake();
        }
    }
}

impl<S> Clone for WebSocket<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S> fmt::Debug for WebSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("agreed", &self.0.agreed)
            .finish_non_exhaustive()
    }
}
