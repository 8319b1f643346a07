//! WebSockets: between our own two ends, and with peers that say their frames byte for byte.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bowerbird::net::TcpStream;
use bowerbird::{Event, Task, create_task, gather, timeout};
use bowerbird_http::http::{Request, Response};
use bowerbird_http::ws::{
    CloseReason, Message, Role, Upgraded, WebSocket, WebSocketError, WebSocketOptions,
    WebSocketUpgrade,
};
use bowerbird_http::{Incoming, Server, service_fn};
use futures_lite::future::poll_once;
use futures_lite::{AsyncReadExt, AsyncWriteExt};

use crate::wire::{Client, Served, inside_each};

/// Short enough to wait for, long enough for slow machines.
const SHORT: Duration = Duration::from_millis(200);

const ASKING: &str = "GET /ws HTTP/1.1\r\nhost: x\r\nconnection: keep-alive, Upgrade\r\n\
    upgrade: WebSocket\r\nsec-websocket-version: 13\r\n\
    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// How the handlers of a server have ended, and why their peers have closed.
type Ends = Arc<Mutex<Vec<(Result<(), String>, Option<CloseReason>)>>>;

/// A server whose handler says back what it is told.
async fn echo(options: WebSocketOptions, with: impl FnOnce(Server) -> Server) -> (Served, Ends) {
    let ends = Ends::default();
    let told = ends.clone();
    let handler = move |mut request: Request<Incoming>| {
        let (options, ends) = (options.clone(), ends.clone());
        async move {
            let upgrade = match WebSocketUpgrade::from_request(&mut request) {
                Ok(upgrade) => upgrade.options(options).protocols(["chat", "echo"]),
                Err(error) => return Ok::<Response<String>, Infallible>(error.to_response()),
            };
            Ok(upgrade.accept(async move |socket: WebSocket<Upgraded>| {
                let ended = back(&socket).await;
                let ended = ended.map_err(|error| error.to_string());
                ends.lock().unwrap().push((ended, socket.close_reason()));
                Ok(())
            }))
        }
    };
    (Served::new(service_fn(handler), with).await, told)
}

async fn back(socket: &WebSocket<Upgraded>) -> Result<(), WebSocketError> {
    while let Some(message) = socket.receive().await? {
        socket.send(message).await?;
    }
    Ok(())
}

/// A connection that became a WebSocket.
async fn raw(served: &Served) -> TcpStream {
    let mut client = served.client().await;
    client.say(format!("{ASKING}\r\n")).await;
    let answer = client.answer().await.unwrap();
    assert_eq!(answer.status.as_u16(), 101, "{answer:?}");
    // Its value by RFC 6455, in lower case as all of a head here.
    assert!(answer.head.contains("s3pplmbitxaq9kygzzhzrbk+xoo="));
    client.0
}

async fn connect(served: &Served) -> WebSocket<TcpStream> {
    let options = WebSocketOptions::new();
    WebSocket::new(raw(served).await, Vec::new(), Role::Client, &options)
}

/// A short frame as a client sends it; the mask of zeros changes nothing.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    assert!(length < 126);
    let mut frame = vec![first, 0x80 | length, 0, 0, 0, 0];
    frame.extend(payload);
    frame
}

/// A short frame as a server sends it.
pub(crate) async fn read_frame(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let mut head = [0; 2];
    stream.read_exact(&mut head).await.unwrap();
    assert!(head[1] < 126);
    let mut payload = vec![0; usize::from(head[1])];
    stream.read_exact(&mut payload).await.unwrap();
    (head[0], payload)
}

#[test]
fn messages_go_both_ways_and_closing_is_told() {
    inside_each(async || {
        let (served, ends) = echo(WebSocketOptions::new(), |server| server).await;
        let socket = connect(&served).await;
        let large = "x".repeat(1 << 20);
        for text in ["", "hello", "grüße", &large] {
            socket.send(text).await.unwrap();
            assert_eq!(socket.receive().await.unwrap(), Some(Message::from(text)));
        }
        socket.send(vec![0, 159, 146, 150]).await.unwrap();
        let bytes = socket.receive().await.unwrap().unwrap();
        assert_eq!(bytes.as_text(), None);
        assert_eq!(bytes.into_bytes().len(), 4);
        assert!(!socket.is_closed());
        socket.close(3001, "enough").await.unwrap();
        assert!(socket.is_closed());
        assert_eq!(socket.receive().await.unwrap(), None);
        assert!(matches!(
            socket.send("late").await,
            Err(WebSocketError::Closed)
        ));
        served.stop().await;
        let (code, reason) = (3001, "enough".to_owned());
        assert_eq!(
            *ends.lock().unwrap(),
            [(Ok(()), Some(CloseReason { code, reason }))]
        );
    });
}

