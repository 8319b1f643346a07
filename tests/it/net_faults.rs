//! Sockets in trouble: resets, half-closed peers, silence, descriptors that are closed or used
//! again. The error has a type, nobody hangs, and afterwards no descriptor is left. Linux, in
//! processes of their own, since descriptors are counted.
#![cfg(target_os = "linux")]

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

use bowerbird::net::{
    Direction, TcpListener, TcpSocket, TcpStream, UdpSocket, UnixStream, is_out_of_resources,
};
use bowerbird::{Task, create_task, gather, wait_for, yield_now};
use futures_lite::{AsyncReadExt, AsyncWriteExt, StreamExt};

use crate::alone::alone;
use crate::loops::inside_each;
use crate::net_options::pair;

/// Runs `test` inside a loop of each kind, and fails when it leaves a descriptor behind.
fn leaving_nothing(name: &str, test: impl AsyncFn()) {
    alone(&format!("net_faults::{name}"), || {
        let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
        let before = open();
        inside_each(&test);
        assert_eq!(open(), before, "descriptors are left");
    });
}

#[test]
fn fault_060_a_reset_wakes_both_halves_with_an_error() {
    leaving_nothing(
        "fault_060_a_reset_wakes_both_halves_with_an_error",
        async || {
            let (client, server) = pair().await;
            let (mut reader, mut writer) = client.into_split();
            let reading = create_task(async move { reader.read(&mut [0]).await });
            let writing: Task<io::Result<()>> = create_task(async move {
                loop {
                    // The peer does not read, so this ends by the reset alone.
                    writer.write_all(&[0; 65_536]).await?;
                }
            });
            // Until both wait.
            bowerbird::sleep(Duration::from_millis(5)).await;
            server.abort().unwrap();
            let read = reading.await.unwrap();
            let written = writing.await.unwrap().unwrap_err();
            // The system tells the reset once, to whoever comes first; a reader that comes second
            // is told of an end, a writer of a broken pipe.
            match read {
                Ok(length) => assert_eq!((length, written.kind()), (0, ErrorKind::ConnectionReset)),
                Err(read) => {
                    let kinds = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
                    assert!(kinds.contains(&written.kind()), "{written}");
                    assert_eq!(read.kind(), ErrorKind::ConnectionReset);
                }
            }
        },
    );
}

#[test]
fn fault_060_a_connection_reset_in_the_backlog_keeps_nobody_from_the_next() {
    let name = "fault_060_a_connection_reset_in_the_backlog_keeps_nobody_from_the_next";
    leaving_nothing(name, async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        TcpStream::connect(address).await.unwrap().abort().unwrap();
        let mut alive = TcpStream::connect(address).await.unwrap();
        alive.write_all(b"!").await.unwrap();
        let mut served = false;
        for _ in 0..2 {
            // Linux hands the dead one out: its first read tells.
            let (mut server, _) = listener.accept().await.unwrap();
            match server.read(&mut [0]).await {
                Ok(length) => served |= length == 1,
                Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
            }
        }
        assert!(served);
    });
}

#[test]
fn fault_061_a_half_closed_peer_is_read_to_the_end_and_still_answered() {
    let name = "fault_061_a_half_closed_peer_is_read_to_the_end_and_still_answered";
    leaving_nothing(name, async || {
        let (mut client, mut server) = pair().await;
        client.write_all(b"question").await.unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut question = Vec::new();
        server.read_to_end(&mut question).await.unwrap();
        assert_eq!(question, b"question");
        // The end stays the end.
        assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
        server.write_all(b"answer").await.unwrap();
        server.close().await.unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer, b"answer");
        // Closing twice is closing.
        client.close().await.unwrap();
        client.close().await.unwrap();
    });
}

#[test]
fn fault_061_data_that_came_before_the_end_is_not_lost_to_a_short_read() {
    let name = "fault_061_data_that_came_before_the_end_is_not_lost_to_a_short_read";
    leaving_nothing(name, async || {
        for _ in 0..200 {
            let (mut client, mut server) = pair().await;
            let reading = create_task(async move {
                let mut all = Vec::new();
                let mut buffer = [0; 64];
                loop {
                    match server.read(&mut buffer).await.unwrap() {
                        0 => break all,
                        length => all.extend_from_slice(&buffer[..length]),
                    }
                }
            });
            client.write_all(b"a few bytes").await.unwrap();
            yield_now().await;
            client.write_all(b", then the end").await.unwrap();
            drop(client);
            assert_eq!(reading.await.unwrap(), b"a few bytes, then the end");
        }
    });
}

