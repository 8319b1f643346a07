//! Decompression while reading: gzip, deflate (with and without zlib's head), brotli, zstd. A step
//! makes [`STEP`] bytes at most, however small what came was, so that nobody's memory is filled by
//! a few bytes that stand for gigabytes.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_compression::futures::bufread::{
    BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder,
};
use async_compression::zstd::DParameter;
use bytes::Bytes;
use futures_io::{AsyncBufRead, AsyncRead};
use http::HeaderValue;

use super::Content;
use crate::client::errors::{ClientError, PayloadError};
use crate::client::payload::Payload;

/// Bytes that one step makes at most.
const STEP: usize = 32 * 1024;

/// The largest window of zstd that is accepted, as a power of two: 8 MiB, RFC 9659.
const ZSTD_WINDOW: u32 = 23;

/// A body that is decompressed.
pub(in crate::client) struct Decoder {
    /// Its algorithm.
    kind: Kind,
    /// Where a step's bytes arrive.
    room: Vec<u8>,
    /// How far it is.
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing has come yet. No bytes at all are no packed ones either, and no error.
    Before,
    /// Decompressing.
    Inside,
    /// All is decompressed; the end of the payload was not seen yet, and the connection is of use
    /// to others only after it.
    Behind,
    /// There is nothing more to be had.
    Over,
}

enum Kind {
    /// Deflate, before it is known whether zlib's head comes first.
    Undecided(Option<Source>),
    Gzip(GzipDecoder<Source>),
    Zlib(ZlibDecoder<Source>),
    Deflate(DeflateDecoder<Source>),
    Brotli(Box<BrotliDecoder<Source>>),
    Zstd(ZstdDecoder<Source>),
}

impl Decoder {
    /// What an answer's `Content-Encoding` makes of its body.
    pub(super) fn begin(payload: Payload, encoding: Option<&HeaderValue>) -> Content {
        let encoding = encoding.and_then(|encoding| encoding.to_str().ok());
        let encoding = encoding.unwrap_or_default().trim().to_ascii_lowercase();
        let source = |payload| Source {
            payload,
            piece: Bytes::new(),
        };
        if payload.length() == Some(0) {
            return Content::Plain(payload);
        }
        let kind = match encoding.as_str() {
            "gzip" | "x-gzip" => {
                let mut gzip = GzipDecoder::new(source(payload));
                gzip.multiple_members(true);
                Kind::Gzip(gzip)
            }
            "deflate" => Kind::Undecided(Some(source(payload))),
            "br" => Kind::Brotli(Box::new(BrotliDecoder::new(source(payload)))),
            "zstd" => {
                let window = [DParameter::window_log_max(ZSTD_WINDOW)];
                Kind::Zstd(ZstdDecoder::with_params(source(payload), &window))
            }
            _ => return Content::Plain(payload),
        };
        Content::Decoded(Box::new(Self {
            kind,
            room: Vec::new(),
            stage: Stage::Before,
        }))
    }

    /// The next step; `None` at the end.
    pub(super) fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, ClientError>>> {
        if self.stage == Stage::Before {
            let begun = match self.source() {
                Some(source) => ready!(Pin::new(source).poll_fill_buf(cx)).map(<[u8]>::is_empty),
                None => Ok(true),
            };
            self.stage = match begun {
                Ok(false) => Stage::Inside,
                Ok(true) | Err(_) => Stage::Over,
            };
            if let Err(error) = begun {
                return Poll::Ready(Some(Err(told(error))));
            }
        }
        if self.stage == Stage::Inside {
            let read = ready!(self.poll_step(cx));
            match read {
                Ok(0) => self.stage = Stage::Behind,
                Ok(length) => {
                    let step = Bytes::copy_from_slice(&self.room[..length]);
                    return Poll::Ready(Some(Ok(step)));
                }
                Err(error) => {
                    self.stage = Stage::Over;
                    return Poll::Ready(Some(Err(told(error))));
                }
            }
        }
        if self.stage == Stage::Behind {
            // What follows is no part of the body: whoever sends it loses the connection.
            let _rest = ready!(
                self.source()
                    .map_or(Poll::Ready(None), |one| one.payload.poll_piece(cx))
            );
            self.stage = Stage::Over;
        }
        Poll::Ready(None)
    }

    fn source(&mut self) -> Option<&mut Source> {
        match &mut self.kind {
            Kind::Undecided(source) => source.as_mut(),
            Kind::Gzip(one) => Some(one.get_mut()),
            Kind::Zlib(one) => Some(one.get_mut()),
            Kind::Deflate(one) => Some(one.get_mut()),
            Kind::Brotli(one) => Some(one.get_mut()),
            Kind::Zstd(one) => Some(one.get_mut()),
        }
    }

    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.room.resize(STEP, 0);
        let room = &mut self.room;
        loop {
            match &mut self.kind {
                Kind::Undecided(source) => {
                    self.kind = ready!(decide(source, cx))?;
                }
                Kind::Gzip(one) => return Pin::new(one).poll_read(cx, room),
                Kind::Zlib(one) => return Pin::new(one).poll_read(cx, room),
                Kind::Deflate(one) => return Pin::new(one).poll_read(cx, room),
                Kind::Brotli(one) => return Pin::new(one).poll_read(cx, room),
                Kind::Zstd(one) => return Pin::new(one).poll_read(cx, room),
            }
        }
    }
}

/// Looks at the first byte: the head of zlib names its method there, and some servers leave it out.
fn decide(source: &mut Option<Source>, cx: &mut Context<'_>) -> Poll<io::Result<Kind>> {
    let mut first = None;
    if let Some(source) = source {
        first = ready!(Pin::new(source).poll_fill_buf(cx))?.first().copied();
    }
    let source = source.take().ok_or(io::ErrorKind::UnexpectedEof)?;
    Poll::Ready(Ok(match first.map(|byte| byte & 0x0f) {
        Some(8) | None => Kind::Zlib(ZlibDecoder::new(source)),
        Some(_) => Kind::Deflate(DeflateDecoder::new(source)),
    }))
}

/// What was wrong: with the connection, or with what came over it.
fn told(error: io::Error) -> ClientError {
    match error.downcast::<ClientError>() {
        Ok(error) => error,
        Err(error) => PayloadError::Encoding(error).into(),
    }
}

/// A payload as something to read from.
struct Source {
    /// Where it comes from.
    payload: Payload,
    /// What has come, and was not read yet.
    piece: Bytes,
}

impl AsyncBufRead for Source {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        while this.piece.is_empty() {
            match ready!(this.payload.poll_piece(cx)) {
                Some(Ok(piece)) => this.piece = piece,
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                None => break,
            }
        }
        Poll::Ready(Ok(&this.piece))
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        bytes::Buf::advance(&mut self.piece, amount);
    }
}

impl AsyncRead for Source {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let ready = ready!(self.as_mut().poll_fill_buf(cx))?;
        let length = ready.len().min(buffer.len());
        buffer[..length].copy_from_slice(&ready[..length]);
        self.consume(length);
        Poll::Ready(Ok(length))
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}
