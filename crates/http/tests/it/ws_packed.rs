//! WebSockets whose messages are packed: what is agreed on, what goes over the wire, and what is
//! stopped.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bowerbird::net::TcpStream;
use bowerbird::{create_task, gather};
use bowerbird_http::client::ClientSession;
use bowerbird_http::http::{Request, Response};
use bowerbird_http::ws::{
    Deflate, Message, Upgraded, WebSocket, WebSocketError, WebSocketOptions, WebSocketUpgrade,
};
use bowerbird_http::{Incoming, service_fn};
use futures_lite::AsyncWriteExt;
use futures_lite::future::poll_once;

use crate::peers::Scripted;
use crate::wire::{Served, inside_each};
use crate::ws::{frame, read_frame};

/// "Hello" packed, as RFC 7692 has it.
const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

const ASKING: &str = "GET /ws HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
    sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// How the handlers of a server have ended.
type Ends = Arc<Mutex<Vec<Result<(), String>>>>;

/// A server that says back what it is told.
async fn echo(options: WebSocketOptions) -> (Served, Ends) {
    let ends = Ends::default();
    let told = ends.clone();
    let handler = move |mut request: Request<Incoming>| {
        let (options, ends) = (options.clone(), ends.clone());
        async move {
            let upgrade = WebSocketUpgrade::from_request(&mut request).unwrap();
            let upgrade = upgrade.options(options);
            let accepted = upgrade.accept(async move |socket: WebSocket<Upgraded>| {
                let ended = back(&socket).await.map_err(|error| error.to_string());
                ends.lock().unwrap().push(ended);
                Ok(())
            });
            Ok::<Response<String>, Infallible>(accepted)
        }
    };
    (
        Served::new(service_fn(handler), |server| server).await,
        told,
    )
}

async fn back(socket: &WebSocket<Upgraded>) -> Result<(), WebSocketError> {
    while let Some(message) = socket.receive().await? {
        socket.send(message).await?;
    }
    Ok(())
}

fn packed() -> WebSocketOptions {
    WebSocketOptions::new().compress(Deflate::new().min_bytes(0))
}

fn url(served: &Served) -> String {
    format!("ws://{}/ws", served.addr)
}

/// A connection that became a WebSocket, and what the server has said of extensions.
async fn raw(served: &Served, offer: &str) -> (TcpStream, Option<String>) {
    let mut client = served.client().await;
    let asking = format!("{ASKING}sec-websocket-extensions: {offer}\r\n\r\n");
    client.say(asking).await;
    let answer = client.answer().await.unwrap();
    assert_eq!(answer.status.as_u16(), 101, "{answer:?}");
    let mut lines = answer.head.lines();
    let said = lines.find_map(|line| line.strip_prefix("sec-websocket-extensions: "));
    (client.0, said.map(str::to_owned))
}

#[test]
fn both_ends_pack_if_both_want_to() {
    inside_each(async || {
        for (server, client, is_packed) in [
            (packed(), packed(), true),
            (packed(), WebSocketOptions::new(), false),
            (WebSocketOptions::new(), packed(), false),
        ] {
            let (served, ends) = echo(server).await;
            let session = ClientSession::new();
            let socket = session.ws_connect(url(&served)).options(client);
            let socket = socket.await.unwrap();
            assert_eq!(socket.is_compressed(), is_packed);
            let large = "nest ".repeat(100_000);
            for text in ["", "hello", "hello", "grüße", &large] {
                socket.send(text).await.unwrap();
                assert_eq!(socket.receive().await.unwrap(), Some(Message::from(text)));
                socket.ping("between").await.unwrap();
            }
            socket.send(vec![7; 100_000]).await.unwrap();
            let bytes = socket.receive().await.unwrap().unwrap();
            assert_eq!(bytes.into_bytes(), vec![7; 100_000]);
            socket.close(1000, "").await.unwrap();
            served.stop().await;
            assert!(ends.lock().unwrap().iter().all(Result::is_ok));
        }
    });
}

#[test]
fn what_goes_over_the_wire_is_packed_and_what_is_said_again_is_remembered() {
    inside_each(async || {
        let (served, _) = echo(packed()).await;
        let (mut stream, said) = raw(&served, "permessage-deflate").await;
        assert_eq!(said.as_deref(), Some("permessage-deflate"));
        // In two fragments, with a ping between them.
        let said = [
            frame(0x41, &HELLO[..3]),
            frame(0x89, b"?"),
            frame(0x80, &HELLO[3..]),
            frame(0xc1, &[0xf2, 0x00, 0x11, 0x00, 0x00]),
            frame(0x81, b"Hello"),
        ];
        stream.write_all(&said.concat()).await.unwrap();
        assert_eq!(read_frame(&mut stream).await, (0x8a, b"?".to_vec()));
        let (first, hello) = read_frame(&mut stream).await;
        assert_eq!(first, 0xc1);
        for _ in 0..2 {
            let (first, again) = read_frame(&mut stream).await;
            assert_eq!(first, 0xc1);
            assert!(again.len() < hello.len(), "{hello:?} {again:?}");
        }
        stream.write_all(&frame(0x88, &[3, 232])).await.unwrap();
        assert_eq!(read_frame(&mut stream).await, (0x88, vec![3, 232]));
        served.stop().await;
    });
}

