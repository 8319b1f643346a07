//! How connections of HTTP/2 come to their ends, and how they do not.

use std::convert::Infallible;
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bowerbird::net::TcpStream;
use bowerbird::{Event, create_task, sleep, timeout};
use bowerbird_http::http::{Request, Response};
use bowerbird_http::rt::{Executor, Io, Timer};
use bowerbird_http::{Incoming, service_fn};
use futures_lite::AsyncReadExt;
use hyper::client::conn::http2::{Builder, SendRequest};

use crate::wire::{Served, answer, inside_each};

async fn connect_over(stream: TcpStream) -> SendRequest<String> {
    let (sender, connection) = Builder::new(Executor)
        .timer(Timer)
        .handshake(Io::new(stream))
        .await
        .unwrap();
    drop(create_task(async move {
        // The end of the connection is seen by requests.
        let _ended = connection.await;
    }));
    sender
}

#[test]
fn handlers_go_on_when_their_connection_breaks() {
    inside_each(async || {
        for _ in 0..10 {
            let counts: [Arc<AtomicUsize>; 2] = Default::default();
            let [begun, ended] = counts.clone();
            let go = Arc::new(Event::new());
            let going = go.clone();
            let handler = move |_: Request<Incoming>| {
                let ([begun, ended], go) = (counts.clone(), going.clone());
                async move {
                    begun.fetch_add(1, Ordering::Relaxed);
                    go.wait().await;
                    ended.fetch_add(1, Ordering::Relaxed);
                    Ok::<_, Infallible>(Response::new(String::new()))
                }
            };
            let served = Served::new(service_fn(handler), |server| server).await;
            let stream = std::net::TcpStream::connect(served.addr).unwrap();
            let twin = stream.try_clone().unwrap();
            let sender = connect_over(TcpStream::from_std(stream).unwrap()).await;
            let asking = (0..50).map(|_| {
                let mut sender = sender.clone();
                let request = Request::get("http://x/").body(String::new()).unwrap();
                create_task(async move { sender.send_request(request).await })
            });
            let asking: Vec<_> = asking.collect();
            while begun.load(Ordering::Relaxed) < asking.len() {
                sleep(Duration::from_millis(1)).await;
            }
            twin.shutdown(Shutdown::Both).unwrap();
            for asked in asking {
                assert!(asked.await.unwrap().is_err());
            }
            sleep(Duration::from_millis(20)).await;
            go.set();
            assert_eq!(served.stop().await.cancelled, 0);
            assert_eq!(ended.load(Ordering::Relaxed), 50);
        }
    });
}

#[test]
fn clients_are_not_asked_without_end_whether_they_live() {
    inside_each(async || {
        let served = Served::new(service_fn(answer), |server| {
            server.keep_alive(Duration::ZERO)
        })
        .await;
        let mut client = served.client().await;
        client.say("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
        client.say(b"\0\0\0\x04\0\0\0\0\0").await;
        let mut pings = 0;
        let asked = async {
            loop {
                let mut head = [0; 9];
                client.0.read_exact(&mut head).await.unwrap();
                let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
                let mut payload = vec![0; length.try_into().unwrap()];
                client.0.read_exact(&mut payload).await.unwrap();
                if head[3] == 6 {
                    pings += 1;
                    head[4] = 1;
                    client.say([&head[..], &payload].concat()).await;
                }
            }
        };
        let _enough = timeout(Duration::from_millis(300), asked).await;
        assert!(pings <= 1, "{pings} pings");
        drop(client);
        served.stop().await;
    });
}