#[test]
fn fault_063_a_descriptor_used_again_hears_nothing_of_its_predecessor() {
    let name = "fault_063_a_descriptor_used_again_hears_nothing_of_its_predecessor";
    leaving_nothing(name, async || {
        for _ in 0..200 {
            let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
            let number = std::os::fd::AsRawFd::as_raw_fd(&ours);
            let ours = UnixStream::from_std(ours).unwrap();
            let waiting = wait_for(ours.readable(), Duration::ZERO);
            assert!(waiting.await.is_err());
            // An event for the first one is on its way when its number is given to another.
            (&theirs).write_all(b"stale").unwrap();
            drop(ours);
            let (next, peer) = std::os::unix::net::UnixStream::pair().unwrap();
            assert_eq!(std::os::fd::AsRawFd::as_raw_fd(&next), number);
            let next = UnixStream::from_std(next).unwrap();
            let nothing = next.try_read(&mut [0]).unwrap_err();
            assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
            let waiting = wait_for(next.readable(), Duration::from_micros(200));
            assert!(waiting.await.is_err(), "nobody wrote to this one");
            (&peer).write_all(b"fresh").unwrap();
            next.readable().await.unwrap();
            assert_eq!(next.try_read(&mut [0; 8]).unwrap(), 5);
        }
    });
}

#[test]
fn fault_065_a_wait_that_is_woken_for_nothing_waits_on() {
    leaving_nothing(
        "fault_065_a_wait_that_is_woken_for_nothing_waits_on",
        async || {
            let (mut client, server) = pair().await;
            let server = Arc::new(server);
            // All are told of each byte, and one gets it: the others have been woken for nothing.
            let reading = gather((0..8).map(|_| {
                let server = server.clone();
                async move {
                    loop {
                        server.readable().await.unwrap();
                        let mut byte = [0];
                        match server.try_read(&mut byte) {
                            Ok(length) => break length,
                            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
                        }
                    }
                }
            }));
            for _ in 0..8 {
                bowerbird::sleep(Duration::from_micros(100)).await;
                client.write_all(b"x").await.unwrap();
            }
            assert_eq!(reading.await.unwrap(), [1; 8]);
        },
    );
}

#[test]
fn fault_066_a_reader_a_writer_and_a_closer_each_come_to_an_end() {
    let name = "fault_066_a_reader_a_writer_and_a_closer_each_come_to_an_end";
    leaving_nothing(name, async || {
        for _ in 0..50 {
            let (client, server) = pair().await;
            let (client, server) = (Arc::new(client), Arc::new(server));
            let (reader, writer) = (client.clone(), client.clone());
            let reading = create_task(async move { (&*reader).read(&mut [0]).await });
            let writing = create_task(async move {
                let mut written = 0;
                while (&*writer).write(&[0; 65_536]).await.is_ok() {
                    written += 1;
                }
                written
            });
            let closing = create_task(async move { client.shutdown(Shutdown::Both) });
            closing.await.unwrap().unwrap();
            assert_eq!(reading.await.unwrap().unwrap(), 0);
            writing.await.unwrap();
            drop(server);
        }
    });
}

