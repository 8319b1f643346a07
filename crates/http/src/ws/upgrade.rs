//! The server's side of the handshake: a request becomes a WebSocket, in a task that its server
//! knows.

use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::task::Poll;

use bowerbird::create_task;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::upgrade::OnUpgrade;

use super::deflate::Packing;
use super::errors::{HandshakeError, WebSocketError};
use super::options::{Role, WebSocketOptions};
use super::shake::{accept_key, is_key, names, words};
use super::socket::{Agreed, WebSocket};
use crate::rt::Io;
use crate::server::Keeper;

/// What the WebSockets of a server go over: the request's connection, TLS or not.
pub type Upgraded = Io<hyper::upgrade::Upgraded>;

/// A request for a WebSocket, to be [accepted](Self::accept).
///
/// - Works in everything that [`Server`](crate::Server) serves, axum's handlers included.
/// - Nothing is said of the `Origin` header: browsers send it, and whoever keeps sessions in
///   cookies has to look at it before accepting.
/// - asyncio: aiohttp's `WebSocketResponse`, before `prepare`.
///
/// See the [module](super) for an example.
#[derive(Debug)]
#[must_use = "a request for a WebSocket is granted by `accept`"]
pub struct WebSocketUpgrade {
    /// What the answer is made of.
    key: String,
    /// What the client speaks, the preferred one first.
    offered: Vec<String>,
    /// What was chosen of it.
    protocol: Option<HeaderValue>,
    /// Which extensions the client knows, the preferred one first.
    extensions: Vec<String>,
    /// How messages are packed, once that is agreed on.
    packing: Option<Packing>,
    /// The connection, once the answer is sent.
    upgrade: OnUpgrade,
    /// The server, for as long as the WebSocket lives.
    keeper: Option<Keeper>,
    /// Limits.
    options: WebSocketOptions,
}

impl WebSocketUpgrade {
    /// What a request asks for.
    ///
    /// # Errors
    /// A [`HandshakeError`], which knows what to answer, and leaves the request as it is.
    pub fn from_request<B>(request: &mut Request<B>) -> Result<Self, HandshakeError> {
        let headers = request.headers();
        let is_asked = request.method() == Method::GET
            && names(headers, header::CONNECTION, "upgrade")
            && names(headers, header::UPGRADE, "websocket");
        if !is_asked {
            return Err(HandshakeError::NotAsked);
        }
        let version = headers.get(header::SEC_WEBSOCKET_VERSION);
        if version.is_none_or(|version| version != "13") {
            return Err(HandshakeError::Version);
        }
        let key = headers.get(header::SEC_WEBSOCKET_KEY);
        let key = key.and_then(|key| key.to_str().ok());
        let key = key.filter(|key| is_key(key)).ok_or(HandshakeError::Key)?;
        if request.extensions().get::<OnUpgrade>().is_none() {
            return Err(HandshakeError::NotUpgradable);
        }
        let offered = words(headers, header::SEC_WEBSOCKET_PROTOCOL);
        let extensions = words(headers, header::SEC_WEBSOCKET_EXTENSIONS);
        Ok(Self {
            key: key.to_owned(),
            offered: offered.map(str::to_owned).collect(),
            protocol: None,
            extensions: extensions.map(str::to_owned).collect(),
            packing: None,
            keeper: request.extensions().get::<Keeper>().cloned(),
            upgrade: hyper::upgrade::on(request),
            options: WebSocketOptions::default(),
        })
    }

    /// The protocols that the client speaks, its preferred one first.
    pub fn offered_protocols(&self) -> &[String] {
        &self.offered
    }

    /// Chooses the first of these, the preferred one first, that the client speaks too; none where
    /// there is none. asyncio: `protocols`.
    pub fn protocols<P: AsRef<str>>(mut self, ours: impl IntoIterator<Item = P>) -> Self {
        let is_offered = |ours: &P| self.offered.iter().any(|theirs| theirs == ours.as_ref());
        let chosen = ours.into_iter().find(is_offered);
        // What the client has said in a header can be said in one.
        self.protocol = chosen.and_then(|chosen| HeaderValue::from_str(chosen.as_ref()).ok());
        self
    }

