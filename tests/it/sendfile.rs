//! asyncio's `loop.sendfile` and `sock_sendfile`.

use std::io::ErrorKind;

use bowerbird::fs::{self, File, OpenOptions};
use bowerbird::net::{TcpListener, TcpStream, sendfile, sendfile_without_fallback};
use bowerbird::{SendfileNotAvailableError, create_task, gather, to_thread, wait_for, yield_now};
use futures_lite::future::poll_once;
use futures_lite::{AsyncReadExt, AsyncWriteExt};

use crate::alone::alone;
use crate::folder::{Folder, pattern};
use crate::loops::{each_builder, inside_each};

/// What the kernel makes as it is read, and so has nothing to send without a copy. Always the same.
#[cfg(target_os = "linux")]
const UNSENDABLE: &str = "/proc/self/cmdline";

/// More than any socket holds.
const MUCH: usize = 20 << 20;

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let client = TcpStream::connect(address).await.unwrap();
    let (server, _peer) = listener.accept().await.unwrap();
    (client, server)
}

async fn file_with(folder: &Folder, bytes: &[u8]) -> File {
    fs::write(folder.at("file"), bytes).await.unwrap();
    File::open(folder.at("file")).await.unwrap()
}

/// All that arrives, in a task of its own.
fn receive(mut stream: TcpStream) -> bowerbird::Task<Vec<u8>> {
    create_task(async move {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        bytes
    })
}

#[test]
fn a_file_larger_than_any_buffer_arrives_whole() {
    inside_each(async || {
        let folder = Folder::new();
        let bytes = pattern(MUCH);
        let mut file = file_with(&folder, &bytes).await;
        let (client, server) = pair().await;
        let receiving = receive(client);
        let sent = sendfile(&server, &file, 0, None).await.unwrap();
        drop(server);
        assert_eq!(sent, MUCH as u64);
        assert!(receiving.await.unwrap() == bytes);
        assert_eq!(file.stream_position().await.unwrap(), MUCH as u64);
    });
}

#[test]
fn a_part_is_sent_and_the_position_is_behind_it() {
    inside_each(async || {
        let folder = Folder::new();
        let mut file = file_with(&folder, b"0123456789").await;
        let (mut client, server) = pair().await;
        file.read_exact(&mut [0; 1]).await.unwrap();
        assert_eq!(sendfile(&server, &file, 2, 3).await.unwrap(), 3);
        let mut part = [0; 3];
        client.read_exact(&mut part).await.unwrap();
        assert_eq!(&part, b"234");
        let mut next = [0; 1];
        file.read_exact(&mut next).await.unwrap();
        assert_eq!(&next, b"5");
        // Fewer only where the file ends, none behind the end.
        assert_eq!(sendfile(&server, &file, 8, 100).await.unwrap(), 2);
        assert_eq!(file.stream_position().await.unwrap(), 10);
        assert_eq!(sendfile(&server, &file, 50, 100).await.unwrap(), 0);
        assert_eq!(file.stream_position().await.unwrap(), 50);
        assert_eq!(
            sendfile(&server, &file, u64::MAX >> 1, None).await.unwrap(),
            0
        );
    });
}

#[test]
fn what_was_written_to_the_file_before_is_sent_too() {
    inside_each(async || {
        let folder = Folder::new();
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true);
        let mut file = options.open(folder.at("file")).await.unwrap();
        let (mut client, server) = pair().await;
        file.write_all(b"behind").await.unwrap();
        assert_eq!(sendfile(&server, &file, 0, None).await.unwrap(), 6);
        let mut back = [0; 6];
        client.read_exact(&mut back).await.unwrap();
        assert_eq!(&back, b"behind");
        // Nothing of a seek that was given up is left when it is asked for again.
        let to = std::io::SeekFrom::Start(1);
        while poll_once(file.seek(to)).await.is_some() {
            // The pool was quicker than this thread.
            file.rewind().await.unwrap();
        }
        assert_eq!(sendfile(&server, &file, 0, 4).await.unwrap(), 4);
        assert_eq!(file.stream_position().await.unwrap(), 4);
        assert_eq!(file.seek(to).await.unwrap(), 1);
        assert_eq!(file.stream_position().await.unwrap(), 1);
    });
}

#[test]
fn impossible_parts_are_refused() {
    inside_each(async || {
        let folder = Folder::new();
        let file = file_with(&folder, b"text").await;
        let (_client, server) = pair().await;
        for (offset, count) in [(0, Some(0)), (u64::MAX, None), (1 << 63, Some(1))] {
            let refused = sendfile(&server, &file, offset, count).await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::InvalidInput);
        }
        let writing = OpenOptions::new().write(true).open(folder.at("file"));
        let unreadable = sendfile(&server, &writing.await.unwrap(), 0, None).await;
        assert!(unreadable.is_err());
    });
}

#[test]
fn one_file_goes_to_many_at_once() {
    inside_each(async || {
        let folder = Folder::new();
        let bytes = pattern(300_000);
        let file = std::sync::Arc::new(file_with(&folder, &bytes).await);
        let wanted = std::sync::Arc::new(bytes);
        let transfers = (0..20).map(|_| {
            let (file, wanted) = (file.clone(), wanted.clone());
            async move {
                let (client, server) = pair().await;
                let receiving = receive(client);
                sendfile(&server, &file, 0, None).await.unwrap();
                drop(server);
                receiving.await.unwrap() == *wanted
            }
        });
        let arrived = gather(transfers).await.unwrap();
        assert!(arrived.into_iter().all(|is_whole| is_whole));
    });
}

