//! What can go wrong with a request, as a tree: one enum, a small type for each branch, and the
//! cause at the end of `source()`. A time that was over is always a timeout here, whatever broke
//! because of it. Made all over the client; asyncio: aiohttp's `client_exceptions.py`.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use bowerbird::TimeoutError;
use http::{HeaderMap, StatusCode};
use url::Url;

use super::history::Hop;

mod connector;

#[cfg(feature = "ws")]
mod handshake;

pub(super) use connector::Refused;
pub use connector::{ClientConnectorError, ConnectorErrorKind};
#[cfg(feature = "ws")]
pub use handshake::WsHandshakeError;

/// A cause whose type is somebody else's.
pub(super) type Cause = Box<dyn Error + Send + Sync>;

/// Why a request has failed. asyncio: aiohttp's `ClientError`.
///
/// ```
/// use bowerbird_http::ClientError;
/// use bowerbird_http::client::ClientSession;
///
/// # bowerbird::run(async {
/// let session = ClientSession::new();
/// let error = session.get("no url").await.unwrap_err();
/// assert!(matches!(error, ClientError::InvalidUrl(_)));
/// assert!(!error.is_timeout());
/// # });
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientError {
    /// What was to be asked is no URL, or none of `http` and `https`.
    InvalidUrl(InvalidUrl),
    /// The request contradicts itself, or cannot be sent (again).
    InvalidRequest(InvalidRequest),
    /// The session, or its connector, was closed.
    SessionClosed,
    /// No connection could be made.
    Connector(Box<ClientConnectorError>),
    /// The connection broke before the answer's head was there.
    ServerDisconnected(ServerDisconnected),
    /// What the server answered is no HTTP, or has too long a head.
    InvalidResponse(InvalidResponse),
    /// A limit of time was reached.
    ServerTimeout(ServerTimeout),
    /// The answer's status is an error: see
    /// [`raise_for_status`](super::Response::raise_for_status).
    Response(Box<ResponseError>),
    /// The server sent the client from place to place too often.
    TooManyRedirects(Box<TooManyRedirects>),
    /// The body is of another type than was asked for.
    ContentType(Box<ContentTypeError>),
    /// A body broke off, or is not what it was said to be.
    Payload(PayloadError),
    /// The server did not agree to a WebSocket.
    #[cfg(feature = "ws")]
    WsHandshake(Box<WsHandshakeError>),
    /// What a middleware says has failed.
    Middleware(Cause),
}

impl ClientError {
    /// Whether a limit of time was reached, of the whole or of a part.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::ServerTimeout(_))
    }

    /// Whether no connection could be made.
    pub fn is_connect(&self) -> bool {
        matches!(self, Self::Connector(_))
    }

    /// The status of the answer that was an error.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Response(error) => Some(error.status),
            #[cfg(feature = "ws")]
            Self::WsHandshake(error) => Some(error.status()),
            _ => None,
        }
    }

    pub(super) fn invalid(why: impl Into<String>) -> Self {
        Self::InvalidRequest(InvalidRequest { why: why.into() })
    }

    pub(super) fn invalid_url(url: &str, why: InvalidUrlKind) -> Self {
        let url = without_user(url);
        Self::InvalidUrl(InvalidUrl { url, why })
    }

    pub(super) fn timeout(kind: TimeoutKind, limit: Duration) -> Self {
        Self::ServerTimeout(ServerTimeout {
            kind,
            limit,
            cause: TimeoutError::default(),
        })
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidUrl(error) => error.fmt(f),
            Self::InvalidRequest(error) => error.fmt(f),
            Self::SessionClosed => f.write_str("the session is closed"),
            Self::Connector(error) => error.fmt(f),
            Self::ServerDisconnected(error) => error.fmt(f),
            Self::InvalidResponse(error) => error.fmt(f),
            Self::ServerTimeout(error) => error.fmt(f),
            Self::Response(error) => error.fmt(f),
            Self::TooManyRedirects(error) => error.fmt(f),
            Self::ContentType(error) => error.fmt(f),
            Self::Payload(error) => error.fmt(f),
            #[cfg(feature = "ws")]
            Self::WsHandshake(error) => error.fmt(f),
            Self::Middleware(error) => write!(f, "a middleware failed: {error}"),
        }
    }
}

