//! TCP: what is said before connecting, halves, peeking, and what happens at the end.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr};
use std::time::Duration;

use bowerbird::net::{Direction, Keepalive, TcpListener, TcpSocket, TcpStream, lookup_host};
use bowerbird::{create_task, wait_for, yield_now};
use futures_lite::{AsyncReadExt, AsyncWriteExt};

use crate::loops::{inside_each, soon};

pub(crate) async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let client = TcpStream::connect(address).await.unwrap();
    let (server, _) = listener.accept().await.unwrap();
    (client, server)
}

#[test]
fn what_is_said_of_a_socket_holds_for_what_it_makes() {
    inside_each(async || {
        let socket = TcpSocket::new()
            .nodelay(true)
            .keepalive(Keepalive::after(Duration::from_millis(1)).retries(3))
            .linger(Duration::from_millis(1_500))
            .recv_buffer_size(1 << 16)
            .send_buffer_size(1 << 16)
            .backlog(3);
        let listener = socket.listen("127.0.0.1:0").await.unwrap();
        let from = SocketAddr::from(([127, 0, 0, 2], 0));
        let client = socket.clone().local_addr(from);
        let client = client
            .connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (_server, peer) = listener.accept().await.unwrap();
        assert_eq!(peer.ip(), from.ip());
        assert!(client.nodelay().unwrap());
        assert!(client.keepalive().unwrap());
        assert_eq!(client.linger().unwrap(), Some(Duration::from_secs(2)));

        client.set_nodelay(false).unwrap();
        client.set_keepalive(None).unwrap();
        client.set_linger(None).unwrap();
        client.set_ttl(7).unwrap();
        assert!(!client.nodelay().unwrap());
        assert!(!client.keepalive().unwrap());
        assert_eq!(client.linger().unwrap(), None);
        assert_eq!(client.ttl().unwrap(), 7);
        assert!(client.take_error().unwrap().is_none());
    });
}

#[test]
#[cfg(any(target_os = "linux", target_os = "freebsd"))]
fn listeners_share_a_port_when_all_of_them_say_so() {
    inside_each(async || {
        let shared = TcpSocket::new().reuse_port(true);
        let first = shared.listen("127.0.0.1:0").await.unwrap();
        let address = first.local_addr().unwrap();
        let second = shared.listen(address).await.unwrap();
        let lonely = TcpListener::bind(address).await.unwrap_err();
        assert_eq!(lonely.kind(), ErrorKind::AddrInUse);
        // Whichever of the two the system chooses.
        let _client = TcpStream::connect(address).await.unwrap();
        futures_lite::future::race(first.accept(), second.accept())
            .await
            .unwrap();
    });
}

#[test]
fn a_listener_for_every_address_of_this_machine() {
    inside_each(async || {
        let listeners = TcpListener::bind_all("localhost:0").await.unwrap();
        assert!(!listeners.is_empty());
        for listener in &listeners {
            let address = listener.local_addr().unwrap();
            let _client = TcpStream::connect(address).await.unwrap();
            listener.accept().await.unwrap();
        }
    });
}

#[test]
fn families_share_a_port_and_an_address_counts_once() {
    inside_each(async || {
        let v4 = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = v4.local_addr().unwrap().port();
        drop(v4);
        let twice = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
        let everywhere = TcpListener::bind_all(("", port)).await.unwrap();
        let is_v4 = |listener: &TcpListener| listener.local_addr().unwrap().is_ipv4();
        assert_eq!(everywhere.iter().filter(|one| is_v4(one)).count(), 1);
        drop(everywhere);
        assert_eq!(
            TcpListener::bind_all([twice, twice]).await.unwrap().len(),
            1
        );
    });
}

#[test]
fn one_address_that_is_taken_leaves_none_bound() {
    inside_each(async || {
        let owner = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let taken = owner.local_addr().unwrap();
        let free = TcpListener::bind("127.0.0.2:0").await.unwrap();
        let free = free.into_std().unwrap().local_addr().unwrap();
        let refused = TcpListener::bind_all([free, taken]).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AddrInUse);
        let bound = soon(async || TcpListener::bind(free).await, Result::is_ok).await;
        bound.unwrap();
    });
}

#[test]
fn names_are_looked_up_and_literals_are_not() {
    inside_each(async || {
        let literal = SocketAddr::from(([127, 0, 0, 1], 80));
        assert_eq!(lookup_host("127.0.0.1:80").await.unwrap(), [literal]);
        assert_eq!(lookup_host(literal).await.unwrap(), [literal]);
        let named = lookup_host("localhost:80").await.unwrap();
        assert!(named.contains(&literal));
        for malformed in ["localhost", "localhost:http", "a\0b:80"] {
            let refused = lookup_host(malformed).await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{malformed:?}");
        }
        assert!(lookup_host("no-such-host.invalid:80").await.is_err());
    });
}

