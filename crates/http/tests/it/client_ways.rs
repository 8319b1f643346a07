//! The ways to an answer: redirects, cookies, credentials, middlewares, proxies, Unix sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bowerbird_http::client::{
    Answered, ClientError, ClientRequest, ClientSession, CookieJar, FormData, Next, Part, Proxies,
    Proxy,
};
use bowerbird_http::http::{HeaderValue, Method, Request, Response, StatusCode, header};
use bowerbird_http::testing::TestServer;
use bowerbird_http::{Incoming, service_fn};

use crate::peers::{Scripted, bytes_of, echo, repeat, text_of};
use crate::wire::inside_each;

/// Sends those who ask for `/STATUS/PLACE` there, with that status; tells others what they asked.
async fn sending(request: Request<Incoming>) -> std::io::Result<Response<String>> {
    let path = request.uri().path().to_owned();
    let rest = path.trim_start_matches('/');
    let (status, place) = rest.split_once('/').unwrap_or_default();
    let Ok(status) = status.parse::<u16>() else {
        return Ok(repeat(request).await.unwrap());
    };
    let response = Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header(header::LOCATION, place.replace("::", "://"))
        .header(header::SET_COOKIE, format!("seen={status}; Path=/"));
    Ok(response.body("elsewhere".to_owned()).unwrap())
}

async fn start() -> TestServer {
    TestServer::start(service_fn(sending)).await.unwrap()
}

#[test]
fn redirects_change_methods_as_browsers_have_made_it_customary() {
    inside_each(async || {
        let server = start().await;
        for (method, status, expected) in [
            ("POST", 301, "GET /end "),
            ("POST", 302, "GET /end "),
            ("PUT", 302, "PUT /end body"),
            ("PUT", 303, "GET /end "),
            ("POST", 307, "POST /end body"),
            ("DELETE", 308, "DELETE /end body"),
        ] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let request = server.request(method, &format!("/{status}//end"));
            let response = request.body("body").await.unwrap();
            assert_eq!(response.history().len(), 1);
            assert_eq!(response.history()[0].status().as_u16(), status);
            assert_eq!(response.url().path(), "/end");
            let said = response.text().await.unwrap();
            let (first, rest) = said.split_once('\n').unwrap();
            assert_eq!(first, expected, "{status}");
            assert_eq!(
                rest.contains("content-length: 4"),
                expected.ends_with("body")
            );
            assert!(rest.contains(&format!("cookie: seen={status}")), "{rest}");
        }
        // All of it over one connection: the bodies of redirects are read.
        assert_eq!(server.client().connector().open_connections(), 1);
        server.stop().await;
    });
}

#[test]
fn redirects_have_an_end_and_lead_to_http_only() {
    inside_each(async || {
        let server = start().await;
        let circle = server.get("/302//302//302//end").max_redirects(1).await;
        let ClientError::TooManyRedirects(error) = circle.unwrap_err() else {
            panic!("it has followed two");
        };
        assert_eq!(error.history().len(), 2);
        let plain = server
            .get("/302//end")
            .allow_redirects(false)
            .await
            .unwrap();
        assert_eq!(plain.status(), StatusCode::FOUND);
        let error = server.get("/302/ftp::x/").await.unwrap_err();
        assert!(matches!(error, ClientError::InvalidUrl(_)), "{error:?}");
        let once = futures_lite::stream::iter([Ok("x".into())]);
        let error = server
            .post("/307//end")
            .body_stream(once)
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains("cannot be sent again"),
            "{error}"
        );
        let head = server.client().head("302//end").await.unwrap();
        assert_eq!(head.status(), StatusCode::FOUND);
        server.stop().await;
    });
}

#[test]
fn strangers_are_told_no_secrets() {
    inside_each(async || {
        let (server, stranger) = (start().await, echo().await);
        let place = format!("http:://{}/x", stranger.addr()).replace(":://", "::");
        let asked = server.get(&format!("/307/{place}"));
        let asked = asked
            .bearer_auth("secret")
            .header("cookie", "secret=1")
            .header("x-y", "z");
        let said = text_of(asked).await;
        // The cookie is that of the host, which both ports share.
        assert_eq!(said, "GET /x \nx-y: z\ncookie: seen=307");
        let asked = server.get("/307//x").bearer_auth("secret").await.unwrap();
        assert!(
            asked
                .text()
                .await
                .unwrap()
                .contains("authorization: Bearer secret")
        );
        stranger.stop().await;
        server.stop().await;
    });
}

