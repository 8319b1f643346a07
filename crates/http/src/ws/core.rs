//! The protocol of a WebSocket, and the time it keeps. Used by one task at a time; knows nothing of
//! tasks itself.

use std::io::ErrorKind;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bowerbird::{Sleep, sleep};
use futures_io::{AsyncRead, AsyncWrite};
use tungstenite::Message as Frame;
use tungstenite::error::Error as Inner;
use tungstenite::protocol::{CloseFrame, WebSocket as Protocol};

use super::deflate::Packer;
use super::errors::WebSocketError;
use super::message::{CloseReason, Message, Text};
use super::options::{Role, WebSocketOptions};
use super::pipe::Pipe;

/// See the module.
pub(super) struct Core<S> {
    /// The protocol.
    protocol: Protocol<Pipe<S>>,
    /// Packs what is sent, if that was agreed on.
    packer: Option<Packer>,
    /// How far it is.
    phase: Phase,
    /// Whether the peer still lives.
    beat: Option<Beat>,
    /// Whether some of a message has yet to be sent, whose sender may have given up.
    is_behind: bool,
    /// What the peer has said at the end.
    farewell: Option<CloseReason>,
    /// For the peer's farewell.
    close_timeout: Duration,
}

enum Phase {
    /// Messages may come, if only until a farewell is answered.
    Open,
    /// It is over, but for the last bytes; what to tell afterwards, and when to give up.
    Ending(Option<WebSocketError>, Sleep),
    /// It is over; what to tell whoever receives, once.
    Ended(Option<WebSocketError>),
}

/// The heartbeat.
struct Beat {
    /// How long the peer may be silent.
    interval: Duration,
    /// When to look.
    next: Sleep,
    /// Whether anything came since the last look.
    is_heard: bool,
    /// Whether the peer was asked.
    is_asked: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Core<S> {
    pub(super) fn new(
        pipe: Pipe<S>,
        early: Vec<u8>,
        role: Role,
        options: &WebSocketOptions,
        packer: Option<Packer>,
    ) -> Self {
        let config = Some(options.config());
        Self {
            protocol: Protocol::from_partially_read(pipe, early, role.into(), config),
            packer,
            phase: Phase::Open,
            beat: options.heartbeat.map(Beat::new),
            is_behind: false,
            farewell: None,
            close_timeout: options.close_timeout,
        }
    }

    /// The next message; `None` at the end, and from then on.
    pub(super) fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Message>, WebSocketError>> {
        self.protocol.get_mut().reader.clone_from(cx.waker());
        if self.is_behind {
            // Why it could not be sent is told by what is read.
            self.is_behind = unless_blocked(self.protocol.flush()).is_pending();
        }
        loop {
            match &mut self.phase {
                Phase::Open => {}
                Phase::Ending(..) => {
                    ready!(self.poll_end(cx));
                    continue;
                }
                Phase::Ended(error) => return Poll::Ready(error.take().map_or(Ok(None), Err)),
            }
            match self.protocol.read() {
                Ok(frame) => {
                    if let Some(beat) = &mut self.beat {
                        beat.is_heard = true;
                    }
                    if let Some(message) = self.take(frame) {
                        return Poll::Ready(Ok(Some(message)));
                    }
                }
                // Nothing follows a farewell. Whoever waits for the server to hang up first may
                // wait for ever.
                Err(error) if would_block(&error) && self.farewell.is_some() => self.end(None),
                Err(error) if would_block(&error) => match ready!(self.poll_beat(cx)) {
                    Ok(()) => {}
                    Err(error) => self.end(Some(error)),
                },
                Err(Inner::ConnectionClosed) => self.end(None),
                Err(error) => self.fail(error.into()),
            }
        }
    }

    /// Sends a frame, once what was sent before is gone; takes `frame` when it cannot be stopped
    /// any more.
    pub(super) fn poll_send(
        &mut self,
        frame: &mut Option<Frame>,
    ) -> Poll<Result<(), WebSocketError>> {
        if !matches!(self.phase, Phase::Open) {
            return Poll::Ready(Err(WebSocketError::Closed));
        }
        if frame.is_some() {
            ready!(unless_blocked(self.protocol.flush()))?;
        }
        if let Some(frame) = frame.take() {
            let frame = match &mut self.packer {
                None => frame,
                Some(packer) => packer.pack(frame),
            };
            match self.protocol.write(frame) {
                // It is kept, and goes with what follows.
                Err(error) if would_block(&error) => {}
                written => written?,
            }
        }
        let flushed = unless_blocked(self.protocol.flush());
        self.is_behind = flushed.is_pending();
        flushed.map_err(WebSocketError::from)
    }

    /// Waits for nobody any more, and leaves the reason to whoever receives.
    pub(super) fn give_up(&mut self, cx: &mut Context<'_>) {
        if matches!(self.phase, Phase::Open) {
            self.end(Some(WebSocketError::Unresponsive));
        }
        let stream = &mut self.protocol.get_mut().stream;
        let _closed = Pin::new(stream).poll_close(cx);
        self.hang_up();
    }

    /// What a frame is for the user; the rest is answered by the protocol.
    fn take(&mut self, frame: Frame) -> Option<Message> {
        match frame {
            Frame::Text(text) => Some(Message::Text(Text(text))),
            Frame::Binary(bytes) => Some(Message::Binary(bytes)),
            Frame::Close(frame) => {
                let (code, reason) = match frame {
                    Some(frame) => (frame.code.into(), frame.reason.to_string()),
                    None => (1005, String::new()),
                };
                self.farewell = Some(CloseReason { code, reason });
                None
            }
            Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_) => None,
        }
    }

