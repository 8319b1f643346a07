//! Files as answers: whole, in part, packed, unchanged, and those that must not be had.

use std::time::{Duration, SystemTime};

use bowerbird_http::client::Response;
use bowerbird_http::files::{FileResponse, ServeDir};
use bowerbird_http::http::{Method, Request, StatusCode};
use bowerbird_http::testing::TestServer;
use bowerbird_http::{Incoming, service_fn};

use crate::folder::Folder;
use crate::wire::{Served, inside_each};

/// A server of all that is in the folder.
pub(crate) async fn serving(folder: &Folder) -> TestServer {
    let files = ServeDir::new(folder.path());
    TestServer::start(files).await.unwrap()
}

/// Asks with these headers.
pub(crate) async fn get(server: &TestServer, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = server.get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.await.unwrap()
}

pub(crate) fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    let value = response.headers().get(name)?;
    Some(value.to_str().unwrap())
}

/// Letters that repeat after a length which no buffer has.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| b'a' + (at % 23) as u8).collect()
}

#[test]
fn a_file_is_sent_with_all_that_is_known_of_it() {
    inside_each(async || {
        let folder = Folder::new();
        folder.put("page.html", "<h1>hello</h1>");
        folder.put("no-ending", "");
        let server = serving(&folder).await;
        for method in [Method::GET, Method::HEAD] {
            let response = server.request(method.clone(), "/page.html").await.unwrap();
            assert_eq!(response.status(), 200);
            assert_eq!(header(&response, "content-type"), Some("text/html"));
            assert_eq!(header(&response, "content-length"), Some("14"));
            assert_eq!(header(&response, "accept-ranges"), Some("bytes"));
            assert!(header(&response, "last-modified").unwrap().ends_with("GMT"));
            assert!(header(&response, "etag").unwrap().starts_with('"'));
            assert_eq!(header(&response, "vary"), None);
            let body = response.text().await.unwrap();
            let expected = if method == Method::GET {
                "<h1>hello</h1>"
            } else {
                ""
            };
            assert_eq!(body, expected);
        }
        let response = get(&server, "/no-ending", &[]).await;
        let kind = header(&response, "content-type");
        assert_eq!(kind, Some("application/octet-stream"));
        assert_eq!(header(&response, "content-length"), Some("0"));
        assert_eq!(response.text().await.unwrap(), "");
        server.stop().await;
    });
}

#[test]
fn a_long_file_comes_whole_and_in_any_part() {
    inside_each(async || {
        let folder = Folder::new();
        let bytes = pattern(3_000_000);
        folder.put("long", &bytes);
        let files = ServeDir::new(folder.path()).chunk_size(100_000);
        let server = TestServer::start(files).await.unwrap();
        let response = get(&server, "/long", &[]).await;
        assert_eq!(response.bytes().await.unwrap(), bytes);
        let stretches = [
            (0, 0),
            (65_535, 65_536),
            (10, 2_999_999),
            (1_000_000, 1_300_000),
        ];
        for (first, last) in stretches {
            let range = format!("bytes={first}-{last}");
            let response = get(&server, "/long", &[("range", &range)]).await;
            assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
            let told = format!("bytes {first}-{last}/3000000");
            assert_eq!(header(&response, "content-range"), Some(&*told));
            assert_eq!(response.bytes().await.unwrap(), bytes[first..=last]);
        }
        server.stop().await;
    });
}

