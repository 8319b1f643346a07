//! Bowerbird's server, client and WebSockets behind the seam, through `bowerbird-http`.

use std::io;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use bowerbird::net::TcpListener;
use bowerbird_http::ws::{WebSocket, WebSocketUpgrade};
use bowerbird_http::{ClientSession, Server};

use super::bowerbird::Bowerbird;
use super::web::Web;

impl Web for Bowerbird {
    type Client = ClientSession;

    async fn serve(listener: TcpListener, routes: Router) {
        Server::from_listener(listener).serve(routes).await;
    }

    async fn chat(mut request: Request) -> Response {
        match WebSocketUpgrade::from_request(&mut request) {
            Err(error) => error.to_response(),
            Ok(upgrade) => upgrade.accept(async |socket: WebSocket<_>| {
                while let Some(message) = socket.receive().await? {
                    socket.send(message).await?;
                }
                Ok(())
            }),
        }
    }

    fn client() -> ClientSession {
        ClientSession::new()
    }

    async fn get(client: &ClientSession, url: &str) -> io::Result<usize> {
        let answer = client.get(url).await.map_err(io::Error::other)?;
        let body = answer.bytes().await.map_err(io::Error::other)?;
        Ok(body.len())
    }
}