    /// Asks a silent peer whether it lives; ready when it is to be looked at again, or given up.
    fn poll_beat(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), WebSocketError>> {
        let Some(beat) = &mut self.beat else {
            return Poll::Pending;
        };
        ready!(Pin::new(&mut beat.next).poll(cx));
        if beat.is_asked && !beat.is_heard {
            return Poll::Ready(Err(WebSocketError::Unresponsive));
        }
        beat.is_asked = !beat.is_heard && self.protocol.can_write();
        beat.is_heard = false;
        if !beat.is_asked {
            beat.next = sleep(beat.interval);
            return Poll::Ready(Ok(()));
        }
        beat.next = sleep(beat.interval / 2);
        match self.protocol.send(Frame::Ping(bytes::Bytes::new())) {
            Err(error) if !would_block(&error) => Poll::Ready(Err(error.into())),
            _sent_or_kept => Poll::Ready(Ok(())),
        }
    }

    /// Ends for a reason that the peer is told.
    fn fail(&mut self, error: WebSocketError) {
        if let Some(code) = error.code() {
            let code = code.into();
            let reason = "".into();
            // It is flushed on the way to the end, which gives up what cannot be sent.
            let _kept = self.protocol.close(Some(CloseFrame { code, reason }));
        }
        self.end(Some(error));
    }

    /// Ends it, which whoever sends has to learn.
    fn end(&mut self, error: Option<WebSocketError>) {
        if error.is_some() && self.farewell.is_none() {
            let reason = String::new();
            self.farewell = Some(CloseReason { code: 1006, reason });
        }
        self.phase = Phase::Ending(error, sleep(self.close_timeout));
        self.protocol.get_ref().writers.wake_by_ref();
    }

    /// Sends what is left and closes the stream.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Phase::Ending(error, limit) = &mut self.phase else {
            return Poll::Ready(());
        };
        let is_late = Pin::new(limit).poll(cx).is_ready();
        let is_lost = matches!(
            error,
            Some(WebSocketError::Unresponsive | WebSocketError::Lost(_))
        );
        if !is_late && !is_lost {
            // Whether it arrives is the peer's business; how it failed was told before.
            let _flushed = ready!(unless_blocked(self.protocol.flush()));
        }
        let stream = &mut self.protocol.get_mut().stream;
        let closed = Pin::new(stream).poll_close(cx);
        if closed.is_pending() && !is_late {
            return Poll::Pending;
        }
        self.hang_up();
        Poll::Ready(())
    }

    /// Nothing is left to be done; whoever receives may not be who did it.
    fn hang_up(&mut self) {
        if let Phase::Ending(error, _) = &mut self.phase {
            self.phase = Phase::Ended(error.take());
            self.protocol.get_ref().writers.wake_by_ref();
        }
    }
}

impl<S> Core<S> {
    /// What the peer has said at the end, if it has come.
    pub(super) fn farewell(&self) -> Option<&CloseReason> {
        self.farewell.as_ref()
    }

    /// Whether nothing can be sent any more.
    pub(super) fn is_closed(&self) -> bool {
        !matches!(self.phase, Phase::Open) || !self.protocol.can_write()
    }
}

impl Beat {
    fn new(interval: Duration) -> Self {
        Self {
            interval,
            next: sleep(interval),
            is_heard: false,
            is_asked: false,
        }
    }
}

fn would_block(error: &Inner) -> bool {
    matches!(error, Inner::Io(error) if error.kind() == ErrorKind::WouldBlock)
}

fn unless_blocked(result: Result<(), Inner>) -> Poll<Result<(), Inner>> {
    match result {
        Err(error) if would_block(&error) => Poll::Pending,
        result => Poll::Ready(result),
    }
}
