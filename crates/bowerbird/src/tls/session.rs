//! A TLS session without I/O: bytes go in and come out, plain at one side and encrypted at the
//! other. Used by the link, which does the reading, writing and waiting.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};

use rustls::Connection;
use rustls::pki_types::CertificateDer;

/// See the module.
pub(super) struct Session {
    /// The protocol itself.
    tls: Connection,
    /// Encrypted bytes that came; the first of them were looked at.
    arrived: Vec<u8>,
    /// How many were.
    seen: usize,
}

impl Session {
    /// A session before its handshake, and what the peer has sent of that already.
    pub(super) fn new(tls: impl Into<Connection>, early: Vec<u8>) -> Self {
        Self {
            tls: tls.into(),
            arrived: early,
            seen: 0,
        }
    }

    /// Whether the two have not agreed yet.
    pub(super) fn is_handshaking(&self) -> bool {
        self.tls.is_handshaking()
    }

    /// Plain bytes: how many, zero at the end; `None` when more has to arrive first.
    ///
    /// # Errors
    /// What is wrong with what arrived; `UnexpectedEof` when the peer's farewell is missing.
    pub(super) fn read(&mut self, into: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            match self.tls.reader().read(into) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Err(truncated()),
                read => return read.map(Some),
            }
            if !self.digest()? {
                return Ok(None);
            }
        }
    }

    /// Looks at some of what arrived: whether there was anything.
    ///
    /// # Errors
    /// What is wrong with it. The peer is to be told: there is something to send.
    pub(super) fn digest(&mut self) -> io::Result<bool> {
        let mut unseen = &self.arrived[self.seen..];
        if unseen.is_empty() {
            return Ok(false);
        }
        let taken = self.tls.read_tls(&mut unseen)?;
        // Nothing is taken after the peer's farewell: what follows it is not the session's.
        self.seen = if taken == 0 {
            self.arrived.len()
        } else {
            self.seen + taken
        };
        if self.seen == self.arrived.len() {
            self.arrived.clear();
            self.seen = 0;
        }
        let digested = self.tls.process_new_packets();
        digested.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        Ok(true)
    }

    /// Takes encrypted bytes that came; none: no more will come.
    pub(super) fn arrive(&mut self, bytes: &[u8]) {
        self.arrived.extend_from_slice(bytes);
        if bytes.is_empty() {
            // Reading nothing is how it learns of the end; that cannot fail.
            let _told = self.tls.read_tls(&mut io::empty());
        }
    }

    /// Encrypts plain bytes: how many of them.
    ///
    /// # Errors
    /// When nothing can be encrypted, before the handshake.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.tls.writer().write(bytes)
    }

    /// Says that nothing follows.
    pub(super) fn say_farewell(&mut self) {
        self.tls.send_close_notify();
    }

    /// Takes what is to be sent, behind what is in `outgoing` already.
    ///
    /// # Errors
    /// None: a vector takes everything.
    pub(super) fn take_outgoing(&mut self, outgoing: &mut Vec<u8>) -> io::Result<()> {
        while self.tls.wants_write() {
            self.tls.write_tls(outgoing)?;
        }
        Ok(())
    }

    /// What was agreed on.
    pub(super) fn info(&self) -> TlsInfo {
        let certificates = self.tls.peer_certificates().unwrap_or_default();
        TlsInfo {
            protocol: self.tls.alpn_protocol().map(<[u8]>::to_vec),
            certificates: certificates.to_vec(),
            version: self.tls.protocol_version(),
            cipher: self
                .tls
                .negotiated_cipher_suite()
                .map(|suite| suite.suite()),
        }
    }
}

/// The end without the peer's farewell: whoever cuts a connection could have cut the text short.
fn truncated() -> io::Error {
    io::Error::new(
        ErrorKind::UnexpectedEof,
        "the peer closed the connection without TLS's close_notify: bytes may be missing",
    )
}

/// What the two ends of a TLS connection have agreed on: what [`TlsStream::info`] of a
/// [`TlsConnector`] gives. asyncio: the `ssl_object`, `cipher` and `peercert` of `get_extra_info`.
///
/// [`TlsStream::info`]: super::TlsStream::info
/// [`TlsConnector`]: super::TlsConnector
#[derive(Clone)]
pub struct TlsInfo {
    /// The application's protocol.
    protocol: Option<Vec<u8>>,
    /// The peer's certificates.
    certificates: Vec<CertificateDer<'static>>,
    /// The protocol's version.
    version: Option<rustls::ProtocolVersion>,
    /// How it is encrypted.
    cipher: Option<rustls::CipherSuite>,
}

impl TlsInfo {
    /// The application's protocol that both know (ALPN), such as `b"h2"`. asyncio:
    /// `selected_alpn_protocol`.
    pub fn alpn_protocol(&self) -> Option<&[u8]> {
        self.protocol.as_deref()
    }

    /// The peer's certificates, its own first; none when it has shown none. asyncio: `peercert`.
    pub fn peer_certificates(&self) -> &[CertificateDer<'static>] {
        &self.certificates
    }

    /// The version, such as `TLSv1_3`. asyncio: `version`.
    pub fn version(&self) -> Option<rustls::ProtocolVersion> {
        self.version
    }

    /// The cipher suite. asyncio: `cipher`.
    pub fn cipher_suite(&self) -> Option<rustls::CipherSuite> {
        self.cipher
    }
}

impl fmt::Debug for TlsInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = self.protocol.as_deref().map(String::from_utf8_lossy);
        f.debug_struct("TlsInfo")
            .field("alpn_protocol", &protocol)
            .field("peer_certificates", &self.certificates.len())
            .field("version", &self.version)
            .field("cipher_suite", &self.cipher)
            .finish()
    }
}
