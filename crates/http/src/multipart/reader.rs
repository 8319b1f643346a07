//! The form: where its bytes come from, how many may come, and its parts one after the other.

use std::error::Error;
use std::fmt;
use std::pin::Pin;

use bytes::Bytes;
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, Request};
use http_body_util::BodyExt;
use hyper::body::Body;

use super::errors::{MultipartError, MultipartLimit};
use super::part::BodyPartReader;
use super::scanner::{Found, Scanner};
use super::words::Words;
use crate::body::BODY_LIMIT;

/// Bytes of a part's headers, unless told otherwise: aiohttp's limit for a line.
const HEADER_BYTES: usize = 8190;

/// Parts, unless told otherwise.
const PARTS: usize = 1000;

/// Bytes of everything, unless told otherwise: 64 MiB.
const BODY_BYTES: u64 = 64 << 20;

/// The longest boundary there is.
const BOUNDARY_MAX: usize = 70;

/// A form with files, read as it comes.
///
/// - Nothing is read ahead of who reads: a client is as fast as its form is taken.
/// - Limits are set from the beginning; each method that changes one names its default.
/// - A form that is not read to its end leaves the connection with bytes that nobody wants, and the
///   server closes it.
/// - asyncio: aiohttp's `MultipartReader`, and `Request.multipart`. Forms only, without parts in
///   parts, which RFC 7578 has given up, and without encodings of parts, which it forbids.
///
/// See the [module](super) for an example.
#[must_use = "a form is read part by part, by `next`"]
pub struct MultipartReader<B> {
    /// Where it comes from.
    body: Pin<Box<B>>,
    /// What finds the parts.
    scanner: Scanner,
    /// Bytes that have come.
    arrived: u64,
    /// Parts that have come.
    parts: usize,
    /// Whether a part was found whose end was not.
    is_in_part: bool,
    /// Whether the form has been read to its end.
    is_over: bool,
    limits: Limits,
}

#[derive(Debug, Clone, Copy)]
struct Limits {
    parts: usize,
    field_bytes: usize,
    body_bytes: u64,
}

