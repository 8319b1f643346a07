//! Promises of sockets made here.

use std::io::Write;
use std::os::unix::net::UnixListener;
use std::task::Poll;

use super::*;
use crate::fixtures::{Flag, reactors, turn_until_true, turn_until_woken};
use crate::{Async, Direction};

fn any_port() -> TcpListener {
    listen("127.0.0.1:0".parse().unwrap(), BACKLOG).unwrap()
}

#[test]
fn a_connection_is_made_and_accepted_without_blocking() {
    for reactor in reactors() {
        let listener = Async::new(&reactor, any_port()).unwrap();
        let at = listener.get_ref().local_addr().unwrap();
        let flag = Flag::new();
        let accepting = |listener: &TcpListener| accept(listener);
        assert!(
            flag.poll(|cx| listener.poll_io(Direction::Read, cx, accepting))
                .is_pending()
        );

        let client = Async::stream(&reactor, start_connect(at).unwrap()).unwrap();
        let connected = Flag::new();
        turn_until_true(&reactor, || {
            let finish = |cx: &mut std::task::Context<'_>| {
                client.poll_io(Direction::Write, cx, finish_connect)
            };
            matches!(connected.poll(finish), Poll::Ready(Ok(())))
        });
        turn_until_woken(&reactor, &flag);
        let Poll::Ready(Ok((server, peer))) =
            flag.poll(|cx| listener.poll_io(Direction::Read, cx, accepting))
        else {
            panic!("a connection waits");
        };
        assert_eq!(peer, client.get_ref().local_addr().unwrap());
        // Panics in debug builds where the socket blocks.
        assert!(Async::stream(&reactor, server).is_ok());
    }
}

#[test]
fn a_connection_under_way_would_block_until_it_is_settled() {
    // Nobody accepts, so sooner or later the listener lets a caller wait for an answer.
    let listener = listen("127.0.0.1:0".parse().unwrap(), 0).unwrap();
    let at = listener.local_addr().unwrap();
    let mut clients = Vec::new();
    let kind = loop {
        assert!(clients.len() < 64, "everyone was connected");
        let client = start_connect(at).unwrap();
        if let Err(error) = finish_connect(&client) {
            break error.kind();
        }
        clients.push(client);
    };
    assert_eq!(kind, io::ErrorKind::WouldBlock);
}

#[test]
fn a_refused_connection_says_so() {
    for reactor in reactors() {
        let listener = any_port();
        let at = listener.local_addr().unwrap();
        drop(listener);
        let error = match start_connect(at) {
            Err(error) => error,
            Ok(client) => {
                let client = Async::stream(&reactor, client).unwrap();
                let flag = Flag::new();
                let mut outcome = Ok(());
                turn_until_true(&reactor, || {
                    let settled =
                        flag.poll(|cx| client.poll_io(Direction::Write, cx, finish_connect));
                    let is_settled = settled.is_ready();
                    if let Poll::Ready(result) = settled {
                        outcome = result;
                    }
                    is_settled
                });
                outcome.unwrap_err()
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }
}

#[test]
fn nobody_to_accept_would_block() {
    assert_eq!(
        accept(&any_port()).unwrap_err().kind(),
        io::ErrorKind::WouldBlock
    );
}

#[test]
fn an_address_can_be_listened_on_again_while_connections_linger() {
    let listener = any_port();
    let at = listener.local_addr().unwrap();
    let client = TcpStream::connect(at).unwrap();
    let server = loop {
        match accept(&listener) {
            Ok((server, _)) => break server,
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
    };
    // The side that closes first is the one whose address lingers.
    drop(server);
    drop(listener);
    drop(client);
    assert!(listen(at, 1).is_ok());
}

#[test]
fn a_unix_connection_is_made_accepted_and_read_without_blocking() {
    let path = std::env::temp_dir().join(format!("bowerbird-io-{}", std::process::id()));
    let _stale = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    listener.set_nonblocking(true).unwrap();
    assert_eq!(
        accept_unix(&listener).unwrap_err().kind(),
        io::ErrorKind::WouldBlock
    );
    let client = start_connect_unix(&path).unwrap();
    assert!(finish_connect_unix(&client).is_ok());
    let server = accept_unix(&listener).unwrap();
    (&client).write_all(b"hello").unwrap();
    let mut room = [MaybeUninit::uninit(); 8];
    assert_eq!(receive(&server, &mut room).unwrap(), b"hello");
    assert_eq!(
        receive(&server, &mut room).unwrap_err().kind(),
        io::ErrorKind::WouldBlock
    );
    std::fs::remove_file(&path).unwrap();
    assert!(start_connect_unix(&path).is_err());
}
