//! Streams and servers: asyncio's `streams.py`.

use std::io::{self, ErrorKind, Read};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bowerbird::net::TcpSocket;
use bowerbird::streams::StartServer;
use bowerbird::{
    EventLoop, ReadError, Report, Server, StreamReader, StreamWriter, Task, TaskError, all_tasks,
    create_task, gather, get_running_loop, open_connection, sleep, start_server, to_thread,
    wait_for, yield_now,
};
use futures_lite::future::{block_on, poll_once};
use futures_lite::{AsyncReadExt, AsyncWriteExt, StreamExt};

use crate::alone::alone;
use crate::bell::{Bell, Counted, Tally};
use crate::loops::{each_builder, inside_each, inside_each_pool, on_each, soon};
use crate::peers::{Peer, is_here, run_python};

/// More than the system's buffers take.
const PLENTY: usize = 32 << 20;

async fn echo(mut reader: StreamReader, writer: StreamWriter) -> io::Result<()> {
    loop {
        let bytes = reader.read(4096).await?;
        if bytes.is_empty() {
            return Ok(());
        }
        writer.write(bytes).await?;
    }
}

fn at(server: &Server) -> SocketAddr {
    server.local_addrs()[0]
}

async fn started(start: StartServer) -> (Server, SocketAddr) {
    let server = start.await.unwrap();
    let addr = at(&server);
    (server, addr)
}

/// Both ends of a connection; the server serves it alone.
async fn pair() -> [(StreamReader, StreamWriter); 2] {
    let (give, taken) = (Arc::new(bowerbird::Queue::new(1)), Bell::default());
    let (queue, over) = (give.clone(), taken.clone());
    let handler = move |reader, writer| {
        let (queue, over) = (queue.clone(), over.clone());
        async move {
            queue.put((reader, writer)).await.unwrap();
            over.ring();
        }
    };
    let (server, addr) = started(start_server(handler, "127.0.0.1:0")).await;
    let ours = open_connection(addr).await.unwrap();
    let theirs = give.get().await.unwrap();
    taken.rung().await;
    server.close();
    [ours, theirs]
}

/// What the loop's exception handler is told.
fn reports() -> Arc<Mutex<Vec<String>>> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = told.clone();
    let handler = move |report: &Report| tell.lock().unwrap().push(report.to_string());
    get_running_loop()
        .unwrap()
        .set_exception_handler(Some(handler));
    told
}

/// Waits, in turns, until `is_so`; a test that hangs here says where.
async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        sleep(Duration::from_millis(1)).await;
    }
}

#[test]
fn lines_and_blocks_go_to_and_fro() {
    inside_each(async || {
        let (_server, addr) = started(start_server(echo, "127.0.0.1:0")).await;
        let clients = (0..50).map(|number| async move {
            let (mut reader, writer) = open_connection(addr).await.unwrap();
            assert_eq!(writer.peer_addr(), Some(addr));
            for round in 0..10 {
                let line = format!("{number} {round}\n");
                writer.write(&line).await.unwrap();
                assert_eq!(reader.readline().await.unwrap(), line.as_bytes());
            }
            writer.writelines(["12", "345", "-", "6"]).await.unwrap();
            assert_eq!(reader.readexactly(5).await.unwrap(), b"12345");
            assert_eq!(reader.readuntil("6").await.unwrap(), b"-6");
            writer.write_eof().unwrap();
            assert_eq!(reader.read(None).await.unwrap(), b"");
            assert!(reader.at_eof());
            writer.close();
            writer.wait_closed().await.unwrap();
        });
        gather(clients).await.unwrap();
    });
}

#[test]
fn the_lines_of_a_stream_end_with_it() {
    inside_each(async || {
        let [(mut reader, _ours), (_, theirs)] = pair().await;
        theirs.write("one\n\ntwo\nthree");
        theirs.close();
        let mut lines = reader.lines();
        let mut all = Vec::new();
        while let Some(line) = lines.next().await {
            all.push(String::from_utf8(line.unwrap()).unwrap());
        }
        assert_eq!(all, ["one\n", "\n", "two\n", "three"]);
        let again: Vec<_> = reader.lines().collect().await;
        assert!(again.is_empty());
    });
}

