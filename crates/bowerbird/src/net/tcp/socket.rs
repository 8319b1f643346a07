//! What is to be said about a TCP socket before it listens or connects.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, TcpKeepalive};

use super::{TcpListener, TcpStream};
use crate::net::addrs::{ToAddrs, no_address};
use crate::net::connect;
use crate::net::options::whole_seconds;

/// Connections that may wait to be accepted when nobody says how many. asyncio: 100.
const BACKLOG: u32 = bowerbird_io::net::BACKLOG;

/// How long an attempt to connect is alone, when nobody says otherwise: RFC 8305.
const STAGGER: Duration = Duration::from_millis(250);

/// TCP sockets with options: says how they are to be, then listens or connects.
///
/// One value makes any number of sockets. What is not said is as the system has it.
///
/// - asyncio: the keyword arguments of `create_server` and `create_connection`.
///
/// ```
/// use std::time::Duration;
///
/// use bowerbird::net::{Keepalive, TcpSocket};
///
/// # fn main() -> std::io::Result<()> {
/// bowerbird::run(async {
///     let listener = TcpSocket::new().backlog(128).listen("127.0.0.1:0").await?;
///     let stream = TcpSocket::new()
///         .nodelay(true)
///         .keepalive(Keepalive::after(Duration::from_secs(60)))
///         .connect(listener.local_addr()?)
///         .await?;
///     assert!(stream.nodelay()?);
///     Ok(())
/// })
/// # }
/// ```
///
/// Asking for what cannot be is an error of the socket that was to be made:
///
/// ```
/// # use bowerbird::net::TcpSocket;
/// # bowerbird::run(async {
/// let elsewhere = TcpSocket::new().local_addr("[::1]:0".parse().unwrap());
/// let refused = elsewhere.connect("127.0.0.1:1").await.unwrap_err();
/// assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput);
/// # });
/// ```
#[derive(Debug, Clone)]
#[must_use = "options do nothing until `listen` or `connect`"]
pub struct TcpSocket {
    /// `SO_REUSEADDR`; `None`: for listeners, except on Windows.
    reuse_address: Option<bool>,
    /// `SO_REUSEPORT`.
    reuse_port: bool,
    /// `IPV6_V6ONLY`, for sockets of that family.
    only_v6: Option<bool>,
    /// `TCP_NODELAY`.
    nodelay: Option<bool>,
    /// `SO_KEEPALIVE` and its times.
    keepalive: Option<Keepalive>,
    /// `SO_LINGER`.
    linger: Option<Duration>,
    /// `SO_RCVBUF`.
    recv_buffer_size: Option<usize>,
    /// `SO_SNDBUF`.
    send_buffer_size: Option<usize>,
    /// `SO_BINDTODEVICE`.
    device: Option<String>,
    /// Connections that may wait to be accepted.
    backlog: u32,
    /// Where connections come from.
    local_addr: Option<SocketAddr>,
    /// How long an attempt to connect is alone; `None`: until it has failed.
    stagger: Option<Duration>,
}

impl TcpSocket {
    /// Sockets as the system makes them.
    pub fn new() -> Self {
        Self {
            reuse_address: None,
            reuse_port: false,
            only_v6: None,
            nodelay: None,
            keepalive: None,
            linger: None,
            recv_buffer_size: None,
            send_buffer_size: None,
            device: None,
            backlog: BACKLOG,
            local_addr: None,
            stagger: Some(STAGGER),
        }
    }

    /// Whether an address may be taken whose last connections still linger (`SO_REUSEADDR`).
    /// Without it: listeners may, except on Windows, where it would let others take over an address
    /// that is in use.
    pub fn reuse_address(mut self, reuse: bool) -> Self {
        self.reuse_address = Some(reuse);
        self
    }

    /// Whether several listeners may share an address, each getting a part of the connections
    /// (`SO_REUSEPORT`). `Unsupported` when listening where the system has no such thing.
    pub fn reuse_port(mut self, reuse: bool) -> Self {
        self.reuse_port = reuse;
        self
    }

    /// Whether IPv6 sockets refuse IPv4 (`IPV6_V6ONLY`); for [`listen_all`](Self::listen_all) they
    /// do without being told.
    pub fn only_v6(mut self, only: bool) -> Self {
        self.only_v6 = Some(only);
        self
    }

