//! The server: where it listens, what it allows, and how it ends. asyncio: aiohttp's `web_runner`.
//!
//! A task accepts for each listener, and each connection is a task, in which hyper reads requests
//! and handlers run; HTTP/2 gives each stream a task more. All of them stand in the roll, so that
//! stopping can wait for them, and cancel what takes too long.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bowerbird::net::{TcpListener, ToAddrs};
use bowerbird::{Task, TaskRef, create_task, wait_for};
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use tower_service::Service;

mod limits;

mod listener;

mod roll;

mod accepting;

#[cfg(feature = "tls")]
mod handshake;

mod connection;

#[cfg(not(feature = "http2"))]
#[path = "server/http1.rs"]
mod protocol;

#[cfg(feature = "http2")]
#[path = "server/http2.rs"]
mod protocol;

mod line;

mod guard;

mod activity;

mod outbox;

mod keeper;

#[cfg(feature = "tracing")]
mod access;

mod wire;

mod framing;

mod pace;

pub use connection::Peer;
pub(crate) use keeper::Keeper;
use limits::Limits;
pub use listener::Listener;
use roll::Roll;

/// The protocols of this crate, as TLS names them, the preferred one first: for the `alpn` of an
/// acceptor or a connector.
pub const ALPN: &[&str] = if cfg!(feature = "http2") {
    &["h2", "http/1.1"]
} else {
    &["http/1.1"]
};

/// A failure of users' code, of whatever type.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// An HTTP server, to be set up and then [served](Self::serve).
///
/// - HTTP/1.1 with keep-alive and pipelining; with the feature `http2`, HTTP/2 too, to clients that
///   begin with it: over TLS having agreed on it, otherwise by "prior knowledge".
/// - Serves whatever tower calls a service of `http` types: an axum `Router` as it is, a stack of
///   middlewares, a [`service_fn`](crate::service_fn).
/// - A handler's error or panic is answered with 500 and reported to the loop's exception handler;
///   its connection lives on. What is not HTTP is answered with 400 or 431.
/// - Limits are set from the beginning; each method that changes one names its default.
/// - asyncio: aiohttp's `AppRunner` and sites. Applications, routes, sessions and access logs are
///   those of the service.
#[derive(Debug)]
#[must_use = "a server does nothing until it serves"]
pub struct Server {
    /// Where it listens.
    listeners: Vec<Listener>,
    /// What it allows.
    limits: Limits,
}

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stopped {
    /// Connections and streams that were not done in time and were cancelled.
    pub cancelled: usize,
}

impl Server {
    /// Listens at every address that `addr` stands for.
    ///
    /// - `addr`: as [`TcpListener::bind_all`] takes it; an empty host is every interface, port 0 a
    ///   free one: see [`local_addrs`](Self::local_addrs).
    /// - Clients may connect from now on, and are answered once it serves.
    /// - Cancel: what was bound is closed.
    ///
    /// # Errors
    /// The lookup's, or the first address's that is in use or not allowed.
    ///
    /// # Panics
    /// Outside a running loop.
    pub async fn bind(addr: impl ToAddrs) -> io::Result<Self> {
        let listeners = TcpListener::bind_all(addr).await?;
        Ok(Self::at(
            listeners.into_iter().map(Listener::from).collect(),
        ))
    }

    /// Listens at a Unix socket. Unix only.
    ///
    /// # Errors
    /// As [`bowerbird::net::UnixListener::bind`].
    ///
    /// # Panics
    /// Outside a running loop.
    #[cfg(unix)]
    pub fn bind_unix(path: impl AsRef<Path>) -> io::Result<Self> {
        let listener = bowerbird::net::UnixListener::bind(path)?;
        Ok(Self::from_listener(listener))
    }

    /// Serves what comes to a listener that is there already: one with options of its own, or one
    /// that was handed over by another process.
    pub fn from_listener(listener: impl Into<Listener>) -> Self {
        Self::at(vec![listener.into()])
    }

    fn at(listeners: Vec<Listener>) -> Self {
        Self {
            listeners,
            limits: Limits::default(),
        }
    }

    /// Serves what comes to this one as well.
    pub fn with_listener(mut self, listener: impl Into<Listener>) -> Self {
        self.listeners.push(listener.into());
        self
    }

