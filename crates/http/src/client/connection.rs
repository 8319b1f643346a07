//! A connection to a server, after its handshake: of HTTP/1.1, driven by whoever uses it, and of
//! HTTP/2, driven by a task of its own. Made by the connector, kept by the pool.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1;

use super::outgoing::Outgoing;
use super::wire::{Activity, Socket, Wire};
use crate::rt::Io;

#[cfg(feature = "http2")]
mod shared;

#[cfg(feature = "http2")]
pub(super) use shared::Shared;

/// A connection of HTTP/1.1: one request at a time, and no task. Dropping it closes the socket, at
/// once.
#[derive(Debug)]
pub(super) struct Http1 {
    /// Takes requests.
    sender: http1::SendRequest<Outgoing>,
    /// Reads and writes when it is polled.
    talk: http1::Connection<Io<Wire>, Outgoing>,
    /// To be looked at when nobody uses it.
    socket: Arc<Socket>,
    /// What the socket has seen.
    pub(super) activity: Arc<Activity>,
    /// Whether `talk` has ended, and must not be polled again.
    is_over: bool,
}

impl Http1 {
    /// # Errors
    /// hyper's.
    pub(super) async fn new(socket: Socket) -> hyper::Result<Self> {
        let activity = Arc::new(Activity::default());
        let is_tls = socket.is_tls();
        let socket = Arc::new(socket);
        let wire = Wire::new(socket.clone(), activity.clone());
        let io = if is_tls {
            Io::flattened(wire)
        } else {
            Io::new(wire)
        };
        let (sender, talk) = http1::handshake(io).await?;
        Ok(Self {
            sender,
            talk,
            socket,
            activity,
            is_over: false,
        })
    }

    /// Sends a request and waits for the head of its answer, reading and writing meanwhile.
    ///
    /// # Errors
    /// hyper's.
    pub(super) async fn send(
        &mut self,
        request: Request<Outgoing>,
    ) -> hyper::Result<Response<Incoming>> {
        let mut answer = pin!(self.sender.send_request(request));
        poll_fn(|cx| {
            loop {
                if let Poll::Ready(answer) = answer.as_mut().poll(cx) {
                    return Poll::Ready(answer);
                }
                // Reading the head is what makes the answer ready; an end makes it an error.
                if self.is_over || drive(&mut self.talk, &mut self.is_over, cx).is_pending() {
                    return answer.as_mut().poll(cx);
                }
            }
        })
        .await
    }

    /// Reads and writes as much as can be without waiting.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) {
        if !self.is_over {
            let _pending = drive(&mut self.talk, &mut self.is_over, cx);
        }
    }

    /// Whether another request can be sent, as far as is known: nothing is under way. Forgets
    /// whoever waited for the socket.
    pub(super) fn is_free(&mut self) -> bool {
        self.drive(&mut Context::from_waker(Waker::noop()));
        !self.is_over && self.sender.is_ready()
    }

    /// The same, and the server has not closed it: the system is asked.
    pub(super) fn is_idle(&mut self) -> bool {
        self.is_free() && self.socket.is_quiet()
    }

    /// The socket, and what was read from it beyond HTTP; after an upgrade.
    pub(super) fn into_socket(self) -> (Socket, bytes::Bytes) {
        let parts = self.talk.into_parts();
        drop(self.socket);
        let socket = Arc::into_inner(parts.io.into_inner().into_socket());
        let socket = socket.expect("the other handle was dropped, and hyper makes none");
        (socket, parts.read_buf)
    }
}

/// Polls a connection that has not ended yet. Its errors are told to whoever awaits the answer, or
/// reads the body, and mean nothing to those who do not.
fn drive(
    talk: &mut http1::Connection<Io<Wire>, Outgoing>,
    is_over: &mut bool,
    cx: &mut Context<'_>,
) -> Poll<()> {
    let ended = Pin::new(talk).poll(cx).map(drop);
    *is_over = ended.is_ready();
    ended
}

/// Whom to ask: what the pool hands out.
#[derive(Debug)]
pub(super) enum Connection {
    Http1(Box<Http1>),
    #[cfg(feature = "http2")]
    Http2(Arc<Shared>),
}
