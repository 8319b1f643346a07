//! Connecting. asyncio: `streams.py`, `open_connection`.

use std::fmt;
use std::future::Future;
use std::io;
#[cfg(unix)]
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::connection::Connection;
use super::link::{Link, Socket};
use super::{LIMIT, StreamReader, StreamWriter, checked, running};
#[cfg(unix)]
use crate::net::UnixStream;
use crate::net::{Target, TcpSocket, ToAddrs};
#[cfg(feature = "tls")]
use crate::tls::TlsConnector;

/// Connects to `addr`: a half to read and a half to write.
///
/// - `addr`: whatever [`TcpStream::connect`] takes: `"example.com:80"`, `("::1", 80)`, a
///   `SocketAddr`.
/// - Options go in between: `open_connection(addr).limit(1 << 20).await`.
/// - Cancel: the attempt is given up and its socket closed.
/// - asyncio: `streams.py`, `open_connection`.
///
/// # Errors
/// As [`TcpStream::connect`]; those of the TLS handshake; `InvalidInput` for options that make no
/// sense.
///
/// # Panics
/// When it is awaited outside a running loop.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// bowerbird::run(async {
/// #   let serve = |_reader, writer: bowerbird::StreamWriter| async move {
/// #       writer.write("HTTP/1.0 200 OK\r\n\r\nhello").await
/// #   };
/// #   let server = bowerbird::start_server(serve, "127.0.0.1:0").await?;
/// #   let addr = server.local_addrs()[0];
///     let (mut reader, writer) = bowerbird::open_connection(addr).await?;
///     writer.write("GET / HTTP/1.0\r\n\r\n").await?;
///     let status = reader.readline().await?;
///     assert!(status.starts_with(b"HTTP/1.0 200"));
///     Ok(())
/// })
/// # }
/// ```
///
/// ```
/// # bowerbird::run(async {
/// let nowhere: &[std::net::SocketAddr] = &[];
/// assert!(bowerbird::open_connection(nowhere).await.is_err());
/// # });
/// ```
///
/// [`TcpStream::connect`]: crate::net::TcpStream::connect
pub fn open_connection(addr: impl ToAddrs) -> OpenConnection {
    OpenConnection::new(Peer::Tcp(addr.to_target()))
}

/// Connects to the Unix socket at `path`; else as [`open_connection`]. Unix only.
///
/// - asyncio: `streams.py`, `open_unix_connection`.
///
/// # Errors
/// As [`UnixStream::connect`]; `InvalidInput` for options that make no sense.
///
/// # Panics
/// When it is awaited outside a running loop.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("bowerbird-streams-{}", std::process::id()));
/// bowerbird::run(async {
///     let greet = async |_, writer: bowerbird::StreamWriter| writer.write("hello").await;
///     let server = bowerbird::start_unix_server(greet, &path).await?;
///     let (mut reader, _writer) = bowerbird::open_unix_connection(&path).await?;
///     assert_eq!(reader.read(None).await?, b"hello");
/// #   server.close();
/// #   server.wait_closed().await;
///     Ok(())
/// })
/// # }
/// ```
#[cfg(unix)]
pub fn open_unix_connection(path: impl AsRef<Path>) -> OpenConnection {
    OpenConnection::new(Peer::Unix(path.as_ref().to_owned()))
}

/// What [`open_connection`] gives: options, and the future of both halves.
#[must_use = "futures do nothing unless awaited"]
pub struct OpenConnection {
    /// What is to be done, before the first poll.
    plan: Option<Plan>,
    /// The doing of it.
    connecting: Option<Connecting>,
}

/// A connection being made.
type Connecting = Pin<Box<dyn Future<Output = io::Result<(StreamReader, StreamWriter)>> + Send>>;

/// What an [`OpenConnection`] is to do.
struct Plan {
    /// Whom to connect to.
    to: Peer,
    /// What its socket is like, over TCP.
    socket: TcpSocket,
    /// The longest line the reader takes.
    limit: usize,
    /// The client's side of TLS, if that is to be spoken.
    #[cfg(feature = "tls")]
    tls: Option<TlsConnector>,
    /// What the server's certificate must be for, if not for the name that was connected to.
    #[cfg(feature = "tls")]
    server_hostname: Option<String>,
}

