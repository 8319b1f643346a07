//! What goes wrong with WebSockets.

use std::error::Error;
use std::{fmt, io};

use http::{HeaderValue, Response, StatusCode, header};
use tungstenite::error::{CapacityError, Error as Inner, ProtocolError};

use super::deflate::NotDeflate;

/// Why a WebSocket could not do what was asked. After all but the first three the connection is
/// closed. asyncio: aiohttp's `WSMessage` of type `ERROR`, and a number of exceptions.
#[derive(Debug)]
#[non_exhaustive]
pub enum WebSocketError {
    /// It is closed, or closing: nothing can be sent any more.
    Closed,
    /// Somebody receives already; messages are for one reader.
    Busy,
    /// A code that may not be sent, or a reason of more than 123 bytes.
    InvalidClose,
    /// A message was larger than the limit. The peer was told so (1009).
    TooLarge,
    /// A text was not UTF-8. The peer was told so (1007).
    NotUtf8,
    /// The peer has broken the rules of RFC 6455, or of RFC 7692. It was told so (1002).
    Protocol(Box<dyn Error + Send + Sync>),
    /// The peer does not answer.
    Unresponsive,
    /// The connection broke without a farewell.
    Lost(io::Error),
}

impl WebSocketError {
    /// With which code the peer is told, if it is.
    pub(super) fn code(&self) -> Option<u16> {
        match self {
            Self::TooLarge => Some(1009),
            Self::NotUtf8 => Some(1007),
            Self::Protocol(_) => Some(1002),
            _not_told => None,
        }
    }
}

impl From<Inner> for WebSocketError {
    fn from(error: Inner) -> Self {
        match error {
            Inner::Io(error) if is_unpacking(&error) => Self::Protocol(Box::new(error)),
            Inner::Io(error) => Self::Lost(error),
            Inner::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
                Self::Lost(io::ErrorKind::UnexpectedEof.into())
            }
            Inner::ConnectionClosed
            | Inner::AlreadyClosed
            | Inner::Protocol(ProtocolError::SendAfterClosing) => Self::Closed,
            Inner::Capacity(CapacityError::MessageTooLong { .. }) => Self::TooLarge,
            Inner::Utf8(_) => Self::NotUtf8,
            error => Self::Protocol(Box::new(error)),
        }
    }
}

/// Whether the stream is in order, and what came over it is not.
fn is_unpacking(error: &io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(|inner| inner.is::<NotDeflate>())
}

impl fmt::Display for WebSocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the WebSocket is closed"),
            Self::Busy => f.write_str("somebody receives from this WebSocket already"),
            Self::InvalidClose => f.write_str(
                "the code must be 1000 to 1003, 1007 to 1014 or 3000 to 4999, \
                 and the reason at most 123 bytes long",
            ),
            Self::TooLarge => f.write_str("a WebSocket message is larger than allowed"),
            Self::NotUtf8 => f.write_str("a WebSocket text is not UTF-8"),
            Self::Protocol(error) => write!(f, "{error}"),
            Self::Unresponsive => f.write_str("the other end of the WebSocket does not answer"),
            Self::Lost(error) => write!(f, "the WebSocket's connection broke: {error}"),
        }
    }
}

impl Error for WebSocketError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Protocol(error) => Some(&**error),
            Self::Lost(error) => Some(error),
            _alone => None,
        }
    }
}

/// Why a request is no handshake for a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeError {
    /// It asks for no WebSocket, or not with `GET`.
    NotAsked,
    /// It asks for another version than 13, the only one there is.
    Version,
    /// Its `Sec-WebSocket-Key` is missing, or none.
    Key,
    /// Its connection cannot change its protocol: it is HTTP/2, or the request was taken from it.
    NotUpgradable,
}

impl HandshakeError {
    /// What to answer: 400, or 426 with what would have been right.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::NotAsked | Self::Version => StatusCode::UPGRADE_REQUIRED,
            Self::Key | Self::NotUpgradable => StatusCode::BAD_REQUEST,
        }
    }

    /// An answer that says so, in a line of text.
    pub fn to_response<B: From<String>>(&self) -> Response<B> {
        let mut response = Response::new(B::from(format!("{self}\n")));
        *response.status_mut() = self.status();
        if self.status() == StatusCode::UPGRADE_REQUIRED {
            let headers = response.headers_mut();
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            let version = HeaderValue::from_static("13");
            headers.insert(header::SEC_WEBSOCKET_VERSION, version);
        }
        response
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAsked => "this is for WebSockets",
            Self::Version => "the version of a WebSocket must be 13",
            Self::Key => "the key of a WebSocket is missing or malformed",
            Self::NotUpgradable => "this connection cannot become a WebSocket",
        })
    }
}

impl Error for HandshakeError {}