    /// Limits, the heartbeat and compression.
    pub fn options(mut self, options: WebSocketOptions) -> Self {
        self.options = options;
        self
    }

    /// Grants it: gives the answer to send, and `handler`, in a task of its own, the WebSocket.
    ///
    /// - When `handler` ends, the WebSocket is closed with 1000, unless it is closed.
    /// - A server that stops tells the peer that it goes away (1001); then, and when the WebSocket
    ///   ends by itself, `handler` receives `None`. It counts as a request under way: it is waited
    ///   for, and cancelled when the server's limit is over.
    /// - The task begins when the answer is sent. It has the context variables of the caller.
    /// - An error ends the task and is nobody's fault; with the feature `tracing` it is told at
    ///   DEBUG. Panics are reported, as those of every task.
    ///
    /// # Panics
    /// Outside a running loop.
    pub fn accept<B, F, Handling>(mut self, handler: F) -> Response<B>
    where
        B: Default,
        F: FnOnce(WebSocket<Upgraded>) -> Handling + Send + 'static,
        Handling: Future<Output = Result<(), WebSocketError>> + Send + 'static,
    {
        let mut response = Response::new(B::default());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        let accept = HeaderValue::try_from(accept_key(&self.key));
        let accept = accept.expect("base64 can be said in a header");
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        if let Some(protocol) = &self.protocol {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocol.clone());
        }
        let deflate = self.options.deflate.as_ref();
        if let Some((packing, said)) = deflate.and_then(|deflate| deflate.grant(&self.extensions)) {
            headers.insert(header::SEC_WEBSOCKET_EXTENSIONS, said);
            self.packing = Some(packing);
        }
        match self.keeper.clone() {
            Some(keeper) => keeper.start(self.serve(handler)),
            None => drop(create_task(self.serve(handler))),
        }
        response
    }

    /// The WebSocket's life.
    async fn serve<F, Handling>(self, handler: F)
    where
        F: FnOnce(WebSocket<Upgraded>) -> Handling,
        Handling: Future<Output = Result<(), WebSocketError>>,
    {
        // Who has gone before the answer has no WebSocket.
        let Ok(upgraded) = self.upgrade.await else {
            return;
        };
        let protocol = self.protocol.as_ref().and_then(|name| name.to_str().ok());
        let agreed = Agreed {
            protocol: protocol.map(str::to_owned),
            packing: self.packing,
        };
        let stream = Io::flattened(upgraded);
        let socket = WebSocket::agreed(stream, Role::Server, &self.options, agreed);
        let leaving = goodbye(socket.clone(), self.keeper);
        let handled = until_handled(handler(socket.clone()), leaving).await;
        if let Err(error) = handled {
            note(&error);
        }
        // It can be said: 1000, and no more.
        let _closed = socket.close(1000, "").await;
    }
}

/// Says it when the server stops.
async fn goodbye(socket: WebSocket<Upgraded>, keeper: Option<Keeper>) {
    match keeper {
        Some(keeper) => keeper.stopping().await,
        None => pending().await,
    }
    // It can be said: 1001, and no more.
    let _closed = socket.close(1001, "").await;
}

/// Drives both, to the handler's end.
async fn until_handled<T>(handling: impl Future<Output = T>, leaving: impl Future) -> T {
    let (mut handling, mut leaving) = (pin!(handling), pin!(leaving));
    let mut is_left = false;
    poll_fn(|cx| {
        let handled = handling.as_mut().poll(cx);
        if handled.is_pending() && !is_left {
            is_left = leaving.as_mut().poll(cx).is_ready();
        }
        match handled {
            Poll::Ready(handled) => Poll::Ready(handled),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// What is the peer's fault is for those to hear who look for it.
fn note(error: &WebSocketError) {
    #[cfg(feature = "tracing")]
    tracing::debug!(target: "bowerbird_http", %error, "a WebSocket broke off");
    #[cfg(not(feature = "tracing"))]
    let _nobody_listens = error;
}
