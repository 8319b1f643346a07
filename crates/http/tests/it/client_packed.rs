//! Compressed answers: each way, cut short, and blown up.

use std::time::Duration;

use async_compression::futures::bufread::{
    BrotliEncoder, DeflateEncoder, GzipEncoder, ZlibEncoder, ZstdEncoder,
};
use bowerbird_http::client::{ClientError, ClientSession, PayloadError};
use bowerbird_http::http::{Request, Response, header};
use bowerbird_http::testing::TestServer;
use bowerbird_http::{Incoming, service_fn};
use futures_lite::AsyncReadExt;
use http_body_util::Full;

use crate::peers::{Scripted, bytes_of};
use crate::wire::inside_each;

/// What is sent: longer than one step of any decoder.
fn song() -> String {
    (0..4_000).map(|verse| format!("verse {verse}\n")).collect()
}

async fn packed(name: &str, plain: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = match name {
        "gzip" => GzipEncoder::new(plain).read_to_end(&mut bytes).await,
        "deflate" => ZlibEncoder::new(plain).read_to_end(&mut bytes).await,
        "raw" => DeflateEncoder::new(plain).read_to_end(&mut bytes).await,
        "br" => BrotliEncoder::new(plain).read_to_end(&mut bytes).await,
        _ => ZstdEncoder::new(plain).read_to_end(&mut bytes).await,
    };
    read.unwrap();
    bytes
}

/// Answers `/HOW` with the song, `/HOW/cut` with half of it, `/HOW/bomb` with zeros.
async fn sing(request: Request<Incoming>) -> std::io::Result<Response<Full<bytes::Bytes>>> {
    let accepted = request.headers()[header::ACCEPT_ENCODING].to_str().unwrap();
    assert_eq!(accepted, "gzip, deflate, br, zstd");
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let (how, what) = path.split_once('/').unwrap_or((&path, ""));
    let mut body = match what {
        "bomb" => packed(how, &vec![0; 4_000_000]).await,
        _ => packed(how, song().as_bytes()).await,
    };
    if what == "cut" {
        body.truncate(body.len() / 2);
    }
    let name = if how == "raw" { "deflate" } else { how };
    let response = Response::builder().header(header::CONTENT_ENCODING, name);
    Ok(response.body(Full::new(body.into())).unwrap())
}

#[test]
fn answers_are_unpacked_in_every_way_and_their_connection_is_kept() {
    inside_each(async || {
        let server = TestServer::start(service_fn(sing)).await.unwrap();
        for how in ["gzip", "deflate", "raw", "br", "zstd"] {
            let response = server.get(how).await.unwrap();
            assert!(response.headers().contains_key(header::CONTENT_ENCODING));
            assert_eq!(response.text().await.unwrap(), song(), "{how}");
            assert_eq!(server.client().connector().idle_connections(), 1, "{how}");
        }
        server.stop().await;
    });
}

#[test]
fn the_end_of_a_body_in_chunks_is_read_behind_that_of_what_was_packed() {
    inside_each(async || {
        for how in ["gzip", "deflate", "br", "zstd"] {
            let song = packed(how, song().as_bytes()).await;
            let peer = Scripted::start(move |mut line, _| {
                let song = song.clone();
                async move {
                    line.head().await;
                    let chunk = song.len();
                    let head = format!(
                        "HTTP/1.1 200 OK\r\ncontent-encoding: {how}\r\n\
                         transfer-encoding: chunked\r\n\r\n{chunk:x}\r\n"
                    );
                    line.say([head.as_bytes(), &song, b"\r\n0\r\n\r\n"].concat())
                        .await;
                    line.end().await;
                }
            })
            .await;
            let session = ClientSession::new();
            let response = session.get(peer.url("/")).await.unwrap();
            assert_eq!(response.text().await.unwrap(), self::song(), "{how}");
            assert_eq!(session.connector().idle_connections(), 1, "{how}");
        }
    });
}

#[test]
fn what_is_cut_short_is_never_taken_for_the_whole() {
    inside_each(async || {
        let server = TestServer::start(service_fn(sing)).await.unwrap();
        for how in ["gzip", "deflate", "raw", "br", "zstd"] {
            let response = server.get(&format!("{how}/cut")).await.unwrap();
            let error = response.bytes().await.unwrap_err();
            let is_encoding = matches!(error, ClientError::Payload(PayloadError::Encoding(_)));
            assert!(is_encoding, "{how}: {error:?}");
        }
        server.stop().await;
    });
}

#[test]
fn a_bomb_fills_no_memory() {
    bowerbird::run(bowerbird::timeout(Duration::from_secs(60), async {
        let server = TestServer::start(service_fn(sing)).await.unwrap();
        for how in ["gzip", "deflate", "raw", "br", "zstd"] {
            let mut response = server.get(&format!("{how}/bomb")).await.unwrap();
            assert!(response.content_length().unwrap() < 100_000, "{how}");
            let first = response.chunk().await.unwrap().unwrap();
            assert!(first.len() <= 32 * 1024, "{how}: {} at once", first.len());
            let error = response.bytes_within(500_000).await.unwrap_err();
            let is_large = matches!(error, ClientError::Payload(PayloadError::TooLarge { .. }));
            assert!(is_large, "{how}: {error:?}");
        }
        server.stop().await;
    }))
    .unwrap();
}

#[test]
fn what_is_not_to_be_unpacked_is_left_alone() {
    inside_each(async || {
        let server = TestServer::start(service_fn(sing)).await.unwrap();
        let session = ClientSession::builder().auto_decompress(false);
        let session = session.header("accept-encoding", "gzip, deflate, br, zstd");
        let session = session.build().unwrap();
        let bytes = bytes_of(session.get(server.url("/gzip"))).await;
        assert_eq!(bytes, packed("gzip", song().as_bytes()).await);
        server.stop().await;
    });
}

#[test]
fn a_body_of_no_bytes_is_empty_however_it_is_said_to_be_packed() {
    inside_each(async || {
        for how in ["gzip", "deflate", "br", "zstd"] {
            let peer = Scripted::start(move |mut line, _| async move {
                line.head().await;
                line.say(format!(
                    "HTTP/1.1 200 OK\r\ncontent-encoding: {how}\r\n\
                     transfer-encoding: chunked\r\n\r\n0\r\n\r\n"
                ))
                .await;
                line.end().await;
            })
            .await;
            let session = ClientSession::new();
            let response = session.get(peer.url("/")).await.unwrap();
            let body = response.bytes().await;
            assert!(
                body.as_ref().is_ok_and(|body| body.is_empty()),
                "{how}: {body:?}"
            );
        }
    });
}