#[test]
fn fault_070_a_peer_that_never_reads_holds_up_every_kind_of_write() {
    let name = "fault_070_a_peer_that_never_reads_holds_up_every_kind_of_write";
    leaving_nothing(name, async || {
        // Sizes that are said do not grow, so that full is full.
        let socket = TcpSocket::new()
            .recv_buffer_size(65_536)
            .send_buffer_size(65_536);
        let listener = socket.listen("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut client = socket.connect(address).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        let block = [7; 65_536];
        let mut taken = 0;
        let filling = async {
            loop {
                taken += client.write(&block).await.unwrap();
            }
        };
        let filled: Result<(), _> = wait_for(filling, Duration::from_millis(50)).await;
        assert!(filled.is_err() && taken > 0);
        // Each kind is held up sooner or later. Not at once: the system takes a little more than it
        // says there is room for, and what it took makes room when it arrives.
        let short = Duration::from_millis(2);
        while let Ok(length) = wait_for(client.write(&block), short).await {
            taken += length.unwrap();
        }
        let parts = [io::IoSlice::new(&block), io::IoSlice::new(&block)];
        while let Ok(length) = wait_for(client.write_vectored(&parts), short).await {
            taken += length.unwrap();
        }
        while wait_for(client.writable(), short).await.is_ok() {
            taken += client.try_write(&block).unwrap_or(0);
        }
        let full = loop {
            match client.try_io(Direction::Write, |mut stream| stream.write(&block)) {
                Ok(length) => taken += length,
                Err(error) => break error,
            }
        };
        assert_eq!(full.kind(), ErrorKind::WouldBlock);
        assert!(taken < 4 << 20, "{taken} bytes are somewhere");
        // Not a byte of those that were given up on has been sent.
        client.shutdown(Shutdown::Write).unwrap();
        let mut all = Vec::new();
        server.read_to_end(&mut all).await.unwrap();
        assert_eq!(all.len(), taken);
    });
}

#[test]
fn fault_070_a_peer_that_never_answers_is_given_up_and_its_socket_closed() {
    let name = "fault_070_a_peer_that_never_answers_is_given_up_and_its_socket_closed";
    leaving_nothing(name, async || {
        let listener = TcpSocket::new()
            .backlog(0)
            .listen("127.0.0.1:0")
            .await
            .unwrap();
        let address = listener.local_addr().unwrap();
        let mut callers = Vec::new();
        // Sooner or later the listener lets a caller wait for an answer.
        let open = loop {
            assert!(callers.len() < 64, "everyone was connected");
            let open = std::fs::read_dir("/proc/self/fd").unwrap().count();
            let connecting = TcpStream::connect(address);
            match wait_for(connecting, Duration::from_millis(50)).await {
                Ok(caller) => callers.push(caller.unwrap()),
                Err(_late) => break open,
            }
        };
        assert_eq!(std::fs::read_dir("/proc/self/fd").unwrap().count(), open);
    });
}

#[test]
fn fault_058_accepting_goes_on_when_descriptors_come_back() {
    leaving_nothing(
        "fault_058_accepting_goes_on_when_descriptors_come_back",
        async || {
            use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let clients: Vec<_> = (0..3)
                .map(|_| std::net::TcpStream::connect(address).unwrap())
                .collect();
            let free = std::fs::File::open("/dev/null").unwrap();
            let next = std::os::fd::AsRawFd::as_raw_fd(&free);
            drop(free);
            let before = getrlimit(Resource::Nofile);
            let current = u64::try_from(next).ok();
            let maximum = before.maximum;
            setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();
            let mut incoming = std::pin::pin!(listener.incoming());
            for _ in 0..3 {
                // As often as one likes: the same error, and no connection lost for it.
                let refused = incoming.next().await.unwrap().unwrap_err();
                assert!(is_out_of_resources(&refused), "{refused}");
            }
            setrlimit(Resource::Nofile, before).unwrap();
            for _ in 0..3 {
                incoming.next().await.unwrap().unwrap();
            }
            drop(clients);
        },
    );
}

#[test]
fn fault_060_a_listener_or_socket_that_is_dropped_leaves_no_waiter_behind() {
    let name = "fault_060_a_listener_or_socket_that_is_dropped_leaves_no_waiter_behind";
    leaving_nothing(name, async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let accepting = create_task(async move { listener.accept().await.map(drop) });
        let receiving = create_task(async move { socket.recv(&mut [0]).await.map(drop) });
        yield_now().await;
        accepting.cancel();
        receiving.cancel();
        assert!(accepting.await.unwrap_err().is_cancelled());
        assert!(receiving.await.unwrap_err().is_cancelled());
    });
}

#[test]
fn fault_060_a_socket_closed_behind_our_back_is_an_error_and_harms_nobody() {
    let name = "fault_060_a_socket_closed_behind_our_back_is_an_error_and_harms_nobody";
    leaving_nothing(name, async || {
        let (ours, mut theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let mut ours = UnixStream::from_std(ours).unwrap();
        // As near as safe code comes to it: the socket is dead, the descriptor is not.
        rustix::net::shutdown(&theirs, rustix::net::Shutdown::Both).unwrap();
        assert_eq!(ours.read(&mut [0]).await.unwrap(), 0);
        assert_eq!(
            ours.write(b"x").await.unwrap_err().kind(),
            ErrorKind::BrokenPipe
        );
        assert_eq!(theirs.read(&mut [0]).unwrap(), 0);
    });
}