#[test]
fn a_line_over_the_limit_is_dropped_and_the_next_one_is_read() {
    inside_each(async || {
        let serve = async |_, writer: StreamWriter| {
            writer.write("12345678\n123456789\nok\n123456789");
        };
        let (_server, addr) = started(start_server(serve, "127.0.0.1:0")).await;
        let (mut reader, _writer) = open_connection(addr).limit(8).await.unwrap();
        assert_eq!(reader.readline().await.unwrap(), b"12345678\n");
        let error = reader.readline().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert!(matches!(error, ReadError::LimitOverrun(_)));
        assert_eq!(reader.readuntil("k").await.unwrap(), b"ok");
        reader.readline().await.unwrap();
        let over = reader.readuntil("!").await.unwrap_err();
        assert!(matches!(over, ReadError::LimitOverrun(_)), "{over}");
        assert_eq!(reader.read(None).await.unwrap(), b"123456789");
    });
}

#[test]
fn a_stream_that_ends_too_early_gives_what_came() {
    inside_each(async || {
        let [(mut reader, _ours), (_, theirs)] = pair().await;
        theirs.write("half");
        drop(theirs);
        let error = reader.readexactly(8).await.unwrap_err();
        let ReadError::Incomplete(error) = error else {
            panic!("{error}");
        };
        assert_eq!(
            (error.partial.as_slice(), error.expected),
            (&b"half"[..], Some(8))
        );
        assert_eq!(error.to_string(), "4 bytes read on a total of 8");
        let error: io::Error = reader.readuntil("x").await.unwrap_err().into();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    });
}

#[test]
fn options_that_make_no_sense_are_errors() {
    inside_each(async || {
        let (_server, addr) = started(start_server(echo, "127.0.0.1:0")).await;
        let refused = open_connection(addr).limit(0).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidInput);
        let refused = start_server(echo, "127.0.0.1:0")
            .limit(0)
            .await
            .unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidInput);
        let taken = start_server(echo, addr).await.unwrap_err();
        assert_eq!(taken.kind(), ErrorKind::AddrInUse);
    });
}

#[test]
fn fault_061_a_half_closed_peer_can_still_be_answered_through_streams() {
    inside_each(async || {
        let [(mut reader, writer), (mut their_reader, theirs)] = pair().await;
        writer.write("question");
        writer.write_eof().unwrap();
        assert_eq!(their_reader.read(None).await.unwrap(), b"question");
        theirs.write("answer").await.unwrap();
        theirs.close();
        assert_eq!(reader.read(None).await.unwrap(), b"answer");
    });
}

#[test]
fn what_was_written_is_sent_without_drain_and_after_the_writer_is_gone() {
    inside_each(async || {
        let [(mut reader, _ours), (_, theirs)] = pair().await;
        theirs.write(vec![7; PLENTY]);
        assert!(
            theirs.write_buffer_size() > 0,
            "the system takes it all at once"
        );
        drop(theirs);
        let all = reader.read(None).await.unwrap();
        assert_eq!(all.len(), PLENTY);
        assert!(all.iter().all(|&byte| byte == 7));
    });
}

#[test]
fn a_reader_goes_on_without_its_writer_and_both_gone_are_a_closed_connection() {
    inside_each(async || {
        let [(mut reader, writer), (mut their_reader, theirs)] = pair().await;
        drop(writer);
        assert_eq!(their_reader.read(None).await.unwrap(), b"");
        theirs.write("still here").await.unwrap();
        assert_eq!(reader.readexactly(10).await.unwrap(), b"still here");
        drop(reader);
        // Nobody reads at the other end: sooner or later writing fails.
        while theirs.write("anybody?").await.is_ok() {
            yield_now().await;
        }
    });
}

