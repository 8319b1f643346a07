//! What users of a runtime have for the web: a server for an axum `Router`, a client, WebSockets.
//!
//! Unlike all else here these are other programs on each runtime, as its users would take them,
//! with their defaults: bowerbird's own; axum's `serve` and sockets, and reqwest, on tokio. smol
//! has none of its own, and no rows here. What is served is the same [`routes`].

use std::future::Future;
use std::io;

use axum::extract::Request;
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::Runtime;
use crate::load::HELLO;

/// A runtime with all of it.
pub(crate) trait Web: Runtime {
    /// What asks; clones share their connections.
    type Client: Clone + Send + Sync + 'static;

    /// Serves until it is dropped.
    fn serve(listener: Self::Listener, routes: Router) -> impl Future<Output = ()> + Send;

    /// Answers a request for a WebSocket, and says back there what it is told.
    fn chat(request: Request) -> impl Future<Output = Response> + Send;

    fn client() -> Self::Client;

    /// How long the body of an answer is.
    fn get(client: &Self::Client, url: &str) -> impl Future<Output = io::Result<usize>> + Send;
}

/// A line of JSON, and WebSockets.
pub(crate) fn routes<R: Web>() -> Router {
    Router::new()
        .route("/json", get(greeting))
        .route("/chat", get(R::chat))
}

async fn greeting() -> Json<Value> {
    Json(json!({ "message": HELLO }))
}
