//! Connecting to whichever of several addresses answers first: "happy eyeballs", RFC 8305.
//!
//! `TcpSocket::connect` calls it with addresses in the order of preference. It looks nothing up,
//! and runs as part of the task that connects: there is no other task to be cancelled.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::addrs::no_address;
use super::pollable::{Async, Direction};
use crate::tasks::{Sleep, sleep};

/// Connects to the first of `addrs` that answers.
///
/// - `begin`: makes a socket and begins to connect.
/// - `stagger`: how long an attempt is alone before the next one begins; `None`: until it failed.
pub(super) async fn first<B>(
    begin: B,
    addrs: Vec<SocketAddr>,
    stagger: Option<Duration>,
) -> io::Result<Async<TcpStream>>
where
    B: Fn(SocketAddr) -> io::Result<TcpStream> + Unpin,
{
    let race = Race {
        begin,
        waiting: addrs.into(),
        running: Vec::new(),
        failed: Vec::new(),
        stagger,
        head_start: None,
    };
    race.await
}

/// Addresses in turns of the two families, beginning with that of the first, each family in the
/// order given.
pub(super) fn interleaved(addrs: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(first) = addrs.first() else {
        return addrs;
    };
    let is_v4 = first.is_ipv4();
    let (leading, following): (Vec<_>, Vec<_>) =
        addrs.into_iter().partition(|addr| addr.is_ipv4() == is_v4);
    let mut following = following.into_iter();
    let mut turns = Vec::new();
    for addr in leading {
        turns.push(addr);
        turns.extend(following.next());
    }
    turns.extend(following);
    turns
}

/// Attempts to connect, each a while after the one before. Dropping it closes all their sockets.
struct Race<B> {
    /// Makes a socket and begins.
    begin: B,
    /// Addresses that were not tried yet, the best first.
    waiting: VecDeque<SocketAddr>,
    /// Attempts under way.
    running: Vec<(SocketAddr, Async<TcpStream>)>,
    /// Attempts that failed, in the order in which they did.
    failed: Vec<(SocketAddr, io::Error)>,
    /// How long an attempt is alone.
    stagger: Option<Duration>,
    /// What is left of that for the latest attempt.
    head_start: Option<Sleep>,
}

impl<B> Future for Race<B>
where
    B: Fn(SocketAddr) -> io::Result<TcpStream> + Unpin,
{
    type Output = io::Result<Async<TcpStream>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            if let Some(winner) = self.poll_running(cx) {
                return Poll::Ready(Ok(winner));
            }
            if self.poll_head_start(cx).is_pending() {
                return Poll::Pending;
            }
            let Some(next) = self.waiting.pop_front() else {
                if self.running.is_empty() {
                    return Poll::Ready(Err(summary(std::mem::take(&mut self.failed))));
                }
                return Poll::Pending;
            };
            self.start(next);
        }
    }
}

impl<B> Race<B>
where
    B: Fn(SocketAddr) -> io::Result<TcpStream>,
{
    /// The attempt that has succeeded, if one has. Those that failed end the head start: nobody is
    /// better off for waiting.
    fn poll_running(&mut self, cx: &mut Context<'_>) -> Option<Async<TcpStream>> {
        let finish = bowerbird_io::net::finish_connect;
        let mut at = 0;
        while let Some((_, stream)) = self.running.get(at) {
            match stream.poll_io(Direction::Write, cx, finish) {
                Poll::Pending => at += 1,
                Poll::Ready(settled) => {
                    let (addr, stream) = self.running.remove(at);
                    match settled {
                        Ok(()) => return Some(stream),
                        Err(error) => self.failed.push((addr, error)),
                    }
                    self.head_start = None;
                }
            }
        }
        None
    }

    /// Ready when the next attempt may begin.
    fn poll_head_start(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.running.is_empty() {
            self.head_start = None;
        } else if self.stagger.is_none() {
            return Poll::Pending;
        }
        let Some(head_start) = &mut self.head_start else {
            return Poll::Ready(());
        };
        let over = Pin::new(head_start).poll(cx);
        if over.is_ready() {
            self.head_start = None;
        }
        over
    }

    fn start(&mut self, addr: SocketAddr) {
        let begun = (self.begin)(addr).and_then(Async::stream);
        match begun {
            Ok(stream) => self.running.push((addr, stream)),
            Err(error) => return self.failed.push((addr, error)),
        }
        let is_last = self.waiting.is_empty();
        self.head_start = self.stagger.filter(|_| !is_last).map(sleep);
    }
}

/// The error of all attempts together.
fn summary(mut failed: Vec<(SocketAddr, io::Error)>) -> io::Error {
    if failed.len() == 1 {
        return failed.remove(0).1;
    }
    let Some(first) = failed.first() else {
        return no_address();
    };
    let kind = first.1.kind();
    let is_common = failed.iter().all(|(_, error)| error.kind() == kind);
    let kind = if is_common {
        kind
    } else {
        io::ErrorKind::Other
    };
    io::Error::new(kind, ConnectError { failed })
}

/// Why no connection was made, for each address that was tried. It is inside the `io::Error` of
/// [`TcpStream::connect`](super::TcpStream::connect) when there were several.
///
/// ```
/// use bowerbird::net::{ConnectError, TcpStream};
///
/// # bowerbird::run(async {
/// let addrs = ["127.0.0.1:1", "127.0.0.1:2"].map(|addr| addr.parse().unwrap());
/// let error = TcpStream::connect(addrs).await.unwrap_err();
/// let all = error.get_ref().and_then(|inner| inner.downcast_ref::<ConnectError>());
/// assert_eq!(all.unwrap().failed().len(), 2);
/// # });
/// ```
#[derive(Debug)]
pub struct ConnectError {
    /// Addresses and errors, in the order in which the attempts failed; more than one.
    failed: Vec<(SocketAddr, io::Error)>,
}

impl ConnectError {
    /// Each address with its error, in the order in which the attempts failed.
    pub fn failed(&self) -> &[(SocketAddr, io::Error)] {
        &self.failed
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no address answered")?;
        for (at, (addr, error)) in self.failed.iter().enumerate() {
            let comma = if at == 0 { ": " } else { ", " };
            write!(f, "{comma}{addr} ({error})")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConnectError {
    /// The first error; [`ConnectError::failed`] has all.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let (_, error) = self.failed.first()?;
        Some(error)
    }
}

#[cfg(test)]
mod tests;