#[test]
fn several_ranges_come_as_parts_with_heads_of_their_own() {
    inside_each(async || {
        let folder = Folder::new();
        folder.put("ten.txt", "0123456789");
        let server = serving(&folder).await;
        let response = get(&server, "/ten.txt", &[("range", "bytes=7-, 0-2,50-60")]).await;
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
        let kind = header(&response, "content-type").unwrap().to_owned();
        let boundary = kind
            .strip_prefix("multipart/byteranges; boundary=")
            .unwrap();
        let length = header(&response, "content-length").unwrap().to_owned();
        let head =
            |range| format!("--{boundary}\r\nContent-Type: text/plain\r\nContent-Range: {range}");
        let body = response.text().await.unwrap();
        let (first, second) = (head("bytes 7-9/10"), head("bytes 0-2/10"));
        let expected =
            format!("\r\n{first}\r\n\r\n789\r\n{second}\r\n\r\n012\r\n--{boundary}--\r\n");
        assert_eq!(body, expected);
        assert_eq!(length, body.len().to_string());
        // Overlapping ones are no way to have more sent than there is.
        let response = get(&server, "/ten.txt", &[("range", "bytes=0-,0-,0-")]).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.text().await.unwrap(), "0123456789");
        server.stop().await;
    });
}

#[test]
fn what_lies_behind_the_end_cannot_be_had() {
    inside_each(async || {
        let folder = Folder::new();
        folder.put("ten.txt", "0123456789");
        let server = serving(&folder).await;
        let response = get(&server, "/ten.txt", &[("range", "bytes=10-")]).await;
        assert_eq!(response.status(), StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(header(&response, "content-range"), Some("bytes */10"));
        // Ranges are for GET, and what is none is ignored.
        let head = server
            .request(Method::HEAD, "/ten.txt")
            .header("range", "bytes=10-");
        assert_eq!(head.await.unwrap().status(), StatusCode::OK);
        let response = get(&server, "/ten.txt", &[("range", "bytes=x")]).await;
        assert_eq!(response.status(), StatusCode::OK);
        server.stop().await;
    });
}

#[test]
fn what_a_client_has_is_not_sent_again() {
    inside_each(async || {
        let folder = Folder::new();
        folder.put("ten.txt", "0123456789");
        let server = serving(&folder).await;
        let response = get(&server, "/ten.txt", &[]).await;
        let etag = header(&response, "etag").unwrap().to_owned();
        let date = header(&response, "last-modified").unwrap().to_owned();
        drop(response);
        for known in [("if-none-match", &*etag), ("if-modified-since", &*date)] {
            let response = get(&server, "/ten.txt", &[known]).await;
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
            assert_eq!(header(&response, "etag"), Some(&*etag));
            assert_eq!(header(&response, "content-type"), None);
            assert_eq!(response.text().await.unwrap(), "");
        }
        let other = get(&server, "/ten.txt", &[("if-match", "\"other\"")]).await;
        assert_eq!(other.status(), StatusCode::PRECONDITION_FAILED);
        let range = ("range", "bytes=0-1");
        let same = get(&server, "/ten.txt", &[range, ("if-range", &*etag)]).await;
        assert_eq!(same.status(), StatusCode::PARTIAL_CONTENT);
        let changed = get(&server, "/ten.txt", &[range, ("if-range", "\"other\"")]).await;
        assert_eq!(changed.status(), StatusCode::OK);
        server.stop().await;
    });
}

#[test]
fn a_file_that_changed_just_now_is_not_pieced_together() {
    inside_each(async || {
        let folder = Folder::new();
        let path = folder.put("ten.txt", "0123456789");
        let file = std::fs::File::options().write(true).open(path).unwrap();
        // Later than the server's clock, so that it is never two seconds old.
        let soon = SystemTime::now() + Duration::from_secs(60);
        file.set_modified(soon).unwrap();
        let server = serving(&folder).await;
        let response = get(&server, "/ten.txt", &[]).await;
        let etag = header(&response, "etag").unwrap().to_owned();
        assert!(etag.starts_with("W/"), "{etag}");
        assert_eq!(header(&response, "last-modified"), None);
        let conditions = [("range", "bytes=0-1"), ("if-range", &*etag)];
        let whole = get(&server, "/ten.txt", &conditions).await;
        assert_eq!(whole.status(), StatusCode::OK);
        let known = get(&server, "/ten.txt", &[("if-none-match", &*etag)]).await;
        assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
        server.stop().await;
    });
}

#[test]
fn a_packed_twin_is_for_those_who_take_it() {
    inside_each(async || {
        let folder = Folder::new();
        folder.put("app.js", "plain");
        folder.put("app.js.br", "brotli");
        folder.put("app.js.gz", "gzip");
        folder.put("alone.js", "alone");
        let files = ServeDir::new(folder.path());
        // Byte for byte: the client would unpack what it gets.
        let served = Served::new(files.clone(), |server| server).await;
        let mut client = served.client().await;
        let mut tags = vec![];
        for (accepted, coding, body) in [
            ("gzip, deflate, br", Some("br"), "brotli"),
            ("br;q=0.5, gzip", Some("gzip"), "gzip"),
            ("br;q=0, gzip;q=0", None, "plain"),
            ("identity", None, "plain"),
        ] {
            client
                .say(format!(
                    "GET /app.js HTTP/1.1\r\nhost: x\r\naccept-encoding: {accepted}\r\n\r\n"
                ))
                .await;
            let answer = client.answer().await.unwrap();
            assert_eq!(answer.body, body, "{accepted}");
            let line = |name: &str| {
                let mut lines = answer.head.lines().filter_map(|line| line.split_once(": "));
                lines
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| value.to_owned())
            };
            assert_eq!(line("content-encoding").as_deref(), coding, "{accepted}");
            assert_eq!(line("vary").as_deref(), Some("accept-encoding"));
            assert_eq!(line("content-type").as_deref(), Some("text/javascript"));
            tags.push(line("etag").unwrap());
        }
        assert_eq!(tags[2], tags[3]);
        assert!(tags[0] != tags[1] && tags[1] != tags[2], "{tags:?}");
        assert!(!client.get("/alone.js").await.head.contains("vary"));
        drop(client);
        served.stop().await;
        let server = TestServer::start(files.precompressed(false)).await.unwrap();
        let response = get(&server, "/app.js", &[("accept-encoding", "br")]).await;
        assert_eq!(header(&response, "vary"), None);
        assert_eq!(response.text().await.unwrap(), "plain");
        server.stop().await;
    });
}

