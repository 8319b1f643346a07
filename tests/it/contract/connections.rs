//! streams and net: names and shapes, over connections to ourselves.

use std::io::{self, IoSlice};
use std::net::SocketAddr;

use bowerbird::net::{self, TcpListener, TcpStream, UdpSocket};
use bowerbird::streams::Drain;
use bowerbird::{Server, StreamReader, StreamWriter, lookup_host, open_connection, start_server};
use futures_lite::{AsyncReadExt, AsyncWriteExt};

use super::is_send;
use crate::certificates::certificates;
use crate::loops::inside_each;

/// Sends back what comes, line by line.
async fn echo(mut reader: StreamReader, writer: StreamWriter) -> io::Result<()> {
    while let Ok(line) = reader.readline().await {
        if line.is_empty() {
            break;
        }
        writer.write(line).await?;
    }
    Ok(())
}

#[test]
fn a_server_and_a_client_talk() {
    inside_each(async || {
        let server: Server = start_server(echo, "127.0.0.1:0").await.unwrap();
        let addr: SocketAddr = server.local_addrs()[0];
        let (mut reader, writer): (StreamReader, StreamWriter) =
            is_send(open_connection(addr).limit(64).into_future())
                .await
                .unwrap();
        let drain: Drain<'_> = writer.write(b"one\ntwo;");
        drain.await.unwrap();
        writer.writelines(["three\n", "four\n"]);
        writer.drain().await.unwrap();
        writer.write_eof().unwrap();
        assert!(writer.can_write_eof() && !writer.is_closing());
        assert_eq!(reader.readline().await.unwrap(), b"one\n");
        assert_eq!(reader.readuntil(b";").await.unwrap(), b"two;");
        assert_eq!(reader.readexactly(6).await.unwrap(), b"three\n");
        assert_eq!(reader.read(100).await.unwrap(), b"four\n");
        assert!(reader.read(None).await.unwrap().is_empty() && reader.at_eof());
        assert!(reader.exception().is_none());
        writer.close();
        writer.wait_closed().await.unwrap();
        close(server).await;
    });
}

/// Ends a server in all its ways.
async fn close(server: Server) {
    assert!(server.is_serving());
    server.start_serving().unwrap();
    server.close_clients();
    server.abort_clients();
    server.close();
    server.wait_closed().await;
    let ended: io::Result<()> = server.serve_forever().await;
    assert!(ended.is_err(), "it is closed");
}

#[test]
fn tls_is_an_option() {
    inside_each(async || {
        use bowerbird::tls::{TlsAcceptor, TlsConnector};
        let (chain, key) = &certificates().server;
        let acceptor = TlsAcceptor::builder(chain.as_str(), key.as_str());
        let acceptor = acceptor.build().unwrap();
        let connector = TlsConnector::builder().roots_pem(certificates().authority.as_str());
        let connector = connector.build().unwrap();
        let server = start_server(echo, "127.0.0.1:0")
            .tls(acceptor)
            .await
            .unwrap();
        let client = open_connection(server.local_addrs()[0])
            .tls(connector)
            .server_hostname("localhost");
        let (mut reader, writer) = client.await.unwrap();
        writer.write("secret\n").await.unwrap();
        assert_eq!(reader.readline().await.unwrap(), b"secret\n");
    });
}

#[cfg(unix)]
#[test]
fn streams_have_unix_twins() {
    use bowerbird::{open_unix_connection, start_unix_server};
    inside_each(async || {
        let folder = crate::folder::Folder::new();
        let server = start_unix_server(echo, folder.at("socket")).await.unwrap();
        let (mut reader, writer) = open_unix_connection(folder.at("socket")).await.unwrap();
        writer.write("one\n").await.unwrap();
        assert_eq!(reader.readline().await.unwrap(), b"one\n");
        server.close();
    });
}