    /// Has everybody shake hands first, at all listeners that it has by now. Feature `tls`.
    ///
    /// - `acceptor`: offer [`ALPN`](crate::ALPN) with it, or its clients do not learn that HTTP/2
    ///   is spoken.
    /// - A handshake that takes longer than [`header_read_timeout`](Self::header_read_timeout), or
    ///   than the acceptor's own limit, ends its connection, as one that fails does; others do not
    ///   notice. With the feature `tracing` it is told at DEBUG.
    /// - Handlers find `Arc<`[`TlsInfo`](bowerbird::tls::TlsInfo)`>` among a request's extensions.
    /// - asyncio: the `ssl_context` of aiohttp's `run_app`.
    ///
    /// ```no_run
    /// # use bowerbird_http::{ALPN, Server};
    /// use bowerbird::tls::TlsAcceptor;
    ///
    /// # bowerbird::run(async {
    /// let (chain, key) = (std::fs::read("chain.pem")?, std::fs::read("key.pem")?);
    /// let acceptor = TlsAcceptor::builder(chain, key).alpn(ALPN).build()?;
    /// let server = Server::bind(":443").await?.tls(acceptor);
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    #[cfg(feature = "tls")]
    pub fn tls(mut self, acceptor: bowerbird::tls::TlsAcceptor) -> Self {
        let listeners = std::mem::take(&mut self.listeners).into_iter();
        self.listeners = listeners
            .map(|listener| listener.tls(acceptor.clone()))
            .collect();
        self
    }

