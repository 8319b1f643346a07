//! HTTP over TLS: who agrees is served, and who does not harms nobody.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bowerbird::net::TcpStream;
use bowerbird::timeout;
use bowerbird::tls::{TlsAcceptor, TlsConnector, TlsInfo, TlsStream};
use bowerbird_http::http::{Request, Response};
use bowerbird_http::{ALPN, Incoming, Server, service_fn};

use crate::wire::{Client, Served, inside_each};

/// Short enough to wait for, long enough for slow machines.
const SHORT: Duration = Duration::from_millis(200);

/// A certificate for `localhost` that vouches for itself, and its key; made once a run.
fn certificate() -> &'static (String, String) {
    static MADE: OnceLock<(String, String)> = OnceLock::new();
    MADE.get_or_init(|| {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    })
}

fn secured(server: Server) -> Server {
    let (chain, key) = certificate();
    let acceptor = TlsAcceptor::builder(chain.as_str(), key.as_str()).alpn(ALPN);
    server.tls(acceptor.build().unwrap())
}

async fn connect(served: &Served, protocols: &[&str]) -> TlsStream<TcpStream> {
    let connector = TlsConnector::builder().roots_pem(certificate().0.as_str());
    let connector = connector.alpn(protocols).build().unwrap();
    let stream = served.client().await.0;
    connector.connect("localhost", stream).await.unwrap()
}

/// Tells what the two ends have agreed on, and the path.
async fn agreed(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let info: &Arc<TlsInfo> = request.extensions().get().unwrap();
    let protocol = String::from_utf8_lossy(info.alpn_protocol().unwrap_or(b"none"));
    let path = request.uri().path();
    Ok(Response::new(format!("{protocol} {path}")))
}

#[test]
fn a_connection_over_tls_is_used_again() {
    inside_each(async || {
        let served = Served::new(service_fn(agreed), secured).await;
        let mut client = Client(connect(&served, &["http/1.1"]).await);
        assert_eq!(client.get("/first").await.body, "http/1.1 /first");
        assert_eq!(client.get("/second").await.body, "http/1.1 /second");
        drop(client);
        served.stop().await;
    });
}

#[test]
fn clients_that_name_no_protocol_are_served_too() {
    inside_each(async || {
        let served = Served::new(service_fn(agreed), secured).await;
        let mut client = Client(connect(&served, &[]).await);
        assert_eq!(client.get("/").await.body, "none /");
        served.begin_to_stop();
        // With the farewell: without it this is an error, and bytes may be missing.
        assert_eq!(client.rest().await, "");
        served.stop().await;
    });
}

#[cfg(feature = "http2")]
#[test]
fn http2_is_spoken_with_who_agrees_on_it() {
    use bowerbird_http::read_body;
    use bowerbird_http::rt::{Executor, Io, Timer};
    use hyper::client::conn::http2::Builder;

    inside_each(async || {
        let served = Served::new(service_fn(agreed), secured).await;
        let stream = connect(&served, ALPN).await;
        assert_eq!(stream.info().alpn_protocol(), Some(b"h2".as_slice()));
        let (mut sender, connection) = Builder::new(Executor)
            .timer(Timer)
            .handshake(Io::flattened(stream))
            .await
            .unwrap();
        drop(bowerbird::create_task(async move {
            // The end of the connection is seen by requests.
            let _ended = connection.await;
        }));
        let request = Request::get("https://localhost/two").body(String::new());
        let response = sender.send_request(request.unwrap()).await.unwrap();
        let body = read_body(response.into_body(), 100).await.unwrap();
        assert_eq!(body, "h2 /two");
        drop(sender);
        served.stop().await;
    });
}

#[test]
fn a_handshake_that_fails_stops_nobody() {
    inside_each(async || {
        let served = Served::new(service_fn(agreed), secured).await;
        let mut plain = served.client().await;
        plain.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(!plain.rest().await.starts_with("HTTP"));
        // Nobody vouches for the server here.
        let wary = TlsConnector::builder().build().unwrap();
        let refused = wary.connect("localhost", served.client().await.0).await;
        assert!(refused.is_err());
        drop(served.client().await);
        let mut client = Client(connect(&served, ALPN_1).await);
        assert_eq!(client.get("/").await.body, "http/1.1 /");
        drop(client);
        served.stop().await;
    });
}

/// What the clients of these tests speak.
const ALPN_1: &[&str] = &["http/1.1"];

#[test]
fn who_does_not_shake_hands_is_let_go_and_holds_nobody_up() {
    inside_each(async || {
        let served = Served::new(service_fn(agreed), |server| {
            secured(server).header_read_timeout(SHORT * 5)
        })
        .await;
        let mut silent = served.client().await;
        let mut client = Client(connect(&served, ALPN_1).await);
        assert_eq!(client.get("/").await.body, "http/1.1 /");
        assert_eq!(silent.rest().await, "");
        drop(client);
        served.stop().await;
    });
}

#[test]
fn stopping_does_not_wait_for_handshakes() {
    inside_each(async || {
        let served = Served::new(service_fn(agreed), secured).await;
        let mut silent = served.client().await;
        // Later ones are accepted later.
        let mut client = Client(connect(&served, ALPN_1).await);
        assert_eq!(client.get("/").await.body, "http/1.1 /");
        drop(client);
        // Less than the limit of handshakes.
        let stopped = timeout(Duration::from_secs(15), served.stop()).await;
        assert_eq!(stopped.unwrap().cancelled, 0);
        assert_eq!(silent.rest().await, "");
    });
}