#[test]
fn tcp_sockets_are_futures_io_and_split_without_locks() {
    inside_each(async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let mut client = TcpStream::connect(addr).await.unwrap();
        let (server, peer) = listener.accept().await.unwrap();
        assert_eq!(peer, client.local_addr().unwrap());
        client.write_all(b"hello").await.unwrap();
        let (mut read, mut write) = server.into_split();
        let mut five = [0; 5];
        read.read_exact(&mut five).await.unwrap();
        write.write_all(&five).await.unwrap();
        let (mut read, mut write) = client.split();
        write.write_vectored(&[IoSlice::new(b"x")]).await.unwrap();
        read.read_exact(&mut five).await.unwrap();
        assert_eq!(&five, b"hello");
        let there_and_back = TcpStream::from_std(client.into_std().unwrap()).unwrap();
        there_and_back.set_nodelay(true).unwrap();
        assert!(there_and_back.nodelay().unwrap());
        TcpListener::from_std(listener.into_std().unwrap()).unwrap();
    });
}

#[test]
fn names_are_looked_up_and_both_families_tried() {
    inside_each(async || {
        let addrs: Vec<SocketAddr> = lookup_host("localhost:80").await.unwrap();
        assert!(addrs.iter().all(|addr| addr.ip().is_loopback()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let socket = net::TcpSocket::new().happy_eyeballs_delay(None);
        assert!(socket.connect(("localhost", port)).await.is_ok());
        assert!(net::TcpStream::connect(("localhost", port)).await.is_ok());
    });
}

#[test]
fn datagrams_go_and_come() {
    inside_each(async || {
        let one = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let two = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut buffer = [0; 8];
        one.send_to(b"one", two.local_addr().unwrap())
            .await
            .unwrap();
        let (length, from) = two.recv_from(&mut buffer).await.unwrap();
        assert_eq!((length, from), (3, one.local_addr().unwrap()));
        two.connect(from).await.unwrap();
        two.send(b"two!").await.unwrap();
        assert_eq!(one.recv(&mut buffer).await.unwrap(), 4);
        UdpSocket::from_std(one.into_std().unwrap()).unwrap();
    });
}

#[cfg(unix)]
#[test]
fn unix_sockets_and_any_descriptor() {
    use bowerbird::net::{Async, UnixDatagram, UnixListener, UnixStream};
    use std::io::{Read, Write};
    inside_each(async || {
        let folder = crate::folder::Folder::new();
        let listener = UnixListener::bind(folder.at("listener")).unwrap();
        let mut client = UnixStream::connect(folder.at("listener")).await.unwrap();
        let mut server = listener.accept().await.unwrap();
        client.write_all(b"hello").await.unwrap();
        let mut five = [0; 5];
        server.read_exact(&mut five).await.unwrap();
        let (_read, _write) = client.split();
        let client = UnixStream::from_std(client.into_std().unwrap()).unwrap();
        let (_read, _write) = client.into_split();
        let (one, two) = UnixDatagram::pair().unwrap();
        one.send(b"x").await.unwrap();
        assert_eq!(two.recv(&mut five).await.unwrap(), 1);
        let (ours, mut theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let ours: Async<std::os::unix::net::UnixStream> = Async::new(ours).unwrap();
        theirs.write_all(b"y").unwrap();
        ours.readable().await.unwrap();
        let length = ours.read_with(|mut io| io.read(&mut five)).await.unwrap();
        assert_eq!(length, 1);
        ours.writable().await.unwrap();
        ours.write_with(|mut io| io.write(b"z")).await.unwrap();
    });
}

#[test]
fn files_are_sent() {
    inside_each(async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let mut client = TcpStream::connect(addr).await.unwrap();
        let (server, _peer) = listener.accept().await.unwrap();
        let file = bowerbird::fs::File::open("Cargo.toml").await.unwrap();
        let sent: u64 = bowerbird::sendfile(&server, &file, 1, 7).await.unwrap();
        assert_eq!(sent, 7);
        let mut heading = [0; 7];
        client.read_exact(&mut heading).await.unwrap();
        assert_eq!(&heading, b"package");
    });
}
