//! What clients may not do, and what becomes of those that do it.

use std::convert::Infallible;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bowerbird::net::{TcpListener, TcpStream};
use bowerbird::{Event, get_running_loop};
use bowerbird_http::http::{Request, Response};
use bowerbird_http::{BODY_LIMIT, Incoming, read_body, service_fn};
use futures_lite::AsyncWriteExt;

use crate::wire::{Client, Served, answer, held, inside_each};

/// Short enough to wait for, long enough for slow machines.
const SHORT: Duration = Duration::from_millis(200);

/// Long enough for a client on a slow machine that is to be in time.
const LONG: Duration = Duration::from_millis(800);

#[test]
fn bodies_over_the_limit_are_told_413() {
    inside_each(async || {
        let served = Served::plain().await;
        let mut client = served.client().await;
        let length = BODY_LIMIT + 1;
        let head = format!("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
        client.say(head).await;
        assert_eq!(client.answer().await.unwrap().status.as_u16(), 413);
        drop(client);
        served.stop().await;
    });
}

/// The client goes on sending, as most do, and looks for an answer when it is done.
#[test]
fn the_answer_to_an_upload_that_goes_on_is_not_lost() {
    inside_each(async || {
        let served = Served::plain().await;
        let mut client = served.client().await;
        client
            .say("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
            .await;
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        for _ in 0..4 * BODY_LIMIT / 0x10000 {
            client.say(&chunk).await;
        }
        assert_eq!(client.answer().await.unwrap().status.as_u16(), 413);
        drop(client);
        served.stop().await;
    });
}

#[test]
fn heads_that_are_too_large_are_told_431() {
    inside_each(async || {
        let served = Served::new(service_fn(answer), |server| {
            server.max_header_bytes(16 * 1024).max_headers(20)
        })
        .await;
        let many: String = (0..21).map(|number| format!("x-{number}: y\r\n")).collect();
        let long = format!("x: {}\r\n", "y".repeat(17 * 1024));
        for headers in [many, long] {
            let mut client = served.client().await;
            let head = format!("GET / HTTP/1.1\r\n{headers}\r\n");
            let _sent = client.0.write_all(head.as_bytes()).await;
            let rest = client.rest().await;
            assert!(
                rest.is_empty() || rest.starts_with("HTTP/1.1 431"),
                "{rest}"
            );
        }
        let fine: String = (0..19).map(|number| format!("x-{number}: y\r\n")).collect();
        let mut client = served.client().await;
        client
            .say(format!("GET / HTTP/1.1\r\nhost: x\r\n{fine}\r\n"))
            .await;
        assert_eq!(client.answer().await.unwrap().status.as_u16(), 200);
        drop(client);
        served.stop().await;
    });
}

#[test]
fn slow_heads_are_closed_after_the_limit_and_idle_connections_are_not() {
    inside_each(async || {
        let served = Served::new(service_fn(answer), |server| {
            server.header_read_timeout(LONG)
        })
        .await;
        let now = || get_running_loop().unwrap().time();
        let begin = now();
        // Nothing, the beginning of a first head, and the beginning of a second one.
        let mut silent = served.client().await;
        let mut slow = served.client().await;
        slow.say("GET / HT").await;
        let mut later = served.client().await;
        assert_eq!(later.get("/").await.status.as_u16(), 200);
        assert_eq!((silent.rest().await, slow.rest().await), Default::default());
        assert!(now() - begin >= LONG);
        // The third one is idle for longer than that, and is used again.
        bowerbird::sleep(LONG).await;
        assert_eq!(later.get("/").await.status.as_u16(), 200);
        let middle = now();
        later.say("GET / HTTP/1.1\r\nhos").await;
        assert_eq!(later.rest().await, "");
        assert!(now() - middle >= LONG);
        served.stop().await;
    });
}

#[test]
fn idle_connections_are_closed_after_the_limit() {
    inside_each(async || {
        let served = Served::new(service_fn(answer), |server| server.keep_alive(SHORT)).await;
        let mut client = served.client().await;
        assert_eq!(client.get("/").await.status.as_u16(), 200);
        let begin = get_running_loop().unwrap().time();
        assert_eq!(client.rest().await, "");
        let waited = get_running_loop().unwrap().time() - begin;
        assert!(waited >= SHORT - Duration::from_millis(50), "{waited:?}");
        served.stop().await;
    });
}

#[test]
fn connections_over_the_limit_wait_for_their_turn() {
    inside_each(async || {
        let (here, go) = (Arc::new(Event::new()), Arc::new(Event::new()));
        let handler = service_fn(held(here.clone(), go.clone()));
        let served = Served::new(handler, |server| server.max_connections(1)).await;
        let mut first = served.client().await;
        first
            .say("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .await;
        here.wait().await;
        here.clear();
        let mut second = served.client().await;
        second.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(bowerbird::timeout(SHORT, here.wait()).await.is_err());
        go.set();
        assert_eq!(first.answer().await.unwrap().body, "at last");
        assert_eq!(second.answer().await.unwrap().body, "at last");
        drop((first, second));
        served.stop().await;
    });
}

#[test]
fn a_peer_has_no_more_connections_than_it_may() {
    inside_each(async || {
        let served = Served::new(service_fn(answer), |server| {
            server.max_connections_per_peer(2)
        })
        .await;
        let mut first = served.client().await;
        let mut second = served.client().await;
        for client in [&mut first, &mut second] {
            assert_eq!(client.get("/").await.status.as_u16(), 200);
        }
        let mut third = served.client().await;
        // Sooner than the limit of a first head.
        let closed = bowerbird::timeout(Duration::from_secs(15), third.rest()).await;
        assert_eq!(closed.unwrap(), "");
        // When one has gone, another one may come; the server learns of it when it does.
        drop(first);
        loop {
            let mut third = served.client().await;
            let request = b"GET /third HTTP/1.1\r\nhost: x\r\n\r\n";
            let sent = third.0.write_all(request).await;
            let Some(answer) = (if sent.is_ok() {
                third.answer().await
            } else {
                None
            }) else {
                continue;
            };
            assert_eq!(answer.body, "GET /third ");
            break;
        }
        drop(second);
        served.stop().await;
    });
}

#[test]
fn listeners_that_nobody_comes_to_take_no_place_from_others() {
    inside_each(async || {
        let more = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = more.local_addr().unwrap();
        let served = Served::new(service_fn(answer), |server| {
            server.with_listener(more).max_connections(1)
        })
        .await;
        for addr in [served.addr, addr, served.addr] {
            let mut client = Client(TcpStream::connect(addr).await.unwrap());
            let asked = bowerbird::timeout(Duration::from_secs(10), client.get("/")).await;
            assert_eq!(asked.unwrap().status.as_u16(), 200);
        }
        served.stop().await;
    });
}

#[test]
fn a_length_that_is_a_lie_reserves_nothing() {
    inside_each(async || {
        let patient = service_fn(async |request: Request<Incoming>| {
            let body = read_body(request.into_body(), usize::MAX).await;
            let said = body.map(|body| Response::new(format!("{} bytes", body.len())));
            Ok::<_, Infallible>(said.unwrap_or_else(|error| error.to_response()))
        });
        let served = Served::new(patient, |server| {
            server.body_read_timeout(SHORT).handler_cancellation(true)
        })
        .await;
        let mut client = served.client().await;
        let length = u64::MAX - 10;
        client
            .say(format!(
                "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\nabc"
            ))
            .await;
        let answer = client.answer().await;
        let status = answer.map(|answer| answer.status.as_u16());
        assert_ne!(status, Some(500), "the handler panicked");
        served.stop().await;
    });
}

#[test]
fn who_floods_after_the_answer_is_not_listened_to_for_ever() {
    bowerbird::run(async {
        let served = Served::plain().await;
        let (addr, is_enough) = (served.addr, Arc::new(AtomicBool::new(false)));
        let enough = is_enough.clone();
        // In a thread of its own, so that there is always something to be read.
        let flooding = bowerbird::to_thread(move || {
            let mut stream = std::net::TcpStream::connect(addr).unwrap();
            let head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9999999999999\r\n\r\n";
            stream.write_all(head.as_bytes()).unwrap();
            let much = vec![b'x'; 1 << 20];
            while stream.write_all(&much).is_ok() && !enough.load(Ordering::Relaxed) {}
        });
        let ended = bowerbird::timeout(Duration::from_secs(15), flooding).await;
        is_enough.store(true, Ordering::Relaxed);
        assert!(ended.is_ok(), "it was listened to for too long");
        served.stop().await;
    });
}
