//! Making a server. asyncio: `streams.py`, `start_server`.

use std::fmt;
use std::future::Future;
use std::io;
#[cfg(unix)]
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::accepting::{Handling, Outcome, Serving};
use super::client::Known;
use super::listener::Listener;
use super::roll::Roll;
use super::server::Server;
use super::{LIMIT, StreamReader, StreamWriter, checked, running};
#[cfg(unix)]
use crate::net::UnixListener;
use crate::net::{Target, TcpSocket, ToAddrs};
#[cfg(feature = "tls")]
use crate::tls::TlsAcceptor;

/// Connections that may wait to be accepted. asyncio's number.
const BACKLOG: u32 = 100;

/// Listens at `addr`, and calls `handler` for each connection, in a task of its own.
///
/// - `addr`: whatever [`TcpListener::bind`](crate::net::TcpListener::bind) takes; it listens at
///   *all* the addresses of a name, and on every interface for an empty host (`("", 8080)`). Port 0
///   takes a free one: see [`Server::local_addrs`].
/// - `handler`: gets the halves of the connection, which is closed when it ends (when both are
///   dropped, to be precise). An `Err` or a panic goes to the loop's exception handler ("Unhandled
///   exception in client_connected_cb"), and the server goes on.
/// - Options go in between: `start_server(handler, addr).backlog(1000).await`.
/// - When the system has no more descriptors or memory, the exception handler is told, and
///   accepting goes on after a second.
/// - Cancel: what was bound is closed again.
/// - asyncio: `streams.py`, `start_server`. The handler is always async.
///
/// # Errors
/// The lookup's, or the first address's that is in use or not allowed; `InvalidInput` for options
/// that make no sense.
///
/// # Panics
/// When it is awaited outside a running loop.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use bowerbird::{StreamReader, StreamWriter};
///
/// async fn shout(mut reader: StreamReader, writer: StreamWriter) -> std::io::Result<()> {
///     let line = reader.readline().await?;
///     writer.write(line.to_ascii_uppercase()).await
/// }
///
/// bowerbird::run(async {
///     let server = bowerbird::start_server(shout, "localhost:0").await?;
/// #   let addr = server.local_addrs()[0];
/// #   let (mut reader, writer) = bowerbird::open_connection(addr).await?;
/// #   writer.write("hello\n").await?;
/// #   assert_eq!(reader.readline().await?, b"HELLO\n");
/// #   server.close();
///     server.serve_forever().await
/// # .unwrap_err();
/// # Ok(())
/// })
/// # }
/// ```
pub fn start_server<H, F>(handler: H, addr: impl ToAddrs) -> StartServer
where
    H: Fn(StreamReader, StreamWriter) -> F + Send + Sync + 'static,
    F: Future + Send + 'static,
    F::Output: Outcome,
{
    StartServer::new(handler, Place::Tcp(addr.to_target()))
}

/// Listens at the Unix socket `path`; else as [`start_server`]. Unix only.
///
/// - `path`: a file that an ended server has left is replaced; ours is removed when the server is
///   closed.
/// - asyncio: `streams.py`, `start_unix_server`.
///
/// # Errors
/// As [`UnixListener::bind`]; `InvalidInput` for options that make no sense.
///
/// # Panics
/// When it is awaited outside a running loop.
#[cfg(unix)]
pub fn start_unix_server<H, F>(handler: H, path: impl AsRef<Path>) -> StartServer
where
    H: Fn(StreamReader, StreamWriter) -> F + Send + Sync + 'static,
    F: Future + Send + 'static,
    F::Output: Outcome,
{
    StartServer::new(handler, Place::Unix(path.as_ref().to_owned()))
}

/// What [`start_server`] gives: options, and the future of the server.
#[must_use = "futures do nothing unless awaited"]
pub struct StartServer {
    /// What is to be done, before the first poll.
    plan: Option<Plan>,
    /// The doing of it.
    starting: Option<Pin<Box<dyn Future<Output = io::Result<Server>> + Send>>>,
}

/// What a [`StartServer`] is to do.
struct Plan {
    /// What to do with a connection.
    handler: Box<dyn Fn(StreamReader, StreamWriter) -> Handling + Send + Sync>,
    /// Where to listen.
    at: Place,
    /// What its sockets are like, over TCP.
    socket: TcpSocket,
    /// The longest line a reader takes.
    limit: usize,
    /// Whether to accept at once.
    is_started: bool,
    /// The server's side of TLS, if that is to be spoken.
    #[cfg(feature = "tls")]
    tls: Option<TlsAcceptor>,
}