#[test]
fn users_in_urls_are_told_to_the_server_and_kept_out_of_sight() {
    inside_each(async || {
        let server = start().await;
        let url = format!("http://me:secret@{}/x", server.addr());
        let response = ClientSession::new().get(&url).await.unwrap();
        assert!(!format!("{response:?}").contains("secret"));
        let said = response.text().await.unwrap();
        assert!(said.contains("authorization: Basic bWU6c2VjcmV0"), "{said}");
        let twice = ClientSession::new().get(&url).bearer_auth("x").await;
        assert!(matches!(twice, Err(ClientError::InvalidRequest(_))));
        server.stop().await;
    });
}

#[test]
fn cookies_are_kept_and_can_be_shared() {
    inside_each(async || {
        let server = start().await;
        let jar = Arc::new(CookieJar::new());
        let session = || {
            ClientSession::builder()
                .cookie_jar(jar.clone())
                .build()
                .unwrap()
        };
        let asked = session().get(server.url("/302//x")).allow_redirects(false);
        bytes_of(asked).await;
        let said = text_of(session().get(server.url("/y"))).await;
        assert_eq!(said, "GET /y \ncookie: seen=302");
        jar.clear();
        let said = text_of(session().get(server.url("/y"))).await;
        assert_eq!(said, "GET /y ");
        server.stop().await;
    });
}

#[test]
fn middlewares_are_an_onion_around_each_redirect() {
    async fn insist(request: ClientRequest, next: Next) -> Answered {
        let again = request.try_clone().unwrap();
        match next.clone().run(request).await {
            Err(ClientError::Middleware(_)) => next.run(again).await,
            answered => answered,
        }
    }
    inside_each(async || {
        let server = start().await;
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = runs.clone();
        let fail_first = move |mut request: ClientRequest, next: Next| {
            let turn = counted.fetch_add(1, Ordering::Relaxed);
            async move {
                if turn == 0 {
                    return Err(ClientError::Middleware("not today".into()));
                }
                let turn = HeaderValue::from(turn);
                request.headers_mut().insert("x-turn", turn);
                next.run(request).await
            }
        };
        let session = ClientSession::builder()
            .middleware(insist)
            .middleware(fail_first);
        let session = session.build().unwrap();
        let said = text_of(session.get(server.url("/307//x"))).await;
        assert!(said.contains("x-turn: 2"), "{said}");
        assert_eq!(runs.load(Ordering::Relaxed), 3);
        let alone = session
            .get(server.url("/x"))
            .middleware(insist)
            .await
            .unwrap();
        assert!(!alone.text().await.unwrap().contains("x-turn"));
        server.stop().await;
    });
}

#[test]
fn proxies_are_told_the_whole_url_and_who_asks() {
    inside_each(async || {
        let peer = Scripted::start(|mut line, _| async move {
            while let Some(head) = line.head().await {
                line.answer(&head).await;
            }
        })
        .await;
        let proxy = Proxy::new(format!("http://me:secret@{}", peer.addr)).unwrap();
        let proxies = Proxies::all(proxy).no_proxy("127.0.0.1");
        let session = ClientSession::builder().proxies(proxies).build().unwrap();
        let asked = session.get("http://nowhere.invalid/x?y=1#z").await.unwrap();
        let head = asked.text().await.unwrap();
        assert!(
            head.starts_with("get http://nowhere.invalid/x?y=1 http/1.1\r\n"),
            "{head}"
        );
        assert!(head.contains("host: nowhere.invalid\r\n"), "{head}");
        assert!(
            head.contains("proxy-authorization: basic bwu6c2vjcmv0\r\n"),
            "{head}"
        );
        // The exception is asked directly.
        let head = text_of(session.get(peer.url("/x"))).await;
        assert!(head.starts_with("get /x http/1.1\r\n"), "{head}");
    });
}

