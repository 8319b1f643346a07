//! Certificates and keys as people keep them: texts in PEM. Used by the builders.

use std::io;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::invalid;

/// All certificates in `pem`, at least one.
pub(super) fn certificates(pem: &[u8]) -> io::Result<Vec<CertificateDer<'static>>> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err(invalid("no certificate in the PEM")),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(invalid(error)),
    }
}

/// The first private key in `pem`.
pub(super) fn private_key(pem: &[u8]) -> io::Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_slice(pem).map_err(invalid)
}

/// Adds all certificates in `pem` to those that are trusted.
pub(super) fn trust(roots: &mut RootCertStore, pem: &[u8]) -> io::Result<()> {
    for certificate in certificates(pem)? {
        roots.add(certificate).map_err(invalid)?;
    }
    Ok(())
}
