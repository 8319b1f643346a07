//! HTTP/1.1: connections that are used again, bodies of all kinds, and what is no HTTP.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bowerbird::net::TcpStream;
use bowerbird::{Event, gather};
use bowerbird_http::http::{Request, Response};
use bowerbird_http::{Incoming, Peer, Server, service_fn};
use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};

use crate::wire::{Client, Served, answer, inside_each};

#[test]
fn a_connection_is_used_again() {
    inside_each(async || {
        let served = Served::plain().await;
        let mut client = served.client().await;
        for path in ["/first", "/second", "/third"] {
            let answer = client.get(path).await;
            assert_eq!(
                (answer.status.as_u16(), answer.body),
                (200, format!("GET {path} "))
            );
        }
        drop(client);
        served.stop().await;
    });
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    inside_each(async || {
        let served = Served::plain().await;
        let mut client = served.client().await;
        let requests: String = (0..20)
            .map(|number| format!("GET /{number} HTTP/1.1\r\nhost: x\r\n\r\n"))
            .collect();
        client.say(requests).await;
        for number in 0..20 {
            let answer = client.answer().await.unwrap();
            assert_eq!(answer.body, format!("GET /{number} "));
        }
        drop(client);
        served.stop().await;
    });
}

#[test]
fn a_request_that_comes_while_a_handler_is_at_work_waits_for_its_turn() {
    inside_each(async || {
        let (begun, go) = (Arc::new(Event::new()), Arc::new(Event::new()));
        let (beginning, going) = (begun.clone(), go.clone());
        let slow = service_fn(move |request: Request<Incoming>| {
            let (begun, go) = (beginning.clone(), going.clone());
            async move {
                begun.set();
                go.wait().await;
                Ok::<_, Infallible>(Response::new(request.uri().to_string()))
            }
        });
        let served = Served::new(slow, |server| server).await;
        let mut client = served.client().await;
        client.say("GET /1 HTTP/1.1\r\nhost: x\r\n\r\n").await;
        begun.wait().await;
        // More than is read ahead of its turn, and in two parts.
        let long = "y".repeat(2_000);
        client.say(&format!("GET /2 HTTP/1.1\r\nx: {long}")).await;
        for _ in 0..100 {
            bowerbird::yield_now().await;
        }
        client
            .say("\r\nhost: x\r\n\r\nGET /3 HTTP/1.1\r\nhost: x\r\n\r\n")
            .await;
        go.set();
        for path in ["/1", "/2", "/3"] {
            assert_eq!(client.answer().await.unwrap().body, path);
        }
        drop(client);
        served.stop().await;
    });
}

#[test]
fn a_request_may_come_byte_by_byte() {
    inside_each(async || {
        let served = Served::plain().await;
        let mut client = served.client().await;
        for byte in b"POST /slow HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhi" {
            client.say([*byte]).await;
            bowerbird::yield_now().await;
        }
        assert_eq!(client.answer().await.unwrap().body, "POST /slow hi");
        drop(client);
        served.stop().await;
    });
}

#[test]
fn chunked_bodies_are_read_and_written() {
    inside_each(async || {
        let served = Served::new(service_fn(back), |server| server).await;
        let mut client = served.client().await;
        client
            .say("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
            .await;
        client.say("5\r\nhello\r\n2;ext=1\r\n, \r\n").await;
        client.say("5\r\nworld\r\n0\r\n\r\n").await;
        let answer = client.answer().await.unwrap();
        assert!(
            answer.head.contains("transfer-encoding: chunked"),
            "{answer:?}"
        );
        assert_eq!(answer.body, "hello, world");
        // What comes next is not taken for the rest of a body.
        assert_eq!(client.get("/").await.body, "");
        drop(client);
        served.stop().await;
    });
}

/// Sends a body back as it comes.
async fn back(request: Request<Incoming>) -> Result<Response<Incoming>, Infallible> {
    Ok(Response::new(request.into_body()))
}

#[test]
fn large_bodies_go_both_ways_at_once() {
    inside_each(async || {
        let served = Served::new(service_fn(back), |server| server).await;
        let mut client = served.client().await;
        let body = "0123456789abcdef".repeat(256 * 1024);
        let head = format!(
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        client.say(head).await;
        let (reader, mut writer) = client.0.into_split();
        let sent = body.clone();
        let sending = bowerbird::create_task(async move {
            writer.write_all(sent.as_bytes()).await.unwrap();
            writer
        });
        let mut reader = futures_lite::io::BufReader::new(reader);
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).await.unwrap();
        }
        let mut came = vec![0; body.len()];
        reader.read_exact(&mut came).await.unwrap();
        assert!(came == body.as_bytes(), "the body changed on its way");
        drop((sending.await.unwrap(), reader));
        served.stop().await;
    });
}