#[cfg(feature = "tls")]
#[test]
fn a_proxy_that_makes_no_tunnel_says_why() {
    use bowerbird_http::client::ConnectorErrorKind;

    inside_each(async || {
        let peer = Scripted::start(|mut line, _| async move {
            let head = line.head().await.unwrap();
            assert!(
                head.starts_with("connect nowhere.invalid:443 http/1.1\r\n"),
                "{head}"
            );
            line.say("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
                .await;
        })
        .await;
        let proxy = Proxy::new(format!("http://{}", peer.addr)).unwrap();
        let session = ClientSession::builder().proxy(proxy).build().unwrap();
        let error = session.get("https://nowhere.invalid/").await.unwrap_err();
        let ClientError::Connector(error) = error else {
            panic!("{error:?}");
        };
        assert_eq!(error.kind(), ConnectorErrorKind::Proxy);
        assert_eq!(
            error.proxy_status(),
            Some(StatusCode::PROXY_AUTHENTICATION_REQUIRED)
        );
        assert_eq!(session.connector().open_connections(), 0);
    });
}

#[cfg(unix)]
#[test]
fn unix_sockets_stand_for_every_host() {
    use bowerbird_http::Server;
    use bowerbird_http::client::Connector;

    inside_each(async || {
        let folder = std::env::temp_dir().join(format!("bowerbird-client-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{:p}.sock", &folder));
        let server = Server::bind_unix(&path).unwrap();
        let serving = bowerbird::create_task(server.serve(service_fn(repeat)));
        let connector = Connector::builder().unix(&path).build();
        let session = ClientSession::builder()
            .connector(connector)
            .build()
            .unwrap();
        let said = text_of(session.get("http://whatever/x")).await;
        assert_eq!(said, "GET /x ");
        session.close();
        serving.cancel();
        assert!(serving.await.unwrap_err().is_cancelled());
        let _gone = std::fs::remove_file(&path);
    });
}

#[test]
fn an_upgraded_connection_is_the_two_ends_own() {
    use futures_lite::{AsyncReadExt, AsyncWriteExt};

    inside_each(async || {
        let peer = Scripted::start(|mut line, _| async move {
            let head = line.head().await.unwrap();
            assert!(head.contains("upgrade: song\r\n"), "{head}");
            let switching = "HTTP/1.1 101 Switching Protocols\r\nupgrade: song\r\n\
                             connection: upgrade\r\n\r\nla ";
            line.say(switching).await;
            let mut asked = [0; 5];
            line.0.read_exact(&mut asked).await.unwrap();
            line.say(asked).await;
        })
        .await;
        let session = ClientSession::new();
        let asked = session.get(peer.url("/"));
        let asked = asked
            .header("upgrade", "song")
            .header("connection", "upgrade");
        let mut song = asked.await.unwrap().upgrade().unwrap();
        assert_eq!(session.connector().open_connections(), 0);
        song.write_all(b"chirp").await.unwrap();
        let mut heard = String::new();
        song.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "la chirp");
        let plain = echo().await;
        assert!(plain.get("/").await.unwrap().upgrade().is_err());
        plain.stop().await;
    });
}

#[test]
fn passwords_of_urls_that_are_none_are_not_told_in_errors() {
    inside_each(async || {
        let server = start().await;
        for url in [
            "http://me:secret@host:99999999/",
            "ftp://me:secret@host/",
            "me:secret@host",
        ] {
            let error = ClientSession::new().get(url).await.unwrap_err();
            assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
            let error = Proxy::new(url).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
        }
        let asked = ClientSession::new().get("http://me:secret@host/");
        assert!(!format!("{asked:?}").contains("secret"), "{asked:?}");
        let error = server.get("/302/ftp::me:secret@x/").await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
        server.stop().await;
    });
}

#[test]
fn forms_of_texts_and_bytes_are_sent_again() {
    inside_each(async || {
        let server = start().await;
        let form = FormData::new().text("name", "bower");
        let form = form.part("picture", Part::new(&b"..."[..]).file_name("bird.png"));
        let response = server.post("/307//end").multipart(form).await.unwrap();
        let said = response.text().await.unwrap();
        assert!(said.starts_with("POST /end --bowerbird-"), "{said}");
        assert!(
            said.contains("bower") && said.contains("bird.png"),
            "{said}"
        );
        server.stop().await;
    });
}
