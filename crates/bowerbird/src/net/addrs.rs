//! What can be given as an address. Literal addresses are taken as they are, on the spot; names
//! are looked up by the system, on a thread for blocking calls.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, ToSocketAddrs};

use crate::threads::to_thread;

/// An address, several, or a name: `SocketAddr`, `(IpAddr, u16)`, `"127.0.0.1:80"`,
/// `("localhost", 80)`, `&[SocketAddr]` and their kin.
pub trait ToAddrs {
    /// What is to be looked up, if anything.
    fn to_target(&self) -> Target;
}

/// What an address stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// These addresses.
    Addrs(Vec<SocketAddr>),
    /// Those of a host, at this port.
    Host(String, u16),
    /// `host:port`, or what the user took for it.
    Text(String),
}

impl Target {
    /// The addresses, in the system's order.
    pub(crate) async fn resolve(self) -> io::Result<Vec<SocketAddr>> {
        let looked_up = match self {
            Self::Addrs(addrs) => return Ok(addrs),
            Self::Host(host, port) => {
                to_thread(move || (host.as_str(), port).to_socket_addrs().map(Vec::from_iter)).await
            }
            Self::Text(text) => to_thread(move || text.to_socket_addrs().map(Vec::from_iter)).await,
        };
        looked_up.unwrap_or_else(|error| Err(io::Error::other(error)))
    }
}

fn host(host: &str, port: u16) -> Target {
    match host.parse::<IpAddr>() {
        Ok(ip) => Target::Addrs(vec![(ip, port).into()]),
        Err(_) => Target::Host(host.to_owned(), port),
    }
}

fn text(text: &str) -> Target {
    match text.parse::<SocketAddr>() {
        Ok(addr) => Target::Addrs(vec![addr]),
        Err(_) => Target::Text(text.to_owned()),
    }
}

macro_rules! literal {
    ($($kind:ty),*) => {$(
        impl ToAddrs for $kind {
            fn to_target(&self) -> Target {
                Target::Addrs(vec![(*self).into()])
            }
        }
    )*};
}

literal!(
    SocketAddr,
    SocketAddrV4,
    SocketAddrV6,
    (IpAddr, u16),
    (Ipv4Addr, u16),
    (Ipv6Addr, u16)
);

impl ToAddrs for str {
    fn to_target(&self) -> Target {
        text(self)
    }
}

impl ToAddrs for String {
    fn to_target(&self) -> Target {
        text(self)
    }
}

impl ToAddrs for (&str, u16) {
    fn to_target(&self) -> Target {
        host(self.0, self.1)
    }
}

impl ToAddrs for (String, u16) {
    fn to_target(&self) -> Target {
        host(&self.0, self.1)
    }
}

impl ToAddrs for [SocketAddr] {
    fn to_target(&self) -> Target {
        Target::Addrs(self.to_vec())
    }
}

impl ToAddrs for Vec<SocketAddr> {
    fn to_target(&self) -> Target {
        self.as_slice().to_target()
    }
}

impl<const N: usize> ToAddrs for [SocketAddr; N] {
    fn to_target(&self) -> Target {
        self.as_slice().to_target()
    }
}

impl<T: ToAddrs + ?Sized> ToAddrs for &T {
    fn to_target(&self) -> Target {
        (**self).to_target()
    }
}