/// Where a peer listens.
enum Peer {
    /// Over TCP.
    Tcp(Target),
    /// In the file system.
    #[cfg(unix)]
    Unix(PathBuf),
}

impl OpenConnection {
    fn new(to: Peer) -> Self {
        Self {
            plan: Some(Plan {
                to,
                socket: TcpSocket::new(),
                limit: LIMIT,
                #[cfg(feature = "tls")]
                tls: None,
                #[cfg(feature = "tls")]
                server_hostname: None,
            }),
            connecting: None,
        }
    }

    /// The longest line the reader takes, in bytes; 64 KiB without it. Zero is an error.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.plan().limit = bytes;
        self
    }

    /// What the socket is to be like: its own address, buffer sizes, how attempts are staggered.
    /// Unix sockets ignore it. asyncio: `local_addr`, `happy_eyeballs_delay`.
    pub fn socket(mut self, socket: TcpSocket) -> Self {
        self.plan().socket = socket;
        self
    }

    /// Speaks TLS: both halves come when hands are shaken. Feature `tls`. asyncio: `ssl`.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, connector: TlsConnector) -> Self {
        self.plan().tls = Some(connector);
        self
    }

    /// What the server's certificate must be for: a name or an IP address. Without it the host of
    /// the address; an error without [`tls`](Self::tls). Feature `tls`. asyncio: the same name.
    #[cfg(feature = "tls")]
    pub fn server_hostname(mut self, name: impl Into<String>) -> Self {
        self.plan().server_hostname = Some(name.into());
        self
    }

    fn plan(&mut self) -> &mut Plan {
        let plan = self.plan.as_mut();
        plan.expect("options are set by value, and so before the first poll")
    }
}

impl Plan {
    async fn carry_out(self) -> io::Result<(StreamReader, StreamWriter)> {
        let limit = checked(self.limit)?;
        #[cfg(feature = "tls")]
        let secure = self.secure()?;
        let link: Arc<dyn Link> = match self.to {
            Peer::Tcp(target) => {
                let stream = self.socket.connect(Known(target)).await?;
                Arc::new(Socket::tcp(stream))
            }
            #[cfg(unix)]
            Peer::Unix(path) => Arc::new(Socket::unix(UnixStream::connect(path).await?)),
        };
        #[cfg(feature = "tls")]
        let link = match secure {
            Some((tls, name)) => tls.shake_hands(&name, link, Vec::new()).await?,
            None => link,
        };
        let connection = Connection::new(link, running());
        let reader = StreamReader::new(connection.clone(), limit);
        Ok((reader, StreamWriter::new(connection)))
    }
}

#[cfg(feature = "tls")]
impl Plan {
    /// What TLS needs, if it is to be spoken.
    fn secure(&self) -> io::Result<Option<(TlsConnector, String)>> {
        let wrong = |why| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        let given = self.server_hostname.clone();
        let Some(tls) = self.tls.clone() else {
            return match given {
                Some(_) => wrong("server_hostname() is only for connections with tls()"),
                None => Ok(None),
            };
        };
        match given.or_else(|| self.to.host()) {
            Some(name) => Ok(Some((tls, name))),
            None => wrong("TLS without a host needs server_hostname()"),
        }
    }
}

#[cfg(feature = "tls")]
impl Peer {
    /// The host, as the user wrote it.
    fn host(&self) -> Option<String> {
        match self {
            Self::Tcp(Target::Host(host, _)) => Some(host.clone()),
            Self::Tcp(Target::Text(text)) => text.rsplit_once(':').map(|(host, _)| host.to_owned()),
            Self::Tcp(Target::Addrs(addrs)) => addrs.first().map(|addr| addr.ip().to_string()),
            #[cfg(unix)]
            Self::Unix(_) => None,
        }
    }
}

/// A target that was read off the user's address before.
pub(super) struct Known(pub(super) Target);

impl ToAddrs for Known {
    fn to_target(&self) -> Target {
        self.0.clone()
    }
}

impl Future for OpenConnection {
    type Output = io::Result<(StreamReader, StreamWriter)>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(plan) = self.plan.take() {
            self.connecting = Some(Box::pin(plan.carry_out()));
        }
        let connecting = self.connecting.as_mut();
        let connecting = connecting.expect("it was begun at the first poll");
        connecting.as_mut().poll(cx)
    }
}

impl fmt::Debug for OpenConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenConnection").finish_non_exhaustive()
    }
}