impl Error for ClientError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::InvalidUrl(error) => error.source(),
            Self::Connector(error) => error.source(),
            Self::ServerDisconnected(error) => error.source(),
            Self::InvalidResponse(error) => Some(&error.cause),
            Self::ServerTimeout(error) => error.source(),
            Self::Payload(error) => error.source(),
            Self::Middleware(error) => Some(&**error),
            // They are causes themselves.
            _ => None,
        }
    }
}

/// A timeout stays one, and the system's errors keep their kind.
impl From<ClientError> for io::Error {
    fn from(error: ClientError) -> Self {
        let kind = match &error {
            ClientError::ServerTimeout(_) => io::ErrorKind::TimedOut,
            ClientError::ServerDisconnected(_) => io::ErrorKind::ConnectionReset,
            ClientError::InvalidUrl(_) | ClientError::InvalidRequest(_) => {
                io::ErrorKind::InvalidInput
            }
            ClientError::Payload(_)
            | ClientError::ContentType(_)
            | ClientError::InvalidResponse(_) => io::ErrorKind::InvalidData,
            ClientError::Connector(error) => error.io_kind(),
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

/// No URL that a client can ask. asyncio: aiohttp's `InvalidURL`, `NonHttpUrlClientError`.
#[derive(Debug)]
pub struct InvalidUrl {
    /// What was given, but for what may be a password.
    url: String,
    /// What is wrong with it.
    why: InvalidUrlKind,
}

/// What is wrong with a URL.
#[derive(Debug)]
pub(super) enum InvalidUrlKind {
    Syntax(url::ParseError),
    Scheme,
    NoTls,
    NoHost,
}

impl InvalidUrl {
    /// What was given; without all that stands before an `@`, where there may be a password.
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// A text that is no URL, so that nobody can say where in it a password ends: at its last `@`.
fn without_user(url: &str) -> String {
    let Some(end) = url.rfind('@') else {
        return url.to_owned();
    };
    let scheme = url[..end].find("://").map_or("", |at| &url[..at + 3]);
    format!("{scheme}...{}", &url[end..])
}

impl fmt::Display for InvalidUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = &self.url;
        match &self.why {
            InvalidUrlKind::Syntax(error) => write!(f, "{url:?} is no URL: {error}"),
            InvalidUrlKind::Scheme => write!(f, "{url:?} is neither http nor https"),
            InvalidUrlKind::NoTls => write!(
                f,
                "{url:?} needs TLS: build bowerbird-http with its feature `tls`"
            ),
            InvalidUrlKind::NoHost => write!(f, "{url:?} names no host"),
        }
    }
}

impl Error for InvalidUrl {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.why {
            InvalidUrlKind::Syntax(error) => Some(error),
            _ => None,
        }
    }
}

/// A request that cannot be sent; the text says why, and what would help.
#[derive(Debug)]
pub struct InvalidRequest {
    /// Why.
    why: String,
}

impl fmt::Display for InvalidRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl Error for InvalidRequest {}

/// The connection broke before an answer was there. asyncio: aiohttp's `ServerDisconnectedError`,
/// `ClientOSError`.
#[derive(Debug)]
pub struct ServerDisconnected {
    /// What hyper or the system has seen; `None` for an end in silence.
    pub(super) cause: Option<Cause>,
}

impl fmt::Display for ServerDisconnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server disconnected before it answered")?;
        match &self.cause {
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}

impl Error for ServerDisconnected {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

/// An answer whose head cannot be read, with hyper's reason. asyncio: aiohttp's
/// `ClientResponseError` of status 400.
#[derive(Debug)]
pub struct InvalidResponse {
    /// What hyper says is wrong with it.
    pub(super) cause: hyper::Error,
}

impl fmt::Display for InvalidResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server's answer is no HTTP: {}", self.cause)
    }
}

impl Error for InvalidResponse {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

/// A limit of time was reached; its source is bowerbird's [`TimeoutError`]. asyncio: aiohttp's
/// `ServerTimeoutError`, `ConnectionTimeoutError`, `SocketTimeoutError`.
#[derive(Debug)]
pub struct ServerTimeout {
    /// Which limit.
    kind: TimeoutKind,
    /// How long it was.
    limit: Duration,
    /// What it is in asyncio's words.
    cause: TimeoutError,
}

/// Which limit of a [`ClientTimeout`](super::ClientTimeout) was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeoutKind {
    /// The whole of the request, its body read to the end.
    Total,
    /// Waiting for a connection and making it.
    Connect,
    /// Making the socket's connection.
    SockConnect,
    /// Between two pieces that come.
    SockRead,
}

