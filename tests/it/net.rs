//! Sockets: asyncio's `sock_*` and what its streams are made of.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::thread;
use std::time::Duration;

use bowerbird::net::{TcpListener, TcpStream};
use bowerbird::{create_task, gather, wait_for, yield_now};
use futures_lite::{AsyncReadExt, AsyncWriteExt, StreamExt};

use crate::bell::Bell;
use crate::loops::{each_builder, inside_each, inside_one_thread, on_each, soon, watched};

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn pair() -> (TcpStream, TcpStream) {
    let (listener, address) = listener().await;
    let client = TcpStream::connect(address).await.unwrap();
    let (server, peer) = listener.accept().await.unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
    assert_eq!(client.peer_addr().unwrap(), server.local_addr().unwrap());
    (client, server)
}

#[test]
fn what_is_written_at_one_end_is_read_at_the_other() {
    inside_each(async || {
        let (mut client, mut server) = pair().await;
        client.write_all(b"there").await.unwrap();
        let mut there = [0; 5];
        server.read_exact(&mut there).await.unwrap();
        server.write_all(b"back").await.unwrap();
        let mut back = [0; 4];
        client.read_exact(&mut back).await.unwrap();
        assert_eq!((&there, &back), (b"there", b"back"));
    });
}

#[test]
fn megabytes_flow_both_ways_at_once_through_one_connection() {
    const SIZE: usize = 3 << 20;

    async fn both_ways(stream: TcpStream, seed: u8) {
        let byte = |seed: u8, at: usize| (at / 7) as u8 ^ seed;
        let sent: Vec<u8> = (0..SIZE).map(|at| byte(seed, at)).collect();
        let (mut reader, mut writer) = (&stream, &stream);
        let writing = async {
            writer.write_all(&sent).await.unwrap();
            writer.close().await.unwrap();
        };
        let mut received = Vec::new();
        let reading = reader.read_to_end(&mut received);
        let ((), length) = futures_lite::future::zip(writing, reading).await;
        assert_eq!(length.unwrap(), SIZE);
        assert!((0..SIZE).all(|at| received[at] == byte(1 - seed, at)));
    }

    inside_each(async || {
        let (client, server) = pair().await;
        gather([both_ways(client, 0), both_ways(server, 1)])
            .await
            .unwrap();
    });
}

#[test]
fn two_tasks_share_a_connection_without_a_lock() {
    inside_each(async || {
        let (client, mut server) = pair().await;
        let client = std::sync::Arc::new(client);
        let reader = client.clone();
        let reading = create_task(async move {
            let mut byte = [0];
            (&*reader).read_exact(&mut byte).await.unwrap();
            byte[0]
        });
        yield_now().await;
        (&*client).write_all(b"x").await.unwrap();
        let mut byte = [0];
        server.read_exact(&mut byte).await.unwrap();
        server.write_all(&[byte[0] + 1]).await.unwrap();
        assert_eq!(reading.await.unwrap(), b'y');
    });
}

#[test]
fn hundreds_of_connections_are_served_at_once() {
    inside_each(async || {
        let (listener, address) = listener().await;
        let serving = create_task(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                create_task(async move {
                    let mut buffer = [0; 64];
                    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
                        stream.write_all(&buffer[..length]).await.unwrap();
                    }
                })
                .detach();
            }
        });
        let clients = (0..300_u32).map(|number| async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            for round in 0..10 {
                let request = (number * 1_000 + round).to_le_bytes();
                stream.write_all(&request).await.unwrap();
                let mut answer = [0; 4];
                stream.read_exact(&mut answer).await.unwrap();
                assert_eq!(answer, request);
            }
        });
        gather(clients).await.unwrap();
        serving.cancel();
        assert!(serving.await.unwrap_err().is_cancelled());
    });
}

#[test]
fn fault_061_a_half_closed_peer_can_still_be_answered() {
    inside_each(async || {
        let (mut client, mut server) = pair().await;
        client.write_all(b"all").await.unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut request = Vec::new();
        server.read_to_end(&mut request).await.unwrap();
        server.write_all(&request).await.unwrap();
        drop(server);
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "all");
    });
}

#[test]
fn a_dropped_connection_is_the_end_of_the_peers_reading() {
    inside_each(async || {
        let (client, mut server) = pair().await;
        let reading = create_task(async move { server.read(&mut [0]).await });
        yield_now().await;
        drop(client);
        assert_eq!(reading.await.unwrap().unwrap(), 0);
    });
}