#[test]
fn bytes_of_many_writers_keep_together_and_in_order() {
    inside_each_pool(async || {
        let [(mut reader, _writer), (_, theirs)] = pair().await;
        let theirs = Arc::new(theirs);
        let writers = (0..8_u8).map(|number| {
            let theirs = theirs.clone();
            async move {
                for round in 0..200_u8 {
                    let mut block = vec![number; 5_000];
                    block[1] = round;
                    theirs.write(&block).await.unwrap();
                }
            }
        });
        let writing = gather(writers);
        let mut rounds = [0; 8];
        for _ in 0..8 * 200 {
            let block = reader.readexactly(5_000).await.unwrap();
            let number = usize::from(block[0]);
            assert_eq!(block[1], rounds[number], "in order");
            assert!(block[2..].iter().all(|&byte| byte == block[0]), "together");
            rounds[number] += 1;
        }
        writing.await.unwrap();
    });
}

#[test]
fn fault_070_a_peer_that_never_reads_makes_writers_wait_with_little_unsent() {
    inside_each(async || {
        let [(_, writer), (their_reader, theirs)] = pair().await;
        let chunk = vec![0; 10_000];
        let flooding = async {
            loop {
                writer.write(&chunk).await?;
                assert!(writer.write_buffer_size() <= 64 * 1024 + chunk.len());
            }
        };
        let flooded: Result<io::Result<()>, _> =
            wait_for(flooding, Duration::from_millis(300)).await;
        assert!(flooded.is_err(), "the flood goes on while nobody reads");
        assert!(writer.write_buffer_size() > 64 * 1024);
        let pieces = vec![&chunk; 5];
        let mut draining = Box::pin(writer.writelines(pieces));
        assert!(
            wait_for(&mut draining, Duration::from_millis(20))
                .await
                .is_err()
        );
        // The peer goes away: all who wait are told.
        drop((their_reader, theirs));
        assert!(draining.await.is_err());
        assert!(writer.drain().await.is_err());
        assert!(writer.wait_closed().await.is_err());
    });
}

#[test]
fn fault_060_a_reset_reaches_both_halves() {
    inside_each(async || {
        let [(mut reader, writer), (_their_reader, theirs)] = pair().await;
        // Unread bytes at the other end turn its closing into a reset.
        writer.write("unread").await.unwrap();
        let reading = create_task(async move { (reader.read(None).await, reader) });
        yield_now().await;
        drop((_their_reader, theirs));
        let (read, reader) = reading.await.unwrap();
        if let Err(error) = read {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            assert_eq!(
                reader.exception().unwrap().kind(),
                ErrorKind::ConnectionReset
            );
            let drained = writer.drain().await.unwrap_err();
            assert_eq!(drained.kind(), ErrorKind::ConnectionReset);
        }
        let lost = async {
            while writer.write("x").await.is_ok() {
                yield_now().await;
            }
            writer.wait_closed().await.unwrap_err()
        };
        let lost = lost.await;
        let kinds = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
        assert!(kinds.contains(&lost.kind()), "{lost}");
    });
}

#[test]
fn fault_066_reader_writer_and_closer_race_and_all_return() {
    inside_each_pool(async || {
        for _ in 0..50 {
            let [(mut reader, writer), (_, theirs)] = pair().await;
            let (writer, theirs) = (Arc::new(writer), Arc::new(theirs));
            let (flooded, closing) = (theirs.clone(), writer.clone());
            let reading = create_task(async move { reader.read(None).await.map(drop) });
            let writing = create_task(async move {
                while flooded.write([0; 1000]).await.is_ok() && !flooded.is_closing() {}
            });
            let closer = create_task(async move {
                closing.close();
                closing.wait_closed().await
            });
            // The end may come as an error or as the end of the stream: both are the end.
            let _read = reading.await.unwrap();
            closer.await.unwrap().unwrap();
            theirs.abort();
            writing.await.unwrap();
        }
    });
}

