//! A server: who listens, who is connected, and how it ends. asyncio: `base_events.py`, `Server`.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;

use super::accepting::{Serving, start_loops};
use super::roll::{Roll, abort_all};

/// What [`start_server`](crate::start_server) gives.
///
/// - A cheap handle: its clones are the same server. **Dropping it does not end the server**, which
///   then serves as long as its loop runs; [`close`](Self::close) does.
/// - asyncio: `base_events.py`, `Server`. There is no `async with`: close it, and
///   [wait](Self::wait_closed).
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use bowerbird::{StreamReader, StreamWriter};
///
/// bowerbird::run(async {
///     let echo = |mut reader: StreamReader, writer: StreamWriter| async move {
///         while let bytes @ [_, ..] = reader.read(4096).await?.as_slice() {
///             writer.write(bytes).await?;
///         }
///         std::io::Result::Ok(())
///     };
///     let server = bowerbird::start_server(echo, "127.0.0.1:0").await?;
///     assert!(server.is_serving());
///
///     server.close();
///     server.wait_closed().await;
///     assert!(server.local_addrs().is_empty());
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone)]
pub struct Server {
    /// Its state.
    roll: Roll,
    /// What it does with a connection.
    serving: Arc<Serving>,
    /// Where it listens.
    addrs: Arc<[SocketAddr]>,
}

impl Server {
    pub(super) fn new(roll: Roll, serving: Arc<Serving>, addrs: Vec<SocketAddr>) -> Self {
        Self {
            roll,
            serving,
            addrs: addrs.into(),
        }
    }

    /// Begins to accept connections. Does nothing when it has begun; only a server made with
    /// [`start_serving(false)`](crate::streams::StartServer::start_serving) has not.
    ///
    /// # Errors
    /// `NotConnected` on a closed server.
    pub fn start_serving(&self) -> io::Result<()> {
        let listeners = self.roll.begin().ok_or_else(closed)?;
        start_loops(&self.roll, &self.serving, listeners);
        Ok(())
    }

    /// Accepts connections until the server is closed; then waits for those that are open.
    ///
    /// - Cancel: closes the server, and leaves open connections alone; nothing is waited for.
    ///   [`wait_closed`](Self::wait_closed) does that, after [`close_clients`](Self::close_clients)
    ///   if they are to hurry.
    /// - asyncio: `serve_forever`, which is cancelled by `close` where this returns. Cancelled from
    ///   elsewhere it waits for open connections since 3.12.1, so that Ctrl-C hangs while a client
    ///   is idle; here the end of [`run`](crate::run) cancels their handlers.
    ///
    /// # Errors
    /// `NotConnected` on a closed server; `InvalidInput` when somebody else is in it already.
    pub async fn serve_forever(&self) -> io::Result<()> {
        self.start_serving()?;
        if self.roll.set_served_forever(true) {
            return Err(io::Error::new(
                ErrorKind::InvalidInput,
                "this server is already being awaited in serve_forever()",
            ));
        }
        let _closing = ClosedByDrop(&self.roll);
        self.roll.closed().await;
        self.roll.ended().await;
        Ok(())
    }

    /// Stops listening. Connections that are open stay so; see
    /// [`close_clients`](Self::close_clients). Again does nothing.
    ///
    /// - The address is free again when [`wait_closed`](Self::wait_closed) returns, at the latest.
    /// - asyncio: `close`.
    pub fn close(&self) {
        self.roll.close();
    }

    /// Waits until the server is closed, by whomever, and all its connections, too.
    ///
    /// - Cancel: nothing to undo.
    /// - asyncio: `wait_closed`.
    pub async fn wait_closed(&self) {
        self.roll.ended().await;
    }

    /// Closes all connections, each when its bytes are sent. asyncio: `close_clients`.
    pub fn close_clients(&self) {
        let (arriving, connected) = self.roll.members();
        for link in arriving {
            // Its handshake fails for it, which is all that anybody could be told.
            let _closed = link.shutdown(std::net::Shutdown::Both);
        }
        connected.iter().for_each(|connection| connection.close());
    }

    /// Closes all connections at once; unsent bytes are dropped. asyncio: `abort_clients`.
    pub fn abort_clients(&self) {
        abort_all(&self.roll);
    }

    /// Where it listens: an address for each socket; none on a closed server, or for Unix sockets.
    /// asyncio: `sockets`.
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        if self.roll.is_closed() {
            return Vec::new();
        }
        self.addrs.to_vec()
    }

    /// Whether it accepts connections. asyncio: `is_serving`.
    pub fn is_serving(&self) -> bool {
        self.roll.is_serving()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("local_addrs", &self.local_addrs())
            .field("is_serving", &self.is_serving())
            .finish_non_exhaustive()
    }
}

/// Ends `serve_forever`, in whichever way that ends.
struct ClosedByDrop<'a>(&'a Roll);

impl Drop for ClosedByDrop<'_> {
    fn drop(&mut self) {
        self.0.set_served_forever(false);
        self.0.close();
    }
}

fn closed() -> io::Error {
    io::Error::new(ErrorKind::NotConnected, "this server is closed")
}