    /// Whether small writes are sent at once (`TCP_NODELAY`). Connections inherit it from their
    /// listener on Linux and the BSDs.
    pub fn nodelay(mut self, nodelay: bool) -> Self {
        self.nodelay = Some(nodelay);
        self
    }

    /// Asks an idle peer now and then whether it still lives. Connections inherit it from their
    /// listener on Linux and the BSDs.
    pub fn keepalive(mut self, keepalive: Keepalive) -> Self {
        self.keepalive = Some(keepalive);
        self
    }

    /// How long closing may go on sending; see [`TcpStream::set_linger`].
    pub fn linger(mut self, linger: Duration) -> Self {
        self.linger = Some(linger);
        self
    }

    /// The bytes that may have come and wait to be read (`SO_RCVBUF`); the system rounds, and has
    /// limits. To have an effect on the window it must be set before connecting or listening: here.
    pub fn recv_buffer_size(mut self, bytes: usize) -> Self {
        self.recv_buffer_size = Some(bytes);
        self
    }

    /// The bytes that may be written and wait to be sent (`SO_SNDBUF`); the system rounds, and has
    /// limits.
    pub fn send_buffer_size(mut self, bytes: usize) -> Self {
        self.send_buffer_size = Some(bytes);
        self
    }

    /// Sends and receives through this network device alone (`SO_BINDTODEVICE`, Linux).
    /// `Unsupported` elsewhere, when the socket is made.
    pub fn bind_device(mut self, name: impl Into<String>) -> Self {
        self.device = Some(name.into());
        self
    }

    /// Connections that may wait to be accepted; the system has a limit of its own. 1,024 without
    /// it.
    pub fn backlog(mut self, connections: u32) -> Self {
        self.backlog = connections;
        self
    }

    /// Where connections come from; port 0 takes a free one. Addresses of the other family cannot
    /// be connected to then. asyncio: `local_addr`.
    pub fn local_addr(mut self, addr: SocketAddr) -> Self {
        self.local_addr = Some(addr);
        self
    }

    /// How long an attempt to connect is alone before the next address is tried beside it; `None`
    /// tries the next one only when the last has failed. 250 ms without it. asyncio: the same name;
    /// there `None` is the default.
    pub fn happy_eyeballs_delay(mut self, delay: impl Into<Option<Duration>>) -> Self {
        self.stagger = delay.into();
        self
    }

