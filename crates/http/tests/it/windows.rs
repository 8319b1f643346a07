//! Clients over HTTP/2 that leave the windows of their streams shut, while they say that they live.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bowerbird::{create_task, get_running_loop, sleep};
use bowerbird_http::bytes::Bytes;
use bowerbird_http::http::{Request, Response};
use bowerbird_http::hyper::body::{Body, Frame, Incoming};
use bowerbird_http::rt::{Executor, Io, Timer};
use bowerbird_http::{read_body, service_fn};
use http_body_util::BodyExt;
use hyper::client::conn::http2::{Builder, SendRequest};

use crate::wire::{Served, inside_each};

/// Short enough to wait for, long enough for slow machines.
const SHORT: Duration = Duration::from_millis(200);

/// Long enough for a client on a slow machine that is to be in time.
const LONG: Duration = Duration::from_millis(1200);

/// Smaller than any body here.
const WINDOW: u32 = 1_000;

static BODY: [u8; 100_000] = [b'x'; 100_000];

/// How many bodies are on their way.
type Alive = Arc<AtomicUsize>;

/// A body of `pieces`, which rests before the last of them if it is to.
struct Pieces {
    left: usize,
    rest: Option<bowerbird::Sleep>,
    alive: Alive,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        if let (1, Some(rest)) = (self.left, &mut self.rest) {
            std::task::ready!(Pin::new(rest).poll(cx));
        }
        self.left -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&BODY)))))
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Serves as many pieces as the path says, with a rest before the last where it says that, to
/// clients that may take nothing for so long.
async fn serve(alive: Alive, limit: Duration) -> Served {
    let handler = move |request: Request<Incoming>| {
        alive.fetch_add(1, Ordering::SeqCst);
        let alive = alive.clone();
        async move {
            let path = request.uri().path().trim_start_matches('/').to_owned();
            let (left, rests) = path.split_once('/').unwrap_or((&path, ""));
            Ok::<_, std::convert::Infallible>(Response::new(Pieces {
                left: left.parse().unwrap(),
                rest: (rests == "rest").then(|| sleep(limit * 3 / 2)),
                alive,
            }))
        }
    };
    Served::new(service_fn(handler), |server| server.write_timeout(limit)).await
}

/// A client with small windows, and whether its connection has ended.
async fn connect(served: &Served, window: u32) -> (SendRequest<String>, Arc<AtomicBool>) {
    let stream = Io::new(served.client().await.0);
    let (sender, connection) = Builder::new(Executor)
        .timer(Timer)
        .initial_stream_window_size(window)
        .handshake(stream)
        .await
        .unwrap();
    let has_ended = Arc::new(AtomicBool::new(false));
    let ended = has_ended.clone();
    drop(create_task(async move {
        let _ended = connection.await;
        ended.store(true, Ordering::SeqCst);
    }));
    (sender, has_ended)
}

async fn ask(sender: &SendRequest<String>, path: &str) -> Response<Incoming> {
    let request = Request::get(format!("http://x{path}")).body(String::new());
    let mut sender = sender.clone();
    let response = sender.send_request(request.unwrap()).await;
    response.unwrap()
}

async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        sleep(SHORT / 10).await;
    }
}

#[test]
fn streams_that_take_nothing_are_reset_and_others_go_on() {
    inside_each(async || {
        let alive = Alive::default();
        let served = serve(alive.clone(), SHORT).await;
        for window in [0, WINDOW] {
            let (sender, has_ended) = connect(&served, window).await;
            let begin = get_running_loop().unwrap().time();
            // Its head came, and nobody reads on.
            let mut stalled = ask(&sender, "/5").await.into_body();
            until(|| alive.load(Ordering::SeqCst) == 0).await;
            assert!(get_running_loop().unwrap().time() - begin >= SHORT);
            assert!(!has_ended.load(Ordering::SeqCst), "{window}");
            let broken = loop {
                match stalled.frame().await {
                    Some(Ok(_part)) => {}
                    end => break end,
                }
            };
            assert!(broken.is_some_and(|frame| frame.is_err()));
            assert_eq!(ask(&sender, "/0").await.status().as_u16(), 200);
        }
        served.stop().await;
    });
}

/// All that the handler had to give is with hyper, and one byte of it has gone.
#[test]
fn connections_that_take_no_more_of_a_whole_answer_are_closed() {
    inside_each(async || {
        async fn whole(_: Request<Incoming>) -> std::io::Result<Response<String>> {
            Ok(Response::new("x".repeat(100_000)))
        }
        let served = Served::new(service_fn(whole), |server| server.write_timeout(SHORT)).await;
        let (sender, has_ended) = connect(&served, WINDOW).await;
        let stalled = ask(&sender, "/").await;
        until(|| has_ended.load(Ordering::SeqCst)).await;
        drop(stalled);
        served.stop().await;
    });
}

#[test]
fn slow_readers_and_resting_handlers_are_left_alone() {
    inside_each(async || {
        let alive = Alive::default();
        let served = serve(alive.clone(), LONG).await;
        let (sender, has_ended) = connect(&served, WINDOW * 20).await;
        // What was sent is sent, and the rest is the handler's.
        let resting = ask(&sender, "/2/rest").await.into_body();
        let resting = create_task(read_body(resting, 1_000_000));
        let mut slow = ask(&sender, "/2").await.into_body();
        let mut length = 0;
        while let Some(frame) = slow.frame().await {
            length += frame.unwrap().into_data().map_or(0, |data| data.len());
            sleep(LONG / 8).await;
        }
        assert_eq!(length, 2 * BODY.len());
        assert_eq!(resting.await.unwrap().unwrap().len(), 2 * BODY.len());
        assert!(!has_ended.load(Ordering::SeqCst));
        drop(sender);
        served.stop().await;
        assert_eq!(alive.load(Ordering::SeqCst), 0);
    });
}

/// More of them than are kept in mind, so that those that were sent are forgotten on the way.
#[test]
fn what_was_sent_is_forgotten_and_what_was_not_is_remembered() {
    inside_each(async || {
        let alive = Alive::default();
        let served = serve(alive.clone(), LONG).await;
        let (sender, _) = connect(&served, WINDOW * 50).await;
        let stalled = ask(&sender, "/5").await;
        for _ in 0..300 {
            let sent = ask(&sender, "/1").await.into_body();
            let read = read_body(sent, 1_000_000).await.unwrap();
            assert_eq!(read.len(), BODY.len());
        }
        until(|| alive.load(Ordering::SeqCst) == 0).await;
        drop(stalled);
        served.stop().await;
    });
}
