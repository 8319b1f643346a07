//! Connections as two halves, one to read and one to write, and servers that hand them out.
//! asyncio: `streams.py`, and `Server` of `base_events.py`.
//!
//! ```text
//! client, accepting ──make──► Connection ◄──shared by── reader, writer, roll (the server's)
//!                                 │
//!                                 ▼
//!                               Link: a socket, a child's pipe, or TLS (`tls`) over a link
//! ```

mod errors;

pub(crate) mod link;

pub(crate) mod scratch;

mod buffer;

mod roll;

mod outgoing;

mod connection;

mod reader;

mod writer;

#[cfg(feature = "tls")]
mod upgrade;

mod client;

mod listener;

mod accepting;

mod server;

mod serving;

#[cfg(test)]
mod tests;

pub use accepting::Outcome;
pub use buffer::Separator;
pub use client::{OpenConnection, open_connection};
pub use errors::{IncompleteReadError, LimitOverrunError, ReadError};
pub use reader::{Lines, StreamReader};
pub use server::Server;
pub use serving::{StartServer, start_server};
pub use writer::{Drain, StreamWriter};
#[cfg(unix)]
pub use {client::open_unix_connection, serving::start_unix_server};

use std::sync::Arc;

use connection::Connection;
use link::Link;
use outgoing::Half;

/// The longest line a reader takes, unless told otherwise. asyncio's number.
const LIMIT: usize = 64 * 1024;

/// A limit as users give it.
///
/// # Errors
/// `InvalidInput` for zero, within which nothing could be read.
fn checked(limit: usize) -> std::io::Result<usize> {
    if limit == 0 {
        let kind = std::io::ErrorKind::InvalidInput;
        return Err(std::io::Error::new(kind, "the limit must be at least 1"));
    }
    Ok(limit)
}

/// A reader of what carries bytes one way, to us, and cannot be written to.
#[track_caller]
pub(crate) fn reader_of(link: Arc<dyn Link>) -> StreamReader {
    let connection = Connection::new(link, running());
    connection.drop_half(Half::Writer);
    StreamReader::new(connection, LIMIT)
}

/// A writer to what carries bytes one way, from us. Nobody reads, so dropping it is closing.
#[track_caller]
pub(crate) fn writer_of(link: Arc<dyn Link>) -> StreamWriter {
    let connection = Connection::new(link, running());
    connection.drop_half(Half::Reader);
    StreamWriter::new(connection)
}

/// The loop that runs here.
#[track_caller]
fn running() -> bowerbird_executor::Handle {
    crate::tasks::with_loop(Clone::clone)
}
