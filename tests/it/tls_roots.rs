//! Whom a client trusts when it trusts its machine. In a process of its own, whose machine trusts
//! whom the test says: that is what a variable is for.

use std::io::ErrorKind;
use std::path::PathBuf;

use bowerbird::open_connection;
use bowerbird::tls::TlsConnector;

use crate::alone::alone_with;
use crate::certificates::certificates;
use crate::loops::inside_each;
use crate::tls::echo_server;

const FILE: &str = "SSL_CERT_FILE";

#[test]
fn a_client_can_trust_whom_its_machine_trusts() {
    let name = "tls_roots::a_client_can_trust_whom_its_machine_trusts";
    let file = format!("bowerbird-trusted-{}.pem", std::process::id());
    let file = std::env::temp_dir().join(file);
    // The other one names nothing, whatever it is here.
    let variables = [(FILE, file.to_str().unwrap()), ("SSL_CERT_DIR", "")];
    alone_with(name, &variables, || {
        let file = PathBuf::from(std::env::var_os(FILE).unwrap());
        let build = || TlsConnector::builder().platform_roots().build();
        let nobody = build().unwrap_err();
        assert_eq!(nobody.kind(), ErrorKind::NotFound);
        assert!(nobody.to_string().contains(FILE), "{nobody}");
        assert!(std::error::Error::source(nobody.get_ref().unwrap()).is_some());
        std::fs::write(
            &file,
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        )
        .unwrap();
        assert_eq!(build().unwrap_err().kind(), ErrorKind::NotFound);
        std::fs::write(&file, &certificates().authority).unwrap();
        let ours = build().unwrap();
        std::fs::remove_file(file).unwrap();
        let (web, both) = (
            TlsConnector::builder().web_roots(),
            TlsConnector::builder()
                .web_roots()
                .roots_pem(certificates().authority.as_str()),
        );
        let (web, both) = (web.build().unwrap(), both.build().unwrap());
        inside_each(async || {
            let (server, addr) = echo_server().await;
            for connector in [&ours, &both] {
                let connecting = open_connection(addr).tls(connector.clone());
                let (mut reader, writer) = connecting.server_hostname("localhost").await.unwrap();
                writer.write("trusted\n").await.unwrap();
                assert_eq!(reader.readline().await.unwrap(), b"trusted\n");
                writer.close();
            }
            let stranger = open_connection(addr).tls(web.clone());
            let refused = stranger.server_hostname("localhost").await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::InvalidData);
            server.close();
        });
    });
}
