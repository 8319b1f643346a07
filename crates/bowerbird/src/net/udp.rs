//! UDP.

use std::fmt;
use std::io;
use std::net::{self, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::task::{Context, Poll};

use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::addrs::{ToAddrs, no_address};
use super::pollable::{Async, Direction};

/// Sends and receives UDP datagrams.
///
/// - All methods take `&self`, and any number of tasks may be in them at once: share the socket by
///   `Arc`. Each datagram goes to one of those that receive.
/// - A datagram that does not fit into the buffer is cut off (on Windows it is an error).
/// - asyncio: `create_datagram_endpoint`, `sock_recvfrom`, `sock_sendto`. An answer of "nobody
///   listens there", which asyncio gives to `error_received`, is `ConnectionRefused` from the next
///   call on a connected socket; the socket goes on.
///
/// ```
/// use bowerbird::net::UdpSocket;
///
/// # fn main() -> std::io::Result<()> {
/// bowerbird::run(async {
///     let server = UdpSocket::bind("127.0.0.1:0").await?;
///     let client = UdpSocket::bind("127.0.0.1:0").await?;
///     client.send_to(b"ping", server.local_addr()?).await?;
///
///     let mut buffer = [0; 1_500];
///     let (length, from) = server.recv_from(&mut buffer).await?;
///     server.send_to(&buffer[..length], from).await?;
///     let (length, _) = client.recv_from(&mut buffer).await?;
///     assert_eq!(&buffer[..length], b"ping");
///     Ok(())
/// })
/// # }
/// ```
pub struct UdpSocket(pub(super) Async<net::UdpSocket>);

impl UdpSocket {
    /// A socket at the first address of `addr` that can be bound. Port 0 takes a free one.
    ///
    /// - `addr`: names are looked up on a thread for blocking calls, literal addresses are not. To
    ///   send only, `"0.0.0.0:0"` or `"[::]:0"`.
    ///
    /// # Errors
    /// The lookup's, or the last address's: in use, not ours, no permission.
    ///
    /// # Panics
    /// Outside a running loop.
    pub async fn bind(addr: impl ToAddrs) -> io::Result<Self> {
        Self::bind_with(addr, net::UdpSocket::bind).await
    }

    /// As [`bind`](Self::bind), but others that do the same may share the address
    /// (`SO_REUSEADDR`, and `SO_REUSEPORT` where there is one): what receivers of multicast want.
    ///
    /// # Errors
    /// As `bind`.
    ///
    /// # Panics
    /// Outside a running loop.
    pub async fn bind_shared(addr: impl ToAddrs) -> io::Result<Self> {
        Self::bind_with(addr, shared).await
    }

    async fn bind_with(
        addr: impl ToAddrs,
        bind: impl Fn(SocketAddr) -> io::Result<net::UdpSocket>,
    ) -> io::Result<Self> {
        let target = addr.to_target();
        drop(addr);
        let mut last = no_address();
        for addr in target.resolve_local().await? {
            match bind(addr) {
                Ok(socket) => return Self::from_std(socket),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Takes over a socket that std, or another library, made.
    ///
    /// # Errors
    /// When it cannot be watched, or the loop is closed.
    ///
    /// # Panics
    /// Outside a running loop.
    #[track_caller]
    pub fn from_std(socket: net::UdpSocket) -> io::Result<Self> {
        Ok(Self(Async::new(socket)?))
    }

    /// Back to std, non-blocking still.
    ///
    /// # Errors
    /// When the system cannot take it out of the loop.
    pub fn into_std(self) -> io::Result<net::UdpSocket> {
        self.0.into_inner()
    }

    /// Sets the peer: [`send`](Self::send) goes there, and only what comes from there is received.
    /// Nothing is sent. The first address of `addr` that the system takes.
    ///
    /// # Errors
    /// The lookup's, or the last address's.
    ///
    /// # Panics
    /// Outside a running loop, when a name has to be looked up.
    pub async fn connect(&self, addr: impl ToAddrs) -> io::Result<()> {
        let target = addr.to_target();
        drop(addr);
        let mut last = no_address();
        for addr in target.resolve().await? {
            match self.0.get_ref().connect(addr) {
                Ok(()) => return Ok(()),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Sends a datagram to the peer; all of it, or an error.
    ///
    /// - Cancel: it is not sent.
    ///
    /// # Errors
    /// The system's: not connected, too long, refused earlier.
    pub async fn send(&self, datagram: &[u8]) -> io::Result<usize> {
        self.0.write_with(|socket| socket.send(datagram)).await
    }

    /// Sends a datagram to `to`: the first address, when there are several. All of it, or an error.
    ///
    /// - `to`: a name is looked up each time, on a thread for blocking calls.
    /// - Cancel: it is not sent.
    ///
    /// # Errors
    /// The lookup's, or the system's: too long, unreachable.
    pub async fn send_to(&self, datagram: &[u8], to: impl ToAddrs) -> io::Result<usize> {
        let known = to.to_addr().ok_or_else(|| to.to_target());
        drop(to);
        let to = match known {
            Ok(addr) => addr,
            Err(target) => *target.resolve().await?.first().ok_or_else(no_address)?,
        };
        self.0
            .write_with(|socket| socket.send_to(datagram, to))
            .await
    }

    /// Receives a datagram from the peer: its length. An empty datagram is zero, and not the end.
    ///
    /// - Cancel: no datagram is lost.
    ///
    /// # Errors
    /// The system's, for instance that the peer refused what was sent.
    pub async fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read_with(|socket| socket.recv(buffer)).await
    }

    /// Receives a datagram: its length, and where it comes from.
    ///
    /// - Cancel: no datagram is lost.
    ///
    /// # Errors
    /// The system's.
    pub async fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.read_with(|socket| socket.recv_from(buffer)).await
    }

    /// Receives what the next `recv` will give again.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub async fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read_with(|socket| socket.peek(buffer)).await
    }

    /// Receives what the next `recv_from` will give again.
    ///
    /// # Errors
    /// As [`recv_from`](Self::recv_from).
    pub async fn peek_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.read_with(|socket| socket.peek_from(buffer)).await
    }

    /// [`send_to`](Self::send_to) an address, for those who write futures: the task that polled
    /// last for sending is woken.
    ///
    /// # Errors
    /// As `send_to`.
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        datagram: &[u8],
        to: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        let send = |socket: &net::UdpSocket| socket.send_to(datagram, to);
        self.0.poll_io(Direction::Write, cx, send)
    }

    /// [`recv_from`](Self::recv_from), for those who write futures: the task that polled last for
    /// receiving is woken.
    ///
    /// # Errors
    /// As `recv_from`.
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        let receive = |socket: &net::UdpSocket| socket.recv_from(buffer);
        self.0.poll_io(Direction::Read, cx, receive)
    }

    /// Sends a datagram to the peer if there is room at once.
    ///
    /// # Errors
    /// `WouldBlock` when there is none; otherwise as [`send`](Self::send).
    pub fn try_send(&self, datagram: &[u8]) -> io::Result<usize> {
        self.0
            .try_io(Direction::Write, |socket| socket.send(datagram))
    }

    /// Sends a datagram if there is room at once.
    ///
    /// # Errors
    /// `WouldBlock` when there is none; otherwise as [`send_to`](Self::send_to).
    pub fn try_send_to(&self, datagram: &[u8], to: SocketAddr) -> io::Result<usize> {
        self.0
            .try_io(Direction::Write, |socket| socket.send_to(datagram, to))
    }

    /// Receives a datagram from the peer that is there already.
    ///
    /// # Errors
    /// `WouldBlock` when none is; otherwise as [`recv`](Self::recv).
    pub fn try_recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_io(Direction::Read, |socket| socket.recv(buffer))
    }

    /// Receives a datagram that is there already.
    ///
    /// # Errors
    /// `WouldBlock` when none is; otherwise as [`recv_from`](Self::recv_from).
    pub fn try_recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0
            .try_io(Direction::Read, |socket| socket.recv_from(buffer))
    }

    /// Tries an operation of the caller's own on the socket, once.
    ///
    /// # Errors
    /// Those of `op`. `WouldBlock` is remembered: see [`Async::try_io`].
    pub fn try_io<R>(
        &self,
        direction: Direction,
        op: impl FnOnce(&net::UdpSocket) -> io::Result<R>,
    ) -> io::Result<R> {
        self.0.try_io(direction, op)
    }

    /// Waits until receiving would not block. Another task may have received by the time the caller
    /// does.
    ///
    /// # Errors
    /// "event loop is closed".
    pub async fn readable(&self) -> io::Result<()> {
        self.0.readable().await
    }

    /// Waits until sending would not block; as [`readable`](Self::readable).
    ///
    /// # Errors
    /// "event loop is closed".
    pub async fn writable(&self) -> io::Result<()> {
        self.0.writable().await
    }
}

