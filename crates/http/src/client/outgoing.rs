//! What a request sends: bytes, a form, a stream of pieces, a file. [`RequestBody`] is what users
//! give; [`Outgoing`] is what hyper reads on a connection, at the pace of the socket.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use futures_io::AsyncRead;
use hyper::body::{Body, Frame, SizeHint};

use super::errors::Cause;
use super::wire::Activity;

/// Bytes of a reader that are sent at a time.
const PIECE: usize = 64 * 1024;

/// Pieces of a body, from the user.
type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// A request's body.
///
/// - Bytes and texts, by `From`: their length is told, and they can be sent again, to follow a
///   redirect or after a connection that had gone stale.
/// - [`stream`](Self::stream), [`reader`](Self::reader): taken piece by piece, as fast as the
///   server does, and only once.
///
/// ```
/// use bowerbird_http::bytes::Bytes;
/// use bowerbird_http::client::RequestBody;
///
/// let text = RequestBody::from("again and again");
/// assert!(text.try_clone().is_some());
///
/// let once = RequestBody::reader(&b"once"[..]);
/// assert!(once.try_clone().is_none());
/// ```
#[derive(Default)]
pub struct RequestBody(Kind);

#[derive(Default)]
enum Kind {
    /// Nothing, and no length is told either.
    #[default]
    Empty,
    Bytes(Bytes),
    Pieces {
        pieces: Pieces,
        /// In bytes, where it is known.
        length: Option<u64>,
    },
    /// Several, one after the other.
    Chain(VecDeque<RequestBody>),
}

impl RequestBody {
    /// No body.
    pub fn empty() -> Self {
        Self::default()
    }

    /// What a stream gives, in chunks, until it ends; its error fails the request.
    pub fn stream<S>(stream: S) -> Self
    where
        S: Stream<Item = io::Result<Bytes>> + Send + 'static,
    {
        Self(Kind::Pieces {
            pieces: Box::pin(stream),
            length: None,
        })
    }

    /// What can be read, until its end; its error fails the request.
    pub fn reader<R>(reader: R) -> Self
    where
        R: AsyncRead + Send + 'static,
    {
        Self::stream(Reading {
            reader: Box::pin(reader),
            room: Vec::new(),
        })
    }

    /// A file, from where it stands to its end.
    ///
    /// # Errors
    /// When the file cannot be opened or asked for its length.
    pub async fn file(path: impl AsRef<std::path::Path>) -> io::Result<Self> {
        let file = bowerbird::fs::File::open(path).await?;
        let length = file.metadata().await?.len();
        Ok(Self::reader(file).with_length(length))
    }

    /// Says how many bytes a stream has, so that the server is told; with any other number the
    /// request fails. No effect on bytes and forms, whose lengths are known.
    #[must_use]
    pub fn with_length(mut self, bytes: u64) -> Self {
        if let Kind::Pieces { length, .. } = &mut self.0 {
            *length = Some(bytes);
        }
        self
    }

    /// The same once more; `None` for what can be sent only once.
    pub fn try_clone(&self) -> Option<Self> {
        match &self.0 {
            Kind::Empty => Some(Self(Kind::Empty)),
            Kind::Bytes(bytes) => Some(Self(Kind::Bytes(bytes.clone()))),
            Kind::Pieces { .. } => None,
            Kind::Chain(bodies) => {
                let clones: Option<_> = bodies.iter().map(Self::try_clone).collect();
                clones.map(|clones| Self(Kind::Chain(clones)))
            }
        }
    }

    /// Whether there is none; bytes of length zero are a body.
    pub fn is_empty(&self) -> bool {
        matches!(self.0, Kind::Empty)
    }

    /// Its length in bytes, where it is known.
    pub(super) fn length(&self) -> Option<u64> {
        match &self.0 {
            Kind::Empty => Some(0),
            Kind::Bytes(bytes) => Some(bytes.len() as u64),
            Kind::Pieces { length, .. } => *length,
            Kind::Chain(bodies) => bodies.iter().map(Self::length).sum(),
        }
    }

    /// The pieces of several bodies, one after the other.
    pub(super) fn chain(bodies: impl IntoIterator<Item = Self>) -> Self {
        Self(Kind::Chain(bodies.into_iter().collect()))
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        match &mut self.0 {
            Kind::Empty => Poll::Ready(None),
            Kind::Bytes(bytes) => {
                let bytes = std::mem::take(bytes);
                self.0 = Kind::Empty;
                Poll::Ready((!bytes.is_empty()).then_some(Ok(bytes)))
            }
            Kind::Pieces { pieces, .. } => pieces.as_mut().poll_next(cx),
            Kind::Chain(bodies) => {
                while let Some(body) = bodies.front_mut() {
                    match ready!(body.poll_piece(cx)) {
                        Some(piece) => return Poll::Ready(Some(piece)),
                        None => drop(bodies.pop_front()),
                    }
                }
                Poll::Ready(None)
            }
        }
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody")
            .field("length", &self.length())
            .finish_non_exhaustive()
    }
}

macro_rules! from_bytes {
    ($($kind:ty),*) => {$(
        impl From<$kind> for RequestBody {
            fn from(bytes: $kind) -> Self {
                Self(Kind::Bytes(Bytes::from(bytes)))
            }
        }
    )*};
}

from_bytes!(Bytes, String, Vec<u8>, &'static str, &'static [u8]);

/// A reader as a stream of pieces.
struct Reading {
    /// Where they come from.
    reader: Pin<Box<dyn AsyncRead + Send>>,
    /// Where they arrive, kept from piece to piece.
    room: Vec<u8>,
}

impl Stream for Reading {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { reader, room } = &mut *self;
        room.resize(PIECE, 0);
        Poll::Ready(match ready!(reader.as_mut().poll_read(cx, room)) {
            Ok(0) => None,
            Ok(length) => Some(Ok(Bytes::copy_from_slice(&room[..length]))),
            Err(error) => Some(Err(error)),
        })
    }
}

/// A body on its way, as hyper asks for it.
pub(super) struct Outgoing {
    /// What is sent.
    body: RequestBody,
    /// Bytes that are left of a length that was told.
    left: Option<u64>,
    /// Told when all of it was taken.
    activity: Arc<Activity>,
}

impl Outgoing {
    pub(super) fn new(body: RequestBody, activity: Arc<Activity>) -> Self {
        activity.note_sent(body.length() == Some(0));
        Self {
            left: body.length(),
            body,
            activity,
        }
    }

    /// Holds a piece against the length that was told.
    fn count(&mut self, piece: Option<usize>) -> Result<(), Cause> {
        let Some(left) = &mut self.left else {
            return Ok(());
        };
        match piece {
            None if *left > 0 => Err(format!("it ends {left} bytes before its length").into()),
            None => Ok(()),
            Some(length) => {
                let after = left.checked_sub(length as u64);
                *left = after.ok_or("it is longer than its length")?;
                Ok(())
            }
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Cause;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cause>>> {
        let piece = ready!(self.body.poll_piece(cx)).transpose()?;
        self.count(piece.as_ref().map(Bytes::len))?;
        if piece.is_none() || self.left == Some(0) {
            self.activity.note_sent(true);
        }
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.left
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
