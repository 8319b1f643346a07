//! What goes through a WebSocket.

use std::fmt;
use std::ops::Deref;

use bytes::Bytes;
use tungstenite::Utf8Bytes;

/// A message, whole. asyncio: aiohttp's `WSMessage`, of the types `TEXT` and `BINARY`; pings, pongs
/// and closing are the WebSocket's own business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Text, which was checked to be UTF-8.
    Text(Text),
    /// Bytes.
    Binary(Bytes),
}

/// The text of a message: a `str` that is cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(pub(super) Utf8Bytes);

/// Why the peer has closed a WebSocket. asyncio: aiohttp's `close_code`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseReason {
    /// A number of RFC 6455: 1000 for a normal end, 1005 when the peer gave none, 1006 when the
    /// connection broke.
    pub code: u16,
    /// What the peer said; often nothing.
    pub reason: String,
}

impl Message {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    /// The bytes, of a text as well.
    pub fn into_bytes(self) -> Bytes {
        match self {
            Self::Text(text) => text.0.into(),
            Self::Binary(bytes) => bytes,
        }
    }
}

impl From<Message> for tungstenite::Message {
    fn from(message: Message) -> Self {
        match message {
            Message::Text(text) => Self::Text(text.0),
            Message::Binary(bytes) => Self::Binary(bytes),
        }
    }
}

impl From<Text> for Message {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(Text(text.into()))
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(Text(text.into()))
    }
}

impl From<Bytes> for Message {
    fn from(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes.into())
    }
}

impl From<&[u8]> for Message {
    fn from(bytes: &[u8]) -> Self {
        Self::Binary(Bytes::copy_from_slice(bytes))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}
