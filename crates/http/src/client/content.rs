//! An answer's body as users read it: decompressed where that was agreed on. Between the payload
//! and the response.

use std::future::poll_fn;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};

use super::errors::{ClientError, PayloadError};
use super::payload::Payload;

#[cfg(feature = "compression")]
mod decoding;

/// What a request says it can take.
#[cfg(feature = "compression")]
pub(super) const ACCEPTED: &str = "gzip, deflate, br, zstd";

/// A body.
#[cfg_attr(
    feature = "compression",
    expect(
        clippy::large_enum_variant,
        reason = "most bodies are plain, and need no box"
    )
)]
#[derive(Debug)]
pub(super) enum Content {
    /// As it comes.
    Plain(Payload),
    /// As it was before it was compressed.
    #[cfg(feature = "compression")]
    Decoded(Box<decoding::Decoder>),
}

impl Content {
    /// The body of an answer with these headers.
    ///
    /// - `decodes`: whether a compressed one is decompressed. What is compressed twice, or in a way
    ///   that is not known, is given as it is, as aiohttp gives it.
    pub(super) fn new(payload: Payload, headers: &HeaderMap, decodes: bool) -> Self {
        #[cfg(feature = "compression")]
        if decodes {
            return decoding::Decoder::begin(payload, headers.get(header::CONTENT_ENCODING));
        }
        #[cfg(not(feature = "compression"))]
        let (_, _, _) = (headers, decodes, header::CONTENT_ENCODING);
        Self::Plain(payload)
    }

    /// The next piece; `None` at the end.
    pub(super) fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, ClientError>>> {
        match self {
            Self::Plain(payload) => payload.poll_piece(cx),
            #[cfg(feature = "compression")]
            Self::Decoded(decoder) => decoder.poll_piece(cx),
        }
    }

    /// All that is left.
    ///
    /// # Errors
    /// `PayloadError::TooLarge` beyond `limit` bytes; whatever reading gives.
    pub(super) async fn read(mut self, limit: usize) -> Result<Bytes, ClientError> {
        let announced = match &self {
            Self::Plain(payload) => payload.length(),
            #[cfg(feature = "compression")]
            Self::Decoded(_) => None,
        };
        let too_large = || ClientError::from(PayloadError::TooLarge { limit });
        if announced.is_some_and(|length| length > limit as u64) {
            return Err(too_large());
        }
        let Some(first) = poll_fn(|cx| self.poll_piece(cx)).await.transpose()? else {
            return Ok(Bytes::new());
        };
        let Some(mut next) = poll_fn(|cx| self.poll_piece(cx)).await.transpose()? else {
            // Most bodies are of one piece, which need not be copied.
            return if first.len() > limit {
                Err(too_large())
            } else {
                Ok(first)
            };
        };
        let mut whole = BytesMut::from(first);
        loop {
            if next.len() > limit.saturating_sub(whole.len()) {
                return Err(too_large());
            }
            whole.extend_from_slice(&next);
            match poll_fn(|cx| self.poll_piece(cx)).await.transpose()? {
                Some(piece) => next = piece,
                None => return Ok(whole.freeze()),
            }
        }
    }

    /// The payload, for what comes after an upgrade.
    pub(super) fn into_payload(self) -> Option<Payload> {
        match self {
            Self::Plain(payload) => Some(payload),
            #[cfg(feature = "compression")]
            Self::Decoded(_) => None,
        }
    }
}
