//! The client over TLS: whom it trusts, through a tunnel, and HTTP/2 where it is offered.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bowerbird::net::{TcpListener, TcpStream};
use bowerbird::tls::{TlsAcceptor, TlsConnector};
use bowerbird::{Task, create_task, gather};
use bowerbird_http::Incoming;
use bowerbird_http::client::{ClientError, ClientSession, Connector, ConnectorErrorKind, Proxy};
use bowerbird_http::http::{Request, Response, Version};
use bowerbird_http::rt::{Io, Timer};
use futures_lite::AsyncWriteExt;
use hyper::service::service_fn;

use crate::peers::{Scripted, text_of};
use crate::wire::inside_each;

/// A server over TLS for `localhost`, which counts its connections.
struct Secured {
    addr: SocketAddr,
    /// Who is trusted to know it.
    roots: String,
    connections: Arc<AtomicUsize>,
    serving: Task<()>,
}

async fn told(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let (version, uri) = (request.version(), request.uri());
    Ok(Response::new(format!("{version:?} {}", uri.path())))
}

async fn converse(stream: TcpStream, acceptor: TlsAcceptor) {
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    let is_http2 = stream.info().alpn_protocol() == Some(b"h2");
    let io = Io::flattened(stream);
    if is_http2 {
        #[cfg(feature = "http2")]
        let _ended = hyper::server::conn::http2::Builder::new(bowerbird_http::rt::Executor)
            .timer(Timer)
            .serve_connection(io, service_fn(told))
            .await;
    } else {
        let _ended = hyper::server::conn::http1::Builder::new()
            .timer(Timer)
            .serve_connection(io, service_fn(told))
            .await;
    }
}

impl Secured {
    async fn start(protocols: &[&str]) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let roots = made.cert.pem();
        let key = made.signing_key.serialize_pem();
        let acceptor = TlsAcceptor::builder(roots.clone(), key).alpn(protocols);
        let acceptor = acceptor.build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = connections.clone();
        let serving = create_task(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::Relaxed);
                drop(create_task(converse(stream, acceptor.clone())));
            }
        });
        Self {
            addr,
            roots,
            connections,
            serving,
        }
    }

    fn url(&self) -> String {
        format!("https://localhost:{}/x", self.addr.port())
    }

    fn session(&self, protocols: &[&str]) -> ClientSession {
        let tls = TlsConnector::builder()
            .roots_pem(self.roots.clone())
            .alpn(protocols);
        let connector = Connector::builder().tls(tls.build().unwrap()).build();
        ClientSession::builder()
            .connector(connector)
            .build()
            .unwrap()
    }
}

impl Drop for Secured {
    fn drop(&mut self) {
        self.serving.cancel();
    }
}

#[test]
fn a_trusted_server_is_asked_and_others_are_not() {
    inside_each(async || {
        let server = Secured::start(&["http/1.1"]).await;
        let session = server.session(&["http/1.1"]);
        for _ in 0..2 {
            let response = session.get(server.url()).await.unwrap();
            assert_eq!(response.text().await.unwrap(), "HTTP/1.1 /x");
        }
        assert_eq!(server.connections.load(Ordering::Relaxed), 1);
        let error = ClientSession::new().get(server.url()).await.unwrap_err();
        let ClientError::Connector(error) = error else {
            panic!("{error:?}");
        };
        assert_eq!(error.kind(), ConnectorErrorKind::Tls);
    });
}

#[cfg(feature = "http2")]
#[test]
fn http2_needs_one_connection_for_all_who_ask_at_once() {
    inside_each(async || {
        let server = Secured::start(&["h2", "http/1.1"]).await;
        let session = server.session(&["h2", "http/1.1"]);
        let asked = (0..30).map(|_| {
            let request = session.get(server.url());
            async move {
                let response = request.await.unwrap();
                assert_eq!(response.version(), Version::HTTP_2);
                response.text().await.unwrap()
            }
        });
        for said in gather(asked).await.unwrap() {
            assert_eq!(said, "HTTP/2.0 /x");
        }
        assert_eq!(server.connections.load(Ordering::Relaxed), 1);
        assert_eq!(session.connector().open_connections(), 1);
        // An answer that is dropped unread costs its stream alone.
        drop(session.get(server.url()).await.unwrap());
        let said = text_of(session.get(server.url())).await;
        assert_eq!(said, "HTTP/2.0 /x");
        assert_eq!(server.connections.load(Ordering::Relaxed), 1);
        session.close();
        session.connector().close();
        assert_eq!(session.connector().open_connections(), 0);
    });
}

#[cfg(feature = "http2")]
#[test]
fn a_server_of_http1_lets_all_others_in_once_it_is_known() {
    inside_each(async || {
        let server = Secured::start(&["http/1.1"]).await;
        let session = server.session(&["h2", "http/1.1"]);
        let asked = (0..10).map(|_| {
            let request = session.get(server.url());
            async move { text_of(request).await }
        });
        for said in gather(asked).await.unwrap() {
            assert_eq!(said, "HTTP/1.1 /x");
        }
        let open = session.connector().open_connections();
        assert!((1..=10).contains(&open), "{open}");
        assert_eq!(open, session.connector().idle_connections());
    });
}

#[test]
fn a_tunnel_leads_to_the_server_itself() {
    inside_each(async || {
        let server = Secured::start(&["http/1.1"]).await;
        let to = server.addr;
        let peer = Scripted::start(move |mut line, _| async move {
            let head = line.head().await.unwrap();
            assert!(
                head.starts_with(&format!("connect localhost:{} ", to.port())),
                "{head}"
            );
            let there = TcpStream::connect(to).await.unwrap();
            line.say("HTTP/1.1 200 Connection established\r\n\r\n")
                .await;
            let (mut from_client, mut to_client) = line.0.into_split();
            let (mut from_server, mut to_server) = there.into_split();
            let up = async {
                let _ended = futures_lite::io::copy(&mut from_client, &mut to_server).await;
                let _closed = to_server.close().await;
            };
            let down = async {
                let _ended = futures_lite::io::copy(&mut from_server, &mut to_client).await;
                let _closed = to_client.close().await;
            };
            futures_lite::future::zip(up, down).await;
        })
        .await;
        let proxy = Proxy::new(format!("http://{}", peer.addr)).unwrap();
        let session = server.session(&["http/1.1"]);
        for _ in 0..2 {
            let asked = session
                .get(server.url())
                .proxy(proxy.clone())
                .await
                .unwrap();
            assert_eq!(asked.version(), Version::HTTP_11);
            assert_eq!(asked.text().await.unwrap(), "HTTP/1.1 /x");
        }
        assert_eq!(server.connections.load(Ordering::Relaxed), 1);
    });
}
