//! Requests that two servers could understand in two ways, and what is none at all: each is
//! refused, and what follows it on its connection is never taken for a request.

use futures_lite::AsyncWriteExt;

use crate::wire::{Served, inside_each};

/// Why, and the bytes. A second request follows each.
const REFUSED: [(&str, &str); 35] = [
    ("a host twice", "host: y\r\n\r\n"),
    (
        "a length and an encoding",
        "content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "an encoding and a length",
        "transfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n",
    ),
    (
        "two lengths",
        "content-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
    ),
    (
        "a length twice",
        "content-length: 3\r\ncontent-length: 3\r\n\r\nabc",
    ),
    ("a list of lengths", "content-length: 3, 3\r\n\r\nabc"),
    ("a length with a sign", "content-length: +3\r\n\r\nabc"),
    ("a negative length", "content-length: -3\r\n\r\nabc"),
    ("a hexadecimal length", "content-length: 0x3\r\n\r\nabc"),
    ("no length", "content-length:\r\n\r\nabc"),
    (
        "a length past all numbers",
        "content-length: 99999999999999999999\r\n\r\nabc",
    ),
    (
        "an encoding before chunks",
        "transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "an encoding after chunks",
        "transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    ),
    (
        "an unknown encoding",
        "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "an encoding twice",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "a vertical tab",
        "transfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "a space before a colon",
        "transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
    ),
    ("a tab before a colon", "content-length\t: 3\r\n\r\nabc"),
    (
        "a folded header",
        "x: a\r\n b\r\ncontent-length: 3\r\n\r\nabc",
    ),
    (
        "a folded encoding",
        "transfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    ),
    ("a header without a colon", "content-length 3\r\n\r\nabc"),
    ("a header without a name", ": 3\r\n\r\nabc"),
    (
        "a bare LF after a header",
        "x: y\ncontent-length: 3\r\n\r\nabc",
    ),
    ("a bare LF after a head", "content-length: 3\r\n\nabc"),
    (
        "a bare CR in a header",
        "x: y\rz\r\ncontent-length: 3\r\n\r\nabc",
    ),
    ("a NUL in a name", "x\0: y\r\ncontent-length: 3\r\n\r\nabc"),
    ("a NUL in a value", "x: \0\r\ncontent-length: 3\r\n\r\nabc"),
    (
        "a chunk of no size",
        "transfer-encoding: chunked\r\n\r\n\r\n0\r\n\r\n",
    ),
    (
        "a chunk of letters",
        "transfer-encoding: chunked\r\n\r\nzz\r\n0\r\n\r\n",
    ),
    (
        "a chunk of 0x",
        "transfer-encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
    ),
    (
        "a negative chunk",
        "transfer-encoding: chunked\r\n\r\n-1\r\n0\r\n\r\n",
    ),
    (
        "a chunk past all numbers",
        "transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
    ),
    (
        "a bare LF after a size",
        "transfer-encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n",
    ),
    (
        "a chunk that is too long",
        "transfer-encoding: chunked\r\n\r\n3\r\nabcX\r\n0\r\n\r\n",
    ),
    (
        "a bare LF after a chunk",
        "transfer-encoding: chunked\r\n\r\n3\r\nabc\n0\r\n\r\n",
    ),
];

/// The same, of first lines.
const NO_REQUESTS: [(&str, &str); 7] = [
    (
        "an encoding in HTTP/1.0",
        "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "a bare LF after the first line",
        "GET / HTTP/1.1\nhost: x\r\n\r\n",
    ),
    (
        "a version that is none",
        "GET / HTTP/4.2\r\nhost: x\r\n\r\n",
    ),
    ("no version", "GET /\r\nhost: x\r\n\r\n"),
    ("two spaces", "GET  / HTTP/1.1\r\nhost: x\r\n\r\n"),
    (
        "a space in the target",
        "GET /a b HTTP/1.1\r\nhost: x\r\n\r\n",
    ),
    ("control characters", "\u{1}\u{2}\u{3}\u{4}\r\n\r\n"),
];

/// What must not be found behind a request that is refused.
pub(crate) const SECOND: &str = "GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n";

pub(crate) async fn assert_refused(served: &Served, why: &str, request: &str) {
    // In one piece, and with a pause before what might be taken for a second request.
    for is_whole in [true, false] {
        let mut client = served.client().await;
        if is_whole {
            client.say(format!("{request}{SECOND}")).await;
        } else {
            client.say(request).await;
            bowerbird::yield_now().await;
            // The server may have closed already.
            let _sent = client.0.write_all(SECOND.as_bytes()).await;
        }
        let rest = client.rest().await;
        let is_refused = rest.is_empty() || rest.starts_with("HTTP/1.1 400");
        assert!(is_refused, "{why}: {rest}");
        assert!(!rest.contains("smuggled"), "{why}: {rest}");
    }
}

#[test]
fn what_is_ambiguous_is_refused_and_closed() {
    inside_each(async || {
        let served = Served::plain().await;
        for (why, rest) in REFUSED {
            let request = format!("POST / HTTP/1.1\r\nhost: x\r\n{rest}");
            assert_refused(&served, why, &request).await;
        }
        for (why, request) in NO_REQUESTS {
            assert_refused(&served, why, request).await;
        }
        served.stop().await;
    });
}

#[test]
fn nothing_may_come_between_a_request_for_another_protocol_and_its_answer() {
    inside_each(async || {
        let served = Served::plain().await;
        let asking = "GET /first HTTP/1.1\r\nhost: x\r\nupgrade: y\r\n\r\n";
        let mut hasty = served.client().await;
        hasty.say(format!("{asking}{SECOND}")).await;
        assert_eq!(hasty.answer().await.unwrap().body, "GET /first ");
        let rest = hasty.rest().await;
        assert!(!rest.contains("smuggled"), "{rest}");
        let mut patient = served.client().await;
        patient.say(asking).await;
        assert_eq!(patient.answer().await.unwrap().body, "GET /first ");
        assert_eq!(patient.get("/second").await.body, "GET /second ");
        drop(patient);
        served.stop().await;
    });
}
