//! Answers that go on: events, silence, clients that go, servers that stop.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bowerbird::{Event as Flag, sleep};
use bowerbird_http::http::{Request, Response, StatusCode};
use bowerbird_http::sse::{
    Event, EventSourceBody, EventSourceClosed, EventSourceResponse, Events, last_event_id,
};
use bowerbird_http::{Incoming, service_fn};
use futures_lite::AsyncReadExt;

use crate::wire::{Client, Served, inside_each};

const ASK: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

/// Reads until it has read this.
async fn hear(client: &mut Client, text: &str) -> String {
    let mut heard = String::new();
    while !heard.ends_with(text) {
        let mut byte = [0];
        client.0.read_exact(&mut byte).await.unwrap();
        heard.push(char::from(byte[0]));
    }
    heard
}

/// A server whose handlers are made by `answer`.
async fn served<F>(answer: F) -> Served
where
    F: Fn(Request<Incoming>) -> EventSourceResponse + Clone + Send + 'static,
{
    let handler = service_fn(move |request| {
        let response: Response<EventSourceBody> = answer(request).into_response();
        std::future::ready(Ok::<_, Infallible>(response))
    });
    Served::new(handler, |server| server).await
}

/// Set when it is dropped: by a handler that is over, however that came.
struct Over(Arc<Flag>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.set();
    }
}

#[test]
fn events_come_as_they_are_sent_and_the_answer_ends_with_its_handler() {
    inside_each(async || {
        let served = served(|request| {
            let last = last_event_id(request.headers())
                .unwrap_or("none")
                .to_owned();
            EventSourceResponse::new(async move |events| {
                events
                    .send(Event::data("one\ntwo").event("greeting").id("1"))
                    .await?;
                events.send(format!("last: {last}")).await?;
                events.send("end").await
            })
        })
        .await;
        let mut client = served.client().await;
        client
            .say("GET / HTTP/1.1\r\nhost: x\r\nlast-event-id: 41\r\n\r\n")
            .await;
        let answer = client.answer().await.unwrap();
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.head.contains("content-type: text/event-stream\r\n"));
        assert!(answer.head.contains("cache-control: no-cache\r\n"));
        let expected =
            "data: one\ndata: two\nevent: greeting\nid: 1\n\ndata: last: 41\n\ndata: end\n\n";
        assert_eq!(answer.body, expected);
        // The connection lives on.
        assert!(client.get("/").await.body.contains("data: last: none\n"));
        drop(client);
        served.stop().await;
    });
}

#[test]
fn silence_is_broken_by_comments() {
    inside_each(async || {
        let served = served(|_| {
            let silent = async |_events| std::future::pending().await;
            EventSourceResponse::new(silent).ping_interval(Duration::from_millis(1))
        })
        .await;
        let mut client = served.client().await;
        client.say(ASK).await;
        for _ in 0..3 {
            hear(&mut client, ": ping\n\n").await;
        }
        drop(client);
        assert_eq!(served.stop().await.cancelled, 0);
    });
}

#[test]
fn a_handler_ends_where_it_stands_when_its_client_goes() {
    inside_each(async || {
        let over = Arc::new(Flag::new());
        let told = over.clone();
        let served = served(move |_| {
            let over = Over(told.clone());
            EventSourceResponse::new(async move |events| {
                let _over = over;
                events.send("hello").await?;
                std::future::pending().await
            })
        })
        .await;
        let mut client = served.client().await;
        client.say(ASK).await;
        hear(&mut client, "data: hello\n\n").await;
        assert!(!over.is_set());
        drop(client);
        over.wait().await;
        served.stop().await;
    });
}

#[test]
fn a_server_that_stops_ends_its_answers() {
    inside_each(async || {
        let served = served(|_| {
            EventSourceResponse::new(async |events| {
                events.send("hello").await?;
                std::future::pending().await
            })
        })
        .await;
        let mut client = served.client().await;
        client.say(ASK).await;
        hear(&mut client, "data: hello\n\n").await;
        served.begin_to_stop();
        // A proper end, which tells the client that nothing was lost.
        assert!(client.rest().await.ends_with("0\r\n\r\n"));
        assert_eq!(served.stop().await.cancelled, 0);
    });
}

#[test]
fn a_client_that_takes_nothing_holds_its_handler_up() {
    inside_each(async || {
        let sent = Arc::new(Mutex::new(0));
        let count = sent.clone();
        let served = served(move |_| {
            let count = count.clone();
            EventSourceResponse::new(async move |events| {
                loop {
                    events.send("x".repeat(1 << 20)).await?;
                    *count.lock().unwrap() += 1;
                }
            })
        })
        .await;
        let mut client = served.client().await;
        client.say(ASK).await;
        hear(&mut client, "data: x").await;
        // Until nothing moves any more: each look comes later than the one before.
        let mut before = 0;
        let mut pause = Duration::from_millis(20);
        loop {
            sleep(pause).await;
            let now = *sent.lock().unwrap();
            if now == before {
                break;
            }
            (before, pause) = (now, pause * 2);
        }
        // What the system's buffers hold, and no more than these.
        assert!(before < 100, "{before} MiB are on their way to nobody");
        drop(client);
        served.stop().await;
    });
}

#[test]
fn others_may_send_and_learn_when_nobody_listens() {
    inside_each(async || {
        let listeners: Arc<Mutex<Vec<Events>>> = Arc::default();
        let all = listeners.clone();
        let served = served(move |_| {
            let all = all.clone();
            EventSourceResponse::new(async move |events| {
                all.lock().unwrap().push(events.clone());
                events.send("welcome").await?;
                std::future::pending().await
            })
        })
        .await;
        let mut client = served.client().await;
        client.say(ASK).await;
        hear(&mut client, "data: welcome\n\n").await;
        let events = listeners.lock().unwrap()[0].clone();
        events.send("news").await.unwrap();
        hear(&mut client, "data: news\n\n").await;
        assert!(!events.is_closed());
        drop(client);
        while events.send("more").await != Err(EventSourceClosed) {}
        assert!(events.is_closed());
        served.stop().await;
    });
}

#[test]
fn a_stream_is_sent_to_its_end() {
    inside_each(async || {
        let served = served(|_| {
            let numbers = futures_lite::stream::iter(1..4);
            let events = futures_lite::StreamExt::map(numbers, |number: i32| number.to_string());
            EventSourceResponse::from_stream(events)
        })
        .await;
        let mut client = served.client().await;
        let heard = client.get("/").await.body;
        assert_eq!(heard, "data: 1\n\ndata: 2\n\ndata: 3\n\n");
        drop(client);
        served.stop().await;
    });
}
