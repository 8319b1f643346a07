//! Hostile clients, whose faults are numbered in docs/faults.md, and odd ones: heads without end,
//! chunks that are none, bodies that nobody reads, and half a connection. What heads cost in memory
//! is in `tests/example.rs`, where the server is a process of its own.

use std::convert::Infallible;
use std::sync::Arc;

use bowerbird::Event;
use bowerbird_http::http::{Request, Response};
use bowerbird_http::{Incoming, service_fn};
use futures_lite::AsyncWriteExt;

use crate::smuggling::{SECOND, assert_refused};
use crate::wire::{Served, held, inside_each};

/// So many pieces of 1 MiB are more than the sockets of both ends hold.
const MUCH: usize = 64;

/// Lines and headers that only end when the server stops listening.
#[test]
fn fault_090_heads_without_end_are_not_taken_in() {
    inside_each(async || {
        let served = Served::plain().await;
        for (head, more) in [
            ("GET /", "y"),
            ("GET / HTTP/1.1\r\nhost: x\r\nx: ", "y"),
            ("GET / HTTP/1.1\r\nhost: x\r\n", "x: y\r\n"),
            ("GET / HTTP/1.1\r\nhost: x\r\n", "y"),
        ] {
            let mut client = served.client().await;
            client.say(head).await;
            let piece = more.repeat((1 << 20) / more.len());
            let mut taken = 0;
            while taken < MUCH && client.0.write_all(piece.as_bytes()).await.is_ok() {
                taken += 1;
            }
            assert!(taken < MUCH, "{head:?}: it is listened to for ever");
            let rest = client.rest().await;
            let is_refused = rest.is_empty() || rest.starts_with("HTTP/1.1 4");
            assert!(is_refused, "{head:?}: {rest}");
        }
        let answer = served.client().await.get("/next").await;
        assert_eq!(answer.body, "GET /next ");
        served.stop().await;
    });
}

/// Beside those of the table in `smuggling.rs`: sizes at the end of all numbers, and what has no
/// end.
#[test]
fn fault_091_chunks_that_are_none_are_refused_and_what_follows_is_not_read() {
    let long = "y".repeat(20 << 10);
    let many = "1;x=yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\nz\r\n".repeat(1000);
    let chunks = [
        ("2^64", "10000000000000000\r\nabc\r\n0\r\n\r\n".to_owned()),
        (
            "2^64 - 1",
            "ffffffffffffffff\r\nabc\r\n0\r\n\r\n".to_owned(),
        ),
        (
            "zeros and 2^64",
            "000000010000000000000000\r\nabc\r\n0\r\n\r\n".to_owned(),
        ),
        ("no hexadecimal", "3g\r\nabc\r\n0\r\n\r\n".to_owned()),
        ("an underscore", "1_0\r\nabc\r\n0\r\n\r\n".to_owned()),
        ("no CRLF after a size", "3xyz\r\n0\r\n\r\n".to_owned()),
        ("no CRLF after a chunk", "3\r\nabc0\r\n\r\n".to_owned()),
        ("a CR alone after a chunk", "3\r\nabc\r0\r\n\r\n".to_owned()),
        (
            "an extension without end",
            format!("3;{long}\r\nabc\r\n0\r\n\r\n"),
        ),
        ("extensions without end", format!("{many}0\r\n\r\n")),
        ("a trailer without end", format!("0\r\nx: {long}\r\n\r\n")),
    ];
    inside_each(async || {
        let served = Served::plain().await;
        for (why, chunks) in &chunks {
            let head = "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
            assert_refused(&served, why, &format!("{head}{chunks}")).await;
        }
        served.stop().await;
    });
}

/// Answers, and does not look at what came with the request.
async fn deaf(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    Ok(Response::new(request.uri().path().to_owned()))
}

/// The bodies are made of requests. Whether the connection goes on depends on how much of a body is
/// there already; what answers it sends does not.
#[test]
fn fault_093_a_body_that_nobody_reads_is_never_taken_for_a_request() {
    inside_each(async || {
        let served = Served::new(service_fn(deaf), |server| server).await;
        for times in [1, 100, 10_000] {
            let body = SECOND.repeat(times);
            let length = body.len();
            for (head, body) in [
                (format!("content-length: {length}"), body.clone()),
                (
                    "transfer-encoding: chunked".to_owned(),
                    format!("{length:x}\r\n{body}\r\n0\r\n\r\n"),
                ),
            ] {
                let mut client = served.client().await;
                let head = format!("POST /first HTTP/1.1\r\nhost: x\r\n{head}\r\n\r\n");
                let next = "GET /next HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
                // The server may have closed before it has all of it.
                let said = format!("{head}{body}{next}");
                let _sent = client.0.write_all(said.as_bytes()).await;
                let rest = client.rest().await;
                let answers: Vec<_> = rest.matches("HTTP/1.1 ").collect();
                let is_right = match answers.len() {
                    // A reset has overtaken the answer.
                    0 => rest.is_empty(),
                    1 => rest.ends_with("/first"),
                    2 => rest.contains("/first") && rest.ends_with("/next"),
                    _ => false,
                };
                assert!(is_right, "{head} {times}: {rest}");
            }
        }
        served.stop().await;
    });
}

/// As with aiohttp, whose transports close when the other end says its end.
#[test]
fn a_client_that_closes_its_half_has_gone() {
    inside_each(async || {
        let (here, go) = (Arc::new(Event::new()), Arc::new(Event::new()));
        let handler = service_fn(held(here.clone(), go.clone()));
        let served = Served::new(handler, |server| server).await;
        let mut client = served.client().await;
        client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        here.wait().await;
        client.0.close().await.unwrap();
        assert_eq!(client.rest().await, "");
        // The handler goes on, and is waited for.
        go.set();
        assert_eq!(served.stop().await.cancelled, 0);
    });
}
