//! Directories of files: what may be had of them, what is said of them, what stands beside them.

use axum::Router;
use bowerbird_http::files::{FileResponse, ServeDir};
use bowerbird_http::http::{Method, StatusCode};
use bowerbird_http::testing::TestServer;
use bowerbird_http::{App, Server, service_fn};

use crate::files::{get, header, serving};
use crate::folder::Folder;
use crate::wire::{Client, Served, answer, inside_each};

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
        let server = serving(&folder).await;
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
