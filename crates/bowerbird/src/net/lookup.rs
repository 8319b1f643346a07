//! Names to addresses, by the system's resolver. asyncio: `loop.getaddrinfo`.

use std::io;
use std::net::SocketAddr;

use super::addrs::ToAddrs;

/// Looks a name up: its addresses, in the system's order of preference, with the port given.
///
/// - The system's resolver blocks, so it runs on a thread for blocking calls. Literal addresses,
///   and lists of addresses, are given back at once without a thread.
/// - Has no limit but the resolver's own, which may be many seconds: see
///   [`wait_for`](crate::wait_for).
/// - Cancel: a lookup that waits for a thread never starts; one that has begun goes on unseen.
/// - asyncio: `loop.getaddrinfo`, of which only the addresses are given.
///
/// # Errors
/// The resolver's: no such name, no answer. `InvalidInput` for a text without a port.
///
/// # Panics
/// Outside a running loop, when a thread is needed.
///
/// ```
/// use bowerbird::net::lookup_host;
///
/// # bowerbird::run(async {
/// let literal = lookup_host("[::1]:80").await.unwrap();
/// assert_eq!(literal, ["[::1]:80".parse().unwrap()]);
/// let named = lookup_host(("localhost", 80)).await.unwrap();
/// assert!(named.iter().all(|addr| addr.ip().is_loopback()));
/// assert!(lookup_host("no-port").await.is_err());
/// # });
/// ```
pub async fn lookup_host(addr: impl ToAddrs) -> io::Result<Vec<SocketAddr>> {
    let target = addr.to_target();
    drop(addr);
    target.resolve().await
}