impl ServerTimeout {
    /// Which limit.
    pub fn kind(&self) -> TimeoutKind {
        self.kind
    }

    /// How long it was.
    pub fn limit(&self) -> Duration {
        self.limit
    }
}

impl fmt::Display for ServerTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            TimeoutKind::Total => "the request took",
            TimeoutKind::Connect => "getting a connection took",
            TimeoutKind::SockConnect => "connecting took",
            TimeoutKind::SockRead => "the server was silent",
        };
        write!(f, "timed out: {what} longer than {:?}", self.limit)
    }
}

impl Error for ServerTimeout {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

/// An answer whose status is an error. asyncio: aiohttp's `ClientResponseError`.
#[derive(Debug)]
pub struct ResponseError {
    pub(super) status: StatusCode,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) history: Vec<Hop>,
}

impl ResponseError {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Who answered so, without a password.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The answer's headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The redirects on the way there.
    pub fn history(&self) -> &[Hop] {
        &self.history
    }
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered {}", self.url, self.status)
    }
}

impl Error for ResponseError {}

/// One redirect too many. asyncio: aiohttp's `TooManyRedirects`.
#[derive(Debug)]
pub struct TooManyRedirects {
    pub(super) history: Vec<Hop>,
}

impl TooManyRedirects {
    /// The redirects that were followed, and the one that was not.
    pub fn history(&self) -> &[Hop] {
        &self.history
    }
}

impl fmt::Display for TooManyRedirects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let followed = self.history.len().saturating_sub(1);
        write!(f, "redirected again after {followed} redirects")
    }
}

impl Error for TooManyRedirects {}

/// A body of an unexpected type. asyncio: aiohttp's `ContentTypeError`.
#[derive(Debug)]
pub struct ContentTypeError {
    pub(super) content_type: String,
    pub(super) status: StatusCode,
}

impl ContentTypeError {
    /// What the answer says it is; empty when it does not say.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The answer's status: an error page is seldom of the expected type.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

impl fmt::Display for ContentTypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (status, found) = (self.status, &self.content_type);
        write!(
            f,
            "the {status} answer is {found:?} and no JSON: for any type, use `json_of_any_type`"
        )
    }
}

impl Error for ContentTypeError {}

/// A body that cannot be used. asyncio: aiohttp's `ClientPayloadError`.
#[derive(Debug)]
#[non_exhaustive]
pub enum PayloadError {
    /// It broke off: what came before is in your hands, and is not all.
    Broken(Cause),
    /// What was to be sent could not be had.
    Sending(Cause),
    /// It is longer than was allowed.
    TooLarge {
        /// What was allowed, in bytes.
        limit: usize,
    },
    /// It is no text of its charset.
    Text {
        /// The charset.
        charset: String,
    },
    /// It cannot be decompressed.
    Encoding(io::Error),
    /// It is no JSON, or not that of this type.
    Json(serde_json::Error),
}

impl From<PayloadError> for ClientError {
    fn from(error: PayloadError) -> Self {
        Self::Payload(error)
    }
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(cause) => write!(f, "the body broke off: {cause}"),
            Self::Sending(cause) => write!(f, "the body to be sent failed: {cause}"),
            Self::TooLarge { limit } => write!(
                f,
                "the body is longer than {limit} bytes: allow more with `bytes_within`, or read \
                 it chunk by chunk"
            ),
            Self::Text { charset } => write!(f, "the body is no text in {charset:?}"),
            Self::Encoding(cause) => write!(f, "the body cannot be decompressed: {cause}"),
            Self::Json(cause) => write!(f, "the body is not the JSON that was expected: {cause}"),
        }
    }
}

impl Error for PayloadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Broken(cause) | Self::Sending(cause) => Some(&**cause),
            Self::Encoding(cause) => Some(cause),
            Self::Json(cause) => Some(cause),
            Self::TooLarge { .. } | Self::Text { .. } => None,
        }
    }
}
