//! Clients that take their time, or keep the connection and do nothing.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bowerbird::{Event, all_tasks, sleep};
use bowerbird_http::bytes::Bytes;
use bowerbird_http::http::{Request, Response};
use bowerbird_http::{BODY_LIMIT, Incoming, read_body, service_fn};

use crate::wire::{Served, answer, inside_each};

/// Short enough to wait for, long enough for slow machines.
const SHORT: Duration = Duration::from_millis(200);

/// Long enough for a client on a slow machine that is to be in time.
const LONG: Duration = Duration::from_millis(1200);

const HEADS: [&str; 2] = ["content-length: 5", "transfer-encoding: chunked"];

#[test]
fn bodies_that_do_not_come_are_given_up() {
    inside_each(async || {
        let served =
            Served::new(service_fn(answer), |server| server.body_read_timeout(SHORT)).await;
        for head in HEADS {
            let mut client = served.client().await;
            client
                .say(format!("POST / HTTP/1.1\r\nhost: x\r\n{head}\r\n\r\n1"))
                .await;
            let rest = client.rest().await;
            assert!(!rest.contains("200"), "{rest}");
        }
        served.stop().await;
    });
}

#[test]
fn bodies_that_come_slowly_are_taken() {
    inside_each(async || {
        let served = Served::new(service_fn(answer), |server| server.body_read_timeout(LONG)).await;
        let mut client = served.client().await;
        client
            .say("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n")
            .await;
        // Longer than the limit in all, and each pause shorter.
        for byte in ["a", "b", "c", "d", "e"] {
            sleep(LONG / 4).await;
            client.say(byte).await;
        }
        assert_eq!(client.answer().await.unwrap().body, "POST / abcde");
        // Between requests, nothing is due.
        sleep(LONG + SHORT).await;
        assert_eq!(client.get("/").await.body, "GET / ");
        drop(client);
        served.stop().await;
    });
}

#[test]
fn a_handler_that_does_not_read_is_no_fault_of_its_client() {
    inside_each(async || {
        let go = Arc::new(Event::new());
        let let_go = go.clone();
        let handler = move |request: Request<Incoming>| {
            let go = go.clone();
            async move {
                go.wait().await;
                let body = read_body(request.into_body(), BODY_LIMIT).await;
                let length = body.map_or(0, |body| body.len());
                Ok::<_, Infallible>(Response::new(length.to_string()))
            }
        };
        let served = Served::new(service_fn(handler), |server| {
            server.body_read_timeout(SHORT)
        })
        .await;
        let mut client = served.client().await;
        client
            .say("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nabcde")
            .await;
        sleep(SHORT * 2).await;
        let_go.set();
        assert_eq!(client.answer().await.unwrap().body, "5");
        drop(client);
        served.stop().await;
    });
}

/// More than the system holds between two sockets.
async fn large(_: Request<Incoming>) -> Result<Response<http_body_util::Full<Bytes>>, Infallible> {
    static BODY: [u8; 64 << 20] = [b'x'; 64 << 20];
    Ok(Response::new(Bytes::from_static(&BODY).into()))
}

#[test]
fn clients_that_take_nothing_are_given_up() {
    inside_each(async || {
        let before = all_tasks().len();
        let served = Served::new(service_fn(large), |server| server.write_timeout(SHORT)).await;
        let mut client = served.client().await;
        client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        // The server's task, the one that accepts, and the connection's while it lives.
        while all_tasks().len() < before + 3 {
            bowerbird::yield_now().await;
        }
        while all_tasks().len() > before + 2 {
            sleep(SHORT / 10).await;
        }
        let came = client.rest().await.len();
        assert!((1..64 << 20).contains(&came), "{came}");
        served.stop().await;
    });
}

#[test]
fn clients_that_take_it_slowly_are_served() {
    inside_each(async || {
        use futures_lite::AsyncReadExt;

        let served = Served::new(service_fn(large), |server| server.write_timeout(LONG)).await;
        let mut client = served.client().await;
        client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let mut part = vec![0; 8 << 20];
        // Pauses that are longer than the limit together.
        for _ in 0..7 {
            client.0.read_exact(&mut part).await.unwrap();
            sleep(LONG / 5).await;
        }
        client.0.read_exact(&mut part).await.unwrap();
        drop(client);
        served.stop().await;
    });
}

#[test]
fn who_still_takes_an_answer_is_not_idle() {
    inside_each(async || {
        use futures_lite::AsyncReadExt;

        // hyper has all of the answer at once, and asks for the next request.
        let served = Served::new(service_fn(large), |server| server.keep_alive(SHORT)).await;
        let mut client = served.client().await;
        client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let mut part = vec![0; 32 << 20];
        for _ in 0..2 {
            sleep(SHORT * 2).await;
            client.0.read_exact(&mut part).await.unwrap();
        }
        drop(client);
        served.stop().await;
    });
}

#[test]
fn a_first_request_has_its_own_limit_however_short_connections_are_kept() {
    inside_each(async || {
        for limit in [Duration::ZERO, Duration::from_millis(1)] {
            let served = Served::new(service_fn(answer), |server| server.keep_alive(limit)).await;
            let mut client = served.client().await;
            sleep(Duration::from_millis(100)).await;
            client.say("GET / HTTP/1.1\r\n").await;
            sleep(Duration::from_millis(20)).await;
            client.say("host: x\r\n\r\n").await;
            let status = client.answer().await.map(|answer| answer.status.as_u16());
            assert_eq!(status, Some(200), "{limit:?}");
            assert_eq!(client.rest().await, "");
            served.stop().await;
        }
    });
}
