//! From plain to TLS on a connection that lives. asyncio: `StreamWriter.start_tls`, and
//! `loop.start_tls`.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use super::connection::Connection;
use super::link::Link;
use super::{StreamReader, StreamWriter};
use crate::tls::{TlsAcceptor, TlsConnector, TlsLink};

impl StreamWriter {
    /// Goes on in TLS, as its client; the other half, `reader`, comes along.
    ///
    /// - What was written is sent before; what was read ahead is taken for the server's part of the
    ///   handshake, so nothing is lost.
    /// - `server_hostname`: what the server's certificate must be for, a name or an IP address.
    /// - Over TLS it works, too.
    /// - Cancel: closes the connection, which is neither plain nor encrypted then.
    /// - asyncio: `start_tls`, which asks its protocol for the reader. Feature `tls`.
    ///
    /// # Errors
    /// As [`TlsConnector::connect`]; the connection is closed then. `NotConnected` when it was
    /// before.
    ///
    /// # Panics
    /// When `reader` is half of another connection.
    pub async fn start_tls(
        &mut self,
        reader: &mut StreamReader,
        connector: &TlsConnector,
        server_hostname: &str,
    ) -> io::Result<()> {
        self.upgrade(reader, |link, early| {
            connector.shake_hands(server_hostname, link, early)
        })
        .await
    }

    /// Goes on in TLS, as its server; the other half, `reader`, comes along. As
    /// [`start_tls`](Self::start_tls) in everything else.
    ///
    /// - asyncio: `start_tls` in the handler of a server.
    ///
    /// # Errors
    /// As [`TlsAcceptor::accept`]; the connection is closed then. `NotConnected` when it was
    /// before.
    ///
    /// # Panics
    /// When `reader` is half of another connection.
    pub async fn accept_tls(
        &mut self,
        reader: &mut StreamReader,
        acceptor: &TlsAcceptor,
    ) -> io::Result<()> {
        self.upgrade(reader, |link, early| acceptor.shake_hands(link, early))
            .await
    }

    async fn upgrade<F>(
        &mut self,
        reader: &mut StreamReader,
        shake_hands: impl FnOnce(Arc<dyn Link>, Vec<u8>) -> F,
    ) -> io::Result<()>
    where
        F: Future<Output = io::Result<Arc<TlsLink>>>,
    {
        let plain = self.connection().clone();
        assert!(
            reader.is_half_of(&plain),
            "start_tls() needs the reader of the same connection"
        );
        plain.flushed().await?;
        if self.is_closing() {
            return Err(io::Error::new(
                ErrorKind::NotConnected,
                "the stream is closed",
            ));
        }
        let aborting = AbortedByDrop(Some(plain.clone()));
        let link = shake_hands(plain.link().clone(), reader.take_early()).await?;
        aborting.keep_open();
        let encrypted = Connection::new(link, plain.handle().clone());
        encrypted.take_place_of(&plain);
        reader.move_to(encrypted.clone());
        self.move_to(encrypted);
        Ok(())
    }
}

/// Aborts a connection that does not get through its handshake.
struct AbortedByDrop(Option<Arc<Connection>>);

impl AbortedByDrop {
    fn keep_open(mut self) {
        self.0 = None;
    }
}

impl Drop for AbortedByDrop {
    fn drop(&mut self) {
        if let Some(connection) = &self.0 {
            connection.abort();
        }
    }
}
