//! A client that says what it is told to, byte for byte, and servers for it.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bowerbird::net::TcpStream;
use bowerbird::{Event, EventLoop, Flavor, Task, create_task, timeout};
use bowerbird_http::http::{Request, Response, StatusCode};
use bowerbird_http::{BODY_LIMIT, Incoming, Server, Stopped, read_body, service_fn};
use futures_lite::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// What takes longer hangs. Long, because test machines are slow and shared.
const PATIENCE: Duration = Duration::from_secs(60);

/// Checks a promise on one thread, on few workers and on many.
#[track_caller]
pub(crate) fn inside_each(test: impl AsyncFn()) {
    let pool = |workers| EventLoop::builder().worker_threads(workers);
    let single = EventLoop::builder().flavor(Flavor::CurrentThread);
    for builder in [single, pool(1), pool(2), pool(8)] {
        let event_loop = builder.build().unwrap();
        let ended = event_loop.run_until_complete(timeout(PATIENCE, test()));
        ended.unwrap().expect("it hangs");
        event_loop.close().unwrap();
    }
}

/// Waits until nobody listens there. A child that another test is starting has a copy of each
/// descriptor until it runs its own program, so that a closed listener may listen a moment more.
pub(crate) async fn until_refused(addr: SocketAddr) {
    while TcpStream::connect(addr).await.is_ok() {
        bowerbird::yield_now().await;
    }
}

/// A server that is told when to stop.
pub(crate) struct Served {
    /// Where it listens.
    pub(crate) addr: SocketAddr,
    stop: Arc<Event>,
    serving: Task<Stopped>,
}

impl Served {
    pub(crate) async fn new<S, B>(service: S, with: impl FnOnce(Server) -> Server) -> Self
    where
        S: tower_service::Service<Request<Incoming>, Response = Response<B>>
            + Clone
            + Send
            + 'static,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
        S::Future: Send + 'static,
        B: bowerbird_http::hyper::body::Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let server = with(Server::bind("127.0.0.1:0").await.unwrap());
        let addr = server.local_addrs()[0];
        let stop = Arc::new(Event::new());
        let stopped = stop.clone();
        let serving = create_task(async move {
            let stopped = async { stopped.wait().await };
            server.serve_until(service, stopped).await
        });
        Self {
            addr,
            stop,
            serving,
        }
    }

    /// With the handler of these tests, and the limits as they are.
    pub(crate) async fn plain() -> Self {
        Self::new(service_fn(answer), |server| server).await
    }

    pub(crate) async fn client(&self) -> Client {
        Client(TcpStream::connect(self.addr).await.unwrap())
    }

    /// Begins to stop.
    pub(crate) fn begin_to_stop(&self) {
        self.stop.set();
    }

    pub(crate) async fn stop(self) -> Stopped {
        self.stop.set();
        self.serving.await.unwrap()
    }
}

/// Tells what it was asked: method, path and body. `/panic` panics, `/error` fails.
pub(crate) async fn answer(request: Request<Incoming>) -> Result<Response<String>, std::io::Error> {
    match request.uri().path() {
        "/panic" => panic!("on purpose"),
        "/error" => return Err(std::io::Error::other("on purpose")),
        _ => {}
    }
    let (head, body) = request.into_parts();
    match read_body(body, BODY_LIMIT).await {
        Ok(body) => {
            let body = String::from_utf8_lossy(&body);
            let said = format!("{} {} {body}", head.method, head.uri.path());
            Ok(Response::new(said))
        }
        Err(error) => Ok(error.to_response()),
    }
}

/// What a handler that is given back returns.
type Handling = Pin<Box<dyn Future<Output = Result<Response<String>, Infallible>> + Send>>;

/// A handler that waits until it is let go, having said that it is there.
pub(crate) fn held(
    here: Arc<Event>,
    go: Arc<Event>,
) -> impl Fn(Request<Incoming>) -> Handling + Clone + Send + 'static {
    move |_| {
        let (here, go) = (here.clone(), go.clone());
        Box::pin(async move {
            here.set();
            go.wait().await;
            Ok(Response::new("at last".to_owned()))
        })
    }
}

/// A connection.
pub(crate) struct Client<S = TcpStream>(pub(crate) S);

/// An answer, as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// In lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl<S: AsyncWrite + Unpin> Client<S> {
    pub(crate) async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
        self.say(request).await;
        self.answer().await.expect("the connection was closed")
    }
}

impl<S: AsyncRead + Unpin> Client<S> {
    /// The next answer; `None` when the connection is closed instead.
    pub(crate) async fn answer(&mut self) -> Option<Answer> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if self.0.read(&mut byte).await.unwrap_or(0) == 0 {
                assert!(head.is_empty(), "closed in the middle of a head");
                return None;
            }
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let body = match header(&head, "content-length") {
            Some(length) => self.exactly(length.parse().unwrap()).await,
            None if header(&head, "transfer-encoding").is_some() => self.chunks().await,
            None => String::new(),
        };
        Some(Answer { status, head, body })
    }

    async fn exactly(&mut self, length: usize) -> String {
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).await.unwrap();
        String::from_utf8(bytes).unwrap()
    }

    async fn chunks(&mut self) -> String {
        let mut body = String::new();
        loop {
            let mut line = String::new();
            while !line.ends_with("\r\n") {
                line += &self.exactly(1).await;
            }
            let length = usize::from_str_radix(line.trim_end(), 16).unwrap();
            body += &self.exactly(length).await;
            assert_eq!(self.exactly(2).await, "\r\n");
            if length == 0 {
                return body;
            }
        }
    }

    /// What comes until the connection is closed.
    pub(crate) async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        // A reset is an end too.
        let _ended = self.0.read_to_end(&mut bytes).await;
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(key, _)| *key == name).map(|(_, value)| value)
}