/// Addresses and options. Errors are the system's throughout.
impl UdpSocket {
    /// Our own address.
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().local_addr()
    }

    /// The peer's address.
    ///
    /// # Errors
    /// `NotConnected` without one.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().peer_addr()
    }

    /// Whether datagrams may be sent to everyone on the network.
    ///
    /// # Errors
    /// The system's.
    pub fn broadcast(&self) -> io::Result<bool> {
        self.0.get_ref().broadcast()
    }

    /// Sets whether datagrams may be sent to everyone on the network; without it that is
    /// `PermissionDenied`.
    ///
    /// # Errors
    /// The system's.
    pub fn set_broadcast(&self, broadcast: bool) -> io::Result<()> {
        self.0.get_ref().set_broadcast(broadcast)
    }

    /// How far datagrams may travel, in hops.
    ///
    /// # Errors
    /// The system's.
    pub fn ttl(&self) -> io::Result<u32> {
        self.0.get_ref().ttl()
    }

    /// Sets how far datagrams may travel, in hops, at least 1.
    ///
    /// # Errors
    /// The system's.
    pub fn set_ttl(&self, hops: u32) -> io::Result<()> {
        self.0.get_ref().set_ttl(hops)
    }

    /// Receives what is sent to the group `address`, on the network of our address `interface`;
    /// unspecified (`0.0.0.0`): where the system thinks best.
    ///
    /// # Errors
    /// The system's: no group, no such interface.
    pub fn join_multicast_v4(&self, address: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.0.get_ref().join_multicast_v4(&address, &interface)
    }

    /// Leaves a group that was joined with the same values.
    ///
    /// # Errors
    /// The system's.
    pub fn leave_multicast_v4(&self, address: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.0.get_ref().leave_multicast_v4(&address, &interface)
    }

    /// Receives what is sent to the group `address`, on the network device with this number; 0:
    /// where the system thinks best.
    ///
    /// # Errors
    /// The system's: no group, no such device.
    pub fn join_multicast_v6(&self, address: &Ipv6Addr, device: u32) -> io::Result<()> {
        self.0.get_ref().join_multicast_v6(address, device)
    }

    /// Leaves a group that was joined with the same values.
    ///
    /// # Errors
    /// The system's.
    pub fn leave_multicast_v6(&self, address: &Ipv6Addr, device: u32) -> io::Result<()> {
        self.0.get_ref().leave_multicast_v6(address, device)
    }

    /// Sets whether what we send to groups comes back to receivers on this machine.
    ///
    /// # Errors
    /// The system's.
    pub fn set_multicast_loop_v4(&self, comes_back: bool) -> io::Result<()> {
        self.0.get_ref().set_multicast_loop_v4(comes_back)
    }

    /// Sets how far datagrams to IPv4 groups may travel, in hops; 1 without it.
    ///
    /// # Errors
    /// The system's.
    pub fn set_multicast_ttl_v4(&self, hops: u32) -> io::Result<()> {
        self.0.get_ref().set_multicast_ttl_v4(hops)
    }

    /// Sets the bytes that may have come and wait to be received; the system rounds, and has
    /// limits. What comes beyond is lost.
    ///
    /// # Errors
    /// The system's.
    pub fn set_recv_buffer_size(&self, bytes: usize) -> io::Result<()> {
        SockRef::from(self.0.get_ref()).set_recv_buffer_size(bytes)
    }

    /// The bytes that may have come and wait to be received.
    ///
    /// # Errors
    /// The system's.
    pub fn recv_buffer_size(&self) -> io::Result<usize> {
        SockRef::from(self.0.get_ref()).recv_buffer_size()
    }

    /// Sets the bytes that may wait to be sent; the system rounds, and has limits.
    ///
    /// # Errors
    /// The system's.
    pub fn set_send_buffer_size(&self, bytes: usize) -> io::Result<()> {
        SockRef::from(self.0.get_ref()).set_send_buffer_size(bytes)
    }

    /// The bytes that may wait to be sent.
    ///
    /// # Errors
    /// The system's.
    pub fn send_buffer_size(&self) -> io::Result<usize> {
        SockRef::from(self.0.get_ref()).send_buffer_size()
    }

    /// The error that is pending, if any, which is taken away by this.
    ///
    /// # Errors
    /// The system's, when it cannot tell.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.get_ref().take_error()
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UdpSocket").field(self.0.get_ref()).finish()
    }
}

/// A socket whose address others may share.
fn shared(addr: SocketAddr) -> io::Result<net::UdpSocket> {
    let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    match bowerbird_io::net::set_reuse_port(&socket) {
        // There, reusing the address means both.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
        set => set?,
    }
    socket.bind(&addr.into())?;
    Ok(socket.into())
}
