//! TLS for the connector: with one configuration that offers HTTP/2, where it can be spoken, and
//! one that does not, for what has to be HTTP/1.1.

use std::io;
use std::sync::OnceLock;

use bowerbird::tls::TlsConnector;

use crate::client::wire::Socket;

/// See the module.
#[derive(Debug)]
pub(super) struct Secure {
    /// The user's own.
    given: Option<TlsConnector>,
    /// As browsers do; made when it is first wanted, since it takes a while.
    usual: OnceLock<TlsConnector>,
    /// The same without HTTP/2.
    http1: OnceLock<TlsConnector>,
}

impl Secure {
    pub(super) fn new(given: Option<TlsConnector>) -> Self {
        Self {
            given,
            usual: OnceLock::new(),
            http1: OnceLock::new(),
        }
    }

    /// Shakes hands; and whether HTTP/2 was agreed on.
    ///
    /// # Errors
    /// As [`TlsConnector::connect`]; `InvalidData` for HTTP/2 where that will not do.
    pub(super) async fn agree(
        &self,
        host: &str,
        socket: Socket,
        is_http1: bool,
    ) -> io::Result<(Socket, bool)> {
        let connector = self.connector(is_http1);
        let stream = connector.connect(host, socket).await?;
        let is_http2 = stream.info().alpn_protocol() == Some(b"h2");
        if is_http2 && (is_http1 || cfg!(not(feature = "http2"))) {
            let why = "HTTP/2 was agreed on where HTTP/1.1 is needed: give a TlsConnector that \
                       does not offer h2";
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        Ok((Socket::Tls(stream), is_http2))
    }

    fn connector(&self, is_http1: bool) -> &TlsConnector {
        if let Some(given) = &self.given {
            return given;
        }
        if is_http1 || cfg!(not(feature = "http2")) {
            self.http1.get_or_init(|| offering(&["http/1.1"]))
        } else {
            self.usual.get_or_init(|| offering(&["h2", "http/1.1"]))
        }
    }
}

fn offering(protocols: &[&str]) -> TlsConnector {
    let built = TlsConnector::builder().alpn(protocols).build();
    built.expect("there is nothing in the defaults that could be refused")
}