impl<B> MultipartReader<B>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    /// The form that a request brings.
    ///
    /// # Errors
    /// When it brings something else.
    pub fn from_request(request: Request<B>) -> Result<Self, MultipartError> {
        let (head, body) = request.into_parts();
        Self::new(&head.headers, body)
    }

    /// A form whose `Content-Type` is among `headers`.
    ///
    /// # Errors
    /// When that is no `multipart/form-data`, or has no boundary.
    pub fn new(headers: &HeaderMap, body: B) -> Result<Self, MultipartError> {
        let boundary = boundary(headers)?;
        Ok(Self {
            body: Box::pin(body),
            scanner: Scanner::new(&boundary, HEADER_BYTES),
            arrived: 0,
            parts: 0,
            is_in_part: false,
            is_over: false,
            limits: Limits {
                parts: PARTS,
                field_bytes: BODY_LIMIT,
                body_bytes: BODY_BYTES,
            },
        })
    }

    /// How many parts there may be. 1,000.
    pub fn max_parts(mut self, limit: usize) -> Self {
        self.limits.parts = limit;
        self
    }

    /// How many bytes the headers of a part may have together. 8,190.
    pub fn max_header_bytes(mut self, limit: usize) -> Self {
        self.scanner.limit_heads(limit);
        self
    }

    /// How many bytes a part may have that is wanted whole, by `read`, `text` or `json`. 1 MiB.
    pub fn max_field_bytes(mut self, limit: usize) -> Self {
        self.limits.field_bytes = limit;
        self
    }

    /// How many bytes may come in all, files and all that is around them included. 64 MiB.
    ///
    /// - A form that says beforehand that it is longer is refused before a byte of it is read.
    pub fn max_body_bytes(mut self, limit: u64) -> Self {
        self.limits.body_bytes = limit;
        self
    }

    /// The next part; `None` after the last.
    ///
    /// - What was not read of the part before is passed over.
    /// - Cancel: nothing is lost; the next call goes on.
    ///
    /// # Errors
    /// See [`MultipartError`]. Answer then: what else is in the form is of no use.
    pub async fn next(&mut self) -> Result<Option<BodyPartReader<'_, B>>, MultipartError> {
        if self.body.size_hint().lower() > self.left() {
            return Err(self.too_much());
        }
        while self.is_in_part {
            self.data().await?;
        }
        match self.found().await? {
            Found::Head(head) => {
                self.is_in_part = true;
                self.parts += 1;
                if self.parts > self.limits.parts {
                    return Err(MultipartError::TooLarge {
                        what: MultipartLimit::Parts,
                        limit: self.limits.parts as u64,
                    });
                }
                let headers = headers_of(&head)?;
                BodyPartReader::new(self, headers).map(Some)
            }
            _over => {
                // What follows is nobody's, but the connection's next request comes behind it.
                while !self.is_over {
                    self.is_over = !self.fill().await?;
                }
                Ok(None)
            }
        }
    }

    /// Some of the part; `None` at its end.
    pub(super) async fn data(&mut self) -> Result<Option<Bytes>, MultipartError> {
        if !self.is_in_part {
            return Ok(None);
        }
        match self.found().await? {
            Found::Data(bytes) => Ok(Some(bytes)),
            _end => {
                self.is_in_part = false;
                Ok(None)
            }
        }
    }

    /// How many bytes a part may have that is wanted whole.
    pub(super) fn field_limit(&self) -> usize {
        self.limits.field_bytes
    }

    /// What is found next, when it has come.
    async fn found(&mut self) -> Result<Found, MultipartError> {
        loop {
            match self.scanner.step()? {
                Found::Nothing if self.fill().await? => {}
                Found::Nothing => return Err(MultipartError::Incomplete),
                found => return Ok(found),
            }
        }
    }

    /// Whether more has come.
    async fn fill(&mut self) -> Result<bool, MultipartError> {
        let Some(frame) = self.body.frame().await else {
            return Ok(false);
        };
        let frame = frame.map_err(|error| MultipartError::Broken(error.into()))?;
        // Trailers are for nobody.
        if let Ok(bytes) = frame.into_data() {
            let length = bytes::Buf::remaining(&bytes) as u64;
            if length > self.left() {
                return Err(self.too_much());
            }
            self.arrived += length;
            self.scanner.push(bytes);
        }
        Ok(true)
    }

    fn left(&self) -> u64 {
        self.limits.body_bytes.saturating_sub(self.arrived)
    }

    fn too_much(&self) -> MultipartError {
        MultipartError::TooLarge {
            what: MultipartLimit::BodyBytes,
            limit: self.limits.body_bytes,
        }
    }
}

/// What stands between the parts.
fn boundary(headers: &HeaderMap) -> Result<String, MultipartError> {
    let value = headers.get(header::CONTENT_TYPE);
    let value = value.and_then(|value| value.to_str().ok());
    let words = value.and_then(Words::parse);
    let words = words.filter(|words| words.first == "multipart/form-data");
    let words = words.ok_or(MultipartError::NotMultipart)?;
    let boundary = words.get("boundary");
    let boundary = boundary.filter(|boundary| (1..=BOUNDARY_MAX).contains(&boundary.len()));
    let boundary = boundary.ok_or(MultipartError::Malformed("it has no boundary"))?;
    Ok(boundary.to_owned())
}

/// The headers of a part.
fn headers_of(head: &Bytes) -> Result<HeaderMap, MultipartError> {
    let malformed = MultipartError::Malformed("a part's headers are none");
    let mut headers = HeaderMap::new();
    if head.is_empty() {
        return Ok(headers);
    }
    for line in lines(head) {
        let colon = memchr::memchr(b':', line);
        let parsed = colon.and_then(|colon| {
            let name = HeaderName::from_bytes(&line[..colon]).ok()?;
            let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
            Some((name, value))
        });
        match parsed {
            Some((name, value)) => {
                headers.append(name, value);
            }
            None => return Err(malformed),
        }
    }
    Ok(headers)
}

/// Lines that end in both characters; either of them alone is for what reads the value to refuse.
fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(head);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = memchr::memmem::find(text, b"\r\n");
        rest = end.map(|end| &text[end + 2..]);
        Some(&text[..end.unwrap_or(text.len())])
    })
}

impl<B> fmt::Debug for MultipartReader<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MultipartReader")
            .field("arrived", &self.arrived)
            .field("parts", &self.parts)
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}
