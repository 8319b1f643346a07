//! One new connection, step by step: a name, a socket, perhaps a proxy, perhaps TLS, then HTTP.

#[cfg(unix)]
use std::path::PathBuf;
use std::sync::Arc;

use bowerbird::net::TcpSocket;
#[cfg(unix)]
use bowerbird::net::UnixStream;

use super::tunnel::tunnel;
use super::within;
use crate::client::connection::{Connection, Http1};
use crate::client::dns::Dns;
use crate::client::errors::{
    Cause, ClientConnectorError, ClientError, ConnectorErrorKind, TimeoutKind,
};
use crate::client::key::Key;
use crate::client::pool::Pool;
use crate::client::timeouts::ClientTimeout;
use crate::client::wire::Socket;

/// How connections are made.
#[derive(Debug)]
pub(super) struct Dial {
    /// What sockets are to be like.
    pub(super) socket: TcpSocket,
    /// Names.
    pub(super) dns: Dns,
    /// Where to connect to instead of any host.
    #[cfg(unix)]
    pub(super) path: Option<PathBuf>,
    /// TLS.
    #[cfg(feature = "tls")]
    pub(super) secure: super::secure::Secure,
}

impl Dial {
    /// # Errors
    /// `Connector`, `ServerTimeout`.
    pub(super) async fn connect(
        &self,
        key: &Key,
        limits: &ClientTimeout,
        pool: &Arc<Pool>,
    ) -> Result<Connection, ClientError> {
        let mut socket = match key.proxy() {
            None => self.open(key, limits).await?,
            Some(proxy) => {
                let to_proxy = Key::new(proxy.url(), None)?;
                let socket = self.open(&to_proxy, limits).await?;
                let socket = self.agree(&to_proxy, socket, true).await?.0;
                if key.needs_tunnel() {
                    tunnel(socket, key, proxy).await?
                } else {
                    socket
                }
            }
        };
        let mut is_http2 = false;
        if key.is_tls() {
            (socket, is_http2) = self.agree(key, socket, key.is_http1()).await?;
        }
        begin(key, socket, is_http2, pool).await
    }

    /// A socket to the host, or to the path that stands for all of them.
    async fn open(&self, key: &Key, limits: &ClientTimeout) -> Result<Socket, ClientError> {
        let kind = TimeoutKind::SockConnect;
        #[cfg(unix)]
        if let Some(path) = &self.path {
            let target = path.display().to_string();
            let connecting = async {
                let connected = UnixStream::connect(path).await;
                connected.map_err(|error| failed(target, ConnectorErrorKind::Connect, error))
            };
            return within(limits.sock_connect, kind, connecting)
                .await
                .map(Socket::Unix);
        }
        let addrs = self.dns.lookup(key.host(), key.port()).await;
        let addrs = addrs.map_err(|error| failed(key, ConnectorErrorKind::Dns, error))?;
        let connecting = async {
            let connected = self.socket.connect(&addrs[..]).await;
            connected.map_err(|error| failed(key, ConnectorErrorKind::Connect, error))
        };
        within(limits.sock_connect, kind, connecting)
            .await
            .map(Socket::Tcp)
    }

    /// TLS over a socket, where the key says so; and whether HTTP/2 was agreed on.
    async fn agree(
        &self,
        key: &Key,
        socket: Socket,
        is_http1: bool,
    ) -> Result<(Socket, bool), ClientError> {
        #[cfg(feature = "tls")]
        if key.is_tls() {
            let agreed = self.secure.agree(key.host(), socket, is_http1).await;
            return agreed.map_err(|error| failed(key, ConnectorErrorKind::Tls, error));
        }
        #[cfg(not(feature = "tls"))]
        let (_, _) = (key, is_http1);
        Ok((socket, false))
    }
}

/// Begins to speak HTTP.
async fn begin(
    key: &Key,
    socket: Socket,
    is_http2: bool,
    pool: &Arc<Pool>,
) -> Result<Connection, ClientError> {
    #[cfg(feature = "http2")]
    if is_http2 {
        let (pool, ended) = (Arc::downgrade(pool), key.clone());
        let ended = move || {
            if let Some(pool) = pool.upgrade() {
                pool.forget_shared(&ended);
            }
        };
        let begun = crate::client::connection::Shared::new(socket, ended).await;
        let begun = begun.map_err(|error| failed(key, ConnectorErrorKind::Handshake, error))?;
        return Ok(Connection::Http2(begun));
    }
    #[cfg(not(feature = "http2"))]
    let (_, _) = (pool, is_http2);
    let begun = Http1::new(socket).await;
    let begun = begun.map_err(|error| failed(key, ConnectorErrorKind::Handshake, error))?;
    Ok(Connection::Http1(Box::new(begun)))
}

/// An error of connecting.
pub(super) fn failed(
    target: impl ToString,
    kind: ConnectorErrorKind,
    cause: impl Into<Cause>,
) -> ClientError {
    let error = ClientConnectorError::new(target.to_string(), kind, cause);
    ClientError::Connector(Box::new(error))
}
