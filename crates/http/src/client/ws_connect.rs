//! WebSockets for the session: the client's half of the handshake. What comes after it is `ws`'s.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::hash::{BuildHasher, Hasher};
use std::pin::Pin;

use http::{HeaderName, HeaderValue, Method, StatusCode, header};

use super::auth;
use super::errors::{ClientError, WsHandshakeError};
use super::request::RequestBuilder;
use super::response::Response;
use super::session::{ClientSession, IntoUrl};
use super::timeouts::ClientTimeout;
use super::upgraded::Upgraded;
use crate::ws::{Agreed, Packing, Role, WebSocket, WebSocketOptions, accept_key, names, words};

impl ClientSession {
    /// Asks for a WebSocket, at a URL of `ws`, `wss`, `http` or `https`. Awaiting it gives the
    /// WebSocket when the server has agreed.
    ///
    /// - Cookies, middlewares, proxies and limits of time are those of every request. The total
    ///   counts for the handshake alone.
    /// - The connection leaves the pool: it counts for no limit.
    /// - asyncio: aiohttp's `ws_connect`.
    ///
    /// ```
    /// # use bowerbird_http::testing::TestServer;
    /// # use bowerbird_http::ws::{WebSocket, WebSocketUpgrade};
    /// # use bowerbird_http::{Incoming, http, service_fn};
    /// # async fn echo(
    /// #     mut request: http::Request<Incoming>,
    /// # ) -> Result<http::Response<String>, std::convert::Infallible> {
    /// #     let upgrade = WebSocketUpgrade::from_request(&mut request).unwrap();
    /// #     Ok(upgrade.accept(async |socket: WebSocket<_>| {
    /// #         while let Some(message) = socket.receive().await? {
    /// #             socket.send(message).await?;
    /// #         }
    /// #         Ok(())
    /// #     }))
    /// # }
    /// # bowerbird::run(async {
    /// # let server = TestServer::start(service_fn(echo)).await.unwrap();
    /// # let session = server.client();
    /// # let url = server.url("/chat");
    /// let socket = session.ws_connect(url).await.unwrap();
    /// socket.send("hello").await.unwrap();
    /// let message = socket.receive().await.unwrap().unwrap();
    /// assert_eq!(message.as_text(), Some("hello"));
    /// socket.close(1000, "").await.unwrap();
    /// # server.stop().await;
    /// # });
    /// ```
    pub fn ws_connect(&self, url: impl IntoUrl) -> WsConnect {
        let key = key();
        let request = self.request(Method::GET, url).over_http();
        let request = request
            .header(header::CONNECTION, HeaderValue::from_static("Upgrade"))
            .header(header::UPGRADE, HeaderValue::from_static("websocket"))
            .header(
                header::SEC_WEBSOCKET_VERSION,
                HeaderValue::from_static("13"),
            )
            .header(header::SEC_WEBSOCKET_KEY, key.as_str());
        WsConnect {
            request,
            key,
            protocols: Vec::new(),
            options: WebSocketOptions::default(),
        }
    }
}

/// A WebSocket that is being asked for; see [`ClientSession::ws_connect`].
#[must_use = "a WebSocket is asked for when this is awaited"]
pub struct WsConnect {
    /// The handshake.
    request: RequestBuilder,
    /// What the server has to know.
    key: String,
    /// What is offered.
    protocols: Vec<String>,
    /// Limits and the heartbeat.
    options: WebSocketOptions,
}