#[test]
fn what_is_to_be_forgotten_is_packed_anew() {
    inside_each(async || {
        let (served, _) = echo(packed()).await;
        let offer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
        let (mut stream, said) = raw(&served, offer).await;
        assert_eq!(said.as_deref(), Some(offer));
        let mut answers = Vec::new();
        for _ in 0..3 {
            stream.write_all(&frame(0xc1, &HELLO)).await.unwrap();
            answers.push(read_frame(&mut stream).await);
        }
        assert_eq!(answers, vec![answers[0].clone(); 3]);
        drop(stream);
        served.stop().await;
    });
}

#[test]
fn what_cannot_be_unpacked_or_becomes_too_much_is_told() {
    inside_each(async || {
        let options = packed().max_message_bytes(1024);
        let (served, ends) = echo(options).await;
        // Two thousand of them.
        let zeros = [
            0x62, 0x60, 0x18, 0x05, 0xa3, 0x60, 0x14, 0x8c, 0x82, 0x51, 0x30, 0x0a, 0x46, 0xc1,
            0x50, 0x07, 0x00, 0x00,
        ];
        for (why, bytes, code) in [
            ("too much", frame(0xc2, &zeros), 1009u16),
            ("no deflate", frame(0xc1, &[0x07, 0x00]), 1002),
            (
                "packed text that is none",
                frame(0xc1, &[0xfa, 0x0f, 0x00]),
                1007,
            ),
        ] {
            let (mut stream, _) = raw(&served, "permessage-deflate").await;
            stream.write_all(&bytes).await.unwrap();
            let told = read_frame(&mut stream).await;
            assert_eq!(told, (0x88, code.to_be_bytes().to_vec()), "{why}");
        }
        served.stop().await;
        assert!(ends.lock().unwrap().iter().all(Result::is_err));
    });
}

#[test]
fn senders_that_give_up_leave_both_dictionaries_alike() {
    inside_each(async || {
        let (served, _) = echo(packed()).await;
        let session = ClientSession::new();
        let socket = session.ws_connect(url(&served)).options(packed());
        let socket = socket.await.unwrap();
        let senders = (0..4u8).map(|number| {
            let socket = socket.clone();
            create_task(async move {
                for round in 0..30u32 {
                    let text = format!("{number} says {round} ").repeat(2000);
                    let mut sending = Box::pin(socket.send(text));
                    if round % 3 == 0 {
                        // Sent, whole or not at all, and not waited for.
                        let _given_up = poll_once(&mut sending).await;
                    } else {
                        sending.await.unwrap();
                    }
                }
            })
        });
        let senders: Vec<_> = senders.collect();
        let receiving = async {
            while let Some(message) = socket.receive().await? {
                let text = message.as_text().unwrap().to_owned();
                if text == "enough" {
                    break;
                }
                let (one, _) = text.split_at(text.len() / 2000);
                assert_eq!(text, one.repeat(2000));
            }
            Ok::<_, WebSocketError>(())
        };
        let ending = async {
            gather(senders).await.unwrap();
            socket.send("enough").await.unwrap();
        };
        futures_lite::future::zip(receiving, ending)
            .await
            .0
            .unwrap();
        socket.close(1000, "").await.unwrap();
        served.stop().await;
    });
}

#[test]
fn a_server_that_packs_otherwise_than_was_offered_is_refused() {
    inside_each(async || {
        for answer in [
            "permessage-deflate; client_max_window_bits=10",
            "permessage-deflate, permessage-deflate",
            "x-webkit-deflate-frame",
        ] {
            let peer = Scripted::start(move |mut line, _| async move {
                let head = line.head_as_it_is().await.unwrap();
                let mut lines = head.lines();
                assert!(lines.any(|line| line == "sec-websocket-extensions: permessage-deflate"));
                let key = head
                    .lines()
                    .find_map(|line| line.strip_prefix("sec-websocket-key: "));
                let accept = bowerbird_http::ws::accept_key(key.unwrap());
                line.say(format!(
                    "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n\
                     upgrade: websocket\r\nsec-websocket-accept: {accept}\r\n\
                     sec-websocket-extensions: {answer}\r\n\r\n"
                ))
                .await;
                line.end().await;
            })
            .await;
            let session = ClientSession::new();
            let asked = session.ws_connect(peer.url("/")).options(packed());
            let error = asked.await.unwrap_err().to_string();
            assert!(error.contains("the server"), "{error}");
            assert_eq!(session.connector().open_connections(), 0);
        }
    });
}