#[test]
fn a_peer_that_reads_nothing_holds_up_nobody_and_is_no_end() {
    inside_each(async || {
        let folder = Folder::new();
        let bytes = pattern(MUCH);
        let file = file_with(&folder, &bytes).await;
        let (client, server) = pair().await;
        let sending = create_task(async move { sendfile(&server, &file, 0, None).await });
        for _ in 0..50 {
            // Threads and workers are free: the wait is the reactor's.
            to_thread(|| ()).await.unwrap();
            create_task(yield_now()).await.unwrap();
        }
        assert!(!sending.is_done());
        let received = receive(client).await.unwrap();
        assert_eq!(sending.await.unwrap().unwrap(), MUCH as u64);
        assert!(received == bytes);
    });
}

#[test]
fn a_peer_that_leaves_is_an_error_and_the_position_tells_what_was_sent() {
    inside_each(async || {
        let folder = Folder::new();
        let mut file = file_with(&folder, &pattern(MUCH)).await;
        let (mut client, server) = pair().await;
        let leaving = create_task(async move {
            client.read_exact(&mut vec![0; 100_000]).await.unwrap();
        });
        let gone = sendfile(&server, &file, 10, None).await.unwrap_err();
        leaving.await.unwrap();
        let kinds = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset];
        assert!(kinds.contains(&gone.kind()), "{gone}");
        let position = file.stream_position().await.unwrap();
        assert!((100_010..MUCH as u64).contains(&position), "{position}");
    });
}

#[test]
fn what_is_given_up_sends_a_beginning_and_leaves_the_position() {
    inside_each(async || {
        let folder = Folder::new();
        let bytes = pattern(MUCH);
        let mut file = file_with(&folder, &bytes).await;
        let (client, server) = pair().await;
        file.read_exact(&mut [0; 7]).await.unwrap();
        let soon = std::time::Duration::from_millis(30);
        let sent = wait_for(sendfile(&server, &file, 0, None), soon).await;
        assert!(sent.is_err(), "the peer has read nothing");
        assert_eq!(file.stream_position().await.unwrap(), 7);
        drop(server);
        // A leg that is under way ends, and with it the connection.
        let received = receive(client).await.unwrap();
        assert!(received.len() < MUCH && bytes.starts_with(&received));
    });
}

#[cfg(unix)]
#[test]
fn a_unix_socket_is_sent_to_as_well() {
    inside_each(async || {
        let folder = Folder::new();
        let bytes = pattern(3 << 20);
        let file = file_with(&folder, &bytes).await;
        let (mut one, other) = bowerbird::net::UnixStream::pair().unwrap();
        let sending = create_task(async move { sendfile(&other, &file, 1, None).await });
        let mut received = Vec::new();
        one.read_to_end(&mut received).await.unwrap();
        assert_eq!(sending.await.unwrap().unwrap(), bytes.len() as u64 - 1);
        assert!(received == bytes[1..]);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_the_kernel_cannot_send_is_copied_unless_that_is_refused() {
    inside_each(async || {
        let file = File::open(UNSENDABLE).await.unwrap();
        let (client, server) = pair().await;
        let refused = sendfile_without_fallback(&server, &file, 0, None)
            .await
            .unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
        let inner = refused.into_inner().unwrap();
        assert!(inner.is::<SendfileNotAvailableError>());
        let wanted = fs::read(UNSENDABLE).await.unwrap();
        let sent = sendfile(&server, &file, 2, None).await.unwrap();
        drop(server);
        assert_eq!(sent, wanted.len() as u64 - 2);
        assert_eq!(receive(client).await.unwrap(), wanted[2..]);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn sending_without_a_copy_is_what_the_kernel_can_do_with_a_plain_file() {
    inside_each(async || {
        let folder = Folder::new();
        let bytes = pattern(3 << 20);
        let file = file_with(&folder, &bytes).await;
        let (client, server) = pair().await;
        let receiving = receive(client);
        let sent = sendfile_without_fallback(&server, &file, 0, None).await;
        drop(server);
        assert_eq!(sent.unwrap(), bytes.len() as u64);
        assert!(receiving.await.unwrap() == bytes);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_pipe_has_no_offset_to_send_from() {
    inside_each(async || {
        let folder = Folder::new();
        let path = folder.at("pipe");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).unwrap();
        let mut options = OpenOptions::new();
        let pipe = options.read(true).write(true).open(&path).await.unwrap();
        let (_client, server) = pair().await;
        let refused = sendfile(&server, &pipe, 0, None).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotSeekable);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn no_descriptor_is_left_behind_whether_it_ends_or_is_given_up() {
    let name = "sendfile::no_descriptor_is_left_behind_whether_it_ends_or_is_given_up";
    alone(name, || {
        let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
        let folder = Folder::new();
        std::fs::write(folder.at("file"), pattern(MUCH)).unwrap();
        for builder in each_builder() {
            let event_loop = builder.build().unwrap();
            let sending = async {
                let file = File::open(folder.at("file")).await.unwrap();
                let (mut client, server) = pair().await;
                let before = open();
                sendfile(&server, &file, 0, 10).await.unwrap();
                client.read_exact(&mut [0; 10]).await.unwrap();
                drop(poll_once(sendfile(&server, &file, 0, None)).await);
                while open() > before {
                    yield_now().await;
                }
                // The connection still is one: what is left of the second one is a beginning.
                (&server).write_all(b"x").await.unwrap();
                assert!(client.read(&mut [0; 10]).await.unwrap() > 0);
            };
            event_loop.run_until_complete(sending).unwrap();
        }
    });
}
