//! Bodies that are wanted whole. Handlers call it; bodies that are read piece by piece have no
//! limit but the socket's pace.

use std::error::Error;
use std::fmt;

use bytes::{Buf, Bytes, BytesMut};
use http::{Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Body;

/// What aiohttp takes at most, unless told otherwise: 1 MiB.
pub const BODY_LIMIT: usize = 1024 * 1024;

/// Reads a body to its end.
///
/// - `limit`: in bytes; see [`BODY_LIMIT`]. A body that says beforehand that it is longer is
///   refused before a byte of it is read. Zero takes empty bodies only.
/// - Trailers are dropped.
/// - Cancel: what was read is lost.
/// - asyncio: aiohttp's `Request.read`; there, the limit belongs to the application.
///
/// # Errors
/// [`BodyError::TooLarge`], or what went wrong on the way. Both know what to answer:
/// [`BodyError::status`].
///
/// ```
/// # use bowerbird_http::{BODY_LIMIT, BodyError, http, read_body};
/// # bowerbird::run(async {
/// let body = "a question".to_owned();
/// assert_eq!(read_body(body, BODY_LIMIT).await.unwrap(), "a question");
///
/// let error = read_body("too long".to_owned(), 7).await.unwrap_err();
/// assert_eq!(error.status(), http::StatusCode::PAYLOAD_TOO_LARGE);
/// # });
/// ```
pub async fn read_body<B>(body: B, limit: usize) -> Result<Bytes, BodyError>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(BodyError::TooLarge { limit });
    }
    let mut body = std::pin::pin!(body);
    // Room for more is made as more comes: what is announced may be a lie.
    let mut whole = BytesMut::with_capacity(announced.min(BODY_LIMIT));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| BodyError::Broken(error.into()))?;
        let Ok(piece) = frame.into_data() else {
            continue;
        };
        if piece.remaining() > limit - whole.len() {
            return Err(BodyError::TooLarge { limit });
        }
        bytes::BufMut::put(&mut whole, piece);
    }
    Ok(whole.freeze())
}

/// Why a body was not read to its end.
#[derive(Debug)]
#[non_exhaustive]
pub enum BodyError {
    /// It is longer than was allowed.
    TooLarge {
        /// What was allowed, in bytes.
        limit: usize,
    },
    /// The connection broke, or what came was no body.
    Broken(Box<dyn Error + Send + Sync>),
}

impl BodyError {
    /// What to answer: 413, or 400.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Broken(_) => StatusCode::BAD_REQUEST,
        }
    }

    /// An answer that says so, in a line of text.
    pub fn to_response<B: From<String>>(&self) -> Response<B> {
        let mut response = Response::new(B::from(format!("{self}\n")));
        *response.status_mut() = self.status();
        response
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => write!(f, "the body is longer than {limit} bytes"),
            Self::Broken(error) => write!(f, "the body broke off: {error}"),
        }
    }
}

impl Error for BodyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::TooLarge { .. } => None,
            Self::Broken(error) => Some(&**error),
        }
    }
}
