//! WebSockets of the session: agreed on, refused, and agreed on wrongly.

use bowerbird_http::client::{ClientError, ClientSession};
use bowerbird_http::http::{Request, Response, StatusCode};
use bowerbird_http::testing::TestServer;
use bowerbird_http::ws::{WebSocket, WebSocketUpgrade, accept_key};
use bowerbird_http::{Incoming, service_fn};

use crate::peers::Scripted;
use crate::wire::inside_each;

async fn chat(mut request: Request<Incoming>) -> std::io::Result<Response<String>> {
    let upgrade = match WebSocketUpgrade::from_request(&mut request) {
        Ok(upgrade) => upgrade.protocols(["song", "talk"]),
        Err(error) => return Ok(error.to_response()),
    };
    Ok(upgrade.accept(async |socket: WebSocket<_>| {
        while let Some(message) = socket.receive().await? {
            socket.send(message).await?;
        }
        Ok(())
    }))
}

#[test]
fn both_ends_talk_and_part() {
    inside_each(async || {
        let server = TestServer::start(service_fn(chat)).await.unwrap();
        let url = server.url("/").to_string().replace("http", "ws");
        let session = ClientSession::new();
        let asked = session.ws_connect(&url).protocols(["talk", "song"]);
        let socket = asked.await.unwrap();
        assert_eq!(socket.protocol(), Some("song"));
        assert_eq!(session.connector().open_connections(), 0);
        for length in [0, 10, 100_000] {
            let said = "x".repeat(length);
            socket.send(said.as_str()).await.unwrap();
            let heard = socket.receive().await.unwrap().unwrap();
            assert_eq!(heard.as_text(), Some(said.as_str()));
        }
        socket.close(1000, "bye").await.unwrap();
        assert!(socket.receive().await.unwrap().is_none());
        server.stop().await;
    });
}

#[test]
fn a_refusal_tells_its_status() {
    inside_each(async || {
        let missing = async |_: Request<Incoming>| {
            let missing = Response::builder().status(StatusCode::NOT_FOUND);
            missing.body("no chat here".to_owned())
        };
        let server = TestServer::start(service_fn(missing)).await.unwrap();
        let error = server.client().ws_connect("chat").await.unwrap_err();
        assert_eq!(error.status(), Some(StatusCode::NOT_FOUND));
        assert!(matches!(error, ClientError::WsHandshake(_)), "{error:?}");
        server.stop().await;
    });
}

#[test]
fn what_was_not_asked_for_is_not_agreed_to() {
    inside_each(async || {
        for (wrong, why) in [
            (
                "upgrade: websocket\r\nsec-websocket-accept: x",
                "did not understand",
            ),
            (
                "upgrade: song\r\nsec-websocket-accept: KEY",
                "something else",
            ),
            (
                "upgrade: websocket\r\nsec-websocket-accept: KEY\r\nsec-websocket-protocol: y",
                "a protocol that was not offered",
            ),
            (
                "upgrade: websocket\r\nsec-websocket-accept: KEY\r\n\
                 sec-websocket-extensions: permessage-deflate",
                "an extension",
            ),
        ] {
            let peer = Scripted::start(move |mut line, _| async move {
                let head = line.head_as_it_is().await.unwrap();
                let key = head
                    .lines()
                    .find_map(|line| line.strip_prefix("sec-websocket-key: "));
                let head = wrong.replace("KEY", &accept_key(key.unwrap()));
                let switching = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade";
                line.say(format!("{switching}\r\n{head}\r\n\r\n")).await;
                line.end().await;
            })
            .await;
            let session = ClientSession::new();
            let error = session.ws_connect(peer.url("/")).await.unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
            assert_eq!(session.connector().open_connections(), 0);
        }
    });
}