#[test]
fn the_traits_of_futures_io_are_there() {
    inside_each(async || {
        let [(mut reader, mut writer), (their_reader, theirs)] = pair().await;
        let echo = create_task(futures_lite::io::copy(their_reader, theirs));
        let sent = vec![3; 1 << 20];
        let writing = async {
            AsyncWriteExt::write_all(&mut writer, &sent).await.unwrap();
            writer.flush().await.unwrap();
            assert_eq!(writer.write_buffer_size(), 0);
            writer.write_eof().unwrap();
        };
        let mut received = Vec::new();
        let reading = AsyncReadExt::read_to_end(&mut reader, &mut received);
        futures_lite::future::zip(writing, reading).await.1.unwrap();
        assert_eq!(received, sent);
        assert_eq!(echo.await.unwrap().unwrap(), sent.len() as u64);
        AsyncWriteExt::close(&mut writer).await.unwrap();
        let refused = AsyncWriteExt::write(&mut writer, b"x").await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_cancelled_read_loses_no_byte() {
    inside_each(async || {
        let [(mut reader, _ours), (_, theirs)] = pair().await;
        let short = Duration::from_millis(1);
        theirs.write("no end").await.unwrap();
        assert!(wait_for(reader.readline(), short).await.is_err());
        assert!(wait_for(reader.readexactly(100), short).await.is_err());
        assert!(wait_for(reader.readuntil("!"), short).await.is_err());
        theirs.write("\n").await.unwrap();
        assert_eq!(reader.readline().await.unwrap(), b"no end\n");
    });
}

#[test]
fn a_handler_that_fails_is_reported_and_the_server_goes_on() {
    inside_each(async || {
        let told = reports();
        let handler = async |mut reader: StreamReader, writer: StreamWriter| match reader
            .readline()
            .await?
            .as_slice()
        {
            b"panic\n" => std::panic::resume_unwind(Box::new("on request")),
            b"fail\n" => Err(io::Error::other("by request")),
            line => writer.write(line).await,
        };
        let (_server, addr) = started(start_server(handler, "127.0.0.1:0")).await;
        for request in ["panic\n", "fail\n", "fine\n"] {
            let (mut reader, writer) = open_connection(addr).await.unwrap();
            writer.write(request).await.unwrap();
            let answer = reader.read(None).await.unwrap();
            let expected: &[u8] = if request == "fine\n" { b"fine\n" } else { b"" };
            assert_eq!(answer, expected);
        }
        until(|| told.lock().unwrap().len() == 2).await;
        let told = told.lock().unwrap().clone();
        let cause = "Unhandled exception in client_connected_cb";
        assert!(told.iter().all(|one| one.contains(cause)), "{told:?}");
        assert!(told[1].contains("by request"), "{told:?}");
    });
}

#[test]
fn a_handler_that_is_cancelled_closes_its_connection_quietly() {
    inside_each(async || {
        let told = reports();
        let handler = async |_reader: StreamReader, writer: StreamWriter| {
            writer.write("here").await.unwrap();
            std::future::pending::<()>().await;
        };
        let (server, addr) = started(start_server(handler, "127.0.0.1:0")).await;
        let before = all_tasks();
        let (mut reader, _writer) = open_connection(addr).await.unwrap();
        assert_eq!(reader.readexactly(4).await.unwrap(), b"here");
        let handling = all_tasks();
        let handling = handling.iter().find(|task| !before.contains(task));
        handling.unwrap().cancel();
        assert_eq!(reader.read(None).await.unwrap(), b"");
        server.close();
        server.wait_closed().await;
        assert_eq!(told.lock().unwrap().as_slice(), [""; 0]);
    });
}

#[test]
fn a_server_begins_when_it_is_told_to() {
    inside_each(async || {
        let (server, addr) = started(start_server(echo, "127.0.0.1:0").start_serving(false)).await;
        assert!(!server.is_serving());
        let (mut reader, writer) = open_connection(addr).await.unwrap();
        writer.write("x").await.unwrap();
        let waited = wait_for(reader.readexactly(1), Duration::from_millis(20)).await;
        assert!(waited.is_err(), "served before it began");
        server.start_serving().unwrap();
        server.start_serving().unwrap();
        assert_eq!(reader.readexactly(1).await.unwrap(), b"x");
    });
}

/// A task that is in `serve_forever`.
async fn served_forever(server: &Server) -> Task<io::Result<()>> {
    let (server, inside) = (server.clone(), Bell::default());
    let bell = inside.clone();
    // The bell is polled second.
    let serving = create_task(async move {
        let ring = async { bell.ring() };
        futures_lite::future::zip(server.serve_forever(), ring)
            .await
            .0
    });
    inside.rung().await;
    serving
}

#[test]
fn serving_for_ever_ends_when_the_server_is_closed() {
    inside_each(async || {
        let (server, _) = started(start_server(echo, "127.0.0.1:0")).await;
        let serving = served_forever(&server).await;
        let second = server.serve_forever().await.unwrap_err();
        assert_eq!(second.kind(), ErrorKind::InvalidInput);
        assert!(server.is_serving());
        server.close();
        serving.await.unwrap().unwrap();
        let late = server.serve_forever().await.unwrap_err();
        assert_eq!(late.kind(), ErrorKind::NotConnected);
    });
}

#[test]
fn serving_for_ever_closes_the_server_when_it_is_cancelled() {
    inside_each(async || {
        let (server, addr) = started(start_server(echo, "127.0.0.1:0")).await;
        let serving = served_forever(&server).await;
        serving.cancel();
        assert!(matches!(serving.await, Err(TaskError::Cancelled)));
        server.wait_closed().await;
        soon(async || open_connection(addr).await, Result::is_err)
            .await
            .unwrap_err();
    });
}

#[test]
fn serving_for_ever_gives_up_at_once_and_leaves_connections_to_whoever_waits() {
    inside_each(async || {
        let (server, addr) = started(start_server(echo, "127.0.0.1:0")).await;
        let serving = served_forever(&server).await;
        let (mut reader, writer) = open_connection(addr).await.unwrap();
        writer.write("one").await.unwrap();
        assert_eq!(reader.readexactly(3).await.unwrap(), b"one");
        serving.cancel();
        assert!(matches!(serving.await, Err(TaskError::Cancelled)));
        writer.write("two").await.unwrap();
        assert_eq!(reader.readexactly(3).await.unwrap(), b"two");
        let mut waiting = pin!(server.wait_closed());
        assert!(poll_once(waiting.as_mut()).await.is_none());
        server.close_clients();
        waiting.await;
        assert_eq!(reader.read(1).await.unwrap(), b"");
    });
}

#[test]
fn a_closed_server_waits_for_its_connections_and_gives_its_address_back() {
    inside_each(async || {
        let (server, addr) = started(start_server(echo, "127.0.0.1:0")).await;
        let (mut reader, writer) = open_connection(addr).await.unwrap();
        writer.write("one").await.unwrap();
        assert_eq!(reader.readexactly(3).await.unwrap(), b"one");
        server.close();
        assert!(!server.is_serving());
        assert!(server.local_addrs().is_empty());
        assert!(
            wait_for(server.wait_closed(), Duration::from_millis(20))
                .await
                .is_err()
        );
        writer.write("two").await.unwrap();
        assert_eq!(reader.readexactly(3).await.unwrap(), b"two");
        writer.close();
        server.wait_closed().await;
        let (again, _) = started(start_server(echo, addr)).await;
        again.close();
    });
}

#[test]
fn clients_are_closed_when_their_bytes_are_sent_and_aborted_before() {
    inside_each(async || {
        for is_gentle in [true, false] {
            let handler = async |mut reader: StreamReader, writer: StreamWriter| {
                writer.write(vec![1; PLENTY]);
                // Not to close: that is what the server is to do.
                let _end = reader.read(1).await;
            };
            let (server, addr) = started(start_server(handler, "127.0.0.1:0")).await;
            let (mut reader, _writer) = open_connection(addr).await.unwrap();
            let mut all = reader.readexactly(1).await.unwrap().len();
            server.close();
            if is_gentle {
                server.close_clients();
            } else {
                server.abort_clients();
                server.wait_closed().await;
            }
            while let Ok(bytes @ 1..) = reader.read(1 << 20).await.map(|bytes| bytes.len()) {
                all += bytes;
            }
            server.wait_closed().await;
            assert_eq!(all == PLENTY, is_gentle);
        }
    });
}

#[test]
fn a_name_is_listened_at_with_all_its_addresses() {
    inside_each(async || {
        let server = start_server(
            echo,
            [([127, 0, 0, 1], 0).into(), ([127, 0, 0, 2], 0).into()] as [SocketAddr; 2],
        )
        .backlog(5)
        .await
        .unwrap();
        let addrs = server.local_addrs();
        assert_eq!(addrs.len(), 2);
        for addr in addrs {
            open_connection(addr).await.unwrap();
        }
        let shared = TcpSocket::new().reuse_port(true);
        let everywhere = start_server(echo, ("", 0)).socket(shared).await.unwrap();
        let port = everywhere.local_addrs().last().unwrap().port();
        open_connection(("127.0.0.1", port)).await.unwrap();
    });
}

#[cfg(unix)]
#[test]
fn unix_sockets_are_served_and_their_file_goes_with_the_server() {
    let path = std::env::temp_dir().join(format!("bowerbird-it-{}", std::process::id()));
    inside_each(async || {
        let server = bowerbird::start_unix_server(echo, &path).await.unwrap();
        assert!(server.local_addrs().is_empty());
        let (mut reader, writer) = bowerbird::open_unix_connection(&path).await.unwrap();
        assert_eq!(writer.peer_addr(), None);
        writer.write("line\n").await.unwrap();
        assert_eq!(reader.readline().await.unwrap(), b"line\n");
        writer.write_eof().unwrap();
        assert_eq!(reader.read(None).await.unwrap(), b"");
        drop(writer);
        server.close();
        server.wait_closed().await;
        assert!(!path.exists());
        let refused = bowerbird::open_unix_connection(&path).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotFound);
    });
}

#[test]
fn a_writer_that_nobody_closed_is_told_of_in_debug_mode() {
    for (is_debug, expected) in [(true, 1), (false, 0)] {
        let event_loop = EventLoop::builder().debug(is_debug).build().unwrap();
        event_loop
            .run_until_complete(async {
                let told = reports();
                let [(_reader, forgotten), (mut their_reader, closed)] = pair().await;
                closed.close();
                drop((forgotten, closed));
                assert_eq!(their_reader.read(None).await.unwrap(), b"");
                let told = told.lock().unwrap().clone();
                let forgotten = told.iter().filter(|one| one.contains("StreamWriter"));
                assert_eq!(forgotten.count(), expected, "{told:?}");
            })
            .unwrap();
    }
}

#[test]
fn nothing_is_left_of_connections_that_have_ended() {
    let name = "streams::nothing_is_left_of_connections_that_have_ended";
    alone(name, || {
        let open = || std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        for builder in each_builder() {
            let event_loop = builder.build().unwrap();
            let rounds = async {
                let mut before = None;
                for _ in 0..3 {
                    let handled = Tally::default();
                    let tally = handled.clone();
                    let handler = move |reader, writer| {
                        let counted = Counted(tally.clone());
                        async move {
                            // Some end in an error: their peers have gone.
                            let _ended = echo(reader, writer).await;
                            drop(counted);
                        }
                    };
                    let (server, addr) = started(start_server(handler, "127.0.0.1:0")).await;
                    let clients = (0..20).map(|number| async move {
                        let (mut reader, writer) = open_connection(addr).await.unwrap();
                        writer.write("x").await.unwrap();
                        reader.readexactly(1).await.unwrap();
                        match number % 3 {
                            0 => writer.close(),
                            1 => writer.abort(),
                            _ => drop(writer),
                        }
                    });
                    gather(clients).await.unwrap();
                    server.close();
                    server.wait_closed().await;
                    drop(server);
                    until(|| handled.count() == 20 && all_tasks().len() == 1).await;
                    let left = *before.get_or_insert(open());
                    until(|| open() == left).await;
                }
            };
            event_loop.run_until_complete(rounds).unwrap();
        }
    });
}

/// Talks to the server at the port it is given, as a client in Python would.
const CLIENT_IN_PYTHON: &str = "
import asyncio, sys
async def main():
    reader, writer = await asyncio.open_connection('127.0.0.1', int(sys.argv[1]))
    for n in range(20):
        writer.write(b'x' * n * 1000 + b'\\n')
        await writer.drain()
        assert await reader.readuntil() == b'x' * n * 1000 + b'\\n'
    writer.write_eof()
    assert await reader.read() == b''
    writer.close()
    await writer.wait_closed()
    print('done')
asyncio.run(main())
";

/// Echoes lines, and says where.
const SERVER_IN_PYTHON: &str = "
import asyncio
async def echo(reader, writer):
    async for line in reader:
        writer.write(line)
        await writer.drain()
    writer.close()
async def main():
    server = await asyncio.start_server(echo, '127.0.0.1', 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
";

#[test]
fn a_client_in_python_is_served() {
    if !is_here("python3") {
        return;
    }
    inside_each(async || {
        let (server, addr) = started(start_server(echo, "127.0.0.1:0")).await;
        let port = addr.port().to_string();
        let printed = to_thread(move || run_python(CLIENT_IN_PYTHON, &[&port]));
        assert_eq!(printed.await.unwrap(), "done\n");
        server.close();
        server.wait_closed().await;
    });
}

#[test]
fn a_server_in_python_is_understood() {
    if !is_here("python3") {
        return;
    }
    let mut peer = Peer::python(SERVER_IN_PYTHON, &[]);
    let port: u16 = peer.line().parse().unwrap();
    inside_each(async || {
        let clients = (0..10).map(|number| async move {
            let (mut reader, writer) = open_connection(("127.0.0.1", port)).await.unwrap();
            for round in 0..20 {
                let line = format!("{number}{}\n", "y".repeat(round * 1000));
                writer.write(&line).await.unwrap();
                assert_eq!(reader.readline().await.unwrap(), line.as_bytes());
            }
            writer.write_eof().unwrap();
            assert_eq!(reader.read(None).await.unwrap(), b"");
        });
        gather(clients).await.unwrap();
    });
}

#[test]
fn whoever_cancels_all_tasks_leaves_what_was_written_alone() {
    inside_each(async || {
        let [(mut reader, _ours), (_theirs, writer)] = pair().await;
        writer.write(vec![7; PLENTY]);
        writer.close();
        let me = bowerbird::current_task();
        for task in all_tasks()
            .into_iter()
            .filter(|task| Some(task) != me.as_ref())
        {
            task.cancel();
        }
        assert_eq!(reader.read(None).await.unwrap().len(), PLENTY);
        writer.wait_closed().await.unwrap();
    });
}

#[test]
fn what_is_written_by_trait_after_close_is_refused_and_not_lost() {
    inside_each(async || {
        let [(mut reader, _ours), (_theirs, mut writer)] = pair().await;
        let (low, high) = (PLENTY, 2 * PLENTY);
        writer.set_write_buffer_limits(low, high);
        writer.write(vec![7; PLENTY]);
        StreamWriter::close(&writer);
        let refused = AsyncWriteExt::write(&mut writer, b"lost").await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(reader.read(None).await.unwrap().len(), PLENTY);
    });
}

#[test]
fn a_loop_that_closes_ends_what_is_being_sent_and_says_so() {
    on_each(each_builder(), |event_loop| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let connecting = async {
            let (_reader, writer) = open_connection(addr).await.unwrap();
            writer.write(vec![7; PLENTY]);
            writer
        };
        let writer = event_loop.run_until_complete(connecting).unwrap();
        let (mut theirs, _) = listener.accept().unwrap();
        event_loop.close().unwrap();
        let lost = block_on(writer.wait_closed()).unwrap_err();
        assert_eq!(lost.kind(), ErrorKind::ConnectionAborted);
        let mut came = Vec::new();
        theirs.read_to_end(&mut came).unwrap();
        assert!(
            came.len() < PLENTY,
            "the rest was lost, and the peer sees the end"
        );
    });
}