#[test]
fn fragments_are_put_together_and_pings_answered_between_them() {
    inside_each(async || {
        let (served, _) = echo(WebSocketOptions::new(), |server| server).await;
        let mut stream = raw(&served).await;
        let said = [
            frame(0x01, b"a "),
            frame(0x89, b"?"),
            frame(0x00, b"b "),
            frame(0x80, b"c"),
        ];
        for byte in said.concat() {
            stream.write_all(&[byte]).await.unwrap();
        }
        assert_eq!(read_frame(&mut stream).await, (0x8a, b"?".to_vec()));
        assert_eq!(read_frame(&mut stream).await, (0x81, b"a b c".to_vec()));
        stream.write_all(&frame(0x88, &[3, 232])).await.unwrap();
        // The farewell is said back, and the server closes first.
        assert_eq!(read_frame(&mut stream).await, (0x88, vec![3, 232]));
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
        served.stop().await;
    });
}

/// What breaks the rules, and the code of the farewell.
fn broken() -> [(&'static str, Vec<u8>, u16); 8] {
    let too_long = [
        &[0x81, 0x80 | 126, 0x04, 0x01, 0, 0, 0, 0][..],
        &[b'x'; 1025],
    ]
    .concat();
    let control = [&[0x89, 0x80 | 126, 0, 126, 0, 0, 0, 0][..], &[b'x'; 126]].concat();
    [
        ("a message that is too large", too_long, 1009),
        ("text that is none", frame(0x81, b"\xff\xfe"), 1007),
        ("no mask", vec![0x81, 1, b'x'], 1002),
        ("a reserved bit", frame(0xc1, b"x"), 1002),
        ("an unknown frame", frame(0x83, b"x"), 1002),
        ("a ping in fragments", frame(0x09, b"x"), 1002),
        ("a ping that is too long", control, 1002),
        ("a fragment of nothing", frame(0x80, b"x"), 1002),
    ]
}

#[test]
fn peers_that_break_the_rules_are_told_and_closed() {
    inside_each(async || {
        let options = WebSocketOptions::new().max_message_bytes(1024);
        let (served, ends) = echo(options, |server| server).await;
        for (why, bytes, code) in broken() {
            let mut stream = raw(&served).await;
            stream.write_all(&bytes).await.unwrap();
            let (first, farewell) = read_frame(&mut stream).await;
            assert_eq!(
                (first, farewell),
                (0x88, code.to_be_bytes().to_vec()),
                "{why}"
            );
            // A reset is an end too.
            let _ended = stream.read_to_end(&mut Vec::new()).await;
        }
        served.stop().await;
        assert!(ends.lock().unwrap().iter().all(|(ended, _)| ended.is_err()));
    });
}

#[test]
fn fragments_count_together() {
    inside_each(async || {
        let options = WebSocketOptions::new().max_message_bytes(1024);
        let (served, _) = echo(options, |server| server).await;
        let mut stream = raw(&served).await;
        stream.write_all(&frame(0x01, &[b'x'; 100])).await.unwrap();
        for _ in 0..10 {
            stream.write_all(&frame(0x00, &[b'x'; 100])).await.unwrap();
        }
        let told = read_frame(&mut stream).await;
        assert_eq!(told, (0x88, 1009u16.to_be_bytes().to_vec()));
        served.stop().await;
    });
}

#[test]
fn a_connection_that_breaks_is_an_error_and_then_the_end() {
    inside_each(async || {
        let (served, ends) = echo(WebSocketOptions::new(), |server| server).await;
        drop(raw(&served).await);
        while ends.lock().unwrap().is_empty() {
            bowerbird::yield_now().await;
        }
        let (ended, reason) = ends.lock().unwrap().remove(0);
        assert!(ended.unwrap_err().contains("broke"));
        assert_eq!(reason.map(|reason| reason.code), Some(1006));
        served.stop().await;
    });
}

#[test]
fn silent_peers_are_asked_and_given_up() {
    inside_each(async || {
        let options = WebSocketOptions::new().heartbeat(SHORT * 3);
        let (served, ends) = echo(options, |server| server).await;
        let mut stream = raw(&served).await;
        // Who answers lives on.
        for _ in 0..3 {
            assert_eq!(read_frame(&mut stream).await, (0x89, vec![]));
            stream.write_all(&frame(0x8a, b"")).await.unwrap();
        }
        assert!(ends.lock().unwrap().is_empty());
        assert_eq!(read_frame(&mut stream).await, (0x89, vec![]));
        let _ended = stream.read_to_end(&mut Vec::new()).await;
        served.stop().await;
        let (ended, _) = ends.lock().unwrap().remove(0);
        assert!(ended.unwrap_err().contains("does not answer"));
    });
}

#[test]
fn many_may_send_and_messages_stay_whole() {
    inside_each(async || {
        let (served, _) = echo(WebSocketOptions::new(), |server| server).await;
        let socket = connect(&served).await;
        let senders = (0..8u8).map(|number| {
            let socket = socket.clone();
            create_task(async move {
                for _ in 0..50 {
                    socket.send(vec![number; 5_000]).await.unwrap();
                }
            })
        });
        let senders: Vec<_> = senders.collect();
        let mut counts = [0; 8];
        for _ in 0..400 {
            let bytes = socket.receive().await.unwrap().unwrap().into_bytes();
            assert_eq!(bytes, vec![bytes[0]; 5_000]);
            counts[usize::from(bytes[0])] += 1;
        }
        assert_eq!(counts, [50; 8]);
        gather(senders).await.unwrap();
        socket.close(1000, "").await.unwrap();
        served.stop().await;
    });
}

#[test]
fn one_may_receive_and_is_not_disturbed_by_who_gives_up() {
    inside_each(async || {
        let (served, _) = echo(WebSocketOptions::new(), |server| server).await;
        let socket = connect(&served).await;
        let receiving = receiving(&socket).await;
        assert!(matches!(socket.receive().await, Err(WebSocketError::Busy)));
        socket.send("first").await.unwrap();
        let first = receiving.await.unwrap().unwrap();
        assert_eq!(first, Some(Message::from("first")));
        // Waits that are given up lose nothing.
        for number in 0..50 {
            socket.send(number.to_string()).await.unwrap();
        }
        let mut came = 0;
        while came < 50 {
            match timeout(Duration::from_micros(50), socket.receive()).await {
                Ok(message) => {
                    let message = message.unwrap().unwrap();
                    assert_eq!(message.as_text(), Some(came.to_string().as_str()));
                    came += 1;
                }
                Err(_late) => bowerbird::yield_now().await,
            }
        }
        socket.close(1000, "").await.unwrap();
        served.stop().await;
    });
}

#[test]
fn a_peer_that_does_not_say_farewell_is_given_up() {
    inside_each(async || {
        let (mut one, other) = pair().await;
        let options = WebSocketOptions::new().close_timeout(SHORT);
        let socket = WebSocket::new(other, Vec::new(), Role::Server, &options);
        let receiving = receiving(&socket).await;
        socket.close(1000, "bye").await.unwrap();
        assert!(matches!(
            receiving.await.unwrap(),
            Err(WebSocketError::Unresponsive)
        ));
        assert_eq!(read_frame(&mut one).await, (0x88, b"\x03\xe8bye".to_vec()));
        assert_eq!(one.read(&mut [0]).await.unwrap(), 0);
        // Once more does nothing.
        socket.close(1000, "").await.unwrap();
        let invalid = socket.close(1005, "").await;
        assert!(matches!(invalid, Err(WebSocketError::InvalidClose)));
    });
}

/// A task that receives, and does so already.
async fn receiving(socket: &WebSocket<TcpStream>) -> Task<Received> {
    let socket = socket.clone();
    let mut waiting = Box::pin(async move { socket.receive().await });
    assert!(poll_once(&mut waiting).await.is_none());
    create_task(waiting)
}

/// What comes of receiving.
type Received = Result<Option<Message>, WebSocketError>;

async fn pair() -> (TcpStream, TcpStream) {
    let listener = bowerbird::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap();
    let addr = listener.local_addr().unwrap();
    let connecting = create_task(TcpStream::connect(addr));
    let (accepted, _) = listener.accept().await.unwrap();
    (connecting.await.unwrap().unwrap(), accepted)
}

#[test]
fn a_server_that_stops_says_that_it_goes_away() {
    inside_each(async || {
        let (served, ends) = echo(WebSocketOptions::new(), |server| server).await;
        let socket = connect(&served).await;
        socket.send("here").await.unwrap();
        socket.receive().await.unwrap();
        served.begin_to_stop();
        assert_eq!(socket.receive().await.unwrap(), None);
        assert_eq!(socket.close_reason().unwrap().code, 1001);
        drop(socket);
        assert_eq!(served.stop().await.cancelled, 0);
        assert_eq!(ends.lock().unwrap().len(), 1);
    });
}

#[test]
fn a_handler_that_does_not_end_is_cancelled_with_its_server() {
    inside_each(async || {
        let never = Arc::new(Event::new());
        let held = never.clone();
        let handler = move |mut request: Request<Incoming>| {
            let never = held.clone();
            async move {
                let upgrade = WebSocketUpgrade::from_request(&mut request).unwrap();
                let response = upgrade.accept(async move |_: WebSocket<Upgraded>| {
                    never.wait().await;
                    Ok(())
                });
                Ok::<Response<String>, Infallible>(response)
            }
        };
        let with = |server: Server| server.shutdown_timeout(SHORT);
        let served = Served::new(service_fn(handler), with).await;
        let stream = raw(&served).await;
        assert_eq!(served.stop().await.cancelled, 1);
        assert_eq!(Arc::strong_count(&never), 1);
        drop(stream);
    });
}

#[test]
fn a_websocket_counts_as_a_connection() {
    inside_each(async || {
        let with = |server: Server| server.max_connections(1);
        let (served, _) = echo(WebSocketOptions::new(), with).await;
        let socket = connect(&served).await;
        let mut next = served.client().await;
        next.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(timeout(SHORT, next.answer()).await.is_err());
        socket.close(1000, "").await.unwrap();
        assert_eq!(next.answer().await.unwrap().status.as_u16(), 426);
        drop((socket, next));
        served.stop().await;
    });
}

#[test]
fn what_is_no_handshake_is_told_what_would_be_one() {
    inside_each(async || {
        let (served, _) = echo(WebSocketOptions::new(), |server| server).await;
        for (from, to, status) in [
            ("GET", "POST", 426),
            ("upgrade: WebSocket\r\n", "", 426),
            ("connection: keep-alive, Upgrade", "connection: close", 426),
            ("version: 13", "version: 8", 426),
            ("dGhlIHNhbXBsZSBub25jZQ==", "short", 400),
        ] {
            let mut client = served.client().await;
            client.say(format!("{ASKING}\r\n").replace(from, to)).await;
            let answer = client.answer().await.unwrap();
            assert_eq!(answer.status.as_u16(), status, "{from:?} is {to:?}");
            let has_version = answer.head.contains("sec-websocket-version: 13");
            assert_eq!(has_version, status == 426);
        }
        served.stop().await;
    });
}

#[test]
fn the_first_of_our_protocols_that_both_speak_is_chosen() {
    inside_each(async || {
        let (served, _) = echo(WebSocketOptions::new(), |server| server).await;
        for (offered, chosen) in [
            ("echo, chat", Some("sec-websocket-protocol: chat")),
            ("x, echo", Some("sec-websocket-protocol: echo")),
            ("x", None),
        ] {
            let mut client: Client = served.client().await;
            let offer = format!("{ASKING}sec-websocket-protocol: {offered}\r\n\r\n");
            client.say(offer).await;
            let head = client.answer().await.unwrap().head;
            let said = head.lines().find(|line| line.contains("-protocol"));
            assert_eq!(said, chosen);
        }
        served.stop().await;
    });
}

#[test]
fn a_farewell_ends_a_client_whose_server_leaves_the_connection_open() {
    inside_each(async || {
        let (mut one, other) = pair().await;
        let options = WebSocketOptions::new().close_timeout(SHORT);
        let socket = WebSocket::new(other, Vec::new(), Role::Client, &options);
        one.write_all(b"\x88\x05\x03\xe8bye").await.unwrap();
        let ended = timeout(Duration::from_secs(10), socket.receive()).await;
        assert!(matches!(ended, Ok(Ok(None))), "{ended:?}");
        assert_eq!(socket.close_reason().unwrap().code, 1000);
        let mut said = Vec::new();
        one.read_to_end(&mut said).await.unwrap();
        assert_eq!(said.len(), 2 + 4 + 5, "the farewell was answered: {said:?}");
    });
}

#[test]
fn closing_does_not_wait_for_a_receiver_that_nobody_polls() {
    inside_each(async || {
        let (_one, other) = pair().await;
        let options = WebSocketOptions::new().close_timeout(SHORT);
        let socket = WebSocket::new(other, Vec::new(), Role::Server, &options);
        let mut receiving = Box::pin(socket.receive());
        assert!(poll_once(&mut receiving).await.is_none());
        let closed = timeout(Duration::from_secs(10), socket.close(1000, "")).await;
        assert!(matches!(closed, Ok(Ok(()))), "{closed:?}");
        let ended = receiving.await;
        assert!(
            matches!(ended, Err(WebSocketError::Unresponsive)),
            "{ended:?}"
        );
        assert!(matches!(socket.receive().await, Ok(None)));
    });
}

#[test]
fn a_message_whose_sender_gave_up_midway_goes_whole_all_the_same() {
    inside_each(async || {
        let (mut one, other) = pair().await;
        let options = WebSocketOptions::new();
        let socket = WebSocket::new(other, Vec::new(), Role::Server, &options);
        let large = vec![7; 16 << 20];
        let length = 10 + large.len();
        let mut sending = Box::pin(socket.send(large));
        assert!(poll_once(&mut sending).await.is_none());
        drop(sending);
        let receiving = receiving(&socket).await;
        let mut said = vec![0; length];
        let whole = timeout(Duration::from_secs(10), one.read_exact(&mut said)).await;
        assert!(matches!(whole, Ok(Ok(()))), "{whole:?}");
        assert_eq!(said[..2], [0x82, 127]);
        receiving.cancel();
    });
}
