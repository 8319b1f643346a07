//! Files as answers: whole, in part, packed, unchanged, and those that must not be had.

use std::time::{Duration, SystemTime};

use axum::Router;
use bowerbird_http::client::Response;
use bowerbird_http::files::{FileResponse, ServeDir};
use bowerbird_http::http::{Method, Request, StatusCode};
use bowerbird_http::testing::TestServer;
use bowerbird_http::{App, Incoming, Server, service_fn};

use crate::folder::Folder;
use crate::wire::{Client, Served, answer, inside_each};

/// Asks with these headers.
async fn get(server: &TestServer, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = server.get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
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
        let server = TestServer::start(ServeDir::new(folder.path()))
            .await
            .unwrap();
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
        let server = TestServer::start(ServeDir::new(folder.path()))
            .await
            .unwrap();
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
        let server = TestServer::start(ServeDir::new(folder.path()))
            .await
            .unwrap();
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
        let server = TestServer::start(ServeDir::new(folder.path()))
            .await
            .unwrap();
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
        let server = TestServer::start(ServeDir::new(folder.path()))
            .await
            .unwrap();
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

/// Byte for byte, since clients would tidy these paths up.
#[test]
fn nothing_outside_of_the_directory_can_be_had() {
    inside_each(async || {
        let folder = Folder::new();
        folder.put("secret", "secret");
        folder.put("open/page", "page");
        folder.put("open/deep/page", "page");
        let served = Served::new(ServeDir::new(folder.at("open")), |server| server).await;
        let mut client = served.client().await;
        assert_eq!(client.get("/deep/page").await.body, "page");
        let secret = folder.at("secret");
        let absolute = format!("/{}", secret.display());
        let hostile = [
            "/../secret",
            "/deep/../../secret",
            "/%2e%2e/secret",
            "/..%2fsecret",
            "/%2e%2e%2fsecret",
            "/..%5csecret",
            "/..\\secret",
            "/deep/%2e%2E/%2E./secret",
            "/page%00",
            "/page/",
            "/page/x",
            "/./page",
            "/%",
            &absolute,
        ];
        for path in hostile {
            let answer = client.get(path).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(answer.body, "404: Not Found\n", "{path}");
        }
        drop(client);
        served.stop().await;
    });
}

#[cfg(unix)]
#[test]
fn links_are_followed_to_where_they_may_lead() {
    use std::os::unix::fs::symlink;
    inside_each(async || {
        let folder = Folder::new();
        let secret = folder.put("secret", "secret");
        let page = folder.put("open/page", "page");
        folder.put("other/inside", "inside");
        symlink(&secret, folder.at("open/out")).unwrap();
        symlink(folder.at("other"), folder.at("open/folder")).unwrap();
        symlink(&page, folder.at("open/in.html")).unwrap();
        symlink("nowhere", folder.at("open/dangling")).unwrap();
        symlink(&secret, folder.at("open/page.gz")).unwrap();
        // The directory itself may be a link.
        symlink(folder.at("open"), folder.at("root")).unwrap();
        let status = async |files: ServeDir, path: &str| {
            let server = TestServer::start(files).await.unwrap();
            let response = get(&server, path, &[("accept-encoding", "gzip")]).await;
            assert_eq!(header(&response, "content-encoding"), None, "{path}");
            let status = response.status().as_u16();
            server.stop().await;
            status
        };
        let strict = ServeDir::new(folder.at("root"));
        for (path, expected) in [
            ("/page", 200),
            ("/in.html", 200),
            ("/out", 404),
            ("/folder/inside", 404),
            ("/dangling", 404),
        ] {
            assert_eq!(status(strict.clone(), path).await, expected, "{path}");
        }
        let following = strict.follow_symlinks(true).precompressed(false);
        for (path, expected) in [("/out", 200), ("/folder/inside", 200), ("/dangling", 404)] {
            assert_eq!(status(following.clone(), path).await, expected, "{path}");
        }
    });
}

/// Opening one would wait for whoever writes to it.
#[cfg(unix)]
#[test]
fn a_pipe_is_no_file() {
    inside_each(async || {
        let folder = Folder::new();
        let made = std::process::Command::new("mkfifo")
            .arg(folder.at("pipe"))
            .status();
        assert!(made.unwrap().success());
        let server = TestServer::start(ServeDir::new(folder.path()))
            .await
            .unwrap();
        let response = get(&server, "/pipe", &[]).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        server.stop().await;
    });
}

#[test]
fn a_directory_is_its_index_or_nobodys_business() {
    inside_each(async || {
        let folder = Folder::new();
        folder.put("docs/index.html", "index");
        folder.put("bare/page", "page");
        let files = ServeDir::new(folder.path());
        let served = Served::new(files.clone(), |server| server).await;
        let mut client = served.client().await;
        assert_eq!(client.get("/docs/").await.body, "index");
        let away = client.get("/docs?q=1").await;
        assert_eq!(away.status, StatusCode::TEMPORARY_REDIRECT);
        assert!(
            away.head.contains("\r\nlocation: ./docs/?q=1\r\n"),
            "{}",
            away.head
        );
        for path in ["/", "/bare", "/bare/"] {
            assert_eq!(
                client.get(path).await.status,
                StatusCode::FORBIDDEN,
                "{path}"
            );
        }
        drop(client);
        served.stop().await;
        let server = TestServer::start(files.index(None)).await.unwrap();
        let response = get(&server, "/docs/", &[]).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        server.stop().await;
    });
}

#[test]
fn a_directory_is_listed_where_it_is_to_be() {
    inside_each(async || {
        let folder = Folder::new();
        folder.put("open/b <b>.txt", "found");
        folder.put("open/deep/index.html", "index");
        folder.put("open/a/x", "x");
        let secret = folder.put("secret", "secret");
        #[cfg(unix)]
        std::os::unix::fs::symlink(secret, folder.at("open/out")).unwrap();
        #[cfg(not(unix))]
        drop(secret);
        let files = ServeDir::new(folder.at("open")).show_index(true);
        let server = TestServer::start(files).await.unwrap();
        let page = get(&server, "/", &[]).await;
        assert_eq!(
            header(&page, "content-type"),
            Some("text/html; charset=utf-8")
        );
        let page = page.text().await.unwrap();
        let links: Vec<_> = page.split("href=\"").skip(1).collect();
        let links: Vec<_> = links
            .iter()
            .map(|link| link.split('"').next().unwrap())
            .collect();
        assert_eq!(links, ["./a/", "./b%20%3Cb%3E.txt", "./deep/"]);
        let found = get(&server, &format!("/{}", &links[1][2..]), &[]).await;
        assert_eq!(found.text().await.unwrap(), "found");
        // An index comes first; and the way up is shown below.
        assert_eq!(
            get(&server, "/deep", &[]).await.text().await.unwrap(),
            "index"
        );
        let below = get(&server, "/a", &[]).await.text().await.unwrap();
        assert!(below.contains("href=\"./../\""), "{below}");
        let head = server.request(Method::HEAD, "/").await.unwrap();
        assert_eq!(
            header(&head, "content-length"),
            Some(&*page.len().to_string())
        );
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
        let server = TestServer::start(ServeDir::new(folder.path()))
            .await
            .unwrap();
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

#[test]
fn a_directory_stands_beside_a_service() {
    inside_each(async || {
        let folder = Folder::new();
        folder.put("page.txt", "page");
        folder.put("index.html", "index");
        let app = App::new(service_fn(answer)).add_static("/static/", ServeDir::new(folder.path()));
        let server = Server::bind("127.0.0.1:0").await.unwrap();
        let addr = server.local_addrs()[0];
        let stop = async {
            let stream = bowerbird::net::TcpStream::connect(addr).await.unwrap();
            let mut client = Client(stream);
            assert_eq!(client.get("/static/page.txt").await.body, "page");
            assert_eq!(client.get("/static/").await.body, "index");
            let away = client.get("/static").await;
            assert!(
                away.head.contains("\r\nlocation: ./static/\r\n"),
                "{}",
                away.head
            );
            let missing = client.get("/static/missing").await;
            assert_eq!(missing.status, StatusCode::NOT_FOUND);
            assert_eq!(client.get("/statics").await.body, "GET /statics ");
            assert_eq!(client.get("/").await.body, "GET / ");
        };
        app.run_until(server, stop).await.unwrap();
    });
}

#[test]
fn a_router_has_files_below_a_prefix() {
    inside_each(async || {
        let folder = Folder::new();
        let path = folder.put("deep/index.html", "index");
        let router: Router = Router::new()
            .nest_service("/files", ServeDir::new(folder.path()))
            .route_service("/one", FileResponse::new(path));
        let server = TestServer::start(router).await.unwrap();
        // The client follows where it is sent.
        for path in ["/files/deep/index.html", "/files/deep", "/one"] {
            let response = get(&server, path, &[]).await;
            assert_eq!(response.text().await.unwrap(), "index", "{path}");
        }
        server.stop().await;
    });
}