#[test]
fn a_client_that_expects_it_is_told_to_go_on() {
    inside_each(async || {
        let served = Served::plain().await;
        let mut client = served.client().await;
        client
            .say("POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
            .await;
        assert_eq!(client.answer().await.unwrap().status.as_u16(), 100);
        client.say("hi").await;
        assert_eq!(client.answer().await.unwrap().body, "POST / hi");
        drop(client);
        served.stop().await;
    });
}

#[test]
fn who_names_no_host_or_expects_what_nobody_can_do_is_told_so_and_handlers_are_not_asked() {
    inside_each(async || {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = asked.clone();
        let handler = service_fn(move |request: Request<Incoming>| {
            counted.fetch_add(1, Ordering::Relaxed); // Relaxed: read once all are answered.
            answer(request)
        });
        let served = Served::new(handler, |server| server).await;
        for (head, status) in [
            ("GET / HTTP/1.1\r\n", 400),
            ("GET http://x/ HTTP/1.1\r\n", 400),
            ("GET / HTTP/1.1\r\nhost: x\r\nexpect: a miracle\r\n", 417),
            (
                "GET / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\nexpect: x\r\n",
                417,
            ),
            ("GET / HTTP/1.1\r\nhost: x\r\nExpect: 100-Continue\r\n", 200),
            ("GET / HTTP/1.0\r\nexpect: a miracle\r\n", 200),
        ] {
            let mut client = served.client().await;
            client.say(format!("{head}\r\n")).await;
            let answer = client.answer().await.unwrap();
            assert_eq!(answer.status.as_u16(), status, "{head}");
        }
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        served.stop().await;
    });
}

#[test]
fn many_connections_are_served_at_once() {
    inside_each(async || {
        let served = Served::plain().await;
        let addr = served.addr;
        let clients = (0..200).map(|number| async move {
            let mut client = Client(TcpStream::connect(addr).await.unwrap());
            for round in 0..5 {
                let path = format!("/{number}/{round}");
                assert_eq!(client.get(&path).await.body, format!("GET {path} "));
            }
        });
        gather(clients).await.unwrap();
        served.stop().await;
    });
}

#[test]
fn handlers_know_who_asks() {
    inside_each(async || {
        let served = Served::new(service_fn(who), |server| server).await;
        let mut client = served.client().await;
        let own = client.0.local_addr().unwrap();
        assert_eq!(client.get("/").await.body, own.to_string());
        drop(client);
        served.stop().await;
    });
}

/// Tells the peer its address.
async fn who(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let Peer(addr) = request.extensions().get().unwrap();
    Ok(Response::new(addr.to_string()))
}

#[cfg(unix)]
#[test]
fn unix_sockets_and_several_listeners_are_served_alike() {
    let path = std::env::temp_dir().join(format!("bowerbird-http-{}", std::process::id()));
    inside_each(async || {
        let unix = bowerbird::net::UnixListener::bind(&path).unwrap();
        let with = |server: Server| server.with_listener(unix);
        let served = Served::new(service_fn(answer), with).await;
        let mut stream = bowerbird::net::UnixStream::connect(&path).await.unwrap();
        let request = b"GET /unix HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert!(text.ends_with("GET /unix "), "{text}");
        assert_eq!(served.client().await.get("/tcp").await.body, "GET /tcp ");
        served.stop().await;
        assert!(!path.exists());
    });
}