#[test]
fn files_are_read_and_nothing_else() {
    inside_each(async || {
        let folder = Folder::new();
        let path = folder.put("page.txt", "page");
        let server = serving(&folder).await;
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let response = server.request(method, "/page.txt").await.unwrap();
            assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
            assert_eq!(header(&response, "allow"), Some("GET, HEAD"));
        }
        server.stop().await;
        // A handler that answers a form with a file knows what it does.
        let file = FileResponse::new(path);
        let handler = service_fn(move |request: Request<Incoming>| {
            let answering = file.respond(&request);
            async { Ok::<_, std::convert::Infallible>(answering.await) }
        });
        let server = TestServer::start(handler).await.unwrap();
        let response = server
            .post("/form")
            .header("range", "bytes=0-1")
            .await
            .unwrap();
        assert_eq!(response.text().await.unwrap(), "page");
        server.stop().await;
    });
}

#[test]
fn a_file_that_shrinks_on_the_way_breaks_the_connection_off() {
    inside_each(async || {
        let folder = Folder::new();
        let path = folder.put("shrinking", "");
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        // More than all buffers on the way hold together.
        file.set_len(64 << 20).unwrap();
        let files = ServeDir::new(folder.path());
        let served = Served::new(files, |server| server).await;
        let mut client = served.client().await;
        client
            .say("GET /shrinking HTTP/1.1\r\nhost: x\r\n\r\n")
            .await;
        let mut head = vec![];
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            futures_lite::AsyncReadExt::read_exact(&mut client.0, &mut byte)
                .await
                .unwrap();
            head.push(byte[0]);
        }
        file.set_len(0).unwrap();
        let rest = client.rest().await;
        assert!(rest.len() < 64 << 20);
        // And nobody else notices.
        file.set_len(3).unwrap();
        let mut other = served.client().await;
        assert_eq!(other.get("/shrinking").await.body.len(), 3);
        drop((client, other));
        served.stop().await;
    });
}
