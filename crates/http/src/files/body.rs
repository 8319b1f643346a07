//! The body of an answer out of a file: bytes, and stretches of a file that is read as the socket
//! takes it. Made by answers, driven by hyper; never holds more than two pieces at a time.

use std::collections::VecDeque;
use std::fs::File;
use std::future::Future;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bowerbird::{Task, to_thread};
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// The body of an answer of [`files`](super): a file, some of it, or a line of text.
///
/// - It is read off the workers, a piece ahead of the socket's pace, and its length is known.
/// - A file that has become shorter since it was opened, or cannot be read, breaks the connection
///   off: the client sees that something is missing, and the exception handler is told.
/// - Texts and bytes become one by `From`, so that a handler may answer with other things, too.
///
/// ```
/// use bowerbird_http::files::FileBody;
/// use bowerbird_http::hyper::body::Body;
///
/// let body = FileBody::from("not today\n");
/// assert_eq!(body.size_hint().exact(), Some(10));
/// assert!(FileBody::default().is_end_stream());
/// ```
#[derive(Debug, Default)]
pub struct FileBody {
    /// What is yet to be sent, in this order; none is empty.
    pieces: VecDeque<Piece>,
    /// Bytes of all pieces, and of what is being read.
    left: u64,
    /// The file that stretches are of.
    file: Source,
    /// Bytes that are read at a time.
    chunk: usize,
}

/// A part of a body.
#[derive(Debug)]
pub(super) enum Piece {
    /// To be sent as they are.
    Bytes(Bytes),
    /// To be read from the file.
    Stretch(Range<u64>),
}

/// A file that has been read from, and what was read.
type Chunk = io::Result<(File, Bytes)>;

#[derive(Debug, Default)]
enum Source {
    /// There is none, or it has been given up.
    #[default]
    None,
    /// Nobody reads it.
    Resting(File),
    /// On a thread of its own. Dropping it cancels the reading, unless that has begun.
    Reading(<Task<Chunk> as IntoFuture>::IntoFuture),
}

impl FileBody {
    /// Pieces, in this order, with the file that its stretches are of; reads `chunk` bytes at a
    /// time.
    pub(super) fn new(pieces: impl IntoIterator<Item = Piece>, file: File, chunk: usize) -> Self {
        let mut body = Self {
            file: Source::Resting(file),
            chunk,
            ..Self::default()
        };
        for piece in pieces {
            let length = piece.length();
            if length > 0 {
                body.left += length;
                body.pieces.push_back(piece);
            }
        }
        body
    }

    /// Begins to read the next stretch, if the next piece is one, and nobody reads.
    fn read_on(&mut self) {
        let Some(Piece::Stretch(stretch)) = self.pieces.front_mut() else {
            return;
        };
        match std::mem::take(&mut self.file) {
            Source::Resting(file) => {
                let at = stretch.start;
                let length = (stretch.end - at).min(self.chunk as u64);
                stretch.start += length;
                if stretch.is_empty() {
                    self.pieces.pop_front();
                }
                let reading = to_thread(move || read(file, at, length));
                self.file = Source::Reading(reading.into_future());
            }
            busy => self.file = busy,
        }
    }

    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        self.read_on();
        if let Source::Reading(reading) = &mut self.file {
            let read = ready!(Pin::new(reading).poll(cx));
            self.file = Source::None;
            let (file, bytes) = read.map_err(io::Error::other)??;
            self.file = Source::Resting(file);
            // The socket takes this one, while the next one is read.
            self.read_on();
            return Poll::Ready(Some(Ok(bytes)));
        }
        match self.pieces.pop_front() {
            Some(Piece::Bytes(bytes)) => {
                self.read_on();
                Poll::Ready(Some(Ok(bytes)))
            }
            Some(Piece::Stretch(_)) => Poll::Ready(Some(Err(lost()))),
            None => Poll::Ready(None),
        }
    }
}

/// Some bytes of a file, all of them.
pub(super) fn read(mut file: File, at: u64, length: u64) -> Chunk {
    let capacity = usize::try_from(length).expect("a chunk is a `usize`");
    let mut bytes = Vec::with_capacity(capacity);
    file.seek(SeekFrom::Start(at))?;
    (&file).take(length).read_to_end(&mut bytes)?;
    if bytes.len() < capacity {
        let why = "the file has become shorter while it was sent";
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
    }
    Ok((file, Bytes::from(bytes)))
}

/// Who asks again after an error.
fn lost() -> io::Error {
    io::Error::other("the file could not be read before")
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Stretch(stretch) => stretch.end - stretch.start,
        }
    }
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Some(bytes) = ready!(self.poll_bytes(cx)).transpose()? else {
            return Poll::Ready(None);
        };
        self.left -= bytes.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

macro_rules! from_bytes {
    ($($kind:ty),*) => {$(
        impl From<$kind> for FileBody {
            fn from(bytes: $kind) -> Self {
                let bytes = Bytes::from(bytes);
                let left = bytes.len() as u64;
                let piece = (left > 0).then_some(Piece::Bytes(bytes));
                Self { pieces: piece.into_iter().collect(), left, ..Self::default() }
            }
        }
    )*};
}

from_bytes!(Bytes, String, Vec<u8>, &'static str, &'static [u8]);

#[cfg(test)]
mod tests;
