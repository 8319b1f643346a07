//! Whom this machine trusts. Called by the connector's builder; looks it up each time, and keeps
//! nothing.

use std::error::Error;
use std::fmt;
use std::io;

use rustls::RootCertStore;
use rustls_native_certs::Error as Cause;

/// Adds the machine's certificates to those that are trusted. One that cannot be read or understood
/// is left out, as the machine's other programs do.
///
/// # Errors
/// `NotFound` when there is not a single one.
pub(super) fn trust(roots: &mut RootCertStore) -> io::Result<()> {
    let found = rustls_native_certs::load_native_certs();
    let (added, _left_out) = roots.add_parsable_certificates(found.certs);
    if added > 0 {
        return Ok(());
    }
    let cause = found.errors.into_iter().next();
    Err(io::Error::new(
        io::ErrorKind::NotFound,
        Untrusting { cause },
    ))
}

/// The machine trusts nobody.
#[derive(Debug)]
struct Untrusting {
    /// What went wrong first, if anything did.
    cause: Option<Cause>,
}

impl fmt::Display for Untrusting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "this machine has no trusted certificates: install them (ca-certificates), name a file \
             in SSL_CERT_FILE, or use web_roots()",
        )
    }
}

impl Error for Untrusting {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}