#[test]
fn a_literal_address_takes_no_thread() {
    inside_each(async || {
        let event_loop = bowerbird::get_running_loop().unwrap();
        let threads = || event_loop.metrics().blocking_threads;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        TcpStream::connect(address.to_string()).await.unwrap();
        lookup_host((IpAddr::from([127, 0, 0, 1]), 1))
            .await
            .unwrap();
        assert_eq!(threads(), 0);
        lookup_host("localhost:1").await.unwrap();
        assert_eq!(threads(), 1, "the metric tells");
    });
}

#[test]
fn halves_work_in_tasks_of_their_own_and_make_a_whole_again() {
    inside_each(async || {
        let (client, server) = pair().await;
        let echo = create_task(async move {
            let (reader, mut writer) = server.into_split();
            futures_lite::io::copy(reader, &mut writer).await.unwrap();
        });
        let (mut reader, mut writer) = client.into_split();
        let writing = create_task(async move {
            writer.write_all(&[7; 100_000]).await.unwrap();
            writer
        });
        let mut all = vec![0; 100_000];
        reader.read_exact(&mut all).await.unwrap();
        assert!(all.iter().all(|byte| *byte == 7));
        let mut client = reader.reunite(writing.await.unwrap()).unwrap();
        // Putting it together did not end the writing.
        client.write_all(b"!").await.unwrap();
        let (mut reader, mut writer) = client.split();
        writer.close().await.unwrap();
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"!");
        echo.await.unwrap();
    });
}

#[test]
fn dropping_the_writing_half_ends_the_writing_and_forgetting_does_not() {
    inside_each(async || {
        let (client, mut server) = pair().await;
        let (mut reader, writer) = client.into_split();
        drop(writer);
        assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
        server.write_all(b"x").await.unwrap();
        reader.read_exact(&mut [0]).await.unwrap();

        let (client, mut server) = pair().await;
        let (reader, writer) = client.into_split();
        writer.forget();
        let nothing = wait_for(server.read(&mut [0]), Duration::from_millis(5)).await;
        assert!(nothing.is_err(), "the direction is still open");
        drop(reader);
        assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
    });
}

#[test]
fn halves_of_different_connections_are_given_back() {
    inside_each(async || {
        let (one, other) = pair().await;
        let (reader, writer) = one.into_split();
        let (_reader, stranger) = other.into_split();
        let error = reader.reunite(stranger).unwrap_err();
        assert!(error.to_string().contains("different"));
        assert!(writer.reunite(error.0).is_ok());
    });
}

#[test]
fn what_was_peeked_at_is_read_again() {
    inside_each(async || {
        let (mut client, mut server) = pair().await;
        client.write_all(b"abc").await.unwrap();
        let mut some = [0; 2];
        while server.peek(&mut some).await.unwrap() < 2 {}
        let mut all = [0; 3];
        server.read_exact(&mut all).await.unwrap();
        assert_eq!((&some, &all), (b"ab", b"abc"));
        drop(client);
        assert_eq!(server.peek(&mut some).await.unwrap(), 0, "the end");
    });
}

#[test]
fn trying_does_not_wait_and_waiting_does_not_read() {
    inside_each(async || {
        let (mut client, server) = pair().await;
        let mut buffer = [0; 8];
        let nothing = server.try_read(&mut buffer).unwrap_err();
        assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
        server.writable().await.unwrap();
        assert_eq!(server.try_write(b"now").unwrap(), 3);

        client.write_all(b"there").await.unwrap();
        // The event is for everybody, and stays until the bytes are gone.
        server.readable().await.unwrap();
        server.readable().await.unwrap();
        let peeked = server.try_io(Direction::Read, |stream| stream.peek(&mut buffer));
        assert_eq!(peeked.unwrap(), 5);
        assert_eq!(server.try_read(&mut buffer).unwrap(), 5);
        let nothing = server.try_read(&mut buffer).unwrap_err();
        assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
        let waited = wait_for(server.readable(), Duration::from_millis(5)).await;
        assert!(waited.is_err(), "the bytes are gone");
    });
}

#[test]
fn all_that_wait_for_an_event_are_told() {
    inside_each(async || {
        let (mut client, server) = pair().await;
        let server = std::sync::Arc::new(server);
        let waiting: Vec<_> = (0..5)
            .map(|_| {
                let server = server.clone();
                create_task(async move { server.readable().await })
            })
            .collect();
        yield_now().await;
        client.write_all(b"!").await.unwrap();
        for waiter in waiting {
            waiter.await.unwrap().unwrap();
        }
    });
}