#[test]
fn errors_of_the_system_keep_their_kind() {
    inside_each(async || {
        let (listener, address) = listener().await;
        let taken = TcpListener::bind(address).await.unwrap_err();
        assert_eq!(taken.kind(), ErrorKind::AddrInUse);
        drop(listener);
        soon(
            async || TcpStream::connect(address).await,
            |told| matches!(told, Err(why) if why.kind() == ErrorKind::ConnectionRefused),
        )
        .await
        .unwrap_err();
        let nowhere: &[SocketAddr] = &[];
        let nowhere = TcpStream::connect(nowhere).await.unwrap_err();
        assert_eq!(nowhere.kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn names_and_lists_of_addresses_are_addresses() {
    inside_each(async || {
        let (listener, address) = listener().await;
        let none = SocketAddr::from(([127, 0, 0, 1], 1));
        let mut first = TcpStream::connect(("localhost", address.port()))
            .await
            .unwrap();
        first.write_all(b"1").await.unwrap();
        let second = TcpStream::connect([none, address]).await.unwrap();
        let text = format!("localhost:{}", address.port());
        let third = TcpStream::connect(text).await.unwrap();
        let mut incoming = std::pin::pin!(listener.incoming());
        for _ in 0..3 {
            incoming.next().await.unwrap().unwrap();
        }
        drop((second, third));
    });
}

#[test]
fn a_cancelled_accept_loses_no_connection() {
    inside_each(async || {
        let (listener, address) = listener().await;
        for _ in 0..20 {
            assert!(wait_for(listener.accept(), Duration::ZERO).await.is_err());
            let short = wait_for(listener.accept(), Duration::from_micros(200)).await;
            assert!(short.is_err());
            let client = TcpStream::connect(address).await.unwrap();
            let (server, peer) = listener.accept().await.unwrap();
            assert_eq!(peer, client.local_addr().unwrap());
            drop((client, server));
        }
    });
}

#[test]
fn several_tasks_accept_from_one_listener() {
    inside_each(async || {
        let (listener, address) = listener().await;
        let listener = std::sync::Arc::new(listener);
        let accepting = (0..10).map(|_| {
            let listener = listener.clone();
            async move { listener.accept().await.map(|(stream, _)| stream) }
        });
        let accepting = gather(accepting);
        yield_now().await;
        let connecting = gather((0..10).map(|_| TcpStream::connect(address)));
        let clients = connecting.await.unwrap();
        let servers = accepting.await.unwrap();
        assert!(clients.iter().chain(&servers).all(Result::is_ok));
    });
}

#[test]
fn sockets_of_std_are_taken_over_and_given_back() {
    inside_each(async || {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let listener = TcpListener::from_std(listener).unwrap();
        let peer = thread::spawn(move || {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            stream.write_all(b"in").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        });
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 2];
        stream.read_exact(&mut request).await.unwrap();
        let mut stream = stream.into_std().unwrap();
        let refused = stream.read(&mut request).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::WouldBlock);
        stream.write_all(b"out").unwrap();
        let mut again = TcpStream::from_std(stream).unwrap();
        again.write_all(b"!").await.unwrap();
        drop(again);
        assert_eq!(peer.join().unwrap(), "out!");
        assert_eq!(listener.into_std().unwrap().local_addr().unwrap(), address);
    });
}

#[test]
fn a_task_that_is_always_ready_lets_others_run() {
    inside_one_thread(async || {
        let (mut client, mut server) = pair().await;
        client.write_all(&[7; 20_000]).await.unwrap();
        let ran = Bell::default();
        let ring = ran.clone();
        let reader = async move {
            let mut byte = [0];
            // The first read may have to wait for the bytes to arrive; the others never do.
            server.read_exact(&mut byte).await.unwrap();
            create_task(async move { ring.ring() }).detach();
            let mut reads = 1;
            while reads < 20_000 && !ran.is_rung() {
                server.read_exact(&mut byte).await.unwrap();
                reads += 1;
            }
            reads
        };
        assert!(create_task(reader).await.unwrap() < 20_000);
    });
}

#[test]
fn fault_038_a_connection_that_outlives_its_loop_is_an_error_at_once() {
    on_each(each_builder(), |event_loop| {
        let (mut client, server) = event_loop.run_until_complete(pair()).unwrap();
        event_loop.close().unwrap();
        drop(event_loop);
        let read = watched(|| bowerbird::run(async { client.read(&mut [0]).await }));
        assert_eq!(read.unwrap_err().kind(), ErrorKind::NotConnected);
        drop((client, server));
    });
}

#[test]
fn a_connection_works_on_whichever_loop_awaits_it() {
    on_each(each_builder(), |event_loop| {
        let ready = Bell::default();
        let (mut client, mut server) = event_loop.run_until_complete(pair()).unwrap();
        let stop = event_loop.clone();
        let ring = ready.clone();
        // The first loop still turns its reactor; another one's task does the waiting.
        let elsewhere = thread::spawn(move || {
            let read: io::Result<u8> = bowerbird::run(async move {
                ring.ring();
                let mut byte = [0];
                client.read_exact(&mut byte).await?;
                Ok(byte[0])
            });
            stop.stop();
            read
        });
        let writing = event_loop.create_task(async move {
            ready.rung().await;
            server.write_all(b"z").await
        });
        event_loop.run_forever().unwrap();
        assert_eq!(elsewhere.join().unwrap().unwrap(), b'z');
        drop(writing);
    });
}
