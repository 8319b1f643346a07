//! Servers that do what they are told to, byte for byte, and one that tells what it was asked.

use std::convert::Infallible;
use std::net::SocketAddr;

use bowerbird::net::{TcpListener, TcpStream};
use bowerbird::{Task, create_task};
use bowerbird_http::bytes::Bytes;
use bowerbird_http::client::Answered;
use bowerbird_http::http::{Request, Response};
use bowerbird_http::testing::TestServer;
use bowerbird_http::{BODY_LIMIT, Incoming, read_body, service_fn};
use futures_lite::{AsyncReadExt, AsyncWriteExt};

/// A server that runs a script for each connection, which is told how many there were before.
pub(crate) struct Scripted {
    /// Where it listens.
    pub(crate) addr: SocketAddr,
    /// Accepts.
    serving: Task<()>,
}

impl Scripted {
    pub(crate) async fn start<F, Script>(script: F) -> Self
    where
        F: Fn(Line, usize) -> Script + Send + 'static,
        Script: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let serving = create_task(async move {
            for number in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                drop(create_task(script(Line(stream), number)));
            }
        });
        Self { addr, serving }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.serving.cancel();
    }
}

/// A connection to a client.
pub(crate) struct Line(pub(crate) TcpStream);

impl Line {
    /// The head of a request, in lower case; `None` when the client has gone.
    pub(crate) async fn head(&mut self) -> Option<String> {
        let head = self.head_as_it_is().await?;
        Some(head.to_lowercase())
    }

    /// The same, as it is.
    pub(crate) async fn head_as_it_is(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if self.0.read(&mut byte).await.unwrap_or(0) == 0 {
                return None;
            }
            head.push(byte[0]);
        }
        Some(String::from_utf8(head).unwrap())
    }

    pub(crate) async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        // A client that has gone is what some of these tests are about.
        let _said = self.0.write_all(bytes.as_ref()).await;
    }

    /// An answer with a body.
    pub(crate) async fn answer(&mut self, body: &str) {
        let length = body.len();
        self.say(format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
        .await;
    }

    /// Waits until the client has closed it.
    pub(crate) async fn end(&mut self) {
        let mut rest = Vec::new();
        let _ended = self.0.read_to_end(&mut rest).await;
    }
}

/// A server that answers with what it was asked: method, path with query, and body, and on lines of
/// their own the headers that are named `x-..`, `content-..`, `authorization` and `cookie`.
pub(crate) async fn echo() -> TestServer {
    TestServer::start(service_fn(repeat)).await.unwrap()
}

pub(crate) async fn repeat(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let (head, body) = request.into_parts();
    let body = read_body(body, BODY_LIMIT).await.unwrap();
    let body = String::from_utf8_lossy(&body);
    let mut said = format!("{} {} {body}", head.method, head.uri);
    for (name, value) in &head.headers {
        let name = name.as_str();
        let is_told = name.starts_with("x-")
            || name.starts_with("content-")
            || ["authorization", "cookie"].contains(&name);
        if is_told {
            said += &format!("\n{name}: {}", value.to_str().unwrap());
        }
    }
    Ok(Response::new(said))
}

/// What comes of a request, as text.
pub(crate) async fn text_of(asked: impl IntoFuture<Output = Answered>) -> String {
    asked.await.unwrap().text().await.unwrap()
}

/// What comes of a request, as bytes.
pub(crate) async fn bytes_of(asked: impl IntoFuture<Output = Answered>) -> Bytes {
    asked.await.unwrap().bytes().await.unwrap()
}
