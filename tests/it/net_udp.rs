//! UDP: datagrams whole or not at all, many tasks at one socket, options.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bowerbird::net::UdpSocket;
use bowerbird::{create_task, gather, wait_for, yield_now};
use futures_lite::future::poll_once;

use crate::bell::Bell;
use crate::loops::{inside_each, inside_one_thread, soon};

async fn here() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

#[test]
fn datagrams_keep_their_bounds_and_say_where_they_come_from() {
    inside_each(async || {
        let ((one, one_at), (other, other_at)) = (here().await, here().await);
        let mut buffer = [0; 16];
        let received = async {
            let mut lengths = Vec::new();
            for _ in 0..3 {
                let (length, from) = other.recv_from(&mut buffer).await.unwrap();
                assert_eq!(from, one_at);
                lengths.push(length);
            }
            lengths
        };
        let sent = async {
            for datagram in [&b"abc"[..], b"", b"defgh"] {
                let length = one.send_to(datagram, other_at).await.unwrap();
                assert_eq!(length, datagram.len());
            }
        };
        let (lengths, ()) = futures_lite::future::zip(received, sent).await;
        assert_eq!(lengths, [3, 0, 5]);
        assert_eq!(&buffer[..5], b"defgh");
    });
}

#[test]
fn a_datagram_that_does_not_fit_is_cut_off_and_leaves_no_rest() {
    inside_each(async || {
        let ((one, _), (other, other_at)) = (here().await, here().await);
        one.send_to(b"long", other_at).await.unwrap();
        one.send_to(b"x", other_at).await.unwrap();
        let mut small = [0; 2];
        assert_eq!(other.recv(&mut small).await.unwrap(), 2);
        assert_eq!(&small, b"lo");
        assert_eq!(other.recv(&mut small).await.unwrap(), 1);
        let huge = one.send_to(&[0; 70_000], other_at).await;
        assert!(huge.is_err(), "no datagram is that long");
    });
}

#[test]
fn a_connected_socket_hears_its_peer_alone() {
    inside_each(async || {
        let ((one, one_at), (other, other_at)) = (here().await, here().await);
        let (stranger, _) = here().await;
        other.connect(one_at).await.unwrap();
        assert_eq!(other.peer_addr().unwrap(), one_at);
        stranger.send_to(b"psst", other_at).await.unwrap();
        one.send_to(b"hello", other_at).await.unwrap();
        let mut buffer = [0; 16];
        assert_eq!(other.peek(&mut buffer).await.unwrap(), 5);
        assert_eq!(other.recv(&mut buffer).await.unwrap(), 5);
        other.send(b"back").await.unwrap();
        assert_eq!(one.peek_from(&mut buffer).await.unwrap(), (4, other_at));
        assert_eq!(one.recv_from(&mut buffer).await.unwrap(), (4, other_at));
        let nothing = other.try_recv(&mut buffer).unwrap_err();
        assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_peer_that_has_gone_is_an_error_and_the_socket_lives_on() {
    inside_each(async || {
        let ((one, one_at), (other, other_at)) = (here().await, here().await);
        one.connect(other_at).await.unwrap();
        drop(other);
        let ask = async || {
            one.send(b"anybody?").await.unwrap();
            poll_once(one.recv(&mut [0; 8])).await
        };
        let refused = soon(ask, Option::is_some).await.unwrap().unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        let other = UdpSocket::bind(other_at).await.unwrap();
        other.send_to(b"me", one_at).await.unwrap();
        assert_eq!(one.recv(&mut [0; 8]).await.unwrap(), 2);
    });
}

#[test]
fn several_tasks_receive_from_one_socket() {
    inside_each(async || {
        let (server, at) = here().await;
        let server = Arc::new(server);
        let receiving = (0..10).map(|_| {
            let server = server.clone();
            async move {
                let mut number = [0];
                server.recv_from(&mut number).await.unwrap();
                number[0]
            }
        });
        let receiving = gather(receiving);
        yield_now().await;
        let (client, _) = here().await;
        for number in 0..10 {
            client.send_to(&[number], at).await.unwrap();
        }
        let mut numbers = receiving.await.unwrap();
        numbers.sort_unstable();
        assert_eq!(numbers, Vec::from_iter(0..10));
    });
}

#[test]
fn a_cancelled_recv_loses_no_datagram() {
    inside_each(async || {
        let ((one, _), (other, at)) = (here().await, here().await);
        let mut buffer = [0; 4];
        for number in 0..50_u8 {
            assert!(
                wait_for(other.recv(&mut buffer), Duration::ZERO)
                    .await
                    .is_err()
            );
            let short = wait_for(other.recv(&mut buffer), Duration::from_micros(100)).await;
            assert!(short.is_err());
            one.send_to(&[number], at).await.unwrap();
            assert_eq!(other.recv(&mut buffer).await.unwrap(), 1);
            assert_eq!(buffer[0], number);
        }
    });
}

#[test]
fn a_socket_that_is_always_ready_lets_others_run() {
    inside_one_thread(async || {
        let (socket, at) = here().await;
        let ran = Bell::default();
        let ring = ran.clone();
        let sending = create_task(async move {
            create_task(async move { ring.ring() }).detach();
            let mut sent = 0;
            while sent < 20_000 && !ran.is_rung() {
                socket.send_to(b"x", at).await.unwrap();
                sent += 1;
            }
            sent
        });
        assert!(sending.await.unwrap() < 20_000);
    });
}

#[test]
fn a_group_hears_what_is_sent_to_it() {
    inside_each(async || {
        let group = Ipv4Addr::new(239, 255, 77, 77);
        let local = Ipv4Addr::LOCALHOST;
        let one = UdpSocket::bind_shared("0.0.0.0:0").await.unwrap();
        let port = one.local_addr().unwrap().port();
        let other = UdpSocket::bind_shared(("0.0.0.0", port)).await.unwrap();
        for receiver in [&one, &other] {
            // Where there is no network at all, there are no groups either.
            if let Err(error) = receiver.join_multicast_v4(group, local) {
                eprintln!("skipped: this machine has no multicast: {error}");
                return;
            }
        }
        let sender = UdpSocket::bind((local, 0)).await.unwrap();
        sender.set_multicast_loop_v4(true).unwrap();
        sender.set_multicast_ttl_v4(1).unwrap();
        if let Err(error) = sender.send_to(b"all", (group, port)).await {
            eprintln!("skipped: this machine has no way to a group: {error}");
            return;
        }
        for receiver in [&one, &other] {
            let mut buffer = [0; 8];
            let heard = wait_for(receiver.recv(&mut buffer), Duration::from_secs(20)).await;
            assert_eq!(heard.unwrap().unwrap(), 3);
            receiver.leave_multicast_v4(group, local).unwrap();
        }
    });
}

#[test]
fn options_are_kept() {
    inside_each(async || {
        let (socket, _) = here().await;
        let everyone = SocketAddr::from(([255, 255, 255, 255], 9));
        let refused = socket.send_to(b"x", everyone).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
        socket.set_broadcast(true).unwrap();
        socket.set_ttl(9).unwrap();
        socket.set_recv_buffer_size(1 << 16).unwrap();
        socket.set_send_buffer_size(1 << 16).unwrap();
        assert!(socket.broadcast().unwrap());
        assert_eq!(socket.ttl().unwrap(), 9);
        assert!(socket.recv_buffer_size().unwrap() >= 1 << 16);
        assert!(socket.send_buffer_size().unwrap() >= 1 << 16);
        let again = UdpSocket::from_std(socket.into_std().unwrap()).unwrap();
        assert!(again.broadcast().unwrap());
    });
}
