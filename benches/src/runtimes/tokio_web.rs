//! axum's server and WebSockets and reqwest behind the seam: what users of tokio take.

use std::io;

use axum::Router;
use axum::extract::{FromRequest, Request, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;

use super::tokio::Flavoured;
use super::web::Web;

impl<const OPT: bool> Web for Flavoured<OPT> {
    type Client = reqwest::Client;

    async fn serve(listener: TcpListener, routes: Router) {
        let served = axum::serve(listener, routes).await;
        served.expect("it goes on whatever a connection does");
    }

    async fn chat(request: Request) -> Response {
        let upgrade = match WebSocketUpgrade::from_request(request, &()).await {
            Err(error) => return error.into_response(),
            Ok(upgrade) => upgrade,
        };
        upgrade.on_upgrade(async |mut socket| {
            while let Some(Ok(message)) = socket.recv().await {
                // An error is the client going away.
                if socket.send(message).await.is_err() {
                    return;
                }
            }
        })
    }

    fn client() -> reqwest::Client {
        reqwest::Client::new()
    }

    async fn get(client: &reqwest::Client, url: &str) -> io::Result<usize> {
        let answer = client.get(url).send().await.map_err(io::Error::other)?;
        let body = answer.bytes().await.map_err(io::Error::other)?;
        Ok(body.len())
    }
}
