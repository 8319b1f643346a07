//! What can be given as an address. Literal addresses are taken as they are, on the spot; names
//! are looked up by the system, on a thread for blocking calls. Everything that binds, connects or
//! sends calls it; it makes no socket.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, ToSocketAddrs};

use super::connect::interleaved;
use crate::threads::to_thread;

/// An address, several, or a name: `SocketAddr`, `(IpAddr, u16)`, `"127.0.0.1:80"`,
/// `("localhost", 80)`, `&[SocketAddr]` and their kin.
///
/// ```
/// # bowerbird::run(async {
/// use bowerbird::net::lookup_host;
///
/// let literal = lookup_host("127.0.0.1:80").await?;
/// assert_eq!(lookup_host(("127.0.0.1", 80)).await?, literal);
/// assert_eq!(lookup_host(literal[0]).await?, literal);
/// assert!(lookup_host("no port").await.is_err());
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub trait ToAddrs {
    /// What is to be looked up, if anything.
    fn to_target(&self) -> Target;

    /// The address, if this is a single literal one, without taking memory for it: what sending a
    /// datagram asks first.
    fn to_addr(&self) -> Option<SocketAddr> {
        None
    }
}

/// What an address stands for.
///
/// ```
/// use bowerbird::net::{Target, ToAddrs};
///
/// let target = ("localhost", 80).to_target();
/// assert_eq!(target, Target::Host("localhost".to_owned(), 80));
/// ```
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
    /// Addresses to connect to: a list as it was given, a name's with the two families in turns.
    pub(super) async fn resolve_remote(self) -> io::Result<Vec<SocketAddr>> {
        match self {
            Self::Addrs(addrs) => Ok(addrs),
            named => named.resolve().await.map(interleaved),
        }
    }

    /// Addresses to listen at: those of this machine where the host is empty.
    pub(super) async fn resolve_local(self) -> io::Result<Vec<SocketAddr>> {
        match self.parsed()? {
            Self::Host(host, port) if host.is_empty() => Ok(vec![
                (Ipv6Addr::UNSPECIFIED, port).into(),
                (Ipv4Addr::UNSPECIFIED, port).into(),
            ]),
            other => other.resolve().await,
        }
    }

    /// The addresses, in the order given, or in the system's.
    pub(super) async fn resolve(self) -> io::Result<Vec<SocketAddr>> {
        let (host, port) = match self.parsed()? {
            Self::Addrs(addrs) => return Ok(addrs),
            Self::Host(host, port) => (host, port),
            Self::Text(_) => unreachable!("parsing leaves no text"),
        };
        let lookup = move || (host.as_str(), port).to_socket_addrs().map(Vec::from_iter);
        let looked_up = to_thread(lookup).await;
        looked_up.unwrap_or_else(|error| Err(io::Error::other(error)))
    }

    /// The same, with a text taken apart.
    fn parsed(self) -> io::Result<Self> {
        let Self::Text(text) = self else {
            return Ok(self);
        };
        let malformed = || {
            let why = format!("{text:?} is no address: write \"host:port\"");
            io::Error::new(io::ErrorKind::InvalidInput, why)
        };
        let (host, port) = text.rsplit_once(':').ok_or_else(malformed)?;
        let port = port.parse().map_err(|_| malformed())?;
        Ok(Self::Host(host.to_owned(), port))
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

            fn to_addr(&self) -> Option<SocketAddr> {
                Some((*self).into())
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

    fn to_addr(&self) -> Option<SocketAddr> {
        (**self).to_addr()
    }
}

/// The error of an empty list, and of a name without addresses.
pub(super) fn no_address() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the name has no addresses")
}

#[cfg(test)]
mod tests {
    //! Promises about what is taken for an address without asking anybody.

    use super::*;

    fn parsed(text: &str) -> Option<Target> {
        text.to_target().parsed().ok()
    }

    #[test]
    fn literal_addresses_are_taken_as_they_are() {
        for literal in ["127.0.0.1:80", "[::1]:80", "[fe80::1%3]:80"] {
            let addr = literal.parse().unwrap();
            assert_eq!(literal.to_target(), Target::Addrs(vec![addr]));
        }
        for literal in ["127.0.0.1", "::1"] {
            let addr = (literal.parse::<IpAddr>().unwrap(), 80).into();
            assert_eq!((literal, 80).to_target(), Target::Addrs(vec![addr]));
        }
    }

    #[test]
    fn a_single_address_is_given_without_a_list() {
        let addr = SocketAddr::from(([127, 0, 0, 1], 80));
        assert_eq!(addr.to_addr(), Some(addr));
        assert_eq!((addr.ip(), 80).to_addr(), Some(addr));
        assert_eq!([addr].to_addr(), None);
    }

    #[test]
    fn names_have_a_host_and_a_port() {
        let host = |host: &str| Some(Target::Host(host.to_owned(), 80));
        assert_eq!(parsed("localhost:80"), host("localhost"));
        assert_eq!(parsed(":80"), host(""));
        for malformed in ["", "localhost", "localhost:", "localhost:http", "h:65536"] {
            assert_eq!(parsed(malformed), None, "{malformed}");
        }
    }
}
