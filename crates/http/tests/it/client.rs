//! The client, asking a server of ours: what is sent, and what is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bowerbird_http::client::{
    ClientError, ClientSession, FormData, Part, PayloadError, RequestBody,
};
use bowerbird_http::http::{self, Request, Response, StatusCode, header};
use bowerbird_http::testing::TestServer;
use bowerbird_http::{Incoming, service_fn};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::peers::{Scripted, echo, text_of};
use crate::wire::inside_each;

#[test]
fn requests_arrive_as_they_were_put_together() {
    inside_each(async || {
        let server = echo().await;
        let asked = server
            .get("/a b?x=1")
            .query([("y", "ä&"), ("y", "2")])
            .query::<&str, &str>([])
            .header("x-one", "1")
            .header("x-one", "2");
        let said = text_of(asked).await;
        assert_eq!(said, "GET /a%20b?x=1&y=%C3%A4%26&y=2 \nx-one: 1\nx-one: 2");

        let asked = server.post("/").json(&json!({"a": [1, 2]}));
        let said = text_of(asked).await;
        let expected = "POST / {\"a\":[1,2]}\ncontent-type: application/json\ncontent-length: 11";
        assert_eq!(said, expected);

        let asked = server.post("/").form([("a", "1 2"), ("b", "=")]);
        let said = text_of(asked).await;
        assert!(said.starts_with("POST / a=1+2&b=%3D\n"), "{said}");

        let asked = server.post("/").basic_auth("me", "secret");
        let said = text_of(asked).await;
        assert_eq!(
            said,
            "POST / \nauthorization: Basic bWU6c2VjcmV0\ncontent-length: 0"
        );
        server.stop().await;
    });
}

#[test]
fn bodies_are_streamed_with_their_length_or_in_chunks() {
    inside_each(async || {
        let server = echo().await;
        let pieces = || futures_lite::stream::iter(["ab", "", "cd"].map(|one| Ok(one.into())));
        let said = server.post("/").body_stream(pieces()).await.unwrap();
        assert_eq!(said.text().await.unwrap(), "POST / abcd");

        let body = RequestBody::stream(pieces()).with_length(4);
        let said = server.post("/").body(body).await.unwrap().text().await;
        assert_eq!(said.unwrap(), "POST / abcd\ncontent-length: 4");

        for wrong in [3, 5] {
            let body = RequestBody::stream(pieces()).with_length(wrong);
            let error = server.post("/").body(body).await.unwrap_err();
            let is_payload = matches!(error, ClientError::Payload(PayloadError::Sending(_)));
            assert!(is_payload, "{wrong}: {error:?}");
        }
        server.stop().await;
    });
}

#[test]
fn forms_with_files_are_what_their_standard_says() {
    inside_each(async || {
        let server = echo().await;
        let file = Part::new(&b"\x01"[..]).file_name("b\"ird.png");
        let form = FormData::new().text("name", "bower").part("picture", file);
        let content_type = form.content_type();
        let (_, boundary) = content_type.split_once('=').unwrap();
        let said = text_of(server.post("/").multipart(form)).await;
        let expected = format!(
            "POST / --{boundary}\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nbower\r\n\
             --{boundary}\r\nContent-Disposition: form-data; name=\"picture\"; \
             filename=\"b%22ird.png\"\r\nContent-Type: application/octet-stream\r\n\r\n\x01\r\n\
             --{boundary}--\r\n\ncontent-type: multipart/form-data; boundary={boundary}\
             \ncontent-length: "
        );
        assert!(said.starts_with(&expected), "{said:?}\n{expected:?}");
        server.stop().await;
    });
}

/// Answers of all types, by their paths.
async fn typed(request: Request<Incoming>) -> http::Result<Response<Full<&'static [u8]>>> {
    let (content_type, body) = match request.uri().path() {
        "/json" => ("application/problem+json", &b"{\"a\": 1}"[..]),
        "/latin" => ("text/plain; charset=\"ISO-8859-1\"", &b"\xe4"[..]),
        "/broken" => ("text/plain", &b"\xe4"[..]),
        "/exotic" => ("text/plain; charset=koi8-r", &b"\xe4"[..]),
        _ => ("text/html", &b"<p>"[..]),
    };
    let response = Response::builder().header(header::CONTENT_TYPE, content_type);
    response.body(Full::new(body))
}

#[test]
fn answers_are_read_as_what_they_are() {
    inside_each(async || {
        let server = TestServer::start(service_fn(typed)).await.unwrap();
        let value: Value = server.get("/json").await.unwrap().json().await.unwrap();
        assert_eq!(value, json!({"a": 1}));
        let error = server
            .get("/")
            .await
            .unwrap()
            .json::<Value>()
            .await
            .unwrap_err();
        assert!(matches!(error, ClientError::ContentType(_)), "{error:?}");
        let any = server
            .get("/")
            .await
            .unwrap()
            .json_of_any_type::<Value>()
            .await;
        assert!(
            matches!(any, Err(ClientError::Payload(PayloadError::Json(_)))),
            "{any:?}"
        );
        assert_eq!(text_of(server.get("/latin")).await, "ä");
        for path in ["/broken", "/exotic"] {
            let error = server.get(path).await.unwrap().text().await.unwrap_err();
            assert!(
                matches!(error, ClientError::Payload(PayloadError::Text { .. })),
                "{error:?}"
            );
        }
        let error = server
            .get("/json")
            .await
            .unwrap()
            .bytes_within(7)
            .await
            .unwrap_err();
        assert!(matches!(
            error,
            ClientError::Payload(PayloadError::TooLarge { limit: 7 })
        ));
        assert_eq!(
            server
                .get("/json")
                .await
                .unwrap()
                .bytes_within(8)
                .await
                .unwrap()
                .len(),
            8
        );
        server.stop().await;
    });
}

