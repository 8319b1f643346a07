//! HTTP/2, begun with prior knowledge, by hyper's own client.

use std::sync::Arc;

use bowerbird::{Event, create_task, gather};
use bowerbird_http::http::Request;
use bowerbird_http::rt::{Executor, Io, Timer};
use bowerbird_http::{read_body, service_fn};
use hyper::client::conn::http2::{Builder, SendRequest};

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
