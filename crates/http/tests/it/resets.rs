//! HTTP/2's rapid reset: requests that are given up as fast as they are made, by a client that says
//! its frames byte for byte.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bowerbird::create_task;
use bowerbird_http::http::{Request, Response};
use bowerbird_http::{Incoming, service_fn};
use futures_lite::AsyncWriteExt;

use crate::wire::{Client, Served, inside_each};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// `GET /` of `http://x`, by the static table; the head ends the stream.
const HEAD: [u8; 6] = [0x82, 0x84, 0x86, 0x01, 0x01, b'x'];

/// Bytes of a request, before the word that nobody waits for it.
const HEAD_FRAME: usize = 9 + HEAD.len();

/// Adds a request, and the word that nobody waits for its answer.
fn give_up(frames: &mut Vec<u8>, stream: u32) {
    frames.extend([0, 0, 6, 0x01, 0x05]);
    frames.extend(stream.to_be_bytes());
    frames.extend(HEAD);
    frames.extend([0, 0, 4, 0x03, 0]);
    frames.extend(stream.to_be_bytes());
    // CANCEL.
    frames.extend([0, 0, 0, 8]);
}

/// Counts handlers as long as they live.
struct AtWork(Arc<AtomicUsize>);

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Handlers that have begun, and that are at work.
#[derive(Clone, Default)]
struct Counts {
    begun: Arc<AtomicUsize>,
    now: Arc<AtomicUsize>,
}

/// What a handler that is given back returns.
type Never = Pin<Box<dyn Future<Output = Result<Response<String>, Infallible>> + Send>>;

/// A handler that never answers.
fn never(counts: &Counts) -> impl Fn(Request<Incoming>) -> Never + Clone + Send + 'static {
    let counts = counts.clone();
    move |_| {
        counts.begun.fetch_add(1, Ordering::Relaxed);
        counts.now.fetch_add(1, Ordering::Relaxed);
        let at_work = AtWork(counts.now.clone());
        Box::pin(async move {
            let _at_work = at_work;
            std::future::pending().await
        })
    }
}

#[test]
fn a_flood_of_requests_that_are_given_up_makes_little_work() {
    inside_each(async || {
        let counts = Counts::default();
        let served = Served::new(service_fn(never(&counts)), |server| server).await;
        let mut client = served.client().await;
        client.say(PREFACE).await;
        let mut frames = Vec::new();
        for number in 0..20_000 {
            give_up(&mut frames, 2 * number + 1);
        }
        // The server closes meanwhile.
        let _sent = client.0.write_all(&frames).await;
        client.rest().await;
        while counts.now.load(Ordering::Relaxed) > 0 {
            bowerbird::yield_now().await;
        }
        // What one read brings is begun in any case.
        let begun = counts.begun.load(Ordering::Relaxed);
        assert!(begun < 4_000, "{begun}");
        served.stop().await;
    });
}

/// So slow that each handler begins, which no limit of the protocol's own forbids. One request is
/// never given up: its handler goes with the connection.
#[test]
fn a_client_that_gives_up_more_than_it_takes_is_thrown_out_with_all_its_handlers() {
    inside_each(async || {
        let counts = Counts::default();
        let with = |server: bowerbird_http::Server| server.max_resets(50);
        let served = Served::new(service_fn(never(&counts)), with).await;
        let mut client = served.client().await;
        client.say(PREFACE).await;
        let mut kept = Vec::new();
        give_up(&mut kept, 1);
        kept.truncate(HEAD_FRAME);
        client.say(kept).await;
        let (reader, mut writer) = client.0.into_split();
        let listening = create_task(async move { Client(reader).rest().await });
        for number in 1..=200 {
            let mut frames = Vec::new();
            give_up(&mut frames, 2 * number + 1);
            let (head, reset) = frames.split_at(HEAD_FRAME);
            let begun = counts.begun.load(Ordering::Relaxed);
            if writer.write_all(head).await.is_err() {
                break;
            }
            while counts.begun.load(Ordering::Relaxed) == begun && !listening.is_done() {
                bowerbird::yield_now().await;
            }
            let _sent = writer.write_all(reset).await;
        }
        listening.await.unwrap();
        while counts.now.load(Ordering::Relaxed) > 0 {
            bowerbird::yield_now().await;
        }
        let begun = counts.begun.load(Ordering::Relaxed);
        assert!((52..100).contains(&begun), "{begun}");
        served.stop().await;
    });
}