#[test]
fn a_status_is_an_error_when_it_is_asked_to_be() {
    let missing = async |_: Request<Incoming>| {
        let missing = Response::builder().status(StatusCode::NOT_FOUND);
        missing
            .header("x-why", "gone")
            .body("no such thing".to_owned())
    };
    inside_each(async || {
        let server = TestServer::start(service_fn(missing)).await.unwrap();
        let response = server.get("/x").await.unwrap();
        assert!(!response.is_ok());
        let error = response.raise_for_status().unwrap_err();
        assert_eq!(error.status(), Some(StatusCode::NOT_FOUND));
        let ClientError::Response(error) = error else {
            panic!("{error:?}");
        };
        assert_eq!(error.url().path(), "/x");
        assert_eq!(error.headers()["x-why"], "gone");
        let raised = server.get("/x").raise_for_status(true).await;
        assert!(raised.is_err());
        server.stop().await;
    });
}

#[test]
fn a_body_that_breaks_off_is_an_error_with_what_came_before() {
    inside_each(async || {
        for head in [
            "content-length: 10\r\n\r\nhello",
            "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        ] {
            let peer = Scripted::start(move |mut line, _| async move {
                line.head().await;
                line.say(format!("HTTP/1.1 200 OK\r\n{head}")).await;
            })
            .await;
            let session = ClientSession::new();
            let mut response = session.get(peer.url("/")).await.unwrap();
            let mut read = Vec::new();
            let error = loop {
                match response.chunk().await {
                    Ok(piece) => read.extend_from_slice(&piece.expect("it does not just end")),
                    Err(error) => break error,
                }
            };
            assert!(
                matches!(error, ClientError::Payload(PayloadError::Broken(_))),
                "{error:?}"
            );
            assert_eq!(read, b"hello");
            assert!(response.chunk().await.unwrap().is_none());
            assert_eq!(session.connector().open_connections(), 0);
        }
    });
}

#[test]
fn what_is_no_http_is_an_error_and_no_hang() {
    inside_each(async || {
        let endless = format!("HTTP/1.1 200 OK\r\nx: {}", "x".repeat(1_000_000));
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: 1\r\n".repeat(10_000));
        let silent = Scripted::start(|mut line, _| async move { drop(line.head().await) }).await;
        let error = ClientSession::new().get(silent.url("/")).await.unwrap_err();
        assert!(
            matches!(error, ClientError::ServerDisconnected(_)),
            "{error:?}"
        );
        for said in [
            "220 smtp ready\r\n",
            "HTTP/1.1 2x0\r\n\r\n",
            &endless,
            &many,
        ] {
            let said = said.to_owned();
            let peer = Scripted::start(move |mut line, _| {
                let said = said.clone();
                async move {
                    line.head().await;
                    line.say(said).await;
                }
            })
            .await;
            let error = ClientSession::new().get(peer.url("/")).await.unwrap_err();
            assert!(
                matches!(error, ClientError::InvalidResponse(_)),
                "{error:?}"
            );
        }
    });
}

#[test]
fn urls_that_cannot_be_asked_are_refused() {
    bowerbird::run(async {
        let session = ClientSession::new();
        for url in [
            "/relative",
            "ftp://x/",
            "http://",
            "data:,x",
            "http://x:99999/",
        ] {
            let error = session.get(url).await.unwrap_err();
            assert!(
                matches!(error, ClientError::InvalidUrl(_)),
                "{url}: {error:?}"
            );
        }
        let error = session.get("http://localhost:1/").await.unwrap_err();
        assert!(error.is_connect(), "{error:?}");
        let error: std::io::Error = error.into();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
        let base = ClientSession::builder().base_url("http://x/y").build();
        assert!(base.is_err());
        session.close();
        let error = session.get("http://localhost/").await.unwrap_err();
        assert!(matches!(error, ClientError::SessionClosed), "{error:?}");
    });
}

#[test]
fn a_slow_reader_slows_the_server_down() {
    inside_each(async || {
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = sent.clone();
        let peer = Scripted::start(move |mut line, _| {
            let counted = counted.clone();
            async move {
                line.head().await;
                line.say("HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n")
                    .await;
                let piece = vec![b'x'; 100_000];
                for _ in 0..1_000 {
                    line.say(&piece).await;
                    counted.fetch_add(piece.len(), Ordering::Relaxed);
                }
                line.end().await;
            }
        })
        .await;
        let session = ClientSession::new();
        let mut response = session.get(peer.url("/")).await.unwrap();
        // Until the system's buffers are full, however large they are here.
        let mut before = usize::MAX;
        while before != sent.load(Ordering::Relaxed) {
            before = sent.load(Ordering::Relaxed);
            bowerbird::sleep(Duration::from_millis(50)).await;
        }
        assert!(before < 50_000_000, "{before} bytes were sent unread");
        let mut read = 0;
        while let Some(piece) = response.chunk().await.unwrap() {
            read += piece.len();
        }
        assert_eq!(read, 100_000_000);
        assert_eq!(session.connector().idle_connections(), 1);
    });
}
