//! TLS, over streams and over anything else: asyncio's `sslproto.py`.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bowerbird::net::{TcpListener, TcpStream};
use bowerbird::tls::rustls::pki_types::pem::PemObject;
use bowerbird::tls::rustls::pki_types::{CertificateDer, ServerName};
use bowerbird::tls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use bowerbird::tls::{TlsAcceptor, TlsConnector, rustls};
use bowerbird::{
    Server, StreamReader, StreamWriter, create_task, gather, open_connection, start_server,
    to_thread, wait_for, yield_now,
};
use futures_lite::{AsyncReadExt, AsyncWriteExt};

use crate::bell::Bell;
use crate::certificates::certificates;
use crate::loops::{inside_each, inside_each_pool};

fn acceptor() -> TlsAcceptor {
    let (chain, key) = &certificates().server;
    let builder = TlsAcceptor::builder(chain.as_str(), key.as_str());
    builder.alpn(["echo/2", "echo/1"]).build().unwrap()
}

fn connector() -> TlsConnector {
    let builder = TlsConnector::builder().roots_pem(certificates().authority.as_str());
    builder.alpn(["echo/1"]).build().unwrap()
}

async fn echo(mut reader: StreamReader, writer: StreamWriter) -> io::Result<()> {
    loop {
        let bytes = reader.read(4096).await?;
        if bytes.is_empty() {
            return Ok(());
        }
        writer.write(bytes).await?;
    }
}

pub(crate) async fn echo_server() -> (Server, SocketAddr) {
    let server = start_server(echo, "127.0.0.1:0").tls(acceptor());
    let server = server.await.unwrap();
    let addr = server.local_addrs()[0];
    (server, addr)
}

/// The other end as another program would do it: blocking, on a thread.
fn foreign_client(addr: SocketAddr) -> StreamOwned<ClientConnection, std::net::TcpStream> {
    let socket = std::net::TcpStream::connect(addr).unwrap();
    StreamOwned::new(foreign_session(), socket)
}

fn foreign_session() -> ClientConnection {
    let mut roots = RootCertStore::empty();
    let authority = certificates().authority.as_bytes();
    roots
        .add(CertificateDer::from_pem_slice(authority).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    ClientConnection::new(Arc::new(config), name).unwrap()
}

#[test]
fn lines_go_to_and_fro_in_secret() {
    inside_each(async || {
        let (server, addr) = echo_server().await;
        let clients = (0..8).map(|number| async move {
            let (mut reader, writer) = open_connection(addr).tls(connector()).await.unwrap();
            let info = writer.tls_info().unwrap();
            assert_eq!(info.alpn_protocol(), Some(&b"echo/1"[..]));
            assert_eq!(info.peer_certificates().len(), 1);
            assert_eq!(info.version(), Some(rustls::ProtocolVersion::TLSv1_3));
            assert_eq!(writer.peer_addr(), Some(addr));
            for round in 0..5 {
                let line = format!("{number} {round}\n");
                writer.write(&line).await.unwrap();
                assert_eq!(reader.readline().await.unwrap(), line.as_bytes());
            }
            assert!(!writer.can_write_eof());
            assert_eq!(
                writer.write_eof().unwrap_err().kind(),
                ErrorKind::Unsupported
            );
            writer.close();
            writer.wait_closed().await.unwrap();
            assert_eq!(reader.read(1).await.unwrap(), b"");
        });
        gather(clients).await.unwrap();
        server.close();
        server.wait_closed().await;
    });
}

#[test]
fn megabytes_flow_both_ways_and_arrive_as_they_were() {
    const SIZE: usize = 2 << 20;
    inside_each(async || {
        let (_server, addr) = echo_server().await;
        let (mut reader, writer) = open_connection(addr).tls(connector()).await.unwrap();
        let sent: Vec<u8> = (0..SIZE).map(|at| (at / 3) as u8).collect();
        writer.write(&sent);
        let received = reader.readexactly(SIZE).await.unwrap();
        assert!(received == sent);
    });
}

#[test]
fn fault_070_a_peer_that_never_reads_makes_writers_of_secrets_wait() {
    inside_each(async || {
        let silent = async |_reader: StreamReader, _writer: StreamWriter| {
            std::future::pending::<()>().await;
        };
        let server = start_server(silent, "127.0.0.1:0")
            .tls(acceptor())
            .await
            .unwrap();
        let (_reader, writer) = open_connection(server.local_addrs()[0])
            .tls(connector())
            .await
            .unwrap();
        let flooding = async {
            loop {
                writer.write([0; 10_000]).await.unwrap();
                assert!(writer.write_buffer_size() <= 64 * 1024 + 10_000);
            }
        };
        let flooded: Result<(), _> = wait_for(flooding, Duration::from_millis(300)).await;
        assert!(flooded.is_err());
        assert!(writer.write_buffer_size() > 64 * 1024);
        server.abort_clients();
    });
}

#[test]
fn names_and_authorities_are_checked() {
    inside_each(async || {
        let (_server, addr) = echo_server().await;
        let refused = async |connector: TlsConnector, name: &str| {
            let connecting = open_connection(addr).tls(connector).server_hostname(name);
            connecting.await.unwrap_err().kind()
        };
        assert_eq!(
            refused(connector(), "other.example").await,
            ErrorKind::InvalidData
        );
        assert_eq!(
            refused(TlsConnector::new(), "localhost").await,
            ErrorKind::InvalidData
        );
        assert_eq!(
            refused(connector(), "no name").await,
            ErrorKind::InvalidInput
        );
        let named = open_connection(addr)
            .tls(connector())
            .server_hostname("localhost");
        named.await.unwrap();

        let (chain, key) = &certificates().stranger;
        let stranger = TlsAcceptor::builder(chain.as_str(), key.as_str())
            .build()
            .unwrap();
        let server = start_server(echo, "127.0.0.1:0")
            .tls(stranger)
            .await
            .unwrap();
        let connecting = open_connection(server.local_addrs()[0]).tls(connector());
        let refused = connecting.server_hostname("localhost").await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidData);
    });
}

