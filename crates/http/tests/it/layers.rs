//! Other people's middlewares around other people's routers: tower-http's, as they are.

use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use futures_lite::AsyncReadExt;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{Any, CorsLayer};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;

use crate::wire::{Served, inside_each};

fn routes() -> Router {
    let server = axum::http::HeaderValue::from_static("bowerbird");
    Router::new()
        .route("/text", get(async || "to be made smaller ".repeat(1_000)))
        .route("/panic", get(panics))
        .route("/length", post(async |body: String| body.len().to_string()))
        .layer(RequestBodyLimitLayer::new(1_000))
        .layer(CatchPanicLayer::new())
        .layer(CompressionLayer::new())
        .layer(CorsLayer::new().allow_origin(Any))
        .layer(SetResponseHeaderLayer::overriding(
            axum::http::header::SERVER,
            server,
        ))
        .layer(TraceLayer::new_for_http())
}

async fn panics() -> String {
    bowerbird::sleep(Duration::from_millis(1)).await;
    panic!("on purpose")
}

#[test]
fn layers_of_tower_http_run_unchanged() {
    inside_each(async || {
        let served = Served::new(routes(), |server| server).await;
        let mut client = served.client().await;
        let plain = client.get("/text").await;
        assert_eq!(plain.body.len(), 19_000);
        assert!(plain.head.contains("server: bowerbird"), "{plain:?}");
        assert_eq!(client.get("/panic").await.status.as_u16(), 500);
        client
            .say("GET /text HTTP/1.1\r\nhost: x\r\norigin: http://y\r\n\r\n")
            .await;
        let crossed = client.answer().await.unwrap();
        assert!(crossed.head.contains("access-control-allow-origin: *"));
        let length = 1_001;
        let head = format!("POST /length HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
        client.say(head).await;
        assert_eq!(client.answer().await.unwrap().status.as_u16(), 413);
        let mut zipping = served.client().await;
        zipping
            .say(
                "GET /text HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
                 accept-encoding: gzip\r\n\r\n",
            )
            .await;
        let mut zipped = Vec::new();
        zipping.0.read_to_end(&mut zipped).await.unwrap();
        let head = String::from_utf8_lossy(&zipped).to_lowercase();
        assert!(head.contains("content-encoding: gzip"), "{head}");
        assert!(zipped.len() < 2_000, "{}", zipped.len());
        drop((client, zipping));
        served.stop().await;
    });
}