    /// Listens at the first address of `addr` that can be bound; see [`TcpListener::bind`].
    ///
    /// # Errors
    /// The lookup's, or the last address's.
    ///
    /// # Panics
    /// Outside a running loop.
    pub async fn listen(&self, addr: impl ToAddrs) -> io::Result<TcpListener> {
        let target = addr.to_target();
        drop(addr);
        let mut last = no_address();
        for addr in target.resolve_local().await? {
            match self.listen_at(addr) {
                Ok(listener) => return TcpListener::from_std(listener),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Listens at every address of `addr`; see [`TcpListener::bind_all`].
    ///
    /// # Errors
    /// The lookup's, or the first address's that cannot be bound; none stays bound then.
    ///
    /// # Panics
    /// Outside a running loop.
    pub async fn listen_all(&self, addr: impl ToAddrs) -> io::Result<Vec<TcpListener>> {
        let target = addr.to_target();
        drop(addr);
        let mut addrs: Vec<SocketAddr> = Vec::new();
        for addr in target.resolve_local().await? {
            if !addrs.contains(&addr) {
                addrs.push(addr);
            }
        }
        let mut each = self.clone();
        each.only_v6.get_or_insert(true);
        let mut listeners = Vec::new();
        let mut last = no_address();
        for &addr in &addrs {
            match each.listen_at(addr) {
                Ok(listener) => listeners.push(TcpListener::from_std(listener)?),
                Err(error) if addrs.len() > 1 && lacks_family(&error) => last = error,
                Err(error) => return Err(error),
            }
        }
        if listeners.is_empty() {
            return Err(last);
        }
        Ok(listeners)
    }

    /// Connects to the address of `addr` that answers first; see [`TcpStream::connect`].
    ///
    /// # Errors
    /// As `TcpStream::connect`.
    ///
    /// # Panics
    /// Outside a running loop.
    pub async fn connect(&self, addr: impl ToAddrs) -> io::Result<TcpStream> {
        let target = addr.to_target();
        drop(addr);
        let addrs = target.resolve_remote().await?;
        let begin = |addr| self.connect_to(addr);
        connect::first(begin, addrs, self.stagger)
            .await
            .map(TcpStream::within)
    }

    fn listen_at(&self, addr: SocketAddr) -> io::Result<StdListener> {
        let socket = self.socket(addr)?;
        if self.reuse_address.unwrap_or(cfg!(not(windows))) {
            socket.set_reuse_address(true)?;
        }
        socket.bind(&addr.into())?;
        socket.listen(i32::try_from(self.backlog).unwrap_or(i32::MAX))?;
        Ok(socket.into())
    }

    /// A connection that has begun.
    fn connect_to(&self, addr: SocketAddr) -> io::Result<std::net::TcpStream> {
        let socket = self.socket(addr)?;
        if self.reuse_address == Some(true) {
            socket.set_reuse_address(true)?;
        }
        if let Some(local) = self.local_addr {
            if local.is_ipv4() != addr.is_ipv4() {
                let why = format!("cannot connect from {local} to {addr}: the families differ");
                return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
            }
            socket.bind(&local.into())?;
        }
        bowerbird_io::net::begin_connect(&socket, addr)?;
        Ok(socket.into())
    }

    /// A socket with the options that listening and connecting share.
    fn socket(&self, addr: SocketAddr) -> io::Result<Socket> {
        let socket = bowerbird_io::net::tcp_socket(Domain::for_address(addr))?;
        if let Some(only) = self.only_v6.filter(|_| addr.is_ipv6()) {
            socket.set_only_v6(only)?;
        }
        if self.reuse_port {
            bowerbird_io::net::set_reuse_port(&socket)?;
        }
        if let Some(nodelay) = self.nodelay {
            socket.set_tcp_nodelay(nodelay)?;
        }
        if let Some(keepalive) = &self.keepalive {
            keepalive.apply(&SockRef::from(&socket))?;
        }
        if let Some(linger) = self.linger {
            socket.set_linger(Some(whole_seconds(linger)))?;
        }
        if let Some(bytes) = self.recv_buffer_size {
            socket.set_recv_buffer_size(bytes)?;
        }
        if let Some(bytes) = self.send_buffer_size {
            socket.set_send_buffer_size(bytes)?;
        }
        if let Some(device) = &self.device {
            bowerbird_io::net::bind_device(&socket, device)?;
        }
        Ok(socket)
    }
}

impl Default for TcpSocket {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether this machine has no such addresses, so that a list of them can do without.
fn lacks_family(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable || bowerbird_io::net::is_unknown_family(error)
}

/// When an idle peer is asked whether it still lives, and how often in vain before the connection
/// fails with `TimedOut`. Times are whole seconds, rounded up; what is not said is as the system
/// has it.
///
/// ```
/// # bowerbird::run(async {
/// use std::time::Duration;
///
/// use bowerbird::net::{Keepalive, TcpListener, TcpSocket};
///
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let patience = Keepalive::after(Duration::from_secs(60)).interval(Duration::from_secs(10));
/// let socket = TcpSocket::new().keepalive(patience.retries(3));
/// assert!(socket.connect(listener.local_addr()?).await?.keepalive()?);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keepalive {
    /// How long nothing came.
    idle: Duration,
    /// From one question to the next.
    interval: Option<Duration>,
    /// Questions without an answer.
    retries: Option<u32>,
}

impl Keepalive {
    /// Asks when nothing has come for this long; at least a second.
    pub const fn after(idle: Duration) -> Self {
        Self {
            idle,
            interval: None,
            retries: None,
        }
    }

    /// Asks again after this long; at least a second.
    #[must_use]
    pub const fn interval(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// Gives the connection up after this many questions without an answer. Windows has ten,
    /// always.
    #[must_use]
    pub const fn retries(mut self, retries: u32) -> Self {
        self.retries = Some(retries);
        self
    }

    pub(super) fn apply(self, socket: &SockRef<'_>) -> io::Result<()> {
        let at_least_one = |time: Duration| whole_seconds(time).max(Duration::from_secs(1));
        let mut times = TcpKeepalive::new().with_time(at_least_one(self.idle));
        if let Some(interval) = self.interval {
            times = times.with_interval(at_least_one(interval));
        }
        #[cfg(not(windows))]
        if let Some(retries) = self.retries {
            times = times.with_retries(retries);
        }
        socket.set_tcp_keepalive(&times)
    }
}
