//! What can go wrong while a stream is read, apart from the connection itself. asyncio:
//! `exceptions.py`, whose names these are.

use std::fmt;
use std::io::{self, ErrorKind};

/// The stream ended before the read was complete.
///
/// ```
/// # bowerbird::run(async {
/// let server = bowerbird::start_server(
///     |_reader, writer| async move { writer.write("one\ntwo; ").await },
///     "127.0.0.1:0",
/// );
/// let server = server.await.unwrap();
/// let addr = server.local_addrs()[0];
/// let (mut reader, _writer) = bowerbird::open_connection(addr).limit(4).await.unwrap();
///
/// use bowerbird::ReadError;
///
/// let Err(ReadError::Incomplete(error)) = reader.readexactly(100).await else {
///     panic!("there is no more to come");
/// };
/// assert_eq!(error.partial, b"one\ntwo; ");
/// assert_eq!(error.expected, Some(100));
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IncompleteReadError {
    /// What came before the end; no longer in the stream.
    pub partial: Vec<u8>,
    /// How many bytes were asked for; `None` where a separator was.
    pub expected: Option<usize>,
}

impl fmt::Display for IncompleteReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let read = self.partial.len();
        match self.expected {
            Some(expected) => write!(f, "{read} bytes read on a total of {expected}"),
            None => write!(f, "{read} bytes read and then the end, but no separator"),
        }
    }
}

impl std::error::Error for IncompleteReadError {}

/// No separator came within the limit of the stream.
///
/// ```
/// # bowerbird::run(async {
/// let server = bowerbird::start_server(
///     |_reader, writer| async move { writer.write("one\ntwo; ").await },
///     "127.0.0.1:0",
/// );
/// let server = server.await.unwrap();
/// let addr = server.local_addrs()[0];
/// let (mut reader, _writer) = bowerbird::open_connection(addr).limit(4).await.unwrap();
///
/// use bowerbird::ReadError;
///
/// let overrun = reader.readuntil(";").await;
/// assert!(matches!(overrun, Err(ReadError::LimitOverrun(_))));
/// assert_eq!(reader.readexactly(3).await.unwrap(), b"one"); // nothing is lost
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimitOverrunError {
    /// How many bytes can be taken out without tearing a separator: all those before it, if it is
    /// there.
    pub consumed: usize,
    /// Whether it is there, behind more bytes than the limit allows.
    pub is_found: bool,
}

impl fmt::Display for LimitOverrunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_found {
            "separator is found, but chunk is longer than limit"
        } else {
            "separator is not found, and chunk exceeds the limit"
        })
    }
}

impl std::error::Error for LimitOverrunError {}

/// Why a read of a certain shape (a line, so many bytes) failed.
///
/// It turns into an [`io::Error`] by `?`: `UnexpectedEof` and `InvalidData`, with this as its
/// source, and the system's errors as they are.
///
/// ```
/// # bowerbird::run(async {
/// let server = bowerbird::start_server(
///     |_reader, writer| async move { writer.write("one\ntwo; ").await },
///     "127.0.0.1:0",
/// );
/// let server = server.await.unwrap();
/// let addr = server.local_addrs()[0];
/// let (mut reader, _writer) = bowerbird::open_connection(addr).limit(4).await.unwrap();
///
/// use std::io::{Error, ErrorKind};
///
/// let error = reader.readexactly(100).await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
/// assert_eq!(Error::from(error).kind(), ErrorKind::UnexpectedEof); // for `?`
/// # });
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// The stream ended too early.
    Incomplete(IncompleteReadError),
    /// The limit was reached first.
    LimitOverrun(LimitOverrunError),
    /// The connection failed.
    Io(io::Error),
}

impl ReadError {
    /// The kind of the [`io::Error`] it turns into.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Incomplete(_) => ErrorKind::UnexpectedEof,
            Self::LimitOverrun(_) => ErrorKind::InvalidData,
            Self::Io(error) => error.kind(),
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete(error) => fmt::Display::fmt(error, f),
            Self::LimitOverrun(error) => fmt::Display::fmt(error, f),
            Self::Io(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Incomplete(error) => Some(error),
            Self::LimitOverrun(error) => Some(error),
            Self::Io(error) => Some(error),
        }
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<IncompleteReadError> for ReadError {
    fn from(error: IncompleteReadError) -> Self {
        Self::Incomplete(error)
    }
}

impl From<LimitOverrunError> for ReadError {
    fn from(error: LimitOverrunError) -> Self {
        Self::LimitOverrun(error)
    }
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Io(error) => error,
            other => Self::new(other.kind(), other),
        }
    }
}

/// An error that several have to be told: both halves of a connection, and every call after it.
pub(super) fn again(error: &std::sync::Arc<io::Error>) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), Shared(error.clone())),
    }
}

/// The error itself, for those who look for its source.
#[derive(Debug)]
struct Shared(std::sync::Arc<io::Error>);

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for Shared {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}
