//! Other people's services: an axum router, as it is.

use axum::extract::{Path, Query};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::wire::{Served, inside_each};

async fn greet(Path(name): Path<String>) -> String {
    bowerbird::sleep(std::time::Duration::from_millis(1)).await;
    format!("hello, {name}")
}

async fn sum(Json(numbers): Json<Vec<i64>>) -> Json<Value> {
    Json(json!({ "sum": numbers.iter().sum::<i64>() }))
}

async fn search(Query(query): Query<Vec<(String, String)>>) -> String {
    format!("{query:?}")
}

#[test]
fn an_axum_router_runs_unchanged() {
    inside_each(async || {
        let router = Router::new()
            .route("/greet/{name}", get(greet))
            .route("/sum", post(sum))
            .route("/search", get(search));
        let served = Served::new(router, |server| server).await;
        let mut client = served.client().await;
        assert_eq!(client.get("/greet/you").await.body, "hello, you");
        assert_eq!(
            client.get("/search?q=a%20b").await.body,
            r#"[("q", "a b")]"#
        );
        client
            .say(
                "POST /sum HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                 content-length: 7\r\n\r\n[1,2,3]",
            )
            .await;
        assert_eq!(client.answer().await.unwrap().body, r#"{"sum":6}"#);
        assert_eq!(client.get("/nowhere").await.status.as_u16(), 404);
        client.say("DELETE /sum HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert_eq!(client.answer().await.unwrap().status.as_u16(), 405);
        drop(client);
        served.stop().await;
    });
}
