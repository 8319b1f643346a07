//! A server, whatever bytes come: it answers in HTTP or not at all, ends the connection, and serves
//! the next one. The fuzzer's target `http` includes this file and feeds [`check`]; the test here
//! feeds it pieces of requests in any order.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use bowerbird::{EventLoop, Report};
use bowerbird_http::http::{Request, Response};
use bowerbird_http::{BODY_LIMIT, Incoming, Server, read_body, service_fn};

/// What takes longer hangs: what is sent ends, and an end is answered at once.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the loop has reported: no bytes may make the server's own tasks fail.
static REPORTS: AtomicUsize = AtomicUsize::new(0);

/// Tells how long the body was.
async fn answer(request: Request<Incoming>) -> Result<Response<String>, std::io::Error> {
    Ok(match read_body(request.into_body(), BODY_LIMIT).await {
        Ok(body) => Response::new(body.len().to_string()),
        Err(error) => error.to_response(),
    })
}

/// Where the server listens; one for the process, on a thread of its own.
fn server() -> SocketAddr {
    static SERVER: OnceLock<SocketAddr> = OnceLock::new();
    *SERVER.get_or_init(|| {
        let (tell, told) = channel();
        thread::spawn(move || {
            let event_loop = EventLoop::builder().worker_threads(2).build();
            let event_loop = event_loop.expect("threads");
            event_loop.set_exception_handler(Some(|_: &Report| {
                // Relaxed: a number to look at, which orders nothing.
                REPORTS.fetch_add(1, Ordering::Relaxed);
            }));
            event_loop.run_until_complete(async {
                let server = Server::bind("127.0.0.1:0").await.expect("a port");
                tell.send(server.local_addrs()[0]).expect("somebody asks");
                server.serve(service_fn(answer)).await
            })
        });
        told.recv().expect("the server starts")
    })
}

/// Sends the bytes, and goes on as `then` says; what comes back.
fn exchange(bytes: &[u8], then: impl FnOnce(&TcpStream)) -> Vec<u8> {
    let mut socket = TcpStream::connect(server()).expect("the server listens");
    socket.set_read_timeout(Some(PATIENCE)).expect("not zero");
    // It may have refused them before it has them all.
    let _refused = socket.write_all(bytes);
    then(&socket);
    let mut answers = Vec::new();
    if let Err(error) = socket.read_to_end(&mut answers) {
        let is_reset = error.kind() == std::io::ErrorKind::ConnectionReset;
        assert!(is_reset, "{error}, after {:?}", answers.escape_ascii());
    }
    answers
}

/// Sends the bytes, and then a request that is right.
///
/// # Panics
/// When an answer is no HTTP, when the connection stays open, or when the server has suffered.
pub(crate) fn check(bytes: &[u8]) {
    let answers = exchange(bytes, |socket| {
        // It may have been closed already.
        let _gone = socket.shutdown(Shutdown::Write);
    });
    // Who begins with its preface is told the settings of HTTP/2, where that is spoken.
    let is_frame = cfg!(feature = "http2") && answers.get(3) == Some(&4);
    assert!(
        answers.is_empty() || answers.starts_with(b"HTTP/1.") || is_frame,
        "{}",
        answers.escape_ascii()
    );
    let right =
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";
    // A client that closes its half has gone, to this server.
    let answer = exchange(right, |_stays| {});
    assert!(
        answer.starts_with(b"HTTP/1.1 200") && answer.ends_with(b"\r\n\r\n5"),
        "{}",
        answer.escape_ascii()
    );
    // Relaxed: see the handler.
    assert_eq!(
        REPORTS.load(Ordering::Relaxed),
        0,
        "a task of the server failed"
    );
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    /// Pieces of requests, some of them wrong, or in a place where they are.
    const PIECES: [&[u8]; 24] = [
        b"GET / HTTP/1.1\r\n",
        b"POST /x?y HTTP/1.1\r\n",
        b"HEAD * HTTP/1.0\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"Host: x\r\n",
        b"host:\r\n",
        b"Content-Length: 5\r\n",
        b"content-length: 99999999999999999999\r\n",
        b"content-length: 5, 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"transfer-encoding: gzip, chunked\r\n",
        b"expect: 100-continue\r\n",
        b"connection: keep-alive\r\n",
        b"upgrade: websocket\r\nconnection: upgrade\r\n",
        b"x: \x00\xff\r\n",
        b" folded\r\n",
        b"\r\n",
        b"5\r\nhello\r\n",
        b"5;x=y\r\nhello\r\n",
        b"fffffffffffffffff\r\n",
        b"0\r\n\r\n",
        b"0\r\ntrailer: x\r\n\r\n",
        b"hello",
        b"\n",
    ];

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 300,
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn a_server_survives_whatever_comes_and_answers_in_http(
            pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..14),
            bytes: Vec<u8>,
        ) {
            super::check(&pieces.concat());
            super::check(&[pieces.concat(), bytes].concat());
        }
    }
}