impl WsConnect {
    /// Offers these protocols, the preferred one first;
    /// [`WebSocket::protocol`](crate::ws::WebSocket::protocol) tells what was chosen.
    pub fn protocols<P: Into<String>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.protocols = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// A header more.
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        self.request = self.request.header(name, value);
        self
    }

    /// Whose page asks. Some servers want to know.
    pub fn origin(self, origin: &str) -> Self {
        self.header(header::ORIGIN, origin)
    }

    /// Limits, the heartbeat and the compression of the WebSocket.
    pub fn options(mut self, options: WebSocketOptions) -> Self {
        self.options = options;
        self
    }

    /// Limits of time for the handshake.
    pub fn timeout(mut self, timeout: ClientTimeout) -> Self {
        self.request = self.request.timeout(timeout);
        self
    }

    /// Asks, and shakes hands. The same as awaiting it.
    ///
    /// # Errors
    /// [`ClientError::WsHandshake`] when the server does not agree, or agrees to something else;
    /// whatever a request may end with.
    ///
    /// # Panics
    /// Outside a running loop.
    pub async fn connect(self) -> Result<WebSocket<Upgraded>, ClientError> {
        let mut request = self.request;
        if !self.protocols.is_empty() {
            let offered = self.protocols.join(", ");
            request = request.header(header::SEC_WEBSOCKET_PROTOCOL, offered);
        }
        if let Some(deflate) = &self.options.deflate {
            request = request.header(header::SEC_WEBSOCKET_EXTENSIONS, deflate.offer());
        }
        let response = request.raise_for_status(false).await?;
        let objection = objection(&response, &self.key, &self.protocols);
        let packing = match objection.map_or_else(|| packing(&response, &self.options), Err) {
            Ok(packing) => packing,
            Err(why) => {
                return Err(ClientError::WsHandshake(Box::new(WsHandshakeError {
                    why,
                    status: response.head.status,
                    headers: response.head.headers,
                })));
            }
        };
        let protocol = response.headers().get(header::SEC_WEBSOCKET_PROTOCOL);
        let protocol = protocol.and_then(|chosen| chosen.to_str().ok());
        let agreed = Agreed {
            protocol: protocol.map(str::to_owned),
            packing,
        };
        let stream = response.upgrade()?;
        Ok(WebSocket::agreed(
            stream,
            Role::Client,
            &self.options,
            agreed,
        ))
    }
}

impl IntoFuture for WsConnect {
    type Output = Result<WebSocket<Upgraded>, ClientError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.connect())
    }
}

impl fmt::Debug for WsConnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WsConnect")
            .field("request", &self.request)
            .field("protocols", &self.protocols)
            .finish_non_exhaustive()
    }
}

/// What is wrong with a server's half of the handshake.
fn objection(response: &Response, key: &str, offered: &[String]) -> Option<&'static str> {
    let headers = response.headers();
    let accept = headers.get(header::SEC_WEBSOCKET_ACCEPT);
    let chosen = headers.get(header::SEC_WEBSOCKET_PROTOCOL);
    let is_offered = |chosen: &HeaderValue| offered.iter().any(|one| chosen == one.as_str());
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        Some("the server did not agree")
    } else if !names(headers, header::UPGRADE, "websocket") {
        Some("the server speaks something else")
    } else if !names(headers, header::CONNECTION, "upgrade") {
        Some("the server does not upgrade the connection")
    } else if accept.is_none_or(|accept| accept != accept_key(key).as_str()) {
        Some("the server did not understand the request")
    } else if chosen.is_some_and(|chosen| !is_offered(chosen)) {
        Some("the server chose a protocol that was not offered")
    } else {
        None
    }
}

/// How messages will be packed; else what is wrong with what the server says of it.
fn packing(
    response: &Response,
    options: &WebSocketOptions,
) -> Result<Option<Packing>, &'static str> {
    let mut chosen = words(response.headers(), header::SEC_WEBSOCKET_EXTENSIONS);
    match (chosen.next(), chosen.next(), &options.deflate) {
        (None, _, _) => Ok(None),
        (Some(chosen), None, Some(deflate)) => deflate.granted(chosen).map(Some),
        _not_offered => Err("the server chose an extension that was not offered"),
    }
}

/// Something that no cache can have seen: 128 random bits in base64.
fn key() -> String {
    let random = || RandomState::new().build_hasher().finish().to_be_bytes();
    auth::base64(&[random(), random()].concat())
}