#[test]
fn a_name_without_tls_and_limits_of_zero_make_no_sense() {
    inside_each(async || {
        let (_server, addr) = echo_server().await;
        let refused = open_connection(addr).server_hostname("localhost").await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
        let hasty = connector().handshake_timeout(Duration::ZERO);
        let refused = open_connection(addr).tls(hasty).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn clients_show_their_certificate_where_they_must() {
    inside_each(async || {
        let (chain, key) = &certificates().server;
        let strict = TlsAcceptor::builder(chain.as_str(), key.as_str())
            .client_roots_pem(certificates().authority.as_str())
            .build()
            .unwrap();
        let count = async |_reader: StreamReader, writer: StreamWriter| {
            let shown = writer.tls_info().unwrap().peer_certificates().len();
            writer.write([u8::try_from(shown).unwrap()]).await
        };
        let server = start_server(count, "127.0.0.1:0")
            .tls(strict)
            .await
            .unwrap();
        let addr = server.local_addrs()[0];
        let (chain, key) = &certificates().client;
        let known = TlsConnector::builder()
            .roots_pem(certificates().authority.as_str())
            .certificate_pem(chain.as_str(), key.as_str())
            .build()
            .unwrap();
        let (mut reader, _writer) = open_connection(addr).tls(known).await.unwrap();
        assert_eq!(reader.readexactly(1).await.unwrap(), [1]);
        // In TLS 1.3 a client has agreed before the server looks at its certificate.
        let refused = match open_connection(addr).tls(connector()).await {
            Ok((mut reader, _writer)) => reader.read(1).await.unwrap_err(),
            Err(error) => error,
        };
        let kinds = [ErrorKind::InvalidData, ErrorKind::ConnectionReset];
        assert!(kinds.contains(&refused.kind()), "{refused}");
    });
}

#[test]
fn clients_that_cannot_shake_hands_harm_nobody() {
    inside_each(async || {
        let hasty = acceptor().handshake_timeout(Duration::from_millis(50));
        let server = start_server(echo, "127.0.0.1:0").tls(hasty).await.unwrap();
        let addr = server.local_addrs()[0];
        let (mut chatterer, chat) = open_connection(addr).await.unwrap();
        chat.write("GET / HTTP/1.0\r\n\r\n").await.unwrap();
        drop(open_connection(addr).await.unwrap());
        let (mut silent, _silence) = open_connection(addr).await.unwrap();
        let (mut reader, writer) = open_connection(addr).tls(connector()).await.unwrap();
        writer.write("fine").await.unwrap();
        assert_eq!(reader.readexactly(4).await.unwrap(), b"fine");
        // Told what is wrong, or simply closed, but not left waiting.
        let _alert = chatterer.read(None).await;
        let _closed = silent.read(None).await;
        writer.close();
        server.close();
        server.wait_closed().await;
    });
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    inside_each(async || {
        let silent = async |mut reader: StreamReader, _writer: StreamWriter| {
            reader.read(None).await.map(drop)
        };
        let server = start_server(silent, "127.0.0.1:0").await.unwrap();
        let addr = server.local_addrs()[0];
        let hasty = connector().handshake_timeout(Duration::from_millis(20));
        let slow = open_connection(addr).tls(hasty).await.unwrap_err();
        assert_eq!(slow.kind(), ErrorKind::ConnectionAborted);
        let cancelled = open_connection(addr).tls(connector());
        assert!(
            wait_for(cancelled, Duration::from_millis(20))
                .await
                .is_err()
        );
        // Both connections are closed: their handlers see the end.
        server.close();
        server.wait_closed().await;
    });
}

#[test]
fn a_peer_that_goes_without_farewell_is_noticed() {
    inside_each(async || {
        let tell = Arc::new(bowerbird::Queue::new(0));
        let queue = tell.clone();
        let handler = move |mut reader: StreamReader, _writer: StreamWriter| {
            let queue = queue.clone();
            async move {
                let read = reader.read(None).await;
                queue.put(read.map_err(|error| error.kind())).await.unwrap();
            }
        };
        let server = start_server(handler, "127.0.0.1:0")
            .tls(acceptor())
            .await
            .unwrap();
        let addr = server.local_addrs()[0];
        for is_polite in [true, false] {
            let leaving = to_thread(move || {
                let mut client = foreign_client(addr);
                client.write_all(b"all of it?").unwrap();
                if is_polite {
                    client.conn.send_close_notify();
                    client.flush().unwrap();
                }
                client
            });
            // Closed without a reset: the server may have sent tickets that nobody read.
            let client = leaving.await.unwrap();
            client.sock.shutdown(std::net::Shutdown::Write).unwrap();
            let read = tell.get().await.unwrap();
            if is_polite {
                assert_eq!(read.unwrap(), b"all of it?");
            } else {
                assert_eq!(read.unwrap_err(), ErrorKind::UnexpectedEof);
            }
            drop(client);
        }
    });
}

#[test]
fn a_close_tells_the_peer_and_waits_for_its_answer_within_its_limit() {
    inside_each(async || {
        let hasty = acceptor().shutdown_timeout(Duration::from_millis(50));
        let closed = Bell::default();
        let bell = closed.clone();
        let handler = move |mut reader: StreamReader, writer: StreamWriter| {
            let bell = bell.clone();
            async move {
                assert_eq!(reader.readexactly(1).await.unwrap(), b"?");
                let reading = create_task(async move { reader.read(None).await });
                yield_now().await;
                writer.write("bye");
                writer.close();
                writer.wait_closed().await.unwrap();
                // Whoever was reading is told, although the peer said nothing.
                assert_eq!(reading.await.unwrap().unwrap(), b"");
                bell.ring();
            }
        };
        let server = start_server(handler, "127.0.0.1:0")
            .tls(hasty)
            .await
            .unwrap();
        let addr = server.local_addrs()[0];
        let client = to_thread(move || {
            let mut client = foreign_client(addr);
            client.write_all(b"?").unwrap();
            let mut all = Vec::new();
            // An error here would be the missing farewell.
            client.read_to_end(&mut all).unwrap();
            assert_eq!(all, b"bye");
            client
        });
        let _client = client.await.unwrap();
        closed.rung().await;
    });
}

#[test]
fn a_connection_goes_on_in_tls_and_loses_no_early_byte() {
    inside_each(async || {
        let handler = async |mut reader: StreamReader, mut writer: StreamWriter| {
            assert_eq!(reader.readline().await?, b"STARTTLS\n");
            writer.accept_tls(&mut reader, &acceptor()).await?;
            echo(reader, writer).await
        };
        let server = start_server(handler, "127.0.0.1:0").await.unwrap();
        let addr = server.local_addrs()[0];

        let early = to_thread(move || {
            let mut client = foreign_client(addr);
            // The request and the first flight of the handshake, in one piece.
            let mut first = b"STARTTLS\n".to_vec();
            client.conn.write_tls(&mut first).unwrap();
            client.sock.write_all(&first).unwrap();
            client.write_all(b"early").unwrap();
            let mut answer = [0; 5];
            client.read_exact(&mut answer).unwrap();
            answer
        });
        assert_eq!(&early.await.unwrap(), b"early");

        let (mut reader, mut writer) = open_connection(addr).await.unwrap();
        writer.write("STARTTLS\n");
        writer
            .start_tls(&mut reader, &connector(), "localhost")
            .await
            .unwrap();
        assert!(writer.tls_info().is_some());
        writer.write("late\n").await.unwrap();
        assert_eq!(reader.readline().await.unwrap(), b"late\n");
        server.close();
        assert!(
            wait_for(server.wait_closed(), Duration::from_millis(10))
                .await
                .is_err()
        );
        writer.close();
        server.wait_closed().await;
    });
}

#[test]
fn a_failed_or_cancelled_upgrade_closes_the_connection() {
    inside_each(async || {
        let silent = async |mut reader: StreamReader, _writer: StreamWriter| {
            reader.read(None).await.map(drop)
        };
        let server = start_server(silent, "127.0.0.1:0").await.unwrap();
        let addr = server.local_addrs()[0];
        let (mut reader, mut writer) = open_connection(addr).await.unwrap();
        let connector = connector();
        let upgrade = writer.start_tls(&mut reader, &connector, "localhost");
        assert!(wait_for(upgrade, Duration::from_millis(10)).await.is_err());
        assert!(writer.is_closing());
        writer.wait_closed().await.unwrap();
        let late = writer.start_tls(&mut reader, &connector, "localhost").await;
        assert!(late.is_err());
        server.close();
        server.wait_closed().await;
    });
}

#[test]
#[should_panic = "needs the reader of the same connection"]
fn halves_of_two_connections_do_not_go_on_together() {
    bowerbird::run(async {
        let server = start_server(echo, "127.0.0.1:0").await.unwrap();
        let addr = server.local_addrs()[0];
        let (_one, mut writer) = open_connection(addr).await.unwrap();
        let (mut other, _writer) = open_connection(addr).await.unwrap();
        writer
            .start_tls(&mut other, &connector(), "localhost")
            .await
            .unwrap();
    });
}

#[test]
fn tls_goes_over_tls() {
    inside_each(async || {
        let handler = async |mut reader: StreamReader, mut writer: StreamWriter| {
            writer.accept_tls(&mut reader, &acceptor()).await?;
            echo(reader, writer).await
        };
        let server = start_server(handler, "127.0.0.1:0")
            .tls(acceptor())
            .await
            .unwrap();
        let addr = server.local_addrs()[0];
        let (mut reader, mut writer) = open_connection(addr).tls(connector()).await.unwrap();
        writer
            .start_tls(&mut reader, &connector(), "localhost")
            .await
            .unwrap();
        let sent = vec![5; 300_000];
        writer.write(&sent);
        assert_eq!(reader.readexactly(sent.len()).await.unwrap(), sent);
        writer.close();
        writer.wait_closed().await.unwrap();
        server.close();
        server.wait_closed().await;
    });
}

#[test]
fn any_stream_can_carry_tls() {
    inside_each(async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let serving = create_task(async move {
            let (stream, _) = listener.accept().await?;
            let stream = acceptor().accept(stream).await?;
            let copied = futures_lite::io::copy(&stream, &stream).await?;
            (&stream).close().await?;
            io::Result::Ok(copied)
        });
        let stream = TcpStream::connect(addr).await.unwrap();
        let stream = connector().connect("localhost", stream).await.unwrap();
        assert_eq!(stream.info().alpn_protocol(), Some(&b"echo/1"[..]));
        assert_eq!(stream.get_ref().peer_addr().unwrap(), addr);
        let sent = vec![9; 400_000];
        let writing = async {
            (&stream).write_all(&sent).await.unwrap();
            (&stream).close().await.unwrap();
        };
        let mut received = Vec::new();
        let mut reader = &stream;
        let reading = reader.read_to_end(&mut received);
        futures_lite::future::zip(writing, reading).await.1.unwrap();
        assert!(received == sent);
        assert_eq!(serving.await.unwrap().unwrap(), sent.len() as u64);
    });
}

#[test]
fn readers_and_writers_of_one_connection_work_on_several_threads() {
    inside_each_pool(async || {
        let (_server, addr) = echo_server().await;
        let (mut reader, writer) = open_connection(addr).tls(connector()).await.unwrap();
        let writer = Arc::new(writer);
        let writers = (0..4_u8).map(|number| {
            let writer = writer.clone();
            async move {
                for _ in 0..50 {
                    writer.write(vec![number; 3_000]).await.unwrap();
                }
            }
        });
        let writing = gather(writers);
        let mut blocks = [0; 4];
        for _ in 0..4 * 50 {
            let block = reader.readexactly(3_000).await.unwrap();
            assert!(block.iter().all(|&byte| byte == block[0]));
            blocks[usize::from(block[0])] += 1;
        }
        assert_eq!(blocks, [50; 4]);
        writing.await.unwrap();
    });
}
