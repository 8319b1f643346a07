//! Certificates for tests: an authority of our own, and what it vouches for. Made once a run.

use std::sync::OnceLock;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

/// Texts in PEM.
pub(crate) struct Certificates {
    /// Who vouches for all of them.
    pub(crate) authority: String,
    /// For `localhost` and `127.0.0.1`, and its key.
    pub(crate) server: (String, String),
    /// For a client, and its key.
    pub(crate) client: (String, String),
    /// For `localhost`, by nobody anybody knows, and its key.
    pub(crate) stranger: (String, String),
}

/// The certificates of this run.
pub(crate) fn certificates() -> &'static Certificates {
    static MADE: OnceLock<Certificates> = OnceLock::new();
    MADE.get_or_init(make)
}

fn make() -> Certificates {
    let mut authority = named("bowerbird's test authority", &[]);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = authority.self_signed(&key).unwrap();
    let issuer = Issuer::new(authority, key);
    let vouched = |names: &[&str]| {
        let key = KeyPair::generate().unwrap();
        let mut leaf = named("bowerbird's test", names);
        leaf.use_authority_key_identifier_extension = true;
        let leaf = leaf.signed_by(&key, &issuer).unwrap();
        (leaf.pem(), key.serialize_pem())
    };
    let stranger = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    Certificates {
        authority: certificate.pem(),
        server: vouched(&["localhost", "127.0.0.1"]),
        client: vouched(&["client"]),
        stranger: (stranger.cert.pem(), stranger.signing_key.serialize_pem()),
    }
}

/// Certificates of the same name would count as one that vouches for itself.
fn named(name: &str, hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
    let mut certificate = CertificateParams::new(hosts).unwrap();
    certificate
        .distinguished_name
        .push(DnType::CommonName, name);
    certificate
}