#[test]
fn shutting_down_wakes_who_reads() {
    inside_each(async || {
        let (client, _server) = pair().await;
        let client = std::sync::Arc::new(client);
        let reader = client.clone();
        let reading = create_task(async move { (&*reader).read(&mut [0]).await });
        yield_now().await;
        client.shutdown(Shutdown::Both).unwrap();
        assert_eq!(reading.await.unwrap().unwrap(), 0);
    });
}

#[test]
fn an_accept_that_does_not_wait() {
    inside_each(async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        assert_eq!(
            listener.try_accept().unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        let _client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        listener.try_accept().unwrap();
    });
}

#[test]
#[cfg(unix)]
fn urgent_data_hides_nothing_that_came_behind_it() {
    use rustix::net::{SendFlags, send};

    inside_each(async || {
        let (mut client, server) = pair().await;
        for (bytes, flags) in [
            (&b"before"[..], SendFlags::empty()),
            (b"!", SendFlags::OOB),
            (b"after", SendFlags::empty()),
        ] {
            assert_eq!(send(&server, bytes, flags), Ok(bytes.len()));
        }
        let mut all = Vec::new();
        while all.len() < 11 {
            let mut some = [0; 64];
            let length = client.read(&mut some).await.unwrap();
            all.extend_from_slice(&some[..length]);
        }
        assert_eq!(all, b"beforeafter");
    });
}

#[test]
#[cfg(unix)]
fn what_has_no_method_is_said_through_the_descriptor() {
    use rustix::net::sockopt::{set_socket_recv_buffer_size, socket_recv_buffer_size};
    use std::os::fd::AsFd;

    fn resize(socket: &impl AsFd) {
        set_socket_recv_buffer_size(socket, 20_000).unwrap();
        assert!(socket_recv_buffer_size(socket).unwrap() >= 20_000);
    }
    inside_each(async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (one, other) = bowerbird::net::UnixStream::pair().unwrap();
        let (left, right) = bowerbird::net::UnixDatagram::pair().unwrap();
        resize(&listener);
        resize(&pair().await.0);
        resize(
            &bowerbird::net::UdpSocket::bind("127.0.0.1:0")
                .await
                .unwrap(),
        );
        resize(&one);
        resize(&left);
        drop((other, right));
    });
}

/// Addresses of this machine: of both versions, and those of its links, with their numbers.
#[cfg(target_os = "linux")]
fn own_addresses() -> Vec<SocketAddr> {
    let mut own: Vec<SocketAddr> = vec!["127.0.0.1:0".parse().unwrap()];
    own.push("127.255.0.7:0".parse().unwrap());
    own.push("[::1]:0".parse().unwrap());
    // Only Linux has the list; a machine may have no link but the loop.
    let links = std::fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    for link in links.lines().filter(|line| line.starts_with("fe80")) {
        let mut fields = link.split_whitespace();
        let bits = u128::from_str_radix(fields.next().unwrap(), 16).unwrap();
        let scope = u32::from_str_radix(fields.next().unwrap(), 16).unwrap();
        own.push(std::net::SocketAddrV6::new(bits.into(), 0, 0, scope).into());
    }
    own
}

#[cfg(target_os = "linux")]
#[test]
fn fault_071_addresses_come_back_as_they_went_in() {
    use bowerbird::net::UdpSocket;

    inside_each(async || {
        for own in own_addresses() {
            let listener = match TcpListener::bind(own).await {
                // A machine, or a container, may lack a family.
                Err(error) if error.kind() == ErrorKind::AddrNotAvailable => continue,
                listener => listener.unwrap(),
            };
            let mut named = own;
            named.set_port(listener.local_addr().unwrap().port());
            assert_eq!(listener.local_addr().unwrap(), named);
            let client = TcpStream::connect(named).await.unwrap();
            assert_eq!(client.peer_addr().unwrap(), named);
            let (server, peer) = listener.accept().await.unwrap();
            assert_eq!(server.local_addr().unwrap(), named);
            assert_eq!(peer, client.local_addr().unwrap());

            let (one, other) = (UdpSocket::bind(own).await, UdpSocket::bind(own).await);
            let (one, other) = (one.unwrap(), other.unwrap());
            let to = other.local_addr().unwrap();
            one.send_to(b"x", to).await.unwrap();
            let (length, from) = other.recv_from(&mut [0; 2]).await.unwrap();
            assert_eq!((length, from), (1, one.local_addr().unwrap()));
        }
    });
}