/// Where a server listens.
enum Place {
    /// TCP.
    Tcp(Target),
    /// The file system.
    #[cfg(unix)]
    Unix(PathBuf),
}

impl StartServer {
    fn new<H, F>(handler: H, at: Place) -> Self
    where
        H: Fn(StreamReader, StreamWriter) -> F + Send + Sync + 'static,
        F: Future + Send + 'static,
        F::Output: Outcome,
    {
        let handler = move |reader, writer| -> Handling {
            let handling = handler(reader, writer);
            Box::pin(async move { handling.await.into_failure() })
        };
        let plan = Plan {
            handler: Box::new(handler),
            at,
            socket: TcpSocket::new().backlog(BACKLOG),
            limit: LIMIT,
            is_started: true,
            #[cfg(feature = "tls")]
            tls: None,
        };
        Self {
            plan: Some(plan),
            starting: None,
        }
    }

    /// The longest line the readers take, in bytes; 64 KiB without it. Zero is an error.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.plan().limit = bytes;
        self
    }

    /// What the listening sockets are to be like: backlog, `reuse_port`, keep-alive. Without it as
    /// the system has them, with a backlog of 100. Unix sockets ignore it. asyncio: `backlog`,
    /// `reuse_address`, `reuse_port`, `keep_alive`.
    ///
    /// ```
    /// # use bowerbird::net::TcpSocket;
    /// # bowerbird::run(async {
    /// # let handler = async |_, _| {};
    /// let busy = TcpSocket::new().backlog(4096).reuse_port(true);
    /// let server = bowerbird::start_server(handler, "127.0.0.1:0").socket(busy).await;
    /// # server.unwrap();
    /// # });
    /// ```
    pub fn socket(mut self, socket: TcpSocket) -> Self {
        self.plan().socket = socket;
        self
    }

    /// Connections that may wait to be accepted; 100 without it. The system has a limit of its own.
    pub fn backlog(mut self, connections: u32) -> Self {
        let plan = self.plan();
        plan.socket = plan.socket.clone().backlog(connections);
        self
    }

    /// Whether the server accepts connections at once, as it does without this, or when
    /// [`Server::start_serving`] is called.
    pub fn start_serving(mut self, start_serving: bool) -> Self {
        self.plan().is_started = start_serving;
        self
    }

    /// Speaks TLS: the handler gets connections that have shaken hands. Who cannot, or takes too
    /// long, is closed, and told of in debug mode. Feature `tls`. asyncio: `ssl`.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, acceptor: TlsAcceptor) -> Self {
        self.plan().tls = Some(acceptor);
        self
    }

    fn plan(&mut self) -> &mut Plan {
        let plan = self.plan.as_mut();
        plan.expect("options are set by value, and so before the first poll")
    }
}

impl Plan {
    async fn carry_out(self) -> io::Result<Server> {
        let limit = checked(self.limit)?;
        let listeners: Vec<Listener> = match self.at {
            Place::Tcp(target) => {
                let listeners = self.socket.listen_all(Known(target)).await?;
                listeners.into_iter().map(Listener::Tcp).collect()
            }
            #[cfg(unix)]
            Place::Unix(path) => vec![Listener::Unix(UnixListener::bind(path)?)],
        };
        let addrs = listeners.iter().filter_map(Listener::local_addr);
        let addrs = addrs.collect();
        let serving = Serving {
            handler: self.handler,
            limit,
            handle: running(),
            #[cfg(feature = "tls")]
            tls: self.tls,
        };
        let server = Server::new(Roll::new(listeners), Arc::new(serving), addrs);
        if self.is_started {
            server.start_serving()?;
        }
        Ok(server)
    }
}

impl Future for StartServer {
    type Output = io::Result<Server>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(plan) = self.plan.take() {
            self.starting = Some(Box::pin(plan.carry_out()));
        }
        let starting = self.starting.as_mut();
        let starting = starting.expect("it was begun at the first poll");
        starting.as_mut().poll(cx)
    }
}

impl fmt::Debug for StartServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartServer").finish_non_exhaustive()
    }
}