    /// Where it listens, over TCP: with the ports that were taken for port 0.
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        let addrs = self.listeners.iter().map(Listener::local_addr);
        addrs.flatten().collect()
    }

    /// How long a client may take to send the head of a request, from its first byte to the empty
    /// line; for the first one of a connection, from the connection's beginning. 30 s.
    ///
    /// - What takes longer is closed without an answer.
    pub fn header_read_timeout(mut self, limit: Duration) -> Self {
        self.limits.header_read = limit;
        self
    }

    /// How long a connection is kept open while no request comes. 75 s, as aiohttp has it; zero
    /// closes it when its first request is answered.
    ///
    /// - Who still takes an answer is not idle, as long as [`write_timeout`](Self::write_timeout)
    ///   has it.
    /// - HTTP/2: clients are asked this often whether they still live, if not more often than each
    ///   second, and have 20 s to answer.
    pub fn keep_alive(mut self, limit: Duration) -> Self {
        self.limits.keep_alive = limit;
        self
    }

    /// Connections at a time; others wait, one for each listener in its hand and the rest in the
    /// system's backlog. 10,000; at least 1.
    pub fn max_connections(mut self, limit: usize) -> Self {
        self.limits.connections = limit.max(1);
        self
    }

    /// Connections at a time of one peer: an IPv4 address, or the 64 bits of an IPv6 address that
    /// name a network. A quarter of [`max_connections`](Self::max_connections); at least 1.
    ///
    /// - What comes above it is closed at once. Behind a proxy there is one peer: the proxy.
    /// - Unix sockets have no peers, and no such limit.
    pub fn max_connections_per_peer(mut self, limit: usize) -> Self {
        self.limits.peer_connections = Some(limit.max(1));
        self
    }

    /// How long a client may pause in the middle of a request's body, while the handler waits for
    /// more of it. 60 s. HTTP/1.1.
    ///
    /// - The handler sees a broken body, and the connection is closed.
    /// - HTTP/2: [`RequestBodyTimeoutLayer`](crate::timeout::RequestBodyTimeoutLayer) does it
    ///   there.
    pub fn body_read_timeout(mut self, limit: Duration) -> Self {
        self.limits.body_read = limit;
        self
    }

    /// How long a client may take nothing of what is written to it. 60 s.
    ///
    /// - Its connection is closed then, and the handler's body dropped.
    /// - HTTP/2: a stream whose client takes nothing of it is reset, at the latest after half as
    ///   long again; the others go on. Where the whole answer has left the handler already, the
    ///   connection is closed.
    pub fn write_timeout(mut self, limit: Duration) -> Self {
        self.limits.write = limit;
        self
    }

    /// HTTP/2: requests at a time in one connection. 200; at least 1.
    pub fn max_streams(mut self, limit: u32) -> Self {
        self.limits.streams = limit.max(1);
        self
    }

    /// Requests of one connection that may be given up by the client, beyond as many as were
    /// answered. 200. Who gives up more is there to make work: its connection is closed, and its
    /// handlers are cancelled, whatever [`handler_cancellation`](Self::handler_cancellation) says.
    pub fn max_resets(mut self, limit: u64) -> Self {
        self.limits.resets = limit;
        self
    }

    /// Whether a handler is cancelled when its client has gone before the answer. Without it the
    /// handler goes on to its end, and its answer is dropped: what it has begun, it finishes.
    ///
    /// - Its connection counts until then, and stopping waits for it.
    /// - HTTP/2: a client that resets a stream has said so, and the handler is cancelled.
    /// - asyncio: aiohttp's `handler_cancellation`, off there, too.
    pub fn handler_cancellation(mut self, is_cancelling: bool) -> Self {
        self.limits.is_cancelling = is_cancelling;
        self
    }

    /// Headers in a request; more are answered with 431. 100. HTTP/1.1 only: for HTTP/2 their
    /// [size](Self::max_header_bytes) counts.
    pub fn max_headers(mut self, limit: usize) -> Self {
        self.limits.headers = Some(limit);
        self
    }

    /// Bytes of a request's head; more are answered with 431. 32 KiB; at least 8 KiB.
    ///
    /// - Also what is read ahead of a handler that is slow to take its request's body.
    pub fn max_header_bytes(mut self, limit: usize) -> Self {
        self.limits.header_bytes = limit.max(limits::HEADER_BYTES_MIN);
        self
    }

    /// How long stopping waits for requests under way before it cancels them. 60 s, as aiohttp has
    /// it; zero cancels at once.
    pub fn shutdown_timeout(mut self, limit: Duration) -> Self {
        self.limits.shutdown = limit;
        self
    }

    /// Serves for ever: as [`serve_until`](Self::serve_until), with nothing to stop it but its own
    /// cancellation.
    ///
    /// # Panics
    /// Outside a running loop.
    pub async fn serve<S, B>(self, service: S) -> Stopped
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
        S::Future: Send + 'static,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.serve_until(service, std::future::pending::<()>())
            .await
    }

    /// Serves until `stop` is ready, and then stops gracefully.
    ///
    /// - `service`: cloned for each connection and request, so that clones should be cheap. Its
    ///   tasks have the context variables of the caller.
    /// - `stop`: `bowerbird::ctrl_c()`, an event's `wait()`, whatever; what it gives is dropped.
    /// - Stopping: nobody is accepted any more, and the addresses are free; idle connections are
    ///   closed, requests under way are answered and their connections closed; what is not done
    ///   after [`shutdown_timeout`](Self::shutdown_timeout) is cancelled and awaited. A handler
    ///   that refuses to be cancelled is waited for.
    /// - Where the system has no descriptors or no memory to accept with, the exception handler is
    ///   told, and accepting goes on after a second.
    /// - Cancel: everything is cancelled at once, and nothing is awaited.
    /// - asyncio: aiohttp's `run_app`, which listens to Ctrl-C by itself.
    ///
    /// # Panics
    /// Outside a running loop; and when a clone of `service` did, once it is stopped.
    pub async fn serve_until<S, B>(self, service: S, stop: impl Future) -> Stopped
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
        S::Future: Send + 'static,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.serve_hooked(service, stop, std::future::ready(()))
            .await
            .0
    }

    /// The same, with what is to be done once nobody is accepted any more; gives its result, too.
    pub(crate) async fn serve_hooked<S, B, T>(
        self,
        service: S,
        stop: impl Future,
        leaving: impl Future<Output = T>,
    ) -> (Stopped, T)
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
        S::Future: Send + 'static,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let limit = self.limits.shutdown;
        let roll = Arc::new(Roll::new(self.limits));
        let mut accepting = Vec::with_capacity(self.listeners.len());
        let mut cut = Cut {
            roll: roll.clone(),
            accepting: Vec::new(),
        };
        for listener in self.listeners {
            let loop_ = accepting::accept_loop(roll.clone(), listener, service.clone());
            let task = create_task(loop_);
            cut.accepting.push(task.handle());
            accepting.push(task);
        }
        // Its clones alone serve, so that a service ends with the last connection.
        drop(service);
        stop.await;
        close(accepting).await;
        roll.stop();
        let left = leaving.await;
        let cancelled = match wait_for(roll.emptied(), limit).await {
            Ok(()) => 0,
            Err(_too_late) => roll.cut(),
        };
        roll.emptied().await;
        (Stopped { cancelled }, left)
    }
}

/// Ends accepting, and waits until the listeners are closed.
async fn close(accepting: Vec<Task<()>>) {
    for task in &accepting {
        task.cancel();
    }
    for task in accepting {
        match task.await {
            Err(error) if error.is_panic() => error.resume(),
            _ended => {}
        }
    }
}

/// Leaves nothing behind when serving is cancelled; finds nothing to do when it has stopped.
struct Cut {
    /// Connections and streams.
    roll: Arc<Roll>,
    /// The accept loops.
    accepting: Vec<TaskRef>,
}

impl Drop for Cut {
    fn drop(&mut self) {
        for task in &self.accepting {
            task.cancel();
        }
        self.roll.cut();
    }
}
