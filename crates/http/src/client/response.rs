//! An answer: its head at once, its body when it is asked for.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, StatusCode, Version, header, response};
use serde::de::DeserializeOwned;
use url::Url;

use super::content::Content;
use super::errors::{ClientError, ContentTypeError, PayloadError, ResponseError};
use super::history::Hop;
use super::upgraded::Upgraded;

/// Bytes that [`Response::bytes`] and its kin read at most, unless told otherwise: 64 MiB.
pub(super) const READ_LIMIT: usize = 64 * 1024 * 1024;

/// An answer to a request.
///
/// - Its body is read by [`bytes`](Self::bytes), [`text`](Self::text) and [`json`](Self::json),
///   which take it whole, or by [`chunk`](Self::chunk) piece by piece; it is a
///   [`Stream`](futures_core::Stream) of pieces as well. The server is not read faster than you
///   read.
/// - A body that was read to its end gives the connection back to the pool. Dropping the response
///   before that closes the connection.
/// - asyncio: aiohttp's `ClientResponse`; there the body is kept, to be read again.
#[must_use = "dropping a response closes its connection unless it was read to its end"]
pub struct Response {
    /// Status, version, headers.
    pub(super) head: response::Parts,
    /// Who answered.
    pub(super) url: Url,
    /// Redirects on the way.
    pub(super) history: Vec<Hop>,
    /// The body.
    pub(super) content: Content,
    /// Bytes that are read at most.
    pub(super) read_limit: usize,
}

impl Response {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// Whether the status is no error: below 400. asyncio: `ok`.
    pub fn is_ok(&self) -> bool {
        self.head.status.as_u16() < 400
    }

    /// The version of HTTP.
    pub fn version(&self) -> Version {
        self.head.version
    }

    /// The headers, as they came: `Content-Encoding` stands there for a body that was decompressed.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// Who answered, after all redirects, without a password.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The redirects on the way, in order.
    pub fn history(&self) -> &[Hop] {
        &self.history
    }

    /// What the body is said to be, without parameters, in lower case; empty when nothing is said.
    /// asyncio: `content_type`, which is `application/octet-stream` then.
    pub fn content_type(&self) -> String {
        let said = self.header(header::CONTENT_TYPE);
        let said = said.split(';').next().unwrap_or_default();
        said.trim().to_ascii_lowercase()
    }

    /// The charset that the body is said to be in, in lower case.
    pub fn charset(&self) -> Option<String> {
        let said = self.header(header::CONTENT_TYPE).to_ascii_lowercase();
        let mut said = said.split(';').skip(1).map(str::trim);
        let charset = said.find_map(|one| one.strip_prefix("charset="))?;
        Some(charset.trim_matches('"').to_owned())
    }

    /// Bytes of the body as it is sent, where that is said.
    pub fn content_length(&self) -> Option<u64> {
        self.header(header::CONTENT_LENGTH).parse().ok()
    }

    fn header(&self, name: header::HeaderName) -> &str {
        let value = self.head.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The response again, unless its status is an error (400 and above). asyncio:
    /// `raise_for_status`.
    ///
    /// # Errors
    /// [`ClientError::Response`]; the body is not read, and its connection is closed.
    pub fn raise_for_status(self) -> Result<Self, ClientError> {
        if self.is_ok() {
            return Ok(self);
        }
        Err(ClientError::Response(Box::new(ResponseError {
            status: self.head.status,
            url: self.url,
            headers: self.head.headers,
            history: self.history,
        })))
    }

    /// The body, up to the session's limit (64 MiB unless it says otherwise). asyncio: `read`.
    ///
    /// # Errors
    /// [`PayloadError`] for a body that breaks off or is too long; timeouts.
    pub async fn bytes(self) -> Result<Bytes, ClientError> {
        let limit = self.read_limit;
        self.bytes_within(limit).await
    }

    /// The body, if it has `limit` bytes at most, decompressed.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes).
    pub async fn bytes_within(self, limit: usize) -> Result<Bytes, ClientError> {
        self.content.read(limit).await
    }

    /// The body as text: UTF-8 unless the server names ASCII or Latin 1.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes); [`PayloadError::Text`] for other charsets, and for what is no
    /// text in its own.
    pub async fn text(self) -> Result<String, ClientError> {
        let charset = self.charset().unwrap_or_else(|| "utf-8".to_owned());
        let bytes = self.bytes().await?;
        let text = match charset.as_str() {
            "utf-8" | "utf8" | "us-ascii" | "ascii" => String::from_utf8(bytes.into()).ok(),
            "iso-8859-1" | "latin-1" | "latin1" => {
                Some(bytes.iter().copied().map(char::from).collect())
            }
            _ => None,
        };
        text.ok_or_else(|| PayloadError::Text { charset }.into())
    }

    /// The body as JSON, if the server says that it is.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes); [`ClientError::ContentType`] when it is said to be something
    /// else, [`PayloadError::Json`] when it is not what was expected.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, ClientError> {
        let content_type = self.content_type();
        let is_json = content_type == "application/json"
            || content_type.starts_with("application/") && content_type.ends_with("+json");
        if !is_json {
            let status = self.status();
            return Err(ClientError::ContentType(Box::new(ContentTypeError {
                content_type,
                status,
            })));
        }
        self.json_of_any_type().await
    }

    /// The body as JSON, whatever the server says that it is. asyncio: `json(content_type=None)`.
    ///
    /// # Errors
    /// As [`json`](Self::json), but for the type.
    pub async fn json_of_any_type<T: DeserializeOwned>(self) -> Result<T, ClientError> {
        let bytes = self.bytes().await?;
        serde_json::from_slice(&bytes).map_err(|error| PayloadError::Json(error).into())
    }

    /// The next piece of the body, as it comes; `None` at the end. asyncio: `content.readany`,
    /// `content.iter_any`.
    ///
    /// - Cancel: nothing is lost; the next call goes on.
    ///
    /// # Errors
    /// [`PayloadError`] for a body that breaks off; timeouts.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, ClientError> {
        poll_fn(|cx| self.content.poll_piece(cx)).await.transpose()
    }

    /// The connection, after an answer of 101: from now on it is the two peers' own.
    ///
    /// # Errors
    /// `InvalidRequest` for any other answer.
    pub fn upgrade(self) -> Result<Upgraded, ClientError> {
        let is_switching = self.head.status == StatusCode::SWITCHING_PROTOCOLS;
        let payload = self.content.into_payload().filter(|_| is_switching);
        let connection = payload.and_then(|mut payload| payload.take_http1());
        let connection = connection.ok_or_else(|| {
            ClientError::invalid("only an answer of 101, over HTTP/1.1, can be upgraded")
        })?;
        let (socket, early) = connection.into_socket();
        Ok(Upgraded::new(socket, early))
    }
}

/// The pieces of the body, as they come.
impl Stream for Response {
    type Item = Result<Bytes, ClientError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.content.poll_piece(cx)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.head.status)
            .field("url", &self.url.as_str())
            .field("headers", &self.head.headers)
            .field("history", &self.history.len())
            .finish_non_exhaustive()
    }
}
