//! HTTP/2, begun with prior knowledge, by hyper's own client.

use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use bowerbird::{Event, create_task, gather};
use bowerbird_http::files::ServeDir;
use bowerbird_http::http::Request;
use bowerbird_http::hyper::body::Body;
use bowerbird_http::rt::{Executor, Io, Timer};
use bowerbird_http::sse::{EventSourceClosed, EventSourceResponse, Events};
use bowerbird_http::{read_body, service_fn};
use hyper::client::conn::http2::{Builder, SendRequest};

use crate::folder::Folder;
use crate::wire::{Served, answer, held, inside_each};

async fn connect(served: &Served) -> SendRequest<String> {
    let stream = Io::new(served.client().await.0);
    let (sender, connection) = Builder::new(Executor)
        .timer(Timer)
        .handshake(stream)
        .await
        .unwrap();
    drop(create_task(async move {
        // The end of the connection is seen by requests.
        let _ended = connection.await;
    }));
    sender
}

#[test]
fn streams_of_one_connection_are_answered_at_once() {
    inside_each(async || {
        let served = Served::new(service_fn(answer), |server| server).await;
        let sender = connect(&served).await;
        let bodies = (0..50).map(|number| {
            let mut sender = sender.clone();
            async move {
                let body = "x".repeat(number * 1_000);
                let request = Request::post("http://x/").body(body.clone()).unwrap();
                let response = sender.send_request(request).await.unwrap();
                let text = read_body(response.into_body(), 1_000_000).await.unwrap();
                assert_eq!(text, format!("POST / {body}"));
            }
        });
        gather(bodies).await.unwrap();
        drop(sender);
        served.stop().await;
    });
}

#[test]
fn streams_under_way_are_waited_for() {
    inside_each(async || {
        let (here, go) = (Arc::new(Event::new()), Arc::new(Event::new()));
        let handler = service_fn(held(here.clone(), go.clone()));
        let served = Served::new(handler, |server| server).await;
        let mut sender = connect(&served).await;
        let request = Request::get("http://x/").body(String::new()).unwrap();
        let asking = create_task(async move { sender.send_request(request).await });
        here.wait().await;
        served.begin_to_stop();
        bowerbird::yield_now().await;
        go.set();
        let response = asking.await.unwrap().unwrap();
        assert_eq!(
            read_body(response.into_body(), 100).await.unwrap(),
            "at last"
        );
        assert_eq!(served.stop().await.cancelled, 0);
    });
}

#[test]
fn files_come_whole_and_events_end_with_their_server() {
    inside_each(async || {
        let folder = Folder::new();
        let bytes: Vec<u8> = (0..2_000_000_u32).map(|at| (at % 251) as u8).collect();
        folder.put("files/long", &bytes);
        let router: Router = Router::new()
            .nest_service("/files", ServeDir::new(folder.at("files")))
            .route(
                "/events",
                get(async || EventSourceResponse::new(greet).into_response()),
            );
        let served = Served::new(router, |server| server).await;
        let mut sender = connect(&served).await;
        let request = Request::get("http://x/files/long").body(String::new());
        let response = sender.send_request(request.unwrap()).await.unwrap();
        let whole = read_body(response.into_body(), bytes.len()).await.unwrap();
        assert!(whole == bytes);
        let request = Request::get("http://x/events").body(String::new());
        let response = sender.send_request(request.unwrap()).await.unwrap();
        let mut events = response.into_body();
        let first = std::future::poll_fn(|cx| Pin::new(&mut events).poll_frame(cx)).await;
        assert_eq!(
            first.unwrap().unwrap().into_data().unwrap(),
            "data: hello\n\n"
        );
        served.begin_to_stop();
        assert_eq!(read_body(events, 0).await.unwrap(), "");
        assert_eq!(served.stop().await.cancelled, 0);
    });
}

async fn greet(events: Events) -> Result<(), EventSourceClosed> {
    events.send("hello").await?;
    std::future::pending().await
}
