//! The end of a server: who is waited for, who is cancelled, and what is left over.

use std::sync::Arc;
use std::time::Duration;

use bowerbird::net::TcpStream;
use bowerbird::{Event, all_tasks, create_task};
use bowerbird_http::{Server, service_fn};

use crate::wire::{Served, answer, held, inside_each, until_refused};

#[test]
fn requests_under_way_are_answered_and_idle_connections_closed() {
    inside_each(async || {
        let (here, go) = (Arc::new(Event::new()), Arc::new(Event::new()));
        let handler = service_fn(held(here.clone(), go.clone()));
        let served = Served::new(handler, |server| server).await;
        let mut idle = served.client().await;
        let mut busy = served.client().await;
        busy.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        here.wait().await;
        served.begin_to_stop();
        assert_eq!(idle.rest().await, "");
        until_refused(served.addr).await;
        go.set();
        let answer = busy.answer().await.unwrap();
        assert_eq!(answer.body, "at last");
        assert_eq!(busy.rest().await, "");
        assert_eq!(served.stop().await.cancelled, 0);
    });
}

#[test]
fn what_is_not_done_in_time_is_cancelled_and_awaited() {
    inside_each(async || {
        let (here, never) = (Arc::new(Event::new()), Arc::new(Event::new()));
        let handler = service_fn(held(here.clone(), never.clone()));
        let limit = Duration::from_millis(50);
        let served = Served::new(handler, |server| server.shutdown_timeout(limit)).await;
        let mut client = served.client().await;
        client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        here.wait().await;
        assert_eq!(served.stop().await.cancelled, 1);
        // The handler has gone, with what it held: here and in the server were the other handles.
        assert_eq!(Arc::strong_count(&never), 1);
        assert_eq!(client.rest().await, "");
    });
}

#[test]
fn a_server_whose_task_is_cancelled_leaves_nothing() {
    inside_each(async || {
        let (here, never) = (Arc::new(Event::new()), Arc::new(Event::new()));
        let handler = service_fn(held(here.clone(), never.clone()));
        let server = Server::bind("127.0.0.1:0").await.unwrap();
        let addr = server.local_addrs()[0];
        let serving = create_task(server.serve(handler));
        let mut client = crate::wire::Client(TcpStream::connect(addr).await.unwrap());
        client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        here.wait().await;
        serving.cancel();
        assert!(serving.await.unwrap_err().is_cancelled());
        assert_eq!(client.rest().await, "");
        while all_tasks().len() > 1 {
            bowerbird::yield_now().await;
        }
        until_refused(addr).await;
        assert_eq!(Arc::strong_count(&never), 1);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn no_descriptor_and_no_task_is_left() {
    // Others of these tests open descriptors meanwhile, so those of one port are counted.
    inside_each(async || {
        let before = all_tasks().len();
        let served = Served::new(service_fn(answer), |server| server).await;
        let port = served.addr.port();
        for round in 0..20 {
            let mut client = served.client().await;
            client.get("/").await;
            if round % 2 == 0 {
                client.say("GET / HTT").await;
            }
        }
        assert!(sockets_at(port) > 0);
        served.stop().await;
        assert_eq!(all_tasks().len(), before);
        // A child that another test is starting may have a copy of one for a moment.
        while sockets_at(port) > 0 {
            bowerbird::yield_now().await;
        }
    });
}

/// Sockets of this machine whose own port this is, and which a process has.
#[cfg(target_os = "linux")]
fn sockets_at(port: u16) -> usize {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let mine = format!(":{port:04X}");
    let rows = table.lines().map(|row| row.split_whitespace());
    // The columns: number, own address, the peer's, state, queues, timer, retransmits, user,
    // timeout, inode. Zero is the inode of what the kernel alone still has.
    rows.filter_map(|mut row| Some((row.nth(1)?.to_owned(), row.nth(7)?.to_owned())))
        .filter(|(own, inode)| own.ends_with(&mine) && inode != "0")
        .count()
}
