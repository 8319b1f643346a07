//! reqwest in tasks of bowerbird, against bowerbird's own server: answers whole, as JSON and piece
//! by piece, connections that are kept, limits of time, and many requests at once. Prints what it
//! saw; ends with a panic where that is wrong.
//!
//! `cargo run --manifest-path integrations/Cargo.toml --example reqwest`

use std::collections::HashSet;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::Extension;
use axum::routing::{get, post};
use axum::{Json, Router};
use bowerbird::{Event, create_task, gather};
use bowerbird_http::{Peer, Server, compat};
use serde_json::{Value, json};

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// The other ends of all connections that the server has seen.
type Peers = Arc<Mutex<HashSet<SocketAddr>>>;

fn main() -> Outcome {
    // Every thread of the loop is inside of tokio.
    compat::run(everything())?;
    println!("reqwest: a whole program, on a loop inside of tokio");
    // An ordinary loop, and one future that brings its own.
    bowerbird::run(compat::tokio(everything()))?;
    println!("reqwest: one future, on an ordinary loop");
    Ok(())
}

async fn everything() -> Outcome {
    let peers = Peers::default();
    // Handlers whose clients have given up end with them.
    let server = Server::bind("127.0.0.1:0").await?;
    let server = server.handler_cancellation(true);
    let url = format!("http://{}", server.local_addrs()[0]);
    let stop = Arc::new(Event::new());
    let stopped = stop.clone();
    let routes = routes(peers.clone());
    let serving = create_task(async move { server.serve_until(routes, stopped.wait()).await });
    let client = reqwest::Client::new();
    answers(&client, &url).await?;
    let before = peers.lock().expect("no handler panics").len();
    assert_eq!(
        before, 1,
        "one after the other, requests share a connection"
    );
    late(&url).await?;
    many(client, url).await?;
    stop.set();
    assert_eq!(serving.await?.cancelled, 0);
    Ok(())
}

fn routes(peers: Peers) -> Router {
    let hello = async move |Extension(peer): Extension<Peer>| {
        peers.lock().expect("no handler panics").insert(peer.0);
        "hello"
    };
    Router::new()
        .route("/hello", get(hello))
        .route(
            "/twice",
            post(async |Json(value): Json<Value>| Json(json!([value, value]))),
        )
        .route("/long", get(async || "piece ".repeat(100_000)))
        .route("/never", get(std::future::pending::<String>))
}

async fn answers(client: &reqwest::Client, url: &str) -> Outcome {
    for _ in 0..3 {
        let hello = client.get(format!("{url}/hello")).send().await?;
        assert_eq!(hello.text().await?, "hello");
    }
    let asked = client.post(format!("{url}/twice")).json(&json!({"a": 1}));
    let twice: Value = asked.send().await?.json().await?;
    assert_eq!(twice, json!([{"a": 1}, {"a": 1}]));
    let mut long = client.get(format!("{url}/long")).send().await?;
    let mut length = 0;
    while let Some(piece) = long.chunk().await? {
        length += piece.len();
    }
    assert_eq!(length, 600_000);
    Ok(())
}

/// Its limits are tokio's timers.
async fn late(url: &str) -> Outcome {
    let hurried = reqwest::Client::builder().timeout(Duration::from_millis(50));
    let never = hurried.build()?.get(format!("{url}/never"));
    let error = never.send().await.expect_err("nobody answers");
    assert!(error.is_timeout(), "{error:?}");
    // And bowerbird's limits end its requests.
    let never = reqwest::Client::new().get(format!("{url}/never")).send();
    let limited = bowerbird::timeout(Duration::from_millis(50), never);
    assert!(limited.await.is_err());
    Ok(())
}

/// Tasks of bowerbird's that share a client.
async fn many(client: reqwest::Client, url: String) -> Outcome {
    let requests = (0..200).map(|_| {
        let request = client.get(format!("{url}/hello"));
        compat::tokio(async move { request.send().await?.text().await })
    });
    for answer in gather(requests).await? {
        assert_eq!(answer?, "hello");
    }
    Ok(())
}
